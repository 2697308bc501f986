"""Refunds, bills and training over HTTP: who may, what is refused, what is shown."""

import dataclasses
import json

import pytest

from pos.models import SaleRefund
from teraa.common.ids import uuid7
from teraa.fiscal.models import Document
from teraa.fiscal.registers import ensure_register
from tests import make
from tests.devices import cast as devices
from tests.pos import cast
from tests.pos.test_sales_api import SALES, assert_refused, body_of, browser, post

pytestmark = pytest.mark.django_db


@pytest.fixture
def bar(keys_dir):
    return cast.bar()


@pytest.fixture
def till(bar, at):
    return browser(bar, at)


@pytest.fixture
def cashier(bar, at):
    """At a till of their own: a station has one person signed on."""
    elsewhere = dataclasses.replace(bar, station=make.station(bar.venue, payee=bar.payee))
    ensure_register(
        venue_id=bar.venue.pk, payee_id=bar.payee.pk, station_id=elsewhere.station.pk, at=at
    )
    return browser(elsewhere, at, staff=make.staff(bar.venue, pin="2468", role="cashier"))


@pytest.fixture
def sale(bar, till):
    """Two coffees, 3.00 €, in cash."""
    return post(till, body_of(bar)).json()


def refunds(sale):
    return f"{SALES}{sale['key']}/refunds/"


def body(cents=300, **fields):
    return {
        "key": str(uuid7()),
        "total_cents": cents,
        "tenders": [{"kind": "cash", "amount_cents": cents}],
        "reason": "Renversé",
    } | fields


def one_coffee(till, sale):
    (line,) = till.get(refunds(sale)).json()["lines"]
    return [{"document": line["document"], "position": line["position"], "quantity_milli": 1000}]


def test_what_can_be_given_back_is_shown_from_the_tickets(till, sale):
    view = till.get(refunds(sale)).json()

    assert (view["total_cents"], view["returned_cents"], view["refunds"]) == (300, 0, [])
    assert view["tenders"] == [{"kind": "cash", "left_cents": 300}]
    (line,) = view["lines"]
    assert (line["label"], line["quantity_milli"], line["total_cents"]) == ("Café", 2000, 300)
    assert line["divisible"]


def test_one_of_two_is_given_back_and_then_the_other(till, sale):
    first = post(till, body(150, lines=one_coffee(till, sale)), refunds(sale))
    assert first.status_code == 201
    view = first.json()
    assert (view["returned_cents"], len(view["lines"])) == (150, 1)
    assert view["lines"][0]["quantity_milli"] == 1000
    assert view["sentences"][0].startswith("Ce ticket est modifié par le ticket n°")

    view = post(till, body(150), refunds(sale)).json()
    assert (view["returned_cents"], view["lines"], len(view["refunds"])) == (300, [], 2)
    assert view["sentences"][1].startswith("Ce ticket est annulé par le ticket n°")
    listed = till.get(SALES).json()["sales"][0]
    assert (listed["state"], listed["returned_cents"]) == ("paid", 300)


