"""What a guest gets back who cancels a paid stay: rungs of a ladder, agreed when it was booked. Pure.

A rung says: until so many minutes before the beginning, that many percent. After the last rung
nothing comes back. The ladder is kept with the booking and never follows its offer.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

EVERYTHING = 100


@dataclass(frozen=True, slots=True)
class Rung:
    """Until ``minutes`` before the beginning, ``percent`` of the price come back."""

    minutes: int
    percent: int

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Rung:
        return cls(values["minutes"], values["percent"])

    def as_dict(self) -> dict[str, int]:
        return {"minutes": self.minutes, "percent": self.percent}


@dataclass(frozen=True, slots=True)
class Promise:
    """Who cancels up to ``until`` (itself included) gets ``percent`` back, ``cents`` of it."""

    until: datetime.datetime
    percent: int
    cents: int


def in_order(rungs: Iterable[Rung]) -> list[Rung]:
    """The earliest rung first."""
    return sorted(rungs, key=lambda rung: -rung.minutes)


def percent_at(
    rungs: Sequence[Rung],
    *,
    starts_at: datetime.datetime,
    at: datetime.datetime,
    at_most: int = EVERYTHING,
) -> int:
    """What comes back of a stay cancelled ``at``: 0 from the end of the last rung on."""
    for rung in in_order(rungs):
        if at <= _until(rung, starts_at):
            return min(rung.percent, at_most)
    return 0


def share_of(cents: int, percent: int) -> int:
    """``percent`` of an amount, half a cent for the guest."""
    return (cents * percent + 50) // 100


def promises(
    rungs: Sequence[Rung],
    *,
    starts_at: datetime.datetime,
    cents: int,
    at: datetime.datetime,
    at_most: int = EVERYTHING,
) -> list[Promise]:
    """The rungs still to come at ``at``, as dates and amounts; what gives nothing back is left out."""
    found: list[Promise] = []
    for rung in in_order(rungs):
        percent = min(rung.percent, at_most)
        until = _until(rung, starts_at)
        if not percent or at > until:
            continue
        if found and found[-1].percent == percent:
            found.pop()  # two rungs of the same share read as one: the later date holds
        found.append(Promise(until, percent, share_of(cents, percent)))
    return found


def _until(rung: Rung, starts_at: datetime.datetime) -> datetime.datetime:
    return starts_at - datetime.timedelta(minutes=rung.minutes)
