"""Orders and scans over HTTP: stable codes, strict shapes, one answer for one key."""

import pytest
from django.test import Client

from teraa.common.clock import now
from teraa.common.ids import uuid7
from teraa.fiscal.registers import ensure_register
from teraa.venues.authentication import SHIFT_COOKIE, STATION_COOKIE
from teraa.venues.models import Role, StationKind
from teraa.venues.operations import sign_on
from tests import make
from tests.ticketing import cast


@pytest.fixture
def show(db, keys_dir):
    return cast.show(at=now(), capacity=20)


@pytest.fixture
def base(show):
    return f"/api/ticketing/{show.venue.slug}"


@pytest.fixture
def buyer():
    return Client(headers={"accept-language": "en"})


def body(show, **fields):
    given = {
        "key": str(uuid7()),
        "event": show.event.slug,
        "name": "Ada Lovelace",
        "email": "ada@example.org",
        "lines": [{"rate": str(show.full.pk), "quantity": 2}],
        "total_cents": 3600,
    }
    return given | fields


def send(client, url, given):
    return client.post(url, given, "application/json")


def test_it_lists_what_is_on_sale(show, base, buyer):
    events = buyer.get(f"{base}/events/").json()["events"]

    assert [event["slug"] for event in events] == [show.event.slug]
    assert [rate["left"] for rate in events[0]["rates"]] == [20, 20, 20]
    one = buyer.get(f"{base}/events/{show.event.slug}/").json()
    assert one == events[0]


def test_an_order_is_made_once_and_read_by_its_secret(show, base, buyer):
    given = body(show)
    first = send(buyer, f"{base}/orders/", given)
    again = send(buyer, f"{base}/orders/", given)

    assert (first.status_code, again.status_code) == (201, 200)
    order = first.json()
    assert order["state"] == "hold"
    assert "/pay/" in order["pay"]
    assert order["tickets"] == []
    secret = order["page"].rstrip("/").rpartition("/")[2]
    assert buyer.get(f"{base}/orders/{secret}/").json()["code"] == order["code"]
    other = send(buyer, f"{base}/orders/", given | {"name": "Grace Hopper"})
    assert (other.status_code, other.json()["code"]) == (409, "same_key_other_body")


def test_an_order_takes_few_statements_over_http(show, base, buyer, count_queries):
    send(buyer, f"{base}/orders/", body(show))
    with count_queries() as queries:
        assert send(buyer, f"{base}/orders/", body(show)).status_code == 201

    assert len(queries) <= 15, queries


def test_tickets_are_in_the_answer_once_it_is_confirmed(show, base, buyer):
    lines = [{"rate": str(show.free.pk), "quantity": 2}]
    order = send(buyer, f"{base}/orders/", body(show, lines=lines, total_cents=0)).json()

    assert order["state"] == "confirmed"
    assert order["pay"] is None
    assert [ticket["number"] for ticket in order["tickets"]] == [1, 2]


def test_an_order_can_be_given_up(show, base, buyer):
    order = send(buyer, f"{base}/orders/", body(show)).json()
    secret = order["page"].rstrip("/").rpartition("/")[2]

    for _twice in range(2):
        answer = send(buyer, f"{base}/orders/{secret}/cancel/", {})
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"total_cents": 3599}, 422, "order_total_differs"),
        ({"total_cents": "3600"}, 422, "invalid"),
        ({"total_cents": 3600.0}, 422, "invalid"),
        ({"lines": []}, 422, "invalid"),
        ({"name": ""}, 422, "invalid"),
        ({"name": "x" * 121}, 422, "invalid"),
        ({"name": "a\x00b"}, 422, "invalid"),
        ({"email": "nobody"}, 422, "invalid"),
        ({"key": "4f3c1f9e-6b0f-4a4e-9a58-0e5b7a5d2f11"}, 422, "invalid"),
        ({"event": "elsewhere"}, 404, "not_found"),
    ],
)
def test_it_refuses_what_is_not_an_order(show, base, buyer, fields, status, code):
    answer = send(buyer, f"{base}/orders/", body(show, **fields))

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert show.left() == 20


