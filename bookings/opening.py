"""When a stay may begin: local wall time, expanded with the zone, then instants. Pure.

A wall time that does not exist (the night the clocks go forward) is not offered; one that exists
twice (the night they go back) means its first passing.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY = datetime.timedelta(days=1)
Span = tuple[datetime.datetime, datetime.datetime]


@dataclass(frozen=True, slots=True)
class Hours:
    """Open from – to on a weekday (0 is Monday; None: on each); a close not after the opening is
    on the next day."""

    weekday: int | None
    opens: datetime.time
    closes: datetime.time


@dataclass(frozen=True, slots=True)
class DayPlan:
    """What holds on one day of the calendar. ``why`` it is not a usual day, for people; or ""."""

    hours: tuple[Hours, ...]
    why: str = ""


Timetable = Callable[[datetime.date], DayPlan]


def on_weekdays(hours: Iterable[Hours]) -> Timetable:
    """The same every week."""
    given = tuple(hours)

    def plan(day: datetime.date) -> DayPlan:
        return DayPlan(tuple(one for one in given if one.weekday in (None, day.weekday())))

    return plan


def instant(local: datetime.datetime, zone: str) -> datetime.datetime:
    """The instant of a naive wall time in ``zone``, in UTC; of two, the first."""
    return local.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(datetime.UTC)


def exists(local: datetime.datetime, zone: str) -> bool:
    """Whether clocks in ``zone`` ever show this naive time."""
    return _existing(local, ZoneInfo(zone)) is not None


def _existing(local: datetime.datetime, place: ZoneInfo) -> datetime.datetime | None:
    """The instant of a naive wall time, in UTC; None when clocks leave it out."""
    start = local.replace(tzinfo=place, fold=0).astimezone(datetime.UTC)
    return start if start.astimezone(place).replace(tzinfo=None) == local else None


def day_span(day: datetime.date, zone: str) -> Span:
    """Local midnight to local midnight: 23, 24 or 25 hours."""
    midnight = datetime.datetime.combine(day, datetime.time())
    return instant(midnight, zone), instant(midnight + DAY, zone)


def open_spans(
    timetable: Timetable, *, first: datetime.date, last: datetime.date, zone: str
) -> list[Span]:
    """Open times that begin on the days from ``first`` to ``last``; those that touch are one."""
    spans = sorted(
        (instant(opens, zone), instant(closes, zone))
        for opens, closes in _local(timetable, first=first, last=last)
    )
    joined: list[Span] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        elif start < end:
            joined.append((start, end))
    return joined


def _local(
    timetable: Timetable, *, first: datetime.date, last: datetime.date
) -> list[tuple[datetime.datetime, datetime.datetime]]:
    found = []
    for number in range((last - first).days + 1):
        day = first + number * DAY
        for one in timetable(day).hours:
            until = day + DAY if one.closes <= one.opens else day
            found.append(
                (
                    datetime.datetime.combine(day, one.opens),
                    datetime.datetime.combine(until, one.closes),
                )
            )
    return found


def starts_on(
    timetable: Timetable,
    *,
    day: datetime.date,
    zone: str,
    lasts: datetime.timedelta,
    step: datetime.timedelta,
) -> Sequence[datetime.datetime]:
    """Instants on the local ``day`` at which a stay of ``lasts`` may begin, in order."""
    nights = lasts // DAY + 2
    around = [day + number * DAY for number in range(-1, nights + 1)]
    return _starts(tuple(timetable(one).hours for one in around), day, zone, lasts, step)


@lru_cache(maxsize=4096)
def _starts(
    hours: tuple[tuple[Hours, ...], ...],
    day: datetime.date,
    zone: str,
    lasts: datetime.timedelta,
    step: datetime.timedelta,
) -> tuple[datetime.datetime, ...]:
    """Kept: what is let at the same hours, and the next request, ask the same again.

    ``hours`` are those of the days from the one before ``day`` on.
    """
    before = day - DAY
    plans = {before + number * DAY: DayPlan(one) for number, one in enumerate(hours)}
    timetable = plans.__getitem__
    spans = open_spans(timetable, first=before, last=before + (len(hours) - 1) * DAY, zone=zone)
    place = ZoneInfo(zone)
    found = set()
    for opens, closes in _local(timetable, first=before, last=day):
        local = opens
        while local < closes:
            start = _existing(local, place) if local.date() == day else None
            if start and any(span[0] <= start and start + lasts <= span[1] for span in spans):
                found.add(start)
            local += step
    return tuple(sorted(found))
