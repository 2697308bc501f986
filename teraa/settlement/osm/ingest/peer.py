"""One node at run time."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from concurrent.futures import Future

from teraa.settlement.osm.dialects.ark import CORE2, CORE3
from teraa.settlement.osm.dialects.buckets import TokenBucket
from teraa.settlement.osm.ingest import health
from teraa.settlement.osm.ingest.observing import Observation
from teraa.settlement.osm.models import NodePeer
from teraa.settlement.osm.node import NodeClient, Tip
from teraa.settlement.osm.states import PeerHealth, PeerRole

PER_MINUTE = {CORE2: 250, CORE3: 90}
"""What we ask of a public node: below its own limits of 300 and 100 (T17)."""


class Peer:
    """One node at run time: its row, its connection, and what is known of it."""

    def __init__(self, row: NodePeer) -> None:
        self.row = row
        self.client: NodeClient | None = None
        self.bucket = TokenBucket(per_minute_of(row))
        self.tip: Tip | None = None
        self.tip_moved_at: datetime.datetime | None = None
        self.shared: int | None = None
        self.above: Mapping[int, str] = {}
        self.forked_since: datetime.datetime | None = None
        self.answered_at: datetime.datetime | None = None
        self.failing_since: datetime.datetime | None = None
        self.benched_until: datetime.datetime | None = None
        self.clock_off_s: int | None = None
        self.error = ""
        self.health = PeerHealth.UNKNOWN
        self.job: Future[Observation] | None = None
        self.asked_in = 0
        self.next_look: datetime.datetime | None = None
        self.next_network: datetime.datetime | None = None
        self.next_clock: datetime.datetime | None = None
        self.written: dict[str, object] = {}
        self.written_at: datetime.datetime | None = None

    @property
    def role(self) -> PeerRole:
        """What it is to us."""
        return PeerRole(self.row.role)

    @property
    def vouches(self) -> bool:
        """Whether its word alone is enough for one or two confirmations."""
        return self.role != PeerRole.PUBLIC

    def facts(self) -> health.Facts:
        """For ``health_of``."""
        return health.Facts(
            answered_at=self.answered_at,
            failing_since=self.failing_since,
            height=self.tip.height if self.tip else None,
            tip_moved_at=self.tip_moved_at,
            syncing=self.tip.syncing if self.tip else False,
            clock_off_s=self.clock_off_s,
            forked_since=self.forked_since,
            quarantined_until=self.row.quarantined_until,
            disabled=self.row.disabled_at is not None,
            differs_at=self.row.differs_at,
        )

    def close(self) -> None:
        """Close its connections."""
        if self.client is not None:
            self.client.close()
            self.client = None


def per_minute_of(row: NodePeer) -> int | None:
    """How many requests a minute a node gets from us; None: as many as we like."""
    if row.per_minute:
        return row.per_minute
    return PER_MINUTE[CORE2] if row.role == PeerRole.PUBLIC else None
