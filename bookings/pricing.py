"""What a stay costs: the cheapest lawful combination of days, half-days and hours. Pure.

An hour is an elapsed hour, charged by the quarter; a half-day is so many elapsed minutes; a day is
a day of the calendar in the venue's zone, be it 23, 24 or 25 hours long. All amounts are cents,
VAT included.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from zoneinfo import ZoneInfo

from teraa.common.money import line_total

MILLI = 1000
QUARTER_MIN = 15
MAX_STAY_MIN = 31 * 24 * 60

DAY, HALF_DAY, HOUR = "day", "half_day", "hour"


class NoTariff(ValueError):
    """None of the tariffs covers a stay of this length."""


@dataclass(frozen=True, slots=True)
class Tariffs:
    """Prices in cents; None where something is not let in that unit, 0 where it is free."""

    hour_cents: int | None = None
    half_day_cents: int | None = None
    day_cents: int | None = None
    half_day_min: int = 240


@dataclass(frozen=True, slots=True)
class PricedLine:
    """So many thousandths of a unit at a price a unit. Cents, VAT included."""

    unit: str
    quantity_milli: int
    unit_price_cents: int
    total_cents: int

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


def price_stay(*, per_day: Sequence[int], tariffs: Tariffs, count: int = 1) -> list[PricedLine]:
    """The cheapest lines for a stay of ``per_day`` minutes on each of its days, ``count`` times.

    A longer stay is never cheaper than a shorter one; of two that cost the same, the one with
    fewer hours is taken. A free stay has one line of nothing. Raises NoTariff.
    """
    best: tuple[int, int, list[PricedLine]] | None = None
    most = len(per_day) if tariffs.day_cents is not None else 0
    for days in range(most + 1):
        # The day tariff pays best on the longest days.
        rest = sum(sorted(per_day)[: len(per_day) - days])
        for half_days in range(_most_half_days(rest, tariffs) + 1):
            minutes = max(0, rest - half_days * tariffs.half_day_min)
            if minutes and tariffs.hour_cents is None:
                continue
            lines = _lines(days, half_days, minutes, tariffs, count)
            candidate = (sum(line.total_cents for line in lines), minutes, lines)
            if best is None or candidate[:2] < best[:2]:
                best = candidate
    if best is None:
        raise NoTariff(f"{sum(per_day)} minutes")
    return best[2]


def _most_half_days(minutes: int, tariffs: Tariffs) -> int:
    if tariffs.half_day_cents is None:
        return 0
    return -(-minutes // tariffs.half_day_min)


def _lines(
    days: int, half_days: int, minutes: int, tariffs: Tariffs, count: int
) -> list[PricedLine]:
    quarters = -(-minutes // QUARTER_MIN)
    wanted = (
        (DAY, days * MILLI, tariffs.day_cents),
        (HALF_DAY, half_days * MILLI, tariffs.half_day_cents),
        # A quarter of an hour is a whole number of thousandths: the line adds up exactly.
        (HOUR, quarters * MILLI * QUARTER_MIN // 60, tariffs.hour_cents),
    )
    return [
        PricedLine(
            unit=unit,
            quantity_milli=quantity_milli * count,
            unit_price_cents=price_cents,
            total_cents=line_total(price_cents, quantity_milli * count),
        )
        for unit, quantity_milli, price_cents in wanted
        if quantity_milli and price_cents is not None
    ]
