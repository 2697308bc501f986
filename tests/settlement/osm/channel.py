"""A real chain, a wire that may lie, and the ingest that follows it, driven look by look."""

from __future__ import annotations

import datetime
from contextlib import ExitStack, contextmanager
from typing import Any

from teraa.common.clock import now
from teraa.settlement.models import Due
from teraa.settlement.osm.devnet.node import DevelopmentNode
from teraa.settlement.osm.dialects.core2 import Core2Node
from teraa.settlement.osm.fakes.lying_wire import LyingWire
from teraa.settlement.osm.ingest.worker import Place, Worker
from teraa.settlement.osm.models import BlockCursor, OsmRequest
from teraa.venues.models import Payee
from tests.settlement import cast

STEP = datetime.timedelta(seconds=10)
HOOK_BASE = "http://127.0.0.1:9"


class Channel:
    """``node`` makes blocks when told to; ``look`` is what a hint or a second's silence sets off."""

    def __init__(self, node: DevelopmentNode, *, hooks: bool = False, pinned: str | None = None):
        self.node = node
        self.wire = LyingWire()
        self.client = Core2Node(node.url, node.hooks_url, transport=self.wire)
        hooks_url = node.hooks_url if hooks else ""
        self.place = Place(
            node.url, hooks_url, node.nethash if pinned is None else pinned, HOOK_BASE
        )
        self.worker = Worker(self.client, self.place)
        self.now = now()

    def look(self, *, later: datetime.timedelta = datetime.timedelta()) -> dict[str, Any]:
        """Look until there is nothing more to read; return what the heartbeat would say."""
        self.now = max(self.now, now()) + later
        while self.worker.turn(self.now):
            pass
        return self.worker.described()

    def pass_time(self, minutes: float) -> None:
        """Let the chain and the ingest live through some minutes, a block every half minute."""
        for step in range(int(minutes * 60 / STEP.total_seconds()) + 1):
            if step % 3 == 0:
                self.node.forge()
            self.look(later=STEP)

    def close(self) -> None:
        self.worker.close()
        self.client.close()

    @property
    def cursor(self) -> BlockCursor:
        return BlockCursor.objects.get(network__nethash=self.node.nethash)

    def ask(
        self, payee: Payee, amount_cents: int = 120, *, confirmations: int = 1, **fields: Any
    ) -> tuple[Due, OsmRequest]:
        """A due of that payee and an open OSM request for all of it (or ``part_cents``)."""
        at = max(self.now, now())
        due = cast.due(payee, at, amount_cents)
        part = fields.pop("part_cents", amount_cents)
        request = cast.request(
            due, at, amount_cents=part, required_confirmations=confirmations, **fields
        )
        return due, request

    def pay(self, request: OsmRequest, units: int | None = None, memo: str | None = None) -> str:
        """Send coins to a request's address, by default exactly what it asks for."""
        return self.node.pay(
            request.address,
            request.units if units is None else units,
            request.reference if memo is None else memo,
        )


@contextmanager
def following(node: DevelopmentNode, **settings: Any):
    """A channel whose first look is done: live, everything known read."""
    with ExitStack() as undo:
        channel = Channel(node, **settings)
        undo.callback(channel.close)
        channel.look()
        yield channel


def effects_of(due: Due) -> list[str]:
    """The kinds of news its trade gets of a due, in order."""
    return list(due.effects.order_by("pk").values_list("kind", flat=True))
