"""The gate answers every code, and admits each ticket once."""

import datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection, transaction
from django.db.utils import DatabaseError

from teraa.common.ids import uuid7
from teraa.common.problems import Invalid, NotFound, SameKeyOtherBody
from teraa.venues.authentication import StationSession
from tests import make
from tests.ticketing import cast
from tests.ticketing.cast import MINUTE
from ticketing import codes
from ticketing.models import Operation, Scan
from ticketing.operations import ScanWanted, admit, cancel_ticket
from ticketing.problems import NotAGate


@pytest.fixture
def show(db, keys_dir, at):
    return cast.show(at=at)


@pytest.fixture
def gate(show):
    return cast.gate(show.venue)


@pytest.fixture
def ticket(show, at):
    return show.sell(1, at=at)[0]


def test_a_good_ticket_is_admitted(show, gate, ticket, at):
    scan = cast.scan(gate, show.event, ticket.qr, at=at)

    assert scan.reason == "ok"
    assert scan.shown["number"] == 1
    assert scan.shown["category"] == "Plein tarif"
    ticket.refresh_from_db()
    assert (ticket.state, ticket.admitted_at, ticket.gate_id) == ("admitted", at, gate.station.pk)


def test_a_second_scan_says_when_and_where_it_was_admitted(show, gate, ticket, at):
    cast.scan(gate, show.event, ticket.qr, at=at)
    other = cast.gate(show.venue)
    scan = cast.scan(other, show.event, ticket.qr, at=at + MINUTE)

    assert scan.reason == "already_admitted"
    assert scan.shown["gate"] == gate.station.name
    assert scan.shown["admitted_at"] == "2026-11-19T15:30:00.000Z"


def test_the_same_scan_sent_again_gets_the_same_answer(show, gate, ticket, at):
    key = uuid7()
    first = cast.scan(gate, show.event, ticket.qr, at=at, key=key)
    again = cast.scan(gate, show.event, ticket.qr, at=at + MINUTE, key=key)

    assert (first.pk, first.reason) == (again.pk, "ok")
    assert again.reason == "ok"
    assert Scan.objects.count() == 1


def test_the_same_key_for_another_code_is_refused(show, gate, ticket, at):
    key = uuid7()
    cast.scan(gate, show.event, ticket.qr, at=at, key=key)

    with pytest.raises(SameKeyOtherBody):
        cast.scan(gate, show.event, "something else", at=at, key=key)


def test_a_scanner_on_another_keyboard_in_lower_case_is_understood(show, gate, ticket, at):
    typed = ticket.qr.lower().translate(str.maketrans("aqwzm", "qazw,")) + "\r\n"

    assert cast.scan(gate, show.event, typed, at=at).reason == "ok"


def test_a_person_may_type_the_short_code(show, gate, ticket, at):
    typed = f"{ticket.short_code[:5]}-{ticket.short_code[5:]}".lower()

    assert cast.scan(gate, show.event, typed, at=at).reason == "ok"


def test_a_cancelled_ticket_is_refused_and_its_place_is_free_again(show, gate, ticket, at):
    before = show.left()
    cancel_ticket(ticket_id=ticket.pk, venue_id=show.venue.pk, by="Camille", reason="malade", at=at)

    assert cast.scan(gate, show.event, ticket.qr, at=at).reason == "cancelled"
    assert show.left() == before + 1
    cancelled = Operation.objects.get(kind="cancellation")
    assert (cancelled.number, cancelled.ticket_number, cancelled.price_cents) == (2, 1, -1800)


def test_another_event_of_the_same_venue_is_named(show, gate, ticket, at):
    other = cast.show(at=at, venue=show.venue, payee=show.payee)
    scan = cast.scan(gate, other.event, ticket.qr, at=at)

    assert scan.reason == "other_event"
    assert scan.shown["event"] == show.event.title
    ticket.refresh_from_db()
    assert ticket.state == "valid"


