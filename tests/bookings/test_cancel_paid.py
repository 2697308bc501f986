"""A paid stay is given up: its ladder to the minute, its money back once, its place free."""

import datetime
import json

import pytest

from bookings.cancelling import Promise, Rung, percent_at, promises
from bookings.models import Booking, CancellationStep
from bookings.operations import cancel_booking, cancel_for_guest, look_at_due, move_booking
from bookings.problems import GivesBackLess, NotCancellable, WordNeeded, WrongShare
from teraa.common import journal_codes
from teraa.common.ids import uuid7
from teraa.common.problems import Invalid, NotFound, SameKeyOtherBody
from teraa.fiscal.models import Document, DocumentTender
from teraa.fiscal.verify import verify
from teraa.settlement.cases.models import Refund
from teraa.settlement.cases.people import Person
from teraa.settlement.models import Payout
from teraa.settlement.operations import owe_back, pay_out
from teraa.settlement.osm.addresses import address_of_passphrase
from teraa.settlement.problems import PaidOutAlready
from teraa.spaces.models import Claim
from tests import make
from tests.bookings import cast
from tests.settlement import cast as money
from tests.settlement.osm.chain_facts import receive
from tests.spaces.test_claim_at_once import at_once

THURSDAY = datetime.datetime(2026, 11, 26, 18, tzinfo=datetime.UTC)  # 19:00 in Paris
MINUTE = datetime.timedelta(minutes=1)
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
ADA = Person("user:ada", "Ada")
LADDER = [Rung(2 * 24 * 60, 100), Rung(24 * 60, 50)]


@pytest.fixture
def house(db, keys_dir):
    made = cast.house()
    for rung in LADDER:
        CancellationStep.objects.create(
            venue=made.venue, offer=made.a, minutes_before=rung.minutes, percent=rung.percent
        )
    return made


def paid(house, at, **fields):
    booking = house.hold(at, **fields).booking
    cast.pay_in_cash(booking, at)
    cast.deliver(at)
    return cast.again(booking)


def paid_in_coins(house, at, **fields):
    booking = house.hold(at, **fields).booking
    money.live_cursor(at)
    request = money.request(booking.due, at)
    sender = address_of_passphrase("a guest", 115)
    receive(request, request.units, at=at, height=1000, sender=sender)
    cast.deliver(at)
    assert cast.again(booking).state == "confirmed"
    return cast.again(booking)


def tickets(booking):
    found = Document.objects.filter(kind="TICKET", subject=f"bookings.booking:{booking.key}")
    return list(found.order_by("pk"))


def given_at_the_till(house, payout, at, **fields):
    return pay_out(
        **{
            "key": uuid7(),
            "venue_id": house.venue.pk,
            "payout_id": payout.pk,
            "kind": "cash",
            "at": at,
            "operator": "Ada",
        }
        | fields
    )


# -- the ladder ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "percent"),
    [
        (2 * DAY + MINUTE, 100),
        (2 * DAY, 100),
        (2 * DAY - MINUTE, 50),
        (DAY, 50),
        (DAY - MINUTE, 0),
        (MINUTE, 0),
    ],
)
def test_each_rung_holds_to_its_minute(before, percent):
    assert percent_at(LADDER, starts_at=THURSDAY, at=THURSDAY - before) == percent
    assert percent_at(LADDER[::-1], starts_at=THURSDAY, at=THURSDAY - before) == percent


def test_nothing_comes_back_without_a_ladder():
    assert percent_at([], starts_at=THURSDAY, at=THURSDAY - 100 * DAY) == 0


def test_it_is_told_as_dates_and_amounts_still_to_come():
    def told(at, **more):
        return promises(LADDER, starts_at=THURSDAY, cents=4001, at=at, **more)

    first = Promise(THURSDAY - 2 * DAY, 100, 4001)
    second = Promise(THURSDAY - DAY, 50, 2001)

    assert told(THURSDAY - WEEK) == [first, second]
    assert told(THURSDAY - DAY) == [second]
    assert told(THURSDAY) == []
    assert told(THURSDAY - WEEK, at_most=50) == [second]


def test_a_booking_keeps_the_ladder_it_was_made_with(house, at):
    booking = house.hold(at).booking
    house.a.cancellation_steps.all().delete()

    assert cast.again(booking).rungs == LADDER
    assert house.hold(at, house.b).booking.ladder == []


# -- cancelled by its guest --------------------------------------------------------------------------


