"""A real chain, a wire that may lie, and the ingest that follows it, driven look by look."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager
from typing import Any

from teraa.common.clock import now
from teraa.settlement.models import Due
from teraa.settlement.osm.devnet.node import DevelopmentNode
from teraa.settlement.osm.dialects import connect
from teraa.settlement.osm.dialects.buckets import TokenBucket
from teraa.settlement.osm.fakes.lying_wire import LyingWire
from teraa.settlement.osm.ingest.networks import entered_peers
from teraa.settlement.osm.ingest.peers import Peers
from teraa.settlement.osm.ingest.verify import BlockCheck
from teraa.settlement.osm.ingest.worker import Place, Worker
from teraa.settlement.osm.models import BlockCursor, NodePeer, OsmRequest
from teraa.settlement.osm.node import NodeClient
from teraa.venues.models import Payee
from tests.settlement import cast

STEP = datetime.timedelta(seconds=10)
HOOK_BASE = "http://127.0.0.1:9"


class AtOnce(Executor):
    """Does at once what it is given: looks at other nodes come in a known order."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except BaseException as error:
            done.set_exception(error)
        return done


class Channel:
    """``node`` makes blocks when told to; ``look`` is what a hint or a second's silence sets off.

    ``others`` are further nodes, as the settings name them (``public=http://…``); every node has a
    wire of its own that may lie.
    """

    def __init__(
        self,
        node: DevelopmentNode,
        *,
        hooks: bool = False,
        pinned: str | None = None,
        others: Sequence[str] = (),
        check: BlockCheck = BlockCheck.SIGNATURES,
    ):
        self.node = node
        self.wires = {}
        self.wire = self.wire_of(node.url)
        self.client: NodeClient = self._connect(
            node.url, node.hooks_url if hooks else "", TokenBucket()
        )
        self._urls = [node.url, *others]
        self._hooks_url = node.hooks_url if hooks else ""
        self._check = check
        self.place = Place(node.nethash if pinned is None else pinned, HOOK_BASE)
        self.begin()
        self.now = now()

    def begin(self) -> None:
        """A new ingest, as after a start of its process."""
        rows = entered_peers(self._urls, hooks_url=self._hooks_url)
        self.peers = Peers(rows, check=self._check, connecting=self._connect, executor=AtOnce())
        self.worker = Worker(self.peers, self.place)
        self.worker.soonest = 0.0

    def wire_of(self, url: str) -> LyingWire:
        """The wire to a node, made when first asked for."""
        return self.wires.setdefault(url, LyingWire())

    def follow(self, node: DevelopmentNode) -> None:
        """From now on our own node answers from another chain: a fork, as seen from outside."""
        self.node = node
        self.client = self._connect(node.url, "", TokenBucket())
        self.peers.own.client = self.client

    def peer(self, url: str | None = None) -> NodePeer:
        """The row of a node, by default of our own."""
        return NodePeer.objects.get(url=url or self._urls[0])

    def _connect(self, url: str, hooks_url: str, bucket: TokenBucket) -> NodeClient:
        return connect(url, hooks_url, transport=self.wire_of(url), bucket=bucket)

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
        for wire in self.wires.values():
            wire.close()

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
