"""Waking a loop that sleeps: a NOTIFY after commit. Nothing is lost without it; loops poll."""

from __future__ import annotations

from functools import partial

from django.db import connection, transaction

INGEST = "teraa_ingest"
EFFECTS = "teraa_effects"
OUTBOX = "teraa_outbox"
LIVE = "teraa_live"


def wake(channel: str) -> None:
    """Wake whoever listens on ``channel``, after the present transaction if there is one.

    Never called in a sale (law 8): committing a NOTIFY takes a lock the whole cluster shares.
    """
    transaction.on_commit(partial(_notify, channel), robust=True)


def _notify(channel: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [channel])