def test_sold_out_says_what_is_left(show, base, buyer):
    show.order(10, at=now())
    show.order(9, at=now())
    answer = send(buyer, f"{base}/orders/", body(show))

    assert (answer.status_code, answer.json()["code"]) == (409, "sold_out")
    assert answer.json()["context"] == {"left": 1}


def test_a_refusal_speaks_french_to_the_french(show, base, buyer):
    wrong = body(show, total_cents=1)
    english = send(buyer, f"{base}/orders/", wrong).json()
    french = send(Client(headers={"accept-language": "fr"}), f"{base}/orders/", wrong).json()

    assert english["title"] != french["title"]


# -- the gate ---------------------------------------------------------------------------------------


def gate_of(show, *, role=Role.GATE, kind=StationKind.GATE):
    fields = {"payee": show.payee} if kind == StationKind.TILL else {}
    # Who signs on is journaled, and a journal needs a register.
    house = make.payee(show.venue)
    ensure_register(venue_id=show.venue.pk, payee_id=house.pk, station_id=None, at=now())
    station = make.station(show.venue, kind=kind, **fields)
    staff = make.staff(show.venue, role=role, pin="2468")
    client = Client(headers={"accept-language": "en"})
    client.cookies[STATION_COOKIE] = station.token
    client.cookies[SHIFT_COOKIE] = sign_on(station=station, staff_id=staff.pk, pin="2468", at=now())
    return client


def test_a_gate_learns_where_it_is_and_what_is_near(show):
    facts = gate_of(show).get("/api/ticketing/gate/").json()

    assert facts["station"]["kind"] == "gate"
    assert [event["title"] for event in facts["events"]] == [show.event.title]
    assert facts["signed_on"]["permissions"] == ["scan"]


def test_a_ticket_is_admitted_over_http_once(show):
    ticket = show.sell(1, at=now())[0]
    gate = gate_of(show)
    scan = {"key": str(uuid7()), "event": str(show.event.pk), "code": ticket.qr}
    first = send(gate, "/api/ticketing/scans/", scan)
    again = send(gate, "/api/ticketing/scans/", scan)
    second = send(gate, "/api/ticketing/scans/", scan | {"key": str(uuid7())})

    assert first.json()["admitted"] is True
    assert again.json() == first.json()
    assert (second.json()["admitted"], second.json()["reason"]) == (False, "already_admitted")
    assert second.json()["word"] == "No"
    inside = gate.get("/api/ticketing/gate/").json()["events"][0]
    assert (inside["sold"], inside["inside"]) == (1, 1)


@pytest.mark.parametrize(
    ("role", "kind", "status", "code"),
    [
        (Role.CASHIER, StationKind.GATE, 403, "forbidden"),
        (Role.MANAGER, StationKind.TILL, 403, "not_a_gate"),
    ],
)
def test_only_a_gate_with_the_right_person_admits(show, role, kind, status, code):
    ticket = show.sell(1, at=now())[0]
    scan = {"key": str(uuid7()), "event": str(show.event.pk), "code": ticket.qr}
    answer = send(gate_of(show, role=role, kind=kind), "/api/ticketing/scans/", scan)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    ticket.refresh_from_db()
    assert ticket.state == "valid"


def test_nobody_scans_without_a_station(show, buyer):
    assert send(buyer, "/api/ticketing/scans/", {}).json()["code"] == "station_unknown"


@pytest.mark.parametrize("code", ["", "x" * 401, "a\x00b", 7])
def test_it_refuses_what_is_not_a_scan(show, code):
    scan = {"key": str(uuid7()), "event": str(show.event.pk), "code": code}
    answer = send(gate_of(show), "/api/ticketing/scans/", scan)

    assert answer.status_code == 422 or answer.json()["reason"] == "unknown"
