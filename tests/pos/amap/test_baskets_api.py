"""The baskets' API at the till: lists, deeds, refusals."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from pos.amap.models import Basket
from teraa.common.clock import now
from teraa.common.ids import uuid7
from teraa.fiscal.registers import ensure_register
from teraa.venues.authentication import SHIFT_COOKIE, STATION_COOKIE
from teraa.venues.models import Role
from teraa.venues.operations import sign_on
from tests import make
from tests.pos.amap.cast import Amap, amap, noon_today

pytestmark = pytest.mark.django_db


@pytest.fixture
def farm(keys_dir) -> Amap:
    made = amap(at=noon_today())
    made.basket(made.household("Ana", "UN"), (made.basket_product, 1000), (made.potatoes, 2500))
    made.basket(made.household("Eva", "DEUX", phone="0199000001"))
    made.close(at=now())
    return made


class Till:
    def __init__(self, farm: Amap, role: str = Role.CASHIER) -> None:
        payee = farm.session.station.payee
        station = make.station(farm.venue, payee=payee)
        # Signing on is journaled, so this till needs a register.
        ensure_register(venue_id=farm.venue.pk, payee_id=payee.pk, station_id=station.pk, at=now())
        staff = make.staff(farm.venue, role=role, pin="2468")
        self.client = Client()
        self.client.cookies[STATION_COOKIE] = station.token  # type: ignore[attr-defined]
        self.client.cookies[SHIFT_COOKIE] = sign_on(
            station=station, staff_id=staff.pk, pin="2468", at=now()
        )

    def get(self, path: str):
        return self.client.get(f"/api/{path}")

    def post(self, path: str, body: object):
        return self.client.post(f"/api/{path}", json.dumps(body), content_type="application/json")


def test_a_till_learns_of_todays_distribution_at_once(farm):
    facts = Till(farm).get("till/").json()

    assert [one["id"] for one in facts["distributions"]] == [str(farm.distribution.pk)]
    assert facts["distributions"][0]["is_today"]


def test_it_lists_baskets_with_what_is_owed(farm, count_queries):
    till = Till(farm)
    listed = till.get("amap/distributions/").json()["distributions"]
    assert [(one["baskets"], one["handed_out"]) for one in listed] == [(2, 0)]
    with count_queries() as queries:
        found = till.get(f"amap/distributions/{listed[0]['id']}/baskets/").json()["baskets"]

    assert [(one["number"], one["household"]) for one in found] == [(1, "DEUX Eva"), (2, "UN Ana")]
    first, second = found
    assert first["phones"] == ["0199000001"]
    assert second["due"]["amount_cents"] == second["total_cents"] == 1975
    assert second["due"]["state"] == "open"
    assert len(second["due"]["code"]) == 9
    assert [line["quantity"] for line in second["lines"]] == ["1", "2,50"]
    assert len(queries) <= 7


def test_it_hands_out_once_and_answers_the_same_again(farm):
    till, basket = Till(farm), Basket.objects.get(number=2)
    body = {"key": str(uuid7()), "missing": [str(basket.lines.first().pk)]}
    first = till.post(f"amap/baskets/{basket.pk}/hand-out/", body)
    again = till.post(f"amap/baskets/{basket.pk}/hand-out/", body)
    other = Till(farm).post(f"amap/baskets/{basket.pk}/hand-out/", {"key": str(uuid7())})

    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert first.json()["state"] == "handed_out"
    assert [line["handed"] for line in first.json()["lines"]] == [False, True]
    assert (other.status_code, other.json()["code"]) == (409, "already_handed_out")

    back = till.post(f"amap/baskets/{basket.pk}/take-back/", {"key": body["key"]})
    assert back.json()["state"] == "ordered"
    absent = till.post(f"amap/baskets/{basket.pk}/absent/", {"key": str(uuid7())})
    assert absent.json()["state"] == "absent"


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"key": "x"},
        {"key": 1},
        {"key": "00000000-0000-4000-8000-000000000000"},
        {"key": str(uuid7()), "missing": "x"},
        {"key": str(uuid7()), "missing": [str(uuid7())]},
        {"key": str(uuid7()), "missing": [{}]},
        {"key": str(uuid7()), "missing": [str(uuid7())] * 201},
    ],
)
def test_it_refuses_bad_bodies(farm, body):
    basket = Basket.objects.get(number=2)
    answer = Till(farm).post(f"amap/baskets/{basket.pk}/hand-out/", body)

    assert answer.status_code in (400, 422)
    assert answer.json()["code"] in ("invalid", "malformed")
    assert Basket.objects.get(number=2).state == "ordered"


def test_it_needs_somebody_who_may(farm):
    gate = Till(farm, Role.GATE)
    basket = Basket.objects.first()

    assert gate.get("amap/distributions/").status_code == 403
    assert gate.post(f"amap/baskets/{basket.pk}/hand-out/", {}).status_code == 403
    assert Client().get("/api/amap/distributions/").status_code == 401


def test_another_venues_till_finds_nothing(farm):
    other = Till(amap(at=now()))
    basket = Basket.objects.first()

    assert other.get("amap/distributions/").json() == {"distributions": []}
    assert other.get(f"amap/distributions/{farm.distribution.pk}/baskets/").status_code == 404
    assert other.get(f"amap/baskets/{basket.pk}/").status_code == 404
