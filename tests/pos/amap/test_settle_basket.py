"""Money for a basket seals one ticket, in the producers' register."""

from __future__ import annotations

import json

import pytest

from pos.amap.models import Basket
from teraa.common.ids import uuid7
from teraa.fiscal.models import Document
from teraa.settlement.effects import counts, deliver_all
from teraa.settlement.operations import add_tender, collect
from tests.pos.amap.cast import NOW, Amap, amap

pytestmark = pytest.mark.django_db


@pytest.fixture
def farm(keys_dir) -> Amap:
    made = amap()
    made.basket(
        made.household("Ana", "UN"),
        (made.basket_product, 1000),
        (made.potatoes, 2500),
        fee_cents=25,
    )
    made.basket(made.household("Eva", "DEUX"))
    made.close()
    return made


def pay(farm: Amap, *baskets: Basket, station=None) -> None:
    collect(
        key=uuid7(),
        venue_id=farm.venue.pk,
        due_ids=[one.due_id for one in baskets],
        kind="cash",
        station_id=station.pk if station else farm.session.station.pk,
        operator="Maud",
        at=NOW,
    )
    deliver_all(at=NOW)
    assert counts() == {"waiting": 0, "failing": 0}


def values(basket: Basket) -> dict:
    basket.refresh_from_db()
    assert basket.document is not None
    return json.loads(basket.document.payload)


def test_a_ticket_says_what_was_in_the_basket_and_who_sells(farm):
    one = Basket.objects.get(household__last_name="UN")
    pay(farm, one)
    ticket = values(one)

    assert ticket["total_cents"] == one.due.amount_cents == 1500 + 475 + 50
    assert [line["label"] for line in ticket["lines"]] == [
        "Panier de saison 1 pièce",
        "Pommes 1 kg",
        "Frais de gestion",
    ]
    assert [tax["rate_bp"] for tax in ticket["taxes"]] == [550]
    assert {line["subject"] for line in ticket["lines"]} == {one.due.line_subject}
    assert farm.payee.name in one.document.payload
    register = one.document.register
    assert (register.payee, register.station) == (farm.payee, farm.session.station)


def test_it_is_sealed_once_however_often_it_is_told(farm):
    one = Basket.objects.get(household__last_name="UN")
    pay(farm, one)
    from pos.amap.receivers import look_at_due

    look_at_due(due_id=one.due_id, at=NOW)

    assert Document.objects.filter(kind="TICKET", register__payee=farm.payee).count() == 1


def test_two_baskets_paid_in_one_go_have_a_ticket_each(farm):
    both = list(Basket.objects.all())
    pay(farm, *both)

    tickets = [values(one)["total_cents"] for one in both]
    assert sorted(tickets) == [1500, 2025]


def test_half_of_it_seals_nothing_yet(farm):
    one = Basket.objects.get(household__last_name="UN")
    add_tender(key=uuid7(), due_id=one.due_id, kind="cash", amount_cents=1000, at=NOW)
    deliver_all(at=NOW)
    one.refresh_from_db()

    assert one.document is None


def test_paid_at_two_tills_it_stands_in_the_web_register(farm):
    one = Basket.objects.get(household__last_name="UN")
    add_tender(
        key=uuid7(),
        due_id=one.due_id,
        kind="cash",
        amount_cents=1000,
        station_id=farm.till().station.pk,
        at=NOW,
    )
    pay(farm, one)
    one.refresh_from_db()

    assert one.document is not None
    assert one.document.register.station is None
