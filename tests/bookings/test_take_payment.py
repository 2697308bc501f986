"""What happens to a booking when its money comes: in time, late, seen but not there yet."""

import datetime
import email
import email.policy

import icalendar
import pytest

from bookings.operations import expire_holds, look_at_due
from bookings.states import BookingState
from teraa.accounts.models import OutgoingMail
from teraa.fiscal.models import Document, DocumentLine, DocumentTender
from teraa.fiscal.verify import verify
from teraa.settlement.cases.watching import FINAL_DEPTH, close_deep_refunds
from teraa.settlement.models import Due
from teraa.settlement.osm.models import OsmRequest
from teraa.spaces.models import Claim
from teraa.spaces.operations import JustTaken, release_claims
from tests import make
from tests.bookings import cast
from tests.settlement import cast as money
from tests.settlement.cases.moves import scene_of
from tests.spaces import cast as space_cast

MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def house(db, keys_dir):
    return cast.house()


def paid(house, at, later=datetime.timedelta(), **fields):
    booking = house.hold(at, **fields).booking
    cast.pay_in_cash(booking, at + later)
    cast.deliver(at + later)
    return cast.again(booking)


def test_a_paid_booking_is_confirmed_and_has_one_ticket(house, at):
    booking = paid(house, at)

    assert booking.state == "confirmed"
    assert booking.confirmed_at == at
    document = Document.objects.get(kind="TICKET")
    assert booking.document == document
    assert document.total_cents == 4000
    assert DocumentLine.objects.get().label == "Studio A · jeu. 26 nov. 2026 19:00–21:00 (heure)"
    assert DocumentTender.objects.get().kind == "cash"
    assert not Claim.objects.filter(expires_at__isnull=False).exists()


def test_its_ticket_stands_in_the_payees_web_register_when_no_till_took_it(house, at):
    document = paid(house, at).document

    assert document.register.payee == house.payee
    assert document.register.station is None


def test_its_ticket_stands_in_the_register_of_the_till_that_took_it(house, at):
    till = make.station(house.venue, payee=house.payee)
    booking = house.hold(at).booking
    cast.pay_in_cash(booking, at, station_id=till.pk, operator="Noé")
    cast.deliver(at)

    assert cast.again(booking).document.register.station == till


def test_news_that_come_twice_seal_once(house, at):
    booking = paid(house, at)
    look_at_due(due_id=booking.due_id, at=at)

    assert Document.objects.filter(kind="TICKET").count() == 1
    assert OutgoingMail.objects.count() == 1


def test_the_guest_is_told_with_a_file_for_the_calendar(house, at):
    booking = paid(house, at)

    mail = OutgoingMail.objects.get()
    assert mail.subject == f"Confirmé : {booking.label}"
    assert booking.page_url in mail.text
    assert booking.spoken_code in mail.text
    assert "40,00" in mail.text
    message = email.message_from_bytes(bytes(mail.raw), policy=email.policy.default)
    (attached,) = message.iter_attachments()
    assert attached.get_content_type() == "text/calendar"
    calendar = icalendar.Calendar.from_ical(attached.get_content())
    (event,) = calendar.walk("VEVENT")
    assert event["uid"] == f"{booking.pk}@{house.venue.slug}.teraa"
    assert event.start.isoformat() == "2026-11-26T19:00:00+01:00"
    assert event["dtstart"].params["TZID"] == "Europe/Paris"
    assert calendar.walk("VTIMEZONE")
    assert (event.end - event.start).total_seconds() == 7200


def test_the_mail_speaks_the_guests_language(house, at):
    paid(house, at, language="en")

    mail = OutgoingMail.objects.get()
    assert mail.subject.startswith("Confirmed: ")
    assert "Your booking is confirmed" in mail.text


def test_a_name_never_makes_a_header(house, at):
    paid(house, at, name="Nora\r\nBcc: all@example.org")

    assert b"\nBcc:" not in bytes(OutgoingMail.objects.get().raw)


# -- late ---------------------------------------------------------------------------------------------


def test_late_money_takes_the_place_while_it_is_still_free(house, at):
    booking = house.hold(at).booking
    release_claims(holder=booking.holder, at=at + 30 * MINUTE)
    cast.pay_in_cash(booking, at + 31 * MINUTE)
    cast.deliver(at + 31 * MINUTE)

    assert cast.again(booking).state == "confirmed"
    assert Claim.objects.filter(holder=booking.holder, live=True, expires_at=None).count() == 2