def test_the_same_request_again_gets_the_same_answer(till, sale):
    asked = body()

    first, again = (post(till, asked, refunds(sale)) for _twice in range(2))

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert_refused(
        post(till, {**asked, "reason": "Autre"}, refunds(sale)), 409, "same_key_other_body"
    )


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"total_cents": 299}, 422, "wrong_refund_total"),
        ({"total_cents": -300}, 422, "invalid"),
        ({"total_cents": 3.5}, 422, "invalid"),
        ({"reason": ""}, 422, "refund_reason_needed"),
        ({"reason": "x" * 121}, 422, "invalid"),
        ({"key": "1"}, 422, "invalid"),
        ({"key": "0b1f9a52-6a0e-4c41-8d8e-000000000000"}, 422, "invalid"),
        ({"lines": []}, 422, "invalid"),
        ({"lines": "all"}, 422, "invalid"),
        (
            {"lines": [{"document": str(uuid7()), "position": 1, "quantity_milli": 1}]},
            404,
            "not_found",
        ),
        ({"tenders": []}, 422, "wrong_refund_total"),
        ({"tenders": [{"kind": "cash", "amount_cents": 0}]}, 422, "invalid"),
        ({"tenders": [{"kind": "gold", "amount_cents": 300}]}, 422, "invalid"),
        ({"tenders": [{"kind": "card", "amount_cents": 300}]}, 422, "other_tender"),
        ({"tenders": [{"kind": "osm", "amount_cents": 300}]}, 422, "no_coins_came"),
    ],
)
def test_it_refuses_rubbish_and_gives_nothing_back(till, sale, fields, status, code):
    assert_refused(post(till, body() | fields, refunds(sale)), status, code)

    assert not SaleRefund.objects.exists()
    assert Document.objects.filter(kind="TICKET").count() == 1


@pytest.mark.parametrize("quantity", [0, -1000, 2001, 10**12, 1.5, "1000.0", None, True])
def test_it_refuses_hostile_quantities(till, sale, quantity):
    lines = [{**one_coffee(till, sale)[0], "quantity_milli": quantity}]

    answer = post(till, body(150, lines=lines), refunds(sale))

    assert answer.status_code == 422, answer.content
    assert not SaleRefund.objects.exists()


def test_a_cashier_sees_but_does_not_give_back(cashier, sale):
    assert cashier.get(refunds(sale)).status_code == 200
    assert_refused(post(cashier, body(), refunds(sale)), 403, "forbidden")


def test_another_venues_sale_is_not_there(till, at, keys_dir):
    elsewhere = cast.bar()
    theirs = post(browser(elsewhere, at), body_of(elsewhere)).json()

    assert_refused(post(till, body(), refunds(theirs)), 404, "not_found")
    assert till.get(refunds(theirs)).status_code == 404


def test_the_paper_of_a_refund_is_printed_again(bar, till, sale):
    devices.printer(bar.venue, tills=[bar.station])
    asked = body()
    post(till, asked, refunds(sale))
    path = f"{refunds(sale)}{asked['key']}/print/"

    key = {"key": str(uuid7())}
    answers = [post(till, key, path) for _twice in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[1].json()["refunds"][0]["print"] == {"state": "queued"}
    assert Document.objects.filter(kind="DUPLICATE").count() == 1
    assert_refused(post(till, key, f"{refunds(sale)}{uuid7()}/print/"), 404, "not_found")


def test_a_bill_is_asked_for_and_printed(bar, till):
    devices.printer(bar.venue, tills=[bar.station])
    kept = post(till, body_of(bar, tenders=[]), f"{SALES}kept/")
    assert (kept.status_code, kept.json()["state"]) == (201, "waiting")
    assert kept.json()["remaining_cents"] == 300
    bills = f"{SALES}{kept.json()['key']}/bills/"

    asked = {"key": str(uuid7()), "kind": "note", "customer": "Ada"}
    assert [post(till, asked, bills).status_code for _twice in range(2)] == [200, 200]

    (event,) = Document.objects.filter(event_code=934)
    assert json.loads(event.payload)["values"]["customer"] == "Ada"
    assert_refused(post(till, {"key": str(uuid7()), "kind": "poem"}, bills), 422, "invalid")


def test_only_a_manager_switches_the_training(till, cashier, bar):
    assert_refused(post(cashier, {"on": True}, "/api/pos/training/"), 403, "forbidden")

    assert post(till, {"on": True}, "/api/pos/training/").json() == {"on": True}
    assert till.get("/api/till/").json()["training"] is True
    sold = post(till, body_of(bar)).json()
    assert (sold["training"], sold["state"]) == (True, "paid")
    assert post(till, {"on": False}, "/api/pos/training/").json() == {"on": False}
    assert till.get(SALES).json()["sales"] == []
