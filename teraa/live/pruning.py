"""What need not be kept for ever: rooms register how they forget, one nightly job asks them all."""

from __future__ import annotations

import datetime
from typing import Protocol

from django.db import connection

# Long enough to look into last week's complaint; the outbox holds ids only.
KEEP_PUBLISHED = datetime.timedelta(days=7)


class Prune(Protocol):
    def __call__(self, at: datetime.datetime) -> int:
        """Forget what is too old at ``at``; returns how many rows went."""


_prunes: dict[str, Prune] = {}


def register(name: str, prune: Prune) -> None:
    """Let the nightly job call ``prune``; the same name again replaces it."""
    _prunes[name] = prune


def registered() -> dict[str, Prune]:
    """All of them, by name."""
    return dict(_prunes)


def prune_outbox(at: datetime.datetime) -> int:
    """Delete rows published more than a week ago. What is unpublished stays, however old."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM live_outbox WHERE published_at < %s", [at - KEEP_PUBLISHED])
        return int(cursor.rowcount)


register("outbox", prune_outbox)
