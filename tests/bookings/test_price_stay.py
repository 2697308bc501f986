"""The cheapest lawful combination of days, half-days and hours."""

import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookings.pricing import NoTariff, Tariffs, minutes_per_day, price_stay

PARIS = "Europe/Paris"
STUDIO = Tariffs(hour_cents=2000, half_day_cents=7000, day_cents=12_000)


def total(minutes, tariffs=STUDIO, count=1):
    per_day = [minutes] if isinstance(minutes, int) else minutes
    lines = price_stay(per_day=per_day, tariffs=tariffs, count=count)
    return sum(line.total_cents for line in lines)


def units(minutes, tariffs=STUDIO):
    per_day = [minutes] if isinstance(minutes, int) else minutes
    return {line.unit: line.quantity_milli for line in price_stay(per_day=per_day, tariffs=tariffs)}


@pytest.mark.parametrize(
    ("minutes", "cents", "lines"),
    [
        (60, 2000, {"hour": 1000}),
        (90, 3000, {"hour": 1500}),
        (75, 2500, {"hour": 1250}),
        (210, 7000, {"half_day": 1000}),  # three hours and a half cost a half-day: no more
        (240, 7000, {"half_day": 1000}),
        (300, 9000, {"half_day": 1000, "hour": 1000}),
        (390, 12_000, {"day": 1000}),  # a half-day and two hours and a half would be 12.000 too
        (480, 12_000, {"day": 1000}),
        (720, 12_000, {"day": 1000}),
        ([120, 120], 7000, {"half_day": 1000}),  # a night over midnight
        ([600, 600], 24_000, {"day": 2000}),
        ([600, 60], 14_000, {"day": 1000, "hour": 1000}),
    ],
)
def test_a_stay_costs_its_cheapest_combination(minutes, cents, lines):
    assert total(minutes) == cents
    assert units(minutes) == lines


def test_several_desks_cost_several_times_as_much():
    assert total(90, count=3) == 9000


def test_what_is_free_is_a_line_of_nothing():
    assert total(180, Tariffs(hour_cents=0)) == 0
    assert units(180, Tariffs(hour_cents=0)) == {"hour": 3000}


def test_what_is_let_by_the_day_only_costs_a_day():
    assert total(30, Tariffs(day_cents=1500)) == 1500
    assert total([60, 60], Tariffs(day_cents=1500)) == 3000


def test_what_is_let_by_the_half_day_costs_whole_ones():
    assert total(300, Tariffs(half_day_cents=900)) == 1800


def test_it_refuses_what_has_no_price():
    with pytest.raises(NoTariff):
        price_stay(per_day=[60], tariffs=Tariffs())


price = st.none() | st.integers(0, 100_000)
tariffs_of = st.builds(
    Tariffs,
    hour_cents=price,
    half_day_cents=price,
    day_cents=price,
    half_day_min=st.sampled_from([180, 240, 300]),
).filter(lambda one: (one.hour_cents, one.half_day_cents, one.day_cents) != (None, None, None))
stays = st.lists(st.integers(1, 96).map(lambda quarters: quarters * 15), min_size=1, max_size=4)


@given(tariffs_of, stays, st.integers(0, 3), st.integers(1, 40))
def test_longer_is_never_cheaper(tariffs, stay, place, more):
    longer = list(stay)
    longer[place % len(stay)] += more * 15

    assert total(longer, tariffs) >= total(stay, tariffs)


@given(tariffs_of, stays)
def test_one_more_day_is_never_cheaper(tariffs, stay):
    assert total([*stay, 60], tariffs) >= total(stay, tariffs)


@given(tariffs_of, stays, st.integers(1, 5))
def test_lines_add_up_and_cover_the_stay(tariffs, stay, count):
    lines = price_stay(per_day=stay, tariffs=tariffs, count=count)

    covered = {line.unit: line.quantity_milli // count for line in lines}
    days = covered.get("day", 0) // 1000
    rest = sum(sorted(stay)[: len(stay) - days])
    reached = (
        covered.get("half_day", 0) * tariffs.half_day_min // 1000
        + covered.get("hour", 0) * 60 // 1000
    )
    assert reached >= rest
    for line in lines:
        assert line.total_cents * 1000 == pytest.approx(
            line.quantity_milli * line.unit_price_cents, abs=500
        )


@given(tariffs_of, stays)
def test_no_plain_way_is_cheaper(tariffs, stay):
    cents = total(stay, tariffs)
    minutes = sum(stay)

    if tariffs.hour_cents is not None:
        assert cents <= -(-minutes * tariffs.hour_cents // 60) + 1
    if tariffs.half_day_cents is not None:
        assert cents <= -(-minutes // tariffs.half_day_min) * tariffs.half_day_cents
    if tariffs.day_cents is not None:
        assert cents <= len(stay) * tariffs.day_cents


# -- days of the calendar --------------------------------------------------------------------------


def local(*when):
    return datetime.datetime(*when, tzinfo=ZoneInfo(PARIS))


def test_a_night_belongs_to_two_days():
    assert minutes_per_day(local(2026, 12, 3, 22), local(2026, 12, 4, 2), PARIS) == [120, 120]


def test_the_evening_before_midnight_is_one_day():
    assert minutes_per_day(local(2026, 12, 3, 19), local(2026, 12, 4, 0), PARIS) == [300]


@pytest.mark.parametrize(
    ("day", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 12, 3), 24)]
)
def test_a_day_is_as_long_as_the_zone_makes_it(day, hours):
    start = local(*day)
    end = datetime.datetime.combine(
        start.date() + datetime.timedelta(days=1), datetime.time(), tzinfo=ZoneInfo(PARIS)
    )

    assert minutes_per_day(start, end, PARIS) == [hours * 60]
    assert total(minutes_per_day(start, end, PARIS)) == 12_000


def test_the_night_of_the_change_costs_the_hours_that_pass():
    start, end = local(2026, 10, 25, 1), local(2026, 10, 25, 4)

    assert total(minutes_per_day(start, end, PARIS)) == 7000  # four hours, a half-day
