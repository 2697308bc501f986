"""What is not paid in time goes back; what is not needed any more, too."""

import datetime
from functools import partial

import pytest

from bookings.jobs import expire
from bookings.models import Booking
from bookings.operations import cancel_booking, expire_holds
from bookings.problems import NotCancellable
from bookings.states import BOOKING_MOVES
from teraa.common.states import moves_table
from teraa.settlement.models import Due
from teraa.settlement.problems import MoneyReceived, PaymentSeen
from teraa.spaces.models import Claim
from tests.bookings import cast
from tests.settlement import cast as money
from tests.spaces.test_claim_at_once import at_once

MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def house(db, keys_dir):
    return cast.house()


def live():
    return Claim.objects.filter(live=True).count()


def test_an_unpaid_hold_is_let_go(house, at):
    booking = house.hold(at).booking

    assert expire_holds(at=at + 19 * MINUTE) == 0
    assert expire_holds(at=at + 20 * MINUTE) == 1
    assert cast.again(booking).state == "expired"
    assert Due.objects.get().state == "cancelled"
    assert live() == 0
    assert expire_holds(at=at + 21 * MINUTE) == 0


def test_the_job_does_so_every_minute(house, at):
    house.hold(at)

    # The job reads the clock itself, which is long past that November.
    Booking.objects.update(expires_at=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
    assert expire(0) == 1


def test_what_is_partly_paid_goes_on_waiting(house, at):
    booking = house.hold(at).booking
    from teraa.common.ids import uuid7
    from teraa.settlement.operations import add_tender

    add_tender(key=uuid7(), due_id=booking.due_id, kind="cash", amount_cents=1000, at=at)

    assert expire_holds(at=at + 21 * MINUTE) == 0
    waiting = cast.again(booking)
    assert waiting.state == "hold"
    assert waiting.expires_at == at + 51 * MINUTE
    assert live() == 2


def test_confirmed_bookings_stay(house, at):
    booking = house.hold(at).booking
    cast.pay_in_cash(booking, at)
    cast.deliver(at)

    assert expire_holds(at=at + 60 * MINUTE) == 0
    assert live() == 2


def test_an_unpaid_booking_is_cancelled(house, at):
    booking = house.hold(at).booking

    assert cancel_booking(booking_id=booking.pk, at=at).state == "cancelled"
    assert cancel_booking(booking_id=booking.pk, at=at).state == "cancelled"
    assert Due.objects.get().state == "cancelled"
    assert live() == 0


def test_a_free_table_is_given_back_before_it_begins_only(house, at):
    booking = house.hold(at, house.desk).booking
    with pytest.raises(NotCancellable):
        cancel_booking(booking_id=booking.pk, at=booking.starts_at)

    assert cancel_booking(booking_id=booking.pk, at=at).state == "cancelled"
    assert live() == 0


def test_it_refuses_to_cancel_while_the_news_of_its_payment_is_on_its_way(house, at):
    booking = house.hold(at).booking
    cast.pay_in_cash(booking, at)
    # Paid, and its news not delivered yet.
    with pytest.raises(MoneyReceived):
        cancel_booking(booking_id=booking.pk, at=at)

    assert live() == 2


def test_it_refuses_to_cancel_while_coins_are_on_their_way(house, at):
    money.live_cursor(at)
    booking = house.hold(at).booking
    request = money.request(booking.due, at, required_confirmations=3)
    cast.see_coins(request, at)

    with pytest.raises(PaymentSeen):
        cancel_booking(booking_id=booking.pk, at=at)
    assert cast.again(booking).state == "hold"
    assert live() == 2


def test_two_sweepers_and_a_guest_let_go_once(live_database, keys_dir, at):
    house = cast.house()
    bookings = [
        house.hold(at, starts_at=house.wanted().starts_at + n * datetime.timedelta(days=1)).booking
        for n in range(4)
    ]
    later = at + 21 * MINUTE

    outcomes = at_once(
        [partial(expire_holds, at=later)] * 2
        + [partial(cancel_booking, booking_id=one.pk, at=later) for one in bookings]
    )

    failed = [one for one in outcomes if isinstance(one, Exception)]
    assert all(isinstance(one, NotCancellable) for one in failed), failed
    states = set(Booking.objects.values_list("state", flat=True))
    assert states <= {"expired", "cancelled"}
    assert live() == 0


@pytest.mark.parametrize(("a", "b", "allowed"), moves_table(BOOKING_MOVES))
def test_the_table_of_moves(a, b, allowed):
    expected = {
        ("hold", "confirmed"),
        ("hold", "expired"),
        ("hold", "cancelled"),
        ("hold", "paid_without_place"),
        ("expired", "confirmed"),
        ("expired", "paid_without_place"),
        ("confirmed", "cancelled"),
        ("paid_without_place", "refunded"),
    }
    assert allowed == ((a, b) in expected)
