"""Signs of life. A part that works says so every few seconds; silence is what is noticed."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.db import connection
from psycopg.types.json import Jsonb

from teraa.live.models import Heartbeat

EVERY = datetime.timedelta(seconds=2)
FRESH_FOR = datetime.timedelta(seconds=15)

# Shared with the live process, which beats on an asynchronous connection of its own.
BEAT_SQL = """
INSERT INTO live_heartbeat (part, beat_at, state, detail) VALUES (%s, %s, %s, %s)
ON CONFLICT (part) DO UPDATE
    SET beat_at = EXCLUDED.beat_at, state = EXCLUDED.state, detail = EXCLUDED.detail
"""


def beat(
    *,
    part: str,
    at: datetime.datetime,
    state: str = "up",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Say that ``part`` was alive at ``at`` (one query). ``detail`` is shown at /healthz."""
    with connection.cursor() as cursor:
        # psycopg adapts Jsonb; Django's stubs do not know it.
        cursor.execute(BEAT_SQL, [part, at, state, Jsonb(dict(detail or {}))])  # type: ignore[list-item]


def is_fresh(beat: Heartbeat, *, at: datetime.datetime) -> bool:
    """Whether the part behind ``beat`` may be believed alive at ``at``."""
    return at - beat.beat_at <= FRESH_FOR


class Pulse:
    """Beats for a loop that turns faster than it has to say so."""

    def __init__(self, part: str) -> None:
        self.part = part
        self._last: datetime.datetime | None = None

    def is_due(self, at: datetime.datetime) -> bool:
        """Whether the last sign of life is old enough for another."""
        return self._last is None or not (self._last <= at < self._last + EVERY)

    def beat(
        self, *, at: datetime.datetime, state: str = "up", detail: Mapping[str, Any] | None = None
    ) -> None:
        """Beat now, and not again for a while."""
        beat(part=self.part, at=at, state=state, detail=detail)
        self._last = at
