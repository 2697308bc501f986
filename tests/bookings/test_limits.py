"""What one person may book: counted in the venue's own days, weeks and months, never broken by a race."""

import datetime
from functools import partial

import pytest

from bookings.models import Booking, BookingLimit
from bookings.operations import cancel_booking
from bookings.problems import NotBookable
from tests.bookings import cast
from tests.spaces.test_claim_at_once import at_once

HOUR = datetime.timedelta(hours=1)
THURSDAY = datetime.datetime(2026, 11, 26, 18, tzinfo=datetime.UTC)  # 19:00 in Paris
DAY = 24 * HOUR


def limit(house, over, *, offer=None, **fields):
    return BookingLimit.objects.create(venue=house.venue, offer=offer, over=over, **fields)


def reasons(refused):
    return [(one["code"], one["text"]) for one in refused.value.context["reasons"]]


def test_so_many_bookings_a_week_and_one_is_free_again_when_another_is_given_back(db, at):
    house = cast.house()
    limit(house, "week", offer=house.a, most_bookings=2)
    first = house.hold(at, starts_at=THURSDAY).booking
    house.hold(at, starts_at=THURSDAY + DAY)

    with pytest.raises(NotBookable) as refused:
        house.hold(at, starts_at=THURSDAY + 2 * DAY)
    house.hold(at, house.b, starts_at=THURSDAY + 2 * DAY)
    house.hold(at, starts_at=THURSDAY + 7 * DAY)
    house.hold(at, starts_at=THURSDAY + 2 * DAY, email="ada@example.org", minutes=60)
    cancel_booking(booking_id=first.pk, at=at)
    house.hold(at, starts_at=THURSDAY + 3 * DAY)

    assert reasons(refused) == [
        ("limit", "Une personne peut avoir 2 réservations par semaine, à partir du lundi.")
    ]


@pytest.mark.parametrize(
    ("over", "first", "second", "is_refused"),
    [
        ("day", THURSDAY, THURSDAY + 2 * HOUR, True),
        ("day", THURSDAY, THURSDAY + DAY, False),
        # Sunday evening and Monday morning are two weeks, whatever the server's clock says.
        ("week", THURSDAY + 3 * DAY, THURSDAY + 4 * DAY - 8 * HOUR, False),
        ("week", THURSDAY, THURSDAY + 3 * DAY, True),
        # 30 November and 1 December
        ("month", THURSDAY + 4 * DAY, THURSDAY + 5 * DAY, False),
        ("month", THURSDAY, THURSDAY + 4 * DAY, True),
        ("ahead", THURSDAY, THURSDAY + 40 * DAY, True),
    ],
)
def test_spans_are_the_venues_own(db, at, over, first, second, is_refused):
    house = cast.house()
    limit(house, over, most_minutes=180)
    house.hold(at, starts_at=first)

    if is_refused:
        with pytest.raises(NotBookable):
            house.hold(at, starts_at=second)
        house.hold(at, starts_at=second, minutes=60)
    else:
        house.hold(at, starts_at=second)


def test_a_limit_of_the_venue_counts_everything_and_speaks_its_own_words(db, at):
    house = cast.house()
    limit(house, "ahead", most_bookings=1, message="Un seul créneau d’avance, merci.")
    house.hold(at)

    with pytest.raises(NotBookable) as refused:
        house.hold(at, house.b, starts_at=THURSDAY + DAY, email="NORA@example.org")

    assert reasons(refused) == [("limit", "Un seul créneau d’avance, merci.")]
    assert "nearest" not in refused.value.context, "another time would not help"


def test_the_same_request_again_is_no_second_booking(db, at):
    house = cast.house()
    limit(house, "day", most_bookings=1)
    wanted = house.wanted()

    first = house.hold(at, key=wanted.key)
    again = house.hold(at, key=wanted.key)

    assert again.booking.pk == first.booking.pk
    assert not again.is_new


def test_another_venues_limits_and_bookings_do_not_count(db, at):
    house, other = cast.house(), cast.house()
    limit(other, "ahead", most_bookings=1)
    other.hold(at)

    house.hold(at)
    house.hold(at, starts_at=THURSDAY + DAY)


def test_several_at_once_do_not_slip_under_the_limit(live_database, at):
    house = cast.house()
    limit(house, "week", most_bookings=1)
    offers = [house.a, house.b] * 3

    outcomes = at_once(
        [
            partial(house.hold, at, what, starts_at=THURSDAY + (number - 3) * 3 * HOUR)
            for number, what in enumerate(offers)
        ]
    )

    refused = [one for one in outcomes if isinstance(one, NotBookable)]
    assert len(refused) == 5, outcomes
    assert Booking.objects.count() == 1
