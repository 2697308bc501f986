"""The venue's zone decides days, also in the nights when clocks are changed."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teraa.common import clock

PARIS = "Europe/Paris"
SIX = datetime.time(6)


def utc(*parts):
    return datetime.datetime(*parts, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("at", "zone", "day"),
    [
        (utc(2026, 11, 19, 15, 30), PARIS, (2026, 11, 19)),
        (utc(2026, 11, 20, 2, 0), PARIS, (2026, 11, 19)),  # 3 in the morning: still Thursday
        (utc(2026, 11, 20, 4, 59, 59), PARIS, (2026, 11, 19)),
        (utc(2026, 11, 20, 5, 0), PARIS, (2026, 11, 20)),  # 6 o'clock in winter
        (utc(2026, 7, 20, 4, 0), PARIS, (2026, 7, 20)),  # 6 o'clock in summer
        (utc(2026, 7, 20, 3, 59), PARIS, (2026, 7, 19)),
        (utc(2026, 3, 29, 0, 59), PARIS, (2026, 3, 28)),  # before the hour that is left out
        (utc(2026, 3, 29, 4, 0), PARIS, (2026, 3, 29)),  # 6 o'clock, an hour later than at night
        (utc(2026, 3, 29, 3, 59), PARIS, (2026, 3, 28)),
        (utc(2026, 10, 25, 0, 30), PARIS, (2026, 10, 24)),  # half past two, the first time
        (utc(2026, 10, 25, 1, 30), PARIS, (2026, 10, 24)),  # half past two, the second time
        (utc(2026, 10, 25, 5, 0), PARIS, (2026, 10, 25)),
        (utc(2026, 11, 19, 23, 0), "Indian/Reunion", (2026, 11, 19)),  # 3 in the morning there
        (utc(2026, 11, 19, 9, 0), "Pacific/Noumea", (2026, 11, 19)),
        (utc(2027, 1, 1, 1, 0), PARIS, (2026, 12, 31)),
    ],
)
def test_it_knows_the_business_day(at, zone, day):
    assert clock.business_date(at, zone, SIX) == datetime.date(*day)


instants = st.datetimes(
    datetime.datetime(2020, 1, 1), datetime.datetime(2035, 1, 1), timezones=st.just(datetime.UTC)
)
zones = st.sampled_from([PARIS, "Indian/Reunion", "America/Guadeloupe", "Asia/Kathmandu", "UTC"])
cutoffs = st.times()


@given(instants, zones, cutoffs, st.integers(0, 48 * 3600))
def test_days_never_run_backwards(at, zone, cutoff, seconds):
    later = at + datetime.timedelta(seconds=seconds)
    # The hour that is lived twice is the one exception, when the day ends within it.
    step = clock.business_date(later, zone, cutoff) - clock.business_date(at, zone, cutoff)
    repeats = clock.utc_offset_minutes(later, zone) < clock.utc_offset_minutes(at, zone)
    assert step >= datetime.timedelta(days=-1 if repeats else 0)


@given(instants, zones)
def test_its_offset_leads_to_local_time(at, zone):
    from zoneinfo import ZoneInfo

    local = at + datetime.timedelta(minutes=clock.utc_offset_minutes(at, zone))
    assert local.replace(tzinfo=None) == at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


@pytest.mark.parametrize(
    ("at", "minutes"),
    [
        (utc(2026, 3, 29, 0, 59, 59), 60),
        (utc(2026, 3, 29, 1, 0), 120),
        (utc(2026, 10, 25, 0, 59, 59), 120),
        (utc(2026, 10, 25, 1, 0), 60),
    ],
)
def test_it_follows_the_change_of_clocks_to_the_second(at, minutes):
    assert clock.utc_offset_minutes(at, PARIS) == minutes


def test_it_writes_instants_in_utc_to_the_millisecond():
    paris = datetime.timezone(datetime.timedelta(hours=2))
    assert clock.iso_utc(datetime.datetime(2026, 7, 1, 0, 0, 0, 1999, paris)) == (
        "2026-06-30T22:00:00.001Z"
    )


def test_it_tells_time_in_utc():
    assert clock.now().tzinfo is datetime.UTC