def test_late_money_without_a_place_is_kept_for_a_refund(house, at):
    """Its payment comes after somebody else took what it had held."""
    booking = house.hold(at).booking
    rival = house.hold(at + 30 * MINUTE, email="rival@example.org").booking
    cast.pay_in_cash(booking, at + 31 * MINUTE)
    cast.deliver(at + 31 * MINUTE)

    late = cast.again(booking)
    assert late.state == BookingState.PAID_WITHOUT_PLACE
    assert late.document is not None, "the money is in the books"
    assert not Claim.objects.filter(holder=booking.holder, live=True).exists()
    assert OutgoingMail.objects.get().subject.startswith("Payé trop tard")
    cast.pay_in_cash(rival, at + 32 * MINUTE)
    cast.deliver(at + 32 * MINUTE)
    assert cast.again(rival).state == "confirmed"


def test_what_was_paid_without_a_place_is_refunded_once_the_chain_has_buried_it(house, at):
    live = money.live_cursor(at)
    booking = house.hold(at).booking
    due = Due.objects.get(pk=booking.due_id)
    request = money.request(due, at, expires_at=at + 60 * MINUTE)
    house.hold(at + 30 * MINUTE, email="rival@example.org")
    of = scene_of(house.payee, at + 31 * MINUTE)
    of.pays(request)
    cast.deliver(of.at)
    assert cast.again(booking).state == "paid_without_place"

    refund = of.refund(due_id=due.pk)
    of.leaves(refund.destination, refund.amount_units, refund.reference)
    cast.deliver(of.at)
    assert cast.again(booking).state == "paid_without_place"
    depth = live.height + FINAL_DEPTH - 1
    assert close_deep_refunds(network_id=live.network_id, height=depth, at=of.at) == 1
    for _twice in range(2):
        cast.deliver(of.at)

    refunded = cast.again(booking)
    assert refunded.state == BookingState.REFUNDED
    assert refunded.document is not None, "giving it back will be a document of its own"


def test_money_that_comes_first_keeps_the_place_from_a_rival(house, at):
    """The other order: the hold is over, nobody has freed it, the payment is there before the rival."""
    booking = house.hold(at).booking
    cast.pay_in_cash(booking, at + 30 * MINUTE)
    cast.deliver(at + 30 * MINUTE)

    with pytest.raises(JustTaken):
        house.hold(at + 31 * MINUTE, email="rival@example.org")
    assert cast.again(booking).state == "confirmed"


def test_a_concert_that_came_first_is_not_disturbed_by_late_money(house, at):
    booking = house.hold(at).booking
    space_cast.claim(
        house.spaces.grand, booking.starts_at, "ticketing.event:x", at=at + 30 * MINUTE
    )
    cast.pay_in_cash(booking, at + 31 * MINUTE)
    cast.deliver(at + 31 * MINUTE)

    assert cast.again(booking).state == BookingState.PAID_WITHOUT_PLACE


def test_every_chain_is_whole_and_the_money_of_each_payee_is_in_its_books(house, at):
    other = cast.offer(house.spaces.b, money.payee(house.venue), name="Cabinet", kind="practice")
    paid(house, at)
    paid(house, at, offer=other, email="b@example.org")
    lost = house.hold(at, house.desk, people=1, email="c@example.org").booking

    report = verify()

    assert lost.due is None
    assert not report.faults
    for payee in (house.payee, other.payee):
        owed = sum(Due.objects.filter(payee=payee).values_list("paid_cents", flat=True))
        sealed = Document.objects.filter(kind="TICKET", register__payee=payee)
        assert owed == sum(sealed.values_list("total_cents", flat=True)) == 4000


# -- on its way -----------------------------------------------------------------------------------------


@pytest.fixture
def asked(house, at):
    """A booking whose guest has been shown an OSM request."""
    money.live_cursor(at)
    booking = house.hold(at).booking
    request = money.request(booking.due, at, required_confirmations=3)
    return booking, request


def test_coins_that_were_seen_keep_the_place_beyond_the_countdown(asked, at):
    booking, request = asked
    cast.see_coins(request, at + 19 * MINUTE)

    assert expire_holds(at=at + 25 * MINUTE) == 0
    assert cast.again(booking).expires_at > at + 40 * MINUTE
    assert not Claim.objects.filter(live=True, expires_at__lt=at + 40 * MINUTE).exists()


def test_a_request_alone_keeps_nothing(asked, at):
    booking, _request = asked
    look_at_due(due_id=booking.due_id, at=at + MINUTE)

    assert expire_holds(at=at + 21 * MINUTE) == 1
    assert cast.again(booking).state == "expired"
    assert OsmRequest.objects.get().state == "cancelled"