def test_paid_in_coins_all_of_it_goes_back_to_where_it_came_from(house, at):
    booking = paid_in_coins(house, at)

    cancel_booking(booking_id=booking.pk, at=THURSDAY - 2 * DAY, least_cents=4000)

    booking = cast.again(booking)
    assert (booking.state, booking.refund_cents) == ("cancelled", 4000)
    assert not Claim.objects.filter(holder=booking.holder, live=True).exists()
    sold, back = tickets(booking)
    refund = Refund.objects.get()
    assert (refund.amount_cents, refund.due_id, refund.sealed_in) == (4000, booking.due_id, back.pk)
    assert refund.destination == address_of_passphrase("a guest", 115)
    assert (back.total_cents, back.corrects_id) == (-4000, sold.pk)
    tender = DocumentTender.objects.get(document=back)
    assert (tender.kind, tender.osm_units) == ("osm", -refund.amount_units)
    event = Document.objects.get(event_code=journal_codes.ITEM_RETURN)
    assert json.loads(event.payload)["values"]["total_cents"] == -4000
    assert verify().faults == []


def test_on_the_second_rung_half_of_it_is_kept_and_stands_on_the_ticket(house, at):
    booking = paid_in_coins(house, at)

    cancel_booking(booking_id=booking.pk, at=THURSDAY - DAY)

    back = tickets(booking)[1]
    lines = json.loads(back.payload)["lines"]
    assert [line["total_cents"] for line in lines] == [-4000, 2000]
    assert lines[1]["label"].startswith("Conservé à l’annulation")
    assert lines[1]["vat_rate_bp"] == 2000
    assert (back.total_cents, back.corrects_id) == (-2000, None)
    assert Refund.objects.get().amount_cents == 2000
    assert verify().faults == []


def test_too_late_nothing_comes_back_and_the_place_is_free_all_the_same(house, at):
    booking = paid(house, at)

    cancel_booking(booking_id=booking.pk, at=THURSDAY - MINUTE)

    assert cast.again(booking).refund_cents == 0
    assert len(tickets(booking)) == 1
    assert not Payout.objects.exists()
    assert not Refund.objects.exists()
    house.hold(THURSDAY - MINUTE, email="ada@example.org", pays="till")


def test_what_began_is_not_cancelled(house, at):
    booking = paid(house, at)

    with pytest.raises(NotCancellable):
        cancel_booking(booking_id=booking.pk, at=THURSDAY)


def test_a_rung_that_ended_meanwhile_is_asked_about_again(house, at):
    booking = paid(house, at)

    with pytest.raises(GivesBackLess) as refused:
        cancel_booking(booking_id=booking.pk, at=THURSDAY - DAY, least_cents=4000)

    assert refused.value.context["cents"] == 2000
    assert cast.again(booking).state == "confirmed"
    assert not Payout.objects.exists()


def test_moving_it_away_first_brings_no_more_back(house, at):
    booking = paid(house, at)
    on_the_second_rung = THURSDAY - 30 * HOUR
    move_booking(
        venue=house.venue,
        booking_id=booking.pk,
        starts_at=THURSDAY + 2 * WEEK,
        at=on_the_second_rung,
    )

    cancel_booking(booking_id=booking.pk, at=on_the_second_rung)

    assert cast.again(booking).refund_cents == 2000


def test_cancelling_twice_or_eight_at_once_gives_back_once(live_database, keys_dir, at):
    made = cast.house()
    CancellationStep.objects.create(venue=made.venue, offer=made.a, minutes_before=60, percent=100)
    booking = paid(made, at)

    outcomes = at_once([lambda: cancel_booking(booking_id=booking.pk, at=at) for _ in range(8)])

    assert {type(one) for one in outcomes} == {Booking}
    assert Payout.objects.count() == 1
    assert cast.again(booking).refund_cents == 4000


# -- what was paid by hand goes back by hand ---------------------------------------------------------


def test_paid_in_cash_it_is_owed_at_the_till_and_sealed_when_it_is_given(house, at):
    booking = paid(house, at)
    cancel_booking(booking_id=booking.pk, at=THURSDAY - DAY)
    payout = Payout.objects.get()
    assert (payout.amount_cents, payout.person, payout.state) == (2000, "Nora Petit", "owed")
    assert len(tickets(booking)) == 1
    station = make.station(house.venue)

    given_at_the_till(house, payout, THURSDAY - HOUR, station_id=station.pk)
    cast.deliver(THURSDAY - HOUR)

    _, back = tickets(booking)
    assert (back.total_cents, back.register.station_id) == (-2000, station.pk)
    tender = DocumentTender.objects.get(document=back)
    assert (tender.kind, tender.amount_cents) == ("cash", -2000)
    said = json.loads(back.payload)
    assert (said["operator"], said["station"]) == ("Ada", station.name)
    assert verify().faults == []


