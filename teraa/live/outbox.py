"""What is to be told after commit, written in the transaction that makes it true.

A row says "look again at this": ids and a version, never contents (law 7). The relay publishes it.
"""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Iterable

from teraa.live.models import Outbox


def fresh_version() -> int:
    """A version for a thing that counts none of its own: random, and exact in JavaScript."""
    return secrets.randbits(53)


def row_for(*, topic: str, key: str, version: int, at: datetime.datetime) -> Outbox:
    """One unsaved row, to be gathered with others for ``put_many``."""
    return Outbox(topic=topic, key=key, version=version, created_at=at)


def rows_for(
    *, topics: Iterable[str], key: str, version: int, at: datetime.datetime
) -> list[Outbox]:
    """The same news for several topics, unsaved."""
    return [row_for(topic=topic, key=key, version=version, at=at) for topic in topics]


def put_many(rows: Iterable[Outbox]) -> None:
    """Store the rows in one query; what was announced before is not announced again.

    They are inserted in one order everywhere, so that two transactions with the same news wait
    for each other instead of blocking each other for good.
    """
    ordered = sorted(rows, key=lambda row: (row.topic, row.key, row.version))
    if ordered:
        Outbox.objects.bulk_create(ordered, ignore_conflicts=True)


def put(*, topic: str, key: str, version: int, at: datetime.datetime) -> None:
    """Announce one thing once: the same topic, key and version again changes nothing."""
    put_many([row_for(topic=topic, key=key, version=version, at=at)])
