"""Which business day a document belongs to: the venue's zone and cut-off decide, once, at birth."""

import datetime

import pytest

from teraa.fiscal.models import ChainHead, Document, Period
from tests import make
from tests.fiscal import cast
from tests.fiscal.cast import day_of, utc

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys_dir")]


@pytest.mark.parametrize(
    ("at", "day", "offset"),
    [
        # Winter: Paris is UTC+1, the day ends at 06:00 there.
        (utc(2026, 11, 19, 4, 59, 59), "2026-11-18", 60),
        (utc(2026, 11, 19, 5, 0, 0), "2026-11-19", 60),
        (utc(2026, 11, 19, 22, 59), "2026-11-19", 60),
        (utc(2026, 11, 19, 23, 30), "2026-11-19", 60),
        # The night clocks go back, 25 October 2026: 02:30 happens twice, both on Saturday's day.
        (utc(2026, 10, 25, 0, 30), "2026-10-24", 120),
        (utc(2026, 10, 25, 1, 30), "2026-10-24", 60),
        (utc(2026, 10, 25, 4, 59), "2026-10-24", 60),
        (utc(2026, 10, 25, 5, 0), "2026-10-25", 60),
        # The night they go forward, 29 March 2026: 06:00 comes an hour earlier.
        (utc(2026, 3, 29, 0, 59), "2026-03-28", 60),
        (utc(2026, 3, 29, 3, 59), "2026-03-28", 120),
        (utc(2026, 3, 29, 4, 0), "2026-03-29", 120),
        (utc(2028, 2, 29, 12, 0), "2028-02-29", 60),
    ],
)
def test_the_venues_clock_decides_the_day(at, day, offset):
    sealed = cast.seal(cast.register(at), at=at)

    assert (day_of(sealed), sealed.values["utc_offset_minutes"]) == (day, offset)
    assert Document.objects.get(pk=sealed.id).business_date.isoformat() == day


def test_another_zone_and_cutoff():
    at = utc(2026, 11, 19, 2, 0)
    venue = make.venue(zone="America/Guadeloupe", day_cutoff=datetime.time(0, 0))
    guadeloupe = cast.register(at, venue=venue)

    assert day_of(cast.seal(guadeloupe, at=at)) == "2026-11-18", "22:00 there"
    assert day_of(cast.seal(guadeloupe, at=at + datetime.timedelta(hours=2))) == "2026-11-19"


def test_a_day_opens_by_itself():
    at = utc(2026, 11, 19, 15)
    register = cast.register(at)

    days = [cast.seal(register, at=at + datetime.timedelta(hours=h)) for h in (0, 12, 16, 40, 88)]

    assert [day_of(d) for d in days] == [
        *["2026-11-19", "2026-11-19"],
        *["2026-11-20", "2026-11-21", "2026-11-23"],
    ]
    assert [d.values["period"]["number"] for d in days] == [1, 1, 2, 3, 4]
    periods = Period.objects.filter(register=register).order_by("number")
    assert [p.number for p in periods] == [1, 2, 3, 4], "a day without sales has no period"
    assert periods[1].opened_at == at + datetime.timedelta(hours=16)


def test_numbers_go_on_over_the_days():
    at = utc(2026, 11, 19, 15)
    register = cast.register(at)

    assert [cast.seal(register, at=at + datetime.timedelta(days=n)).sequence for n in range(3)] == [
        1,
        2,
        3,
    ]


def test_an_event_opens_the_day_for_tickets_too():
    at = utc(2026, 11, 19, 15)
    register = cast.register(at)
    next_day = at + datetime.timedelta(days=1)

    event = cast.note(register, at=next_day)
    ticket = cast.seal(register, at=next_day)

    assert event.values["period"] == ticket.values["period"]
    assert event.values["period"]["number"] == 2


def test_after_a_closing_the_same_day_may_open_again():
    at = utc(2026, 11, 19, 15)
    register = cast.register(at)
    morning = cast.seal(register, at=at)
    ChainHead.objects.filter(register=register, kind="TICKET").update(period=None)

    evening = cast.seal(register, at=at + datetime.timedelta(hours=2))

    assert day_of(morning) == day_of(evening)
    assert [d.values["period"]["number"] for d in (morning, evening)] == [1, 2]
