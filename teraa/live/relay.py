"""The relay: takes outbox rows in order, sets off what they set off, and tells the live processes.

It reads *every* unpublished row rather than those after the last one it saw: ids are given before
commits, so a smaller id may appear later. Several relays may run; each row is published by one.
"""

from __future__ import annotations

import datetime
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString

from django.db import connection, transaction

from teraa.live import topics
from teraa.live.models import Outbox
from teraa.live.wake import LIVE

log = logging.getLogger(__name__)

BATCH = 200
FIRST_PAUSE = datetime.timedelta(seconds=1)
LONGEST_PAUSE = datetime.timedelta(minutes=5)

PROBE: LiteralString = """
SELECT EXISTS (
    SELECT FROM live_outbox
    WHERE published_at IS NULL AND (next_at IS NULL OR next_at <= now())
)
"""
_TAKE = """
SELECT id, topic, key, version, attempts FROM live_outbox
WHERE published_at IS NULL AND (next_at IS NULL OR next_at <= %s)
ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
"""
_ANNOUNCE = "SELECT pg_notify(%s, news) FROM unnest(%s::text[]) WITH ORDINALITY AS n (news, place)"
_PUBLISHED = "UPDATE live_outbox SET published_at = %s, last_error = '' WHERE id = ANY(%s)"


@dataclass(frozen=True)
class Taken:
    """One locked row."""

    id: int
    topic: str
    key: str
    version: int
    attempts: int


def payload(row: Taken) -> str:
    """What ``teraa_live`` carries for one row: ``{"topic", "key", "version"}``."""
    return json.dumps({"topic": row.topic, "key": row.key, "version": row.version})


def publish_batch(at: datetime.datetime) -> bool:
    """Publish up to ``BATCH`` waiting rows in one transaction. True when there may be more.

    A row whose reaction fails stays, with its error and a time to try again; the others go.
    """
    with transaction.atomic(durable=True):
        rows = _take(at)
        done = [row for row in rows if _react(row, at)]
        _mark(done, at)
    return len(rows) == BATCH


def _take(at: datetime.datetime) -> list[Taken]:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [at, BATCH])
        return [Taken(*row) for row in cursor.fetchall()]


def _mark(rows: Sequence[Taken], at: datetime.datetime) -> None:
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(_ANNOUNCE, [LIVE, [payload(row) for row in rows]])
        cursor.execute(_PUBLISHED, [at, [row.id for row in rows]])


def _react(row: Taken, at: datetime.datetime) -> bool:
    reactions = topics.reactions_to(row.topic)
    if not reactions:
        return True
    try:
        with transaction.atomic():
            for reaction in reactions:
                reaction(topic=row.topic, key=row.key, version=row.version, at=at)
    except Exception as error:
        if connection.connection is None or connection.connection.closed:
            raise  # gone with the whole batch: nothing was published
        log.exception("outbox row %s (%s %s) is held back", row.id, row.topic, row.key)
        _hold_back(row, f"{type(error).__name__}: {error}", at)
        return False
    return True


def _hold_back(row: Taken, error: str, at: datetime.datetime) -> None:
    pause = min(FIRST_PAUSE * 2 ** min(row.attempts, 12), LONGEST_PAUSE)
    Outbox.objects.filter(pk=row.id).update(
        attempts=row.attempts + 1, next_at=at + pause, last_error=error
    )


def waiting() -> dict[str, int]:
    """How many rows wait, and how many of them because they failed (one query)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE attempts > 0)"
            " FROM live_outbox WHERE published_at IS NULL"
        )
        waiting, failing = cursor.fetchone() or (0, 0)
    return {"waiting": waiting, "failing": failing}
