"""The clock. Views, loops and commands read it once and pass ``at=`` down; nobody else calls it."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo


def now() -> datetime.datetime:
    """The present instant in UTC."""
    return datetime.datetime.now(tz=datetime.UTC)


def business_date(at: datetime.datetime, zone: str, cutoff: datetime.time) -> datetime.date:
    """The venue's business day at ``at``: before ``cutoff`` (local time) it is still yesterday."""
    local = at.astimezone(ZoneInfo(zone))
    day = local.date()
    return day - datetime.timedelta(days=1) if local.time() < cutoff else day


def utc_offset_minutes(at: datetime.datetime, zone: str) -> int:
    """Minutes to add to UTC to get the local time of ``zone`` at ``at``."""
    offset = at.astimezone(ZoneInfo(zone)).utcoffset()
    assert offset is not None  # noqa: S101  an aware datetime always has one
    return int(offset.total_seconds() // 60)


def iso_utc(at: datetime.datetime) -> str:
    """``2026-11-21T22:21:44.019Z``: millisecond precision, always UTC."""
    return at.astimezone(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
