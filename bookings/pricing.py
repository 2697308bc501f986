"""What a stay costs: the cheapest lawful combination of months, weeks, days, half-days and hours. Pure.

An hour is an elapsed hour, charged by the quarter; a half-day is so many elapsed minutes; a day is
a day of the calendar in the venue's zone, be it 23, 24 or 25 hours long; a week is seven of them and
a month 31, whether they follow each other or not. Hours that are dearer (evenings, a festival) cost a
supplement an hour on top, cut at the minute. All amounts are cents, VAT included.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from zoneinfo import ZoneInfo

from teraa.common.money import line_total

MILLI = 1000
QUARTER_MIN = 15
MAX_STAY_MIN = 31 * 24 * 60

MONTH, WEEK, DAY, HALF_DAY, HOUR, PEAK = "month", "week", "day", "half_day", "hour", "peak"
# What so many days of the calendar may be charged as, the longest first.
DAYS_IN = {MONTH: 31, WEEK: 7, DAY: 1}


class NoTariff(ValueError):
    """None of the tariffs covers a stay of this length."""


@dataclass(frozen=True, slots=True)
class Tariffs:
    """Prices in cents; None where something is not let in that unit, 0 where it is free."""

    hour_cents: int | None = None
    half_day_cents: int | None = None
    day_cents: int | None = None
    week_cents: int | None = None
    month_cents: int | None = None
    half_day_min: int = 240


@dataclass(frozen=True, slots=True)
class Peak:
    """Hours that cost ``hour_cents`` more each: from – to in local time, on a weekday (0 is Monday;
    None: each), between two days (None: always). What does not close after it opens passes midnight.
    """

    name: str
    hour_cents: int
    opens: datetime.time
    closes: datetime.time
    weekday: int | None = None
    first_day: datetime.date | None = None
    last_day: datetime.date | None = None

    def holds_on(self, day: datetime.date) -> bool:
        return (
            self.weekday in (None, day.weekday())
            and (self.first_day is None or self.first_day <= day)
            and (self.last_day is None or day <= self.last_day)
        )


@dataclass(frozen=True, slots=True)
class PricedLine:
    """So many thousandths of a unit at a price a unit. Cents, VAT included. ``name``: of a peak."""

    unit: str
    quantity_milli: int
    unit_price_cents: int
    total_cents: int
    name: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def minutes_per_day(
    starts_at: datetime.datetime, ends_at: datetime.datetime, zone: str
) -> list[int]:
    """Elapsed minutes of a stay on each day of the calendar in ``zone`` it touches, in order."""
    if ends_at <= starts_at:
        raise ValueError("a stay ends after it begins")
    place = ZoneInfo(zone)
    minutes = []
    here = starts_at.astimezone(datetime.UTC)
    end = ends_at.astimezone(datetime.UTC)
    while here < end:
        tomorrow = here.astimezone(place).date() + datetime.timedelta(days=1)
        midnight = datetime.datetime.combine(tomorrow, datetime.time(), tzinfo=place)
        until = min(end, midnight.astimezone(datetime.UTC))
        minutes.append(int((until - here).total_seconds()) // 60)
        here = until
    return minutes


def peak_minutes(
    peak: Peak, starts_at: datetime.datetime, ends_at: datetime.datetime, zone: str
) -> int:
    """Elapsed minutes of a stay that fall into ``peak``; a window belongs to the day it opens on."""
    place = ZoneInfo(zone)
    one_day = datetime.timedelta(days=1)
    day = starts_at.astimezone(place).date() - one_day
    last = ends_at.astimezone(place).date()
    inside = datetime.timedelta()
    while day <= last:
        if peak.holds_on(day):
            closing = day if peak.closes > peak.opens else day + one_day
            opens = datetime.datetime.combine(day, peak.opens, tzinfo=place)
            closes = datetime.datetime.combine(closing, peak.closes, tzinfo=place)
            inside += max(
                datetime.timedelta(),
                min(ends_at, closes.astimezone(datetime.UTC))
                - max(starts_at, opens.astimezone(datetime.UTC)),
            )
        day += one_day
    return int(inside.total_seconds()) // 60


def supplements(minutes: Sequence[tuple[Peak, int]], *, count: int = 1) -> list[PricedLine]:
    """What so many minutes in each peak cost on top, by the quarter of an hour."""
    lines = []
    for peak, inside in minutes:
        quantity = -(-inside // QUARTER_MIN) * QUARTER_MIN * MILLI // 60 * count
        if quantity and peak.hour_cents:
            total = line_total(peak.hour_cents, quantity)
            lines.append(PricedLine(PEAK, quantity, peak.hour_cents, total, peak.name))
    return lines


def price_stay(*, per_day: Sequence[int], tariffs: Tariffs, count: int = 1) -> list[PricedLine]:
    """The cheapest lines for a stay of ``per_day`` minutes on each of its days, ``count`` times.

    A longer stay is never cheaper than a shorter one; of two that cost the same, the one with
    fewer hours is taken. A free stay has one line of nothing. Raises NoTariff.
    """
    # The longer tariffs pay best on the longest days: what is left is the rest of the shortest.
    shortest = sorted(per_day)
    rests = [sum(shortest[:kept]) for kept in range(len(shortest) + 1)]
    best: tuple[int, int, dict[str, int]] | None = None
    for units in _whole_days(len(per_day), tariffs):
        covered = sum(units[unit] * days for unit, days in DAYS_IN.items())
        rest = rests[max(0, len(per_day) - covered)]
        for half_days in _half_days(rest, tariffs):
            minutes = max(0, rest - half_days * tariffs.half_day_min)
            if minutes and tariffs.hour_cents is None:
                continue
            wanted = {**units, HALF_DAY: half_days, HOUR: minutes}
            candidate = (_cents(wanted, tariffs), minutes, wanted)
            if best is None or candidate[:2] < best[:2]:
                best = candidate
    if best is None:
        raise NoTariff(f"{sum(per_day)} minutes")
    return _lines(best[2], tariffs, count)


def _whole_days(days: int, tariffs: Tariffs) -> Iterator[dict[str, int]]:
    """Every way to charge some of so many days as months, weeks and days, none of them in vain."""
    most = {
        unit: -(-days // length) if _price(unit, tariffs) is not None else 0
        for unit, length in DAYS_IN.items()
    }
    for months in range(most[MONTH] + 1):
        for weeks in range(most[WEEK] + 1):
            left = days - months * DAYS_IN[MONTH] - weeks * DAYS_IN[WEEK]
            for single in range(min(most[DAY], max(0, left)) + 1):
                yield {MONTH: months, WEEK: weeks, DAY: single}


def _half_days(minutes: int, tariffs: Tariffs) -> range | tuple[int, ...]:
    if tariffs.half_day_cents is None:
        return (0,)
    most = -(-minutes // tariffs.half_day_min)
    if tariffs.half_day_min % QUARTER_MIN:
        return range(most + 1)
    # Each further one saves as many quarters as the last: the cheapest number is at an end.
    return tuple(sorted({0, max(0, most - 1), most}))


def _price(unit: str, tariffs: Tariffs) -> int | None:
    cents: int | None = getattr(tariffs, f"{unit}_cents")
    return cents


def _quantity(unit: str, wanted: Mapping[str, int]) -> int:
    """Thousandths. A quarter of an hour is a whole number of them: the line adds up exactly."""
    if unit == HOUR:
        return -(-wanted[HOUR] // QUARTER_MIN) * MILLI * QUARTER_MIN // 60
    return wanted[unit] * MILLI


def _cents(wanted: Mapping[str, int], tariffs: Tariffs) -> int:
    return sum(
        line_total(price, quantity)
        for unit in wanted
        if (quantity := _quantity(unit, wanted)) and (price := _price(unit, tariffs)) is not None
    )


def _lines(wanted: Mapping[str, int], tariffs: Tariffs, count: int) -> list[PricedLine]:
    lines = []
    for unit in wanted:
        price, quantity = _price(unit, tariffs), _quantity(unit, wanted) * count
        if quantity and price is not None:
            lines.append(PricedLine(unit, quantity, price, line_total(price, quantity)))
    return lines