def test_being_told_again_seals_nothing_again(house, at):
    booking = paid(house, at)
    cancel_booking(booking_id=booking.pk, at=at)
    given_at_the_till(house, Payout.objects.get(), at)
    cast.deliver(at)

    before = cast.again(booking).version
    look_at_due(due_id=booking.due_id, at=at)

    assert len(tickets(booking)) == 2
    assert cast.again(booking).version == before


def test_partly_in_coins_each_goes_back_the_way_it_came(house, at):
    booking = house.hold(at).booking
    money.live_cursor(at)
    request = money.request(booking.due, at, amount_cents=1000)
    receive(request, request.units, at=at, height=1000, sender=address_of_passphrase("a", 115))
    cast.deliver(at)
    cast.pay_in_cash(booking, at)
    cast.deliver(at)

    cancel_booking(booking_id=booking.pk, at=at)
    given_at_the_till(house, Payout.objects.get(), at)
    cast.deliver(at)

    assert Refund.objects.get().amount_cents == 1000
    sold, coins, cash = tickets(booking)
    assert (sold.total_cents, coins.total_cents, cash.total_cents) == (4000, -1000, -3000)
    assert verify().faults == []


def test_it_is_given_once_whoever_asks_however_often(house, at):
    booking = paid(house, at)
    cancel_booking(booking_id=booking.pk, at=at)
    payout = Payout.objects.get()
    key = uuid7()

    first, made = given_at_the_till(house, payout, at, key=key)
    again, made_again = given_at_the_till(house, payout, at, key=key)

    assert (first.pk, made, again.pk, made_again) == (payout.pk, True, payout.pk, False)
    with pytest.raises(PaidOutAlready):
        given_at_the_till(house, payout, at)
    with pytest.raises(SameKeyOtherBody):
        given_at_the_till(house, payout, at, key=key, kind="card")
    with pytest.raises(Invalid):
        given_at_the_till(house, payout, at, kind="osm")
    with pytest.raises(NotFound):
        given_at_the_till(house, payout, at, venue_id=make.venue().pk)


def test_ten_tills_at_once_give_it_once(live_database, keys_dir, at):
    made = cast.house()
    CancellationStep.objects.create(venue=made.venue, offer=made.a, minutes_before=60, percent=100)
    booking = paid(made, at)
    cancel_booking(booking_id=booking.pk, at=at)
    payout = Payout.objects.get()

    outcomes = at_once([lambda: given_at_the_till(made, payout, at) for _ in range(10)])
    cast.deliver(at)

    assert sum(isinstance(one, PaidOutAlready) for one in outcomes) == 9
    assert len(tickets(booking)) == 2


def test_no_more_is_owed_than_was_paid(house, at):
    booking = paid(house, at)

    for cents in (0, -1, 4001):
        with pytest.raises(Invalid):
            owe_back(due=booking.due, amount_cents=cents, at=at)


# -- cancelled by the team ---------------------------------------------------------------------------


def staff_cancels(house, booking, at, **fields):
    return cancel_for_guest(
        **{
            "venue_id": house.venue.pk,
            "booking_id": booking.pk,
            "cents": 4000,
            "person": ADA,
            "reason": "Dégât des eaux",
            "at": at,
        }
        | fields
    )


def test_the_team_gives_back_what_it_decides_even_after_the_last_rung(house, at):
    booking = paid(house, at)

    staff_cancels(house, booking, THURSDAY + HOUR, cents=3000)

    booking = cast.again(booking)
    assert (booking.state, booking.refund_cents) == ("cancelled", 3000)
    assert (booking.cancelled_by, booking.cancel_reason) == ("Ada", "Dégât des eaux")
    assert Payout.objects.get().amount_cents == 3000


def test_the_journal_says_why_coins_go_back(house, at):
    booking = paid_in_coins(house, at)

    staff_cancels(house, booking, at)

    event = Document.objects.get(event_code=journal_codes.ITEM_RETURN)
    assert json.loads(event.payload)["values"]["reason"] == "Dégât des eaux"


def test_the_team_says_why_and_never_gives_more_than_was_paid(house, at):
    booking = paid(house, at)

    with pytest.raises(WordNeeded):
        staff_cancels(house, booking, at, reason="  ")
    with pytest.raises(WrongShare):
        staff_cancels(house, booking, at, cents=4001)
    with pytest.raises(WrongShare):
        staff_cancels(house, booking, at, cents=-1)
    with pytest.raises(NotFound):
        staff_cancels(house, booking, at, venue_id=make.venue().pk)
    assert cast.again(booking).state == "confirmed"


def test_an_unpaid_stay_is_let_go_with_the_word_of_the_team(house, at):
    booking = house.hold(at).booking

    staff_cancels(house, booking, at)

    booking = cast.again(booking)
    assert (booking.state, booking.refund_cents, booking.cancel_reason) == (
        "cancelled",
        None,
        "Dégât des eaux",
    )
