"""What nodes say our addresses hold: snapshots that the books are compared with.

Taken every hour, and soon after somebody asked for it. A balance is kept only when the node's
newest block was the same before and after it was read, so that it belongs to one height.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from teraa.settlement.osm.ingest.peer import Peer
from teraa.settlement.osm.ingest.peers import Peers
from teraa.settlement.osm.models import AddressBalance, BlockCursor, Network, WatchedAddress
from teraa.settlement.osm.node import NodeClient, NodeTrouble, Tip
from teraa.settlement.osm.states import PeerHealth

EVERY = datetime.timedelta(hours=1)
QUESTION_EVERY = datetime.timedelta(seconds=5)
CHUNK = 10
TRIES = 3


@dataclass(frozen=True, slots=True)
class Read:
    """One address at one block."""

    watched_pk: int
    tip: Tip
    units: int


def ask_for_balances(*, network: Network, at: datetime.datetime) -> None:
    """Let the ingest read all balances from every healthy node within seconds."""
    BlockCursor.objects.filter(network=network).update(balances_wanted_at=at)


class Balances:
    """Reads them in threads of their own; ``turn`` starts and stores."""

    def __init__(self, network: Network, peers: Peers) -> None:
        self._network = network
        self._peers = peers
        self._next: datetime.datetime | None = None
        self._next_question: datetime.datetime | None = None
        self._reading: list[tuple[Peer, Future[list[Read]]]] = []

    def turn(self, *, at: datetime.datetime) -> int:
        """Begin when it is time, store what was read; return how many balances were stored."""
        if not self._reading and self._is_time(at):
            self._begin(at)
        stored = 0
        for peer, coming in [*self._reading]:
            if coming.done():
                self._reading.remove((peer, coming))
                stored += self._store(peer, coming.result(), at)
        return stored

    def _is_time(self, at: datetime.datetime) -> bool:
        if self._next is None:
            self._next = at + EVERY  # not among the first things a start does
        if self._next_question is not None and at < self._next_question:
            return False
        self._next_question = at + QUESTION_EVERY
        cursor = BlockCursor.objects.only("balances_wanted_at").get(network=self._network)
        return cursor.balances_wanted_at is not None or at >= self._next

    def _begin(self, at: datetime.datetime) -> None:
        self._next = at + EVERY
        BlockCursor.objects.filter(network=self._network, balances_wanted_at__lte=at).update(
            balances_wanted_at=None
        )
        addresses = list(
            WatchedAddress.objects.filter(network=self._network)
            .order_by("pk")
            .values_list("pk", "address")
        )
        for peer in self._peers:
            if peer.health == PeerHealth.HEALTHY and peer.client is not None and addresses:
                coming = self._peers.executor.submit(read_balances, peer.client, addresses)
                self._reading.append((peer, coming))

    def _store(self, peer: Peer, read: Sequence[Read], at: datetime.datetime) -> int:
        rows = [
            AddressBalance(
                peer_id=peer.row.pk,
                watched_id=one.watched_pk,
                height=one.tip.height,
                block_id=one.tip.block_id,
                balance_units=one.units,
                read_at=at,
            )
            for one in read
        ]
        return len(AddressBalance.objects.bulk_create(rows))


def read_balances(client: NodeClient, addresses: Sequence[tuple[int, str]]) -> list[Read]:
    """Balances (pk, address), a few at a time, each few at one block; fewer when a node fails.

    Never raises: what could not be read is read in an hour.
    """
    found: list[Read] = []
    try:
        for start in range(0, len(addresses), CHUNK):
            found += _read_chunk(client, addresses[start : start + CHUNK])
    except NodeTrouble:
        return found
    return found


def _read_chunk(client: NodeClient, addresses: Sequence[tuple[int, str]]) -> list[Read]:
    for _ in range(TRIES):
        before = client.tip()
        units = [(pk, client.balance(address)) for pk, address in addresses]
        if client.tip().block_id == before.block_id:
            return [Read(pk, before, held) for pk, held in units]
    return []
