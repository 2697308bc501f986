"""Opening hours are the venue's wall time, whatever the season and wherever the server is."""

import datetime

import pytest

from bookings.opening import (
    Hours,
    day_span,
    exists,
    instant,
    on_weekdays,
    open_spans,
    starts_on,
)

PARIS = "Europe/Paris"
REUNION = "Indian/Reunion"
HOUR = datetime.timedelta(hours=1)
EVERY_DAY = on_weekdays(Hours(weekday, datetime.time(9), datetime.time(22)) for weekday in range(7))
ALL_NIGHT = on_weekdays(Hours(weekday, datetime.time(20), datetime.time(6)) for weekday in range(7))
ALWAYS = on_weekdays(Hours(weekday, datetime.time(0), datetime.time(0)) for weekday in range(7))


def walls(hours, day, lasts=HOUR, step=HOUR, zone=PARIS):
    from zoneinfo import ZoneInfo

    return [
        start.astimezone(ZoneInfo(zone)).strftime("%H:%M")
        for start in starts_on(hours, day=day, zone=zone, lasts=lasts, step=step)
    ]


def test_a_stay_fits_between_opening_and_closing():
    day = datetime.date(2026, 12, 3)

    assert walls(EVERY_DAY, day, lasts=10 * HOUR) == ["09:00", "10:00", "11:00", "12:00"]


def test_nothing_begins_on_a_closed_day():
    monday = on_weekdays([Hours(0, datetime.time(9), datetime.time(18))])

    assert walls(monday, datetime.date(2026, 12, 3)) == []


def test_a_weekly_evening_stays_an_evening_when_the_clocks_change():
    before = starts_on(
        EVERY_DAY, day=datetime.date(2026, 10, 24), zone=PARIS, lasts=HOUR, step=HOUR
    )
    after = starts_on(EVERY_DAY, day=datetime.date(2026, 10, 25), zone=PARIS, lasts=HOUR, step=HOUR)

    assert before[10].hour == 17  # 19:00 in summer
    assert after[10].hour == 18  # 19:00 in winter


def test_a_night_is_offered_on_the_day_it_begins_and_the_small_hours_on_theirs():
    thursday = datetime.date(2026, 12, 3)

    assert walls(ALL_NIGHT, thursday, lasts=3 * HOUR) == [
        *["00:00", "01:00", "02:00", "03:00"],
        *["20:00", "21:00", "22:00", "23:00"],
    ]


def test_days_that_touch_are_one_opening():
    assert len(walls(ALWAYS, datetime.date(2026, 12, 3), lasts=30 * HOUR)) == 24


def test_a_time_that_does_not_exist_is_not_offered():
    assert "02:00" not in walls(ALWAYS, datetime.date(2026, 3, 29))
    assert not exists(datetime.datetime(2026, 3, 29, 2, 30), PARIS)


def test_a_time_that_exists_twice_is_its_first_passing():
    assert walls(ALWAYS, datetime.date(2026, 10, 25)).count("02:00") == 1
    assert instant(datetime.datetime(2026, 10, 25, 2, 30), PARIS).hour == 0


def test_a_stay_over_the_change_lasts_as_long_as_it_says():
    """From 1:00 to the closing at 6:00 there are six hours that night."""
    night = walls(ALL_NIGHT, datetime.date(2026, 10, 25), lasts=6 * HOUR)

    assert "01:00" in night
    assert "02:00" not in walls(ALL_NIGHT, datetime.date(2026, 12, 3), lasts=6 * HOUR)


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        (datetime.date(2026, 3, 29), 23),
        (datetime.date(2026, 10, 25), 25),
        (datetime.date(2028, 2, 29), 24),
    ],
)
def test_a_day_lasts_from_midnight_to_midnight(day, hours):
    start, end = day_span(day, PARIS)

    assert end - start == hours * HOUR


def test_overseas_clocks_never_change():
    first = starts_on(
        EVERY_DAY, day=datetime.date(2026, 3, 28), zone=REUNION, lasts=HOUR, step=HOUR
    )
    then = starts_on(EVERY_DAY, day=datetime.date(2026, 3, 30), zone=REUNION, lasts=HOUR, step=HOUR)

    assert then[0] - first[0] == 48 * HOUR
    assert first[0].hour == 5


def test_two_openings_a_day_do_not_join():
    shop = on_weekdays(
        [
            Hours(3, datetime.time(9), datetime.time(12)),
            Hours(3, datetime.time(14), datetime.time(18)),
        ]
    )
    day = datetime.date(2026, 12, 3)

    assert len(open_spans(shop, first=day, last=day, zone=PARIS)) == 2
    assert "11:00" not in walls(shop, day, lasts=2 * HOUR)