def test_another_venues_ticket_says_so_and_nothing_more(show, ticket, at):
    elsewhere = cast.show(at=at)
    scan = cast.scan(cast.gate(elsewhere.venue), elsewhere.event, ticket.qr, at=at)

    assert (scan.reason, scan.shown, scan.ticket_id) == ("other_venue", {}, None)


def test_a_code_somebody_else_signed_is_forged(show, gate, ticket, at):
    true = codes.decode(ticket.qr).payload
    forged = codes.encode(true, Ed25519PrivateKey.generate())

    assert cast.scan(gate, show.event, forged, at=at).reason == "forged"
    ticket.refresh_from_db()
    assert ticket.state == "valid"


@pytest.mark.parametrize("text", ["https://example.org/", "K7QX2M4PTC", "K7QX2M4P", "☂", "BC"])
def test_what_is_not_known_is_kept_all_the_same(show, gate, at, text):
    scan = cast.scan(gate, show.event, text, at=at)

    assert scan.reason == "unknown"
    assert Scan.objects.get().code == text


def test_a_misread_code_is_unknown_not_forged(show, gate, ticket, at):
    wrong = ticket.qr[:-1] + ("B" if ticket.qr[-1] != "B" else "C")

    assert cast.scan(gate, show.event, wrong, at=at).reason == "unknown"


def test_an_order_that_is_not_paid_says_so(show, gate, at):
    order = show.order(1, at=at)
    said = f"{order.code[:4]}-{order.code[4:]}"

    assert cast.scan(gate, show.event, said, at=at).reason == "not_paid"
    cast.pay(order, at=at)
    assert cast.scan(gate, show.event, said, at=at).reason == "unknown"


def test_nobody_is_admitted_before_the_gates_open(show, gate, ticket, at):
    early = show.event.starts_at - 91 * MINUTE

    assert cast.scan(gate, show.event, ticket.qr, at=early).reason == "too_early"
    assert cast.scan(gate, show.event, ticket.qr, at=early + MINUTE).reason == "ok"


def test_it_refuses_an_event_of_another_venue(show, gate, ticket, at):
    elsewhere = cast.show(at=at)

    with pytest.raises(NotFound):
        cast.scan(gate, elsewhere.event, ticket.qr, at=at)


def test_it_refuses_a_till_and_a_gate_with_nobody_at_it(show, ticket, at):
    till = make.station(show.venue, payee=show.payee)
    staff = make.staff(show.venue)
    wanted = ScanWanted(uuid7(), show.event.pk, ticket.qr)
    with pytest.raises(NotAGate):
        admit(session=StationSession(till, show.venue, staff, None), wanted=wanted, at=at)
    nobody = cast.gate(show.venue)
    with pytest.raises(NotAGate):
        admit(session=StationSession(nobody.station, show.venue, None, None), wanted=wanted, at=at)


def test_it_refuses_a_key_that_is_no_uuid7(show, gate, ticket, at):
    from uuid import uuid4

    with pytest.raises(Invalid):
        cast.scan(gate, show.event, ticket.qr, at=at, key=uuid4())


@pytest.mark.parametrize("statement", ["UPDATE {} SET reason = 'ok'", "DELETE FROM {}"])
def test_what_a_gate_saw_cannot_be_changed(show, gate, at, statement):
    cast.scan(gate, show.event, "nothing", at=at)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format("ticketing_scan"))


def test_a_scan_takes_few_statements(show, gate, at, count_queries):
    first, second = show.sell(2, at=at)
    cast.scan(gate, show.event, "learns what is learned once", at=at)
    cast.scan(gate, show.event, first.qr, at=at)

    with count_queries() as admitted:
        cast.scan(gate, show.event, second.qr, at=at)
    with count_queries() as refused:
        cast.scan(gate, show.event, second.qr, at=at)

    assert len(admitted) <= 4, admitted
    assert len(refused) < len(admitted)


def test_hours_are_those_of_the_event(show, gate, ticket):
    after = show.event.ends_at + datetime.timedelta(hours=2)

    assert cast.scan(gate, show.event, ticket.qr, at=after).reason == "ok"
