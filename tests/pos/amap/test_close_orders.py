"""Closing numbers the baskets and opens what each household owes to the producers."""

from __future__ import annotations

import pytest

from pos.amap.models import Basket, Product
from pos.amap.operations import close_orders
from pos.amap.problems import NothingOrdered, OrdersClosed
from teraa.common.problems import NotFound
from teraa.settlement.models import Due
from tests.pos.amap.cast import NOW, Amap, amap

pytestmark = pytest.mark.django_db


@pytest.fixture
def farm() -> Amap:
    return amap()


def test_baskets_are_numbered_by_name_and_each_owes_its_lines(farm):
    farm.basket(farm.household("Zoé", "ÉTÉ"))
    farm.basket(farm.household("Ana", "AB"), (farm.basket_product, 1000), (farm.potatoes, 2500))
    farm.basket(farm.household("Eva", "FIN"))
    farm.close()

    found = Basket.objects.select_related("due", "household").order_by("number")
    assert [(one.number, one.household.last_name, one.due.amount_cents) for one in found] == [
        (1, "AB", 1975),
        (2, "ÉTÉ", 1500),
        (3, "FIN", 1500),
    ]
    due = found[0].due
    assert (due.payee, due.subject, due.person) == (farm.payee, "amap.basket", "AB Ana")
    assert "1" in due.label
    assert due.code


def test_nothing_owed_opens_nothing(farm):
    farm.basket(farm.household("Ana", "PAYÉE"), paid_elsewhere=True)
    farm.basket(farm.household("Eva", "ANNULÉE"), (farm.basket_product, 0))
    farm.close()

    assert Basket.objects.filter(number__isnull=False).count() == 2
    assert not Due.objects.exists()


def test_it_closes_once_and_not_for_nobody(farm):
    with pytest.raises(NothingOrdered):
        farm.close()
    farm.basket(farm.household("Ana", "UN"))
    farm.close()
    with pytest.raises(OrdersClosed):
        farm.close()
    with pytest.raises(NotFound):
        close_orders(distribution_id=farm.distribution.pk, venue_id=amap().venue.pk, at=NOW)


def test_a_later_price_changes_nothing_that_is_ordered(farm):
    basket = farm.basket(farm.household("Ana", "UN"))
    Product.objects.filter(pk=farm.basket_product.pk).update(price_cents=9900)
    farm.close()

    assert Basket.objects.get(pk=basket.pk).due.amount_cents == 1500
