"""The catalogue and the sales in the back office."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from pos.catalogue import current_catalogue
from pos.forms import EurosField
from pos.models import CatalogueVersion, Product
from pos.operations import ring_up
from teraa.common import journal_codes
from teraa.common.clock import now
from teraa.fiscal.models import Document
from teraa.fiscal.registers import open_register
from teraa.venues.models import Role
from tests import make
from tests.pos.cast import Bar, bar

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(keys_dir) -> Bar:
    made = bar(at=now())
    # What belongs to no till is journaled in the web register.
    open_register(
        venue_id=made.venue.pk,
        payee_id=made.payee.pk,
        station_id=None,
        name="WEB",
        lane="web",
        at=now(),
    )
    return made


@pytest.fixture
def manager(shop) -> Client:
    user = make.user(is_staff=True, name="Camille")
    make.staff(shop.venue, role=Role.MANAGER, user=user)
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


def change(manager: Client, product: Product, **fields: str) -> object:
    """Post the product's own form as it stands, but for ``fields``."""
    address = reverse("admin:pos_product_change", args=[product.pk])
    form = manager.get(address).context["adminform"].form
    values = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    empty = (None, False, "")
    posted = {
        name: str(value)
        for name, value in values.items()
        if not any(value is nothing for nothing in empty)
    }
    posted["price_cents"] = form["price_cents"].value()
    return manager.post(address, posted | fields)


def events(code: int) -> list[Document]:
    return list(Document.objects.filter(event_code=code).order_by("sequence"))


def test_a_saved_price_is_what_tills_sell_at_from_then_on(shop, manager):
    assert change(manager, shop.coffee, price_cents="1,70").status_code == 302

    catalogue = current_catalogue(venue_id=shop.venue.pk)
    assert catalogue.number == 2
    assert catalogue.products[str(shop.coffee.pk)]["price_cents"] == 170


def test_a_price_change_leaves_its_event_with_both_prices(shop, manager):
    change(manager, shop.coffee, price_cents="1.80")

    (event,) = events(journal_codes.PRICE_CHANGED)
    assert '"price_cents":[150,180]' in event.payload
    assert event.operator_label == "Camille"


def test_another_label_is_no_change_of_price(shop, manager):
    change(manager, shop.coffee, label="Expresso")

    assert events(journal_codes.PRICE_CHANGED) == []
    assert current_catalogue(venue_id=shop.venue.pk).number == 2


def test_saving_the_same_again_publishes_nothing(shop, manager):
    change(manager, shop.coffee)

    assert CatalogueVersion.objects.filter(venue=shop.venue).count() == 1


@pytest.mark.parametrize(
    ("typed", "cents"),
    [("1,50", 150), ("1.5", 150), ("2", 200), ("12,05 €", 1205), ("1 200,00", 120_000), ("0", 0)],
)
def test_a_price_is_typed_as_people_write_it(typed, cents):
    assert EurosField().clean(typed) == cents


@pytest.mark.parametrize("typed", ["", "-1", "1,505", "un euro", "1e3", "99999999", "1,2,3"])
def test_what_is_no_price_is_refused(shop, manager, typed):
    page = change(manager, shop.coffee, price_cents=typed)

    assert page.status_code == 200
    assert page.context["adminform"].form.errors["price_cents"]
    shop.coffee.refresh_from_db()
    assert shop.coffee.price_cents == 150


def test_sold_out_greys_several_products_at_once_and_back_again(shop, manager):
    chosen = {"_selected_action": [str(shop.coffee.pk), str(shop.beer.pk)]}
    address = reverse("admin:pos_product_changelist")

    manager.post(address, {"action": "sold_out", **chosen})
    assert [one["available"] for one in _products(shop)] == [False, False]

    manager.post(address, {"action": "back_again", **chosen})
    assert [one["available"] for one in _products(shop)] == [True, True]


def _products(shop: Bar) -> list[dict]:
    return list(current_catalogue(venue_id=shop.venue.pk).products.values())


def test_a_sale_shows_its_place_in_the_chain_and_leads_to_its_document(shop, manager):
    sale = ring_up(session=shop.session, wanted=shop.wanted(), at=now()).sale
    document = Document.objects.get(pk=sale.document_id)

    page = manager.get(reverse("admin:pos_sale_change", args=[sale.pk])).content.decode()

    assert reverse("admin:fiscal_document_change", args=[document.pk]) in page
    assert document.hash[:16] in page
    assert "2 × Café" in manager.get(reverse("admin:pos_sale_changelist")).content.decode()


@pytest.mark.parametrize("typed", ["2", "{register}-000002", "{key}", "poste"])
def test_a_sale_is_found_by_ticket_number_key_or_till(shop, manager, typed):
    shop.station.name = "Poste du bar"
    shop.station.save()
    first, second = (
        ring_up(session=shop.session, wanted=shop.wanted(), at=now()).sale for _ in range(2)
    )
    register = Document.objects.get(pk=second.document_id).register.name
    asked = typed.format(register=register, key=second.key)

    found = manager.get(reverse("admin:pos_sale_changelist"), {"q": asked}).context["cl"]

    expected = {first.pk, second.pk} if typed == "poste" else {second.pk}
    assert {sale.pk for sale in found.result_list} == expected


def test_nobody_edits_a_sale_or_a_published_catalogue(shop, manager):
    sale = ring_up(session=shop.session, wanted=shop.wanted(), at=now()).sale
    version = CatalogueVersion.objects.get(venue=shop.venue)
    for name, row in (("sale", sale), ("catalogueversion", version)):
        address = reverse(f"admin:pos_{name}_change", args=[row.pk])
        assert manager.get(address).status_code == 200
        assert manager.post(address, {}).status_code == 403
        assert manager.get(reverse(f"admin:pos_{name}_add")).status_code == 403
        assert manager.get(reverse(f"admin:pos_{name}_delete", args=[row.pk])).status_code == 403
