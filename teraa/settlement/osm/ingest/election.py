"""One leader per network: an advisory lock on a session, and an epoch that outlives the session.

The lock chooses; the epoch, compared in every transaction that writes, keeps out a leader that was
paused, lost its session without noticing, and came back.
"""

from __future__ import annotations

import contextlib
import hashlib
from typing import Any

import psycopg
from django.db.models import F

from teraa.live.listening import connection_arguments
from teraa.settlement.osm.ingest.leadership import Leadership
from teraa.settlement.osm.models import BlockCursor, Network


class Election:
    """A seat for one leader; ``seat`` names it (the pinned nethash, or "")."""

    def __init__(self, seat: str = "") -> None:
        digest = hashlib.sha256(f"teraa ingest {seat}".encode()).digest()
        self._key = int.from_bytes(digest[:8], "big", signed=True)
        self._session: psycopg.Connection[Any] | None = None

    def try_to_lead(self) -> bool:
        """Take the seat if it is free. Raises psycopg.OperationalError."""
        if self.is_leading():
            return True
        session = psycopg.connect(**connection_arguments("ingest leader"))
        try:
            row = session.execute("SELECT pg_try_advisory_lock(%s)", [self._key]).fetchone()
        except psycopg.Error:
            session.close()
            raise
        if row is None or not row[0]:
            session.close()
            return False
        self._session = session
        return True

    def is_leading(self) -> bool:
        """Whether the session that holds the seat still answers."""
        if self._session is None:
            return False
        try:
            self._session.execute("SELECT 1")
        except psycopg.Error:
            self.resign()
            return False
        return True

    def resign(self) -> None:
        """Leave the seat."""
        if self._session is not None:
            with contextlib.suppress(psycopg.Error):
                self._session.close()
            self._session = None


def begin_epoch(network: Network) -> Leadership:
    """Begin a new epoch on the network's cursor: whoever led before can no longer write."""
    BlockCursor.objects.filter(network=network).update(epoch=F("epoch") + 1)
    epoch = BlockCursor.objects.values_list("epoch", flat=True).get(network=network)
    return Leadership(network=network, epoch=epoch)
