"""A till gives back what a cancelled booking owes: found by its code, given once, on a ticket."""

import pytest

from bookings.models import CancellationStep
from bookings.operations import cancel_booking
from pos.drawer.models import Movement
from teraa.common.clock import now
from teraa.common.ids import uuid7
from teraa.devices.models import PrintJob
from teraa.fiscal.models import Document, DocumentTender
from teraa.settlement.models import Payout
from tests import make
from tests.bookings import cast as bookings
from tests.devices import cast as devices
from tests.pos import cast
from tests.pos.test_sales_api import browser, post

pytestmark = pytest.mark.django_db
DUES = "/api/pos/dues/"
PAYOUTS = "/api/pos/payouts/"


@pytest.fixture
def at():
    """The interface asks the clock itself."""
    return now()


@pytest.fixture
def bar(keys_dir):
    return cast.bar()


@pytest.fixture
def till(bar, at):
    return browser(bar, at)


@pytest.fixture
def owed(bar, at):
    """Twenty euros of a cancelled studio of the same venue."""
    studios = bookings.house(bar.venue)
    CancellationStep.objects.create(venue=bar.venue, offer=studios.a, minutes_before=0, percent=50)
    booking = studios.hold(at, starts_at=bookings.in_three_days(at)).booking
    bookings.pay_in_cash(booking, at)
    bookings.deliver(at)
    cancel_booking(booking_id=booking.pk, at=at)
    return Payout.objects.get()


def body_of(owed, **fields):
    return {"key": str(uuid7()), "payout": str(owed.pk), "kind": "cash"} | fields


def found(till, text):
    return [one["code"] for one in till.get(DUES, {"q": text}).json()["payouts"]]


def test_it_is_found_by_its_code_or_a_name_and_nobody_elses_is(till, bar, owed):
    theirs = Payout.objects.create(
        venue=(other := make.venue()),
        payee=(payee := make_payee(other)),
        due=bookings.money.due(payee, now()),
        code="ZZZZZZZZ",
        label="Studio",
        person="Nora Petit",
        amount_cents=1,
        owed_at=now(),
    )

    assert found(till, owed.code) == found(till, owed.spoken_code.lower()) == [owed.spoken_code]
    assert found(till, "petit") == found(till, "studio") == [owed.spoken_code]
    assert found(till, theirs.code) == found(till, "") == found(till, "zz%") == []


def make_payee(venue):
    return bookings.money.payee(venue)


def test_cash_opens_the_drawer_once_and_stands_in_the_shift_and_on_a_ticket(till, bar, owed, at):
    devices.printer(bar.venue, tills=[bar.station])
    body = body_of(owed)

    first, again = post(till, body, PAYOUTS), post(till, body, PAYOUTS)
    bookings.deliver(at)

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json()["number"] is None
    movement = Movement.objects.get()
    assert (movement.kind, movement.amount_cents) == ("refund", -2000)
    assert PrintJob.objects.count() <= 1  # the drawer's pulse, where the printer opens one
    said = till.get(f"{PAYOUTS}{body['key']}/").json()
    assert (said["state"], said["kind"], said["operator"]) == ("paid", "cash", bar.staff.name)
    document = Document.objects.get(kind="TICKET", total_cents=-2000)
    assert said["number"] == str(document.sequence)
    assert document.register.station_id == bar.station.pk
    printed = post(till, {"key": str(uuid7())}, f"{PAYOUTS}{body['key']}/print/")
    assert (printed.status_code, printed.json()["print"]["state"]) == (200, "queued")


def test_a_cards_refund_names_what_the_terminal_said(till, owed, at):
    refused = post(till, body_of(owed, kind="card"), PAYOUTS)
    answer = post(till, body_of(owed, kind="card", authorisation=" 4242 "), PAYOUTS)
    bookings.deliver(at)

    assert (refused.status_code, refused.json()["code"]) == (422, "authorisation_needed")
    assert answer.status_code == 200
    tender = DocumentTender.objects.get(amount_cents=-2000)
    assert (tender.kind, tender.authorisation) == ("card", "4242")
    assert not Movement.objects.exists()


def test_what_was_given_is_not_given_again_and_says_so(till, owed):
    post(till, body_of(owed), PAYOUTS)

    answer = post(till, body_of(owed), PAYOUTS)

    assert (answer.status_code, answer.json()["code"]) == (409, "paid_out_already")
    (shown,) = till.get(DUES, {"q": owed.code}).json()["payouts"]
    assert shown["state"] == "paid"


def test_its_ticket_is_not_printed_before_it_is_written(till, owed):
    body = body_of(owed)
    post(till, body, PAYOUTS)

    answer = post(till, {"key": str(uuid7())}, f"{PAYOUTS}{body['key']}/print/")

    assert (answer.status_code, answer.json()["code"]) == (409, "not_sealed_yet")


def test_rubbish_is_refused(till, owed):
    for wrong in ({"kind": "osm"}, {"key": "1"}, {"payout": str(uuid7())}, {"payout": "x"}):
        assert post(till, body_of(owed, **wrong), PAYOUTS).status_code in (404, 422), wrong
    assert till.get(f"{PAYOUTS}{uuid7()}/").status_code == 404


def test_in_training_no_real_money_goes_out(till, bar, owed):
    answer = post(till, {"on": True}, "/api/pos/training/")
    assert answer.status_code == 200, answer.content

    answer = post(till, body_of(owed), PAYOUTS)

    assert answer.status_code == 409, answer.content
    assert Payout.objects.get().state == "owed"
