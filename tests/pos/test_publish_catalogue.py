"""The picture of the catalogue that tills work on."""

import pytest

from pos.catalogue import NoCatalogue, current_catalogue, publish_catalogue
from pos.models import CatalogueVersion, Product
from tests import make
from tests.pos import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def bar(keys_dir):
    return cast.bar()


def test_publishing_the_same_again_keeps_the_version(bar, at):
    assert publish_catalogue(venue_id=bar.venue.pk, at=at).number == 1


def test_a_new_price_is_a_new_version_and_the_old_one_stays(bar, at):
    bar.coffee.price_cents = 160
    bar.coffee.save()

    assert publish_catalogue(venue_id=bar.venue.pk, at=at).number == 2
    prices = [
        version.snapshot["categories"][0]["products"][1]["price_cents"]
        for version in CatalogueVersion.objects.order_by("number")
    ]
    assert prices == [150, 160]


def test_a_withdrawn_product_leaves_the_picture(bar, at):
    Product.objects.filter(pk=bar.beer.pk).update(active=False)
    publish_catalogue(venue_id=bar.venue.pk, at=at)

    assert str(bar.beer.pk) not in current_catalogue(venue_id=bar.venue.pk).products


def test_it_names_what_is_missing_in_a_venue_without_products():
    with pytest.raises(NoCatalogue):
        current_catalogue(venue_id=make.venue().pk)
