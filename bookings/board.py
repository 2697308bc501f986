"""The day of a house on one page: which space is taken when, and by whom."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bookings.opening import day_span
from teraa.spaces.queries import BoardClaim, BoardRow, day_board
from teraa.venues.models import Venue

FIRST_HOUR, LAST_HOUR = 8, 22
HOUR = datetime.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Bar:
    """One use, placed in its row: hundredths of a per cent from the left, lanes from the top."""

    claim: BoardClaim
    starts: datetime.datetime
    ends: datetime.datetime
    left: str
    width: str
    lane: int


@dataclass(frozen=True, slots=True)
class Row:
    """A space with its bars; ``lanes`` stand one below the other."""

    name: str
    is_choice: bool
    atoms: int
    lanes: int
    bars: list[Bar]


@dataclass(frozen=True, slots=True)
class Board:
    """A local day of a venue, from ``first`` to ``last`` hour of its clock."""

    day: datetime.date
    hours: list[int]
    rows: list[Row]


def board_of(*, venue: Venue, day: datetime.date, at: datetime.datetime) -> Board:
    """The board of ``day`` (two queries)."""
    zone = ZoneInfo(venue.zone)
    start, end = day_span(day, venue.zone)
    found = day_board(venue_id=venue.pk, day=(start, end), at=at)
    claims = [claim for row in found for claim in row.claims]
    first, last = _shown(claims, (start, end), zone)
    rows = [_row(row, first, last, zone) for row in found]
    length = int((last - first) / HOUR)
    begins = first.astimezone(zone).hour
    return Board(day, [(begins + number) % 24 for number in range(length)], rows)


def _shown(
    claims: Sequence[BoardClaim],
    day: tuple[datetime.datetime, datetime.datetime],
    zone: ZoneInfo,
) -> tuple[datetime.datetime, datetime.datetime]:
    """The usual hours, or more when something is earlier or later; whole hours of that day."""
    local = day[0].astimezone(zone)
    usual = [local.replace(hour=hour).astimezone(datetime.UTC) for hour in (FIRST_HOUR, LAST_HOUR)]
    first = min([usual[0], *(max(claim.starts_at, day[0]) for claim in claims)])
    last = max([usual[1], *(min(claim.ends_at, day[1]) for claim in claims)])
    first -= (first - day[0]) % HOUR
    last += (day[0] - last) % HOUR
    return first, last


def _row(row: BoardRow, first: datetime.datetime, last: datetime.datetime, zone: ZoneInfo) -> Row:
    bars: list[Bar] = []
    busy_until: list[datetime.datetime] = []
    for claim in row.claims:
        lane = next(
            (place for place, until in enumerate(busy_until) if until <= claim.starts_at),
            len(busy_until),
        )
        busy_until[lane : lane + 1] = [claim.ends_at]
        start, end = max(claim.starts_at, first), min(claim.ends_at, last)
        bars.append(
            Bar(
                claim=claim,
                starts=_wall(claim.starts_at, zone),
                ends=_wall(claim.ends_at, zone),
                left=_percent(start - first, last - first),
                width=_percent(end - start, last - first),
                lane=lane,
            )
        )
    return Row(row.name, row.is_choice, row.atoms, max(1, len(busy_until)), bars)


def _wall(at: datetime.datetime, zone: ZoneInfo) -> datetime.datetime:
    """What the venue's clock shows, without a zone: a template would turn it into its own."""
    return at.astimezone(zone).replace(tzinfo=None)


def _percent(part: datetime.timedelta, whole: datetime.timedelta) -> str:
    """With two decimals and a point, whatever the language: it goes into a style sheet."""
    hundredths = 10_000 * part // whole
    return f"{hundredths // 100}.{hundredths % 100:02d}"
