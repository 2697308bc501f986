"""Rivals queue for a space only while its claims are written; who is too late does not queue."""

import datetime

import pytest
from django.db import connection

from bookings import opening, searching, wanting
from bookings.models import Booking
from teraa.common.clock import iso_utc
from teraa.settlement.models import Due
from teraa.spaces.models import Claim
from teraa.spaces.operations import JustTaken
from tests.bookings import cast

QUEUE = "FOR NO KEY UPDATE"
HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)


@pytest.fixture
def house(db):
    return cast.house()


@pytest.fixture
def said():
    """The texts of all statements sent, prepared ones too."""
    texts: list[str] = []

    def listen(execute, sql, params, many, context):
        texts.append(" ".join(str(sql).split()))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(listen):
        yield texts


def test_nothing_but_the_claims_happens_once_rivals_wait(house, at, said):
    house.hold(at)

    (queued,) = [place for place, text in enumerate(said) if QUEUE in text]
    after = [text for text in said[queued + 1 :] if not text.startswith("RELEASE")]
    assert [text.split()[0] for text in after] == ["SELECT", "INSERT"]
    assert "spaces_claim" in after[0]
    assert after[1].startswith("INSERT INTO spaces_claim")


def test_a_free_stay_has_its_mail_before_its_claims(house, at, said):
    house.hold(at, house.desk)

    (queued,) = [place for place, text in enumerate(said) if QUEUE in text]
    (mail,) = [
        place for place, text in enumerate(said) if 'INSERT INTO "accounts_outgoing_mail"' in text
    ]
    assert mail < queued


def test_who_is_too_late_waits_for_nobody_and_writes_nothing(house, at, said):
    house.hold(at)
    del said[:]

    with pytest.raises(JustTaken) as refused:
        house.hold(at, email="late@example.org")

    assert refused.value.context["nearest"]
    assert not [text for text in said if QUEUE in text or "INSERT" in text or "UPDATE" in text]
    assert len(said) <= 11
    assert (Booking.objects.count(), Due.objects.count(), Claim.objects.count()) == (1, 1, 2)


def test_a_hold_past_its_time_does_not_turn_anybody_away(house, at):
    first = house.hold(at).booking
    later = first.expires_at + datetime.timedelta(minutes=5)

    second = house.hold(later, email="next@example.org").booking

    assert set(Claim.objects.filter(live=True).values_list("holder")) == {(second.holder,)}


@pytest.mark.parametrize("hour", [8, 12, 15, 20])
def test_the_nearest_free_times_are_those_of_a_search_through_every_day(house, at, hour):
    wish = house.wanted(
        starts_at=datetime.datetime(2026, 11, 26, hour, tzinfo=datetime.UTC), minutes=60
    )
    # The whole day, but for its first hour; and the evening before.
    for start in [*range(9, 22), -13, -12]:
        first = datetime.datetime(2026, 11, 26, tzinfo=datetime.UTC) + start * HOUR
        house.hold(
            at,
            starts_at=first,
            minutes=60,
            total_cents=2000,
            email=f"{start}@example.org",
        )

    found = searching.nearest_starts(venue=house.venue, offer=house.a, wanted=wish, at=at)

    assert found == _everywhere(house, wish, at)


def _everywhere(house, wish, at):
    """The plain way: all starts of nine days, sorted by how far they are."""
    taken = [(claim.span.lower, claim.span.upper) for claim in Claim.objects.filter(live=True)]
    day = wish.starts_at.date()
    starts = [
        start
        for number in range(-1, 8)
        for start in wanting.starts_of(
            house.a, day=day + number * DAY, minutes=60, zone=house.venue.zone, at=at
        )
        if not any(start < upper and lower < start + HOUR for lower, upper in taken)
    ]
    closest = sorted(starts, key=lambda start: (abs(start - wish.starts_at), start))[:3]
    return [{"starts_at": iso_utc(one), "ends_at": iso_utc(one + HOUR)} for one in closest]


def test_a_time_that_clocks_leave_out_is_still_not_offered():
    hours = opening.on_weekdays([opening.Hours(6, datetime.time(1), datetime.time(5))])
    starts = opening.starts_on(
        hours,
        day=datetime.date(2027, 3, 28),
        zone="Europe/Paris",
        lasts=HOUR,
        step=datetime.timedelta(minutes=30),
    )

    assert [f"{one:%H:%M}" for one in starts] == ["00:00", "00:30", "01:00", "01:30", "02:00"]
