"""The nodes we ask: which one is followed, which agree, which are not believed any more.

Our own node comes first. When it is silent, behind or caught lying, the next healthy one is
followed; the others are looked at every few seconds, each in its own time and thread.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor

from teraa.common.clock import now
from teraa.settlement.osm.dialects import connect
from teraa.settlement.osm.dialects.ark import CORE3, OtherDialect
from teraa.settlement.osm.dialects.buckets import HeldBack, TokenBucket
from teraa.settlement.osm.ingest import health
from teraa.settlement.osm.ingest.observing import Observation, Wanted, observe
from teraa.settlement.osm.ingest.peer import PER_MINUTE, Peer, per_minute_of
from teraa.settlement.osm.ingest.quorum import (
    QUORUM,
    Agreement,
    Voice,
    agreement_of,
    is_split,
)
from teraa.settlement.osm.ingest.verify import BlockCheck
from teraa.settlement.osm.models import Network, NodePeer
from teraa.settlement.osm.node import NodeClient, NodeSilent, Tip
from teraa.settlement.osm.states import PeerHealth, PeerRole, PeerSource

log = logging.getLogger(__name__)

Connect = Callable[[str, str, TokenBucket], NodeClient]

EVERY = {
    PeerRole.OWN: datetime.timedelta(seconds=2),
    PeerRole.TRUSTED: datetime.timedelta(seconds=5),
    PeerRole.PUBLIC: datetime.timedelta(seconds=5),
}
LEADER_EVERY = datetime.timedelta(seconds=30)
NETWORK_EVERY = datetime.timedelta(minutes=10)
CLOCK_EVERY = datetime.timedelta(minutes=1)
ROWS_EVERY = datetime.timedelta(seconds=30)
WRITTEN_EVERY = datetime.timedelta(seconds=5)
BENCH = datetime.timedelta(seconds=30)
SPLIT_FOR = datetime.timedelta(seconds=60)
IDLE_OF = {PeerRole.OWN: 1.0, PeerRole.TRUSTED: 2.0, PeerRole.PUBLIC: 5.0}
"""Seconds between two looks at the node that is followed, when nobody hints."""
THREADS = 4
ROUNDS = 3
PATIENCE_WITH_LIMITS = datetime.timedelta(minutes=2)
"""A node that told us to wait is not silent for that."""
_ORDER = [PeerRole.OWN, PeerRole.TRUSTED, PeerRole.PUBLIC]


class NoPeer(NodeSilent):
    """There is no node to follow: none is entered, or none is believed."""


class Peers:
    """All of them. Not for two threads at once; only looks run in threads of their own."""

    def __init__(
        self,
        rows: Sequence[NodePeer],
        *,
        check: BlockCheck = BlockCheck.SIGNATURES,
        connecting: Connect = lambda url, hooks, bucket: connect(url, hooks, bucket=bucket),
        executor: Executor | None = None,
        now: Callable[[], datetime.datetime] = now,
    ) -> None:
        """``rows`` are the nodes of the settings, unsaved; those of the office come by ``attach``.

        ``now`` is what the clocks of nodes are compared with, in the moment they are asked.
        """
        self.check = check
        self._delegates: dict[str, dict[str, datetime.datetime]] = {}
        self._settings = list(rows)
        self._peers = [Peer(row) for row in rows]
        self._connect = connecting
        self._now = now
        self.executor = executor or ThreadPoolExecutor(THREADS, thread_name_prefix="ingest-peer")
        self._network: Network | None = None
        self._leader: Peer | None = None
        self._generation = 0
        self._next_rows: datetime.datetime | None = None
        self._split_since: datetime.datetime | None = None

    def close(self) -> None:
        """Give up what is being asked and close every connection."""
        self.executor.shutdown(wait=False, cancel_futures=True)
        for peer in self._peers:
            peer.close()

    def __iter__(self) -> Iterator[Peer]:
        return iter(self._peers)

    @property
    def own(self) -> Peer | None:
        """Our own node, whether it answers or not."""
        return next((one for one in self._peers if one.role == PeerRole.OWN), None)

    @property
    def followed(self) -> Peer | None:
        """The node whose chain we read."""
        return self._leader

    @property
    def configured(self) -> int:
        """How many nodes the operator wants to be asked, whatever became of them."""
        return len(self._peers)

    def leader(self, *, at: datetime.datetime) -> Peer:
        """The node to follow: the first healthy one, our own before others. Raises NoPeer.

        Without any healthy one the best of the rest is asked again. What was caught lying is only
        followed when there is nobody else at all: everything it says is verified anyway, and
        nobody would be served by our stopping for an hour.
        """
        for peer in self._peers:
            self._judge(peer, at)
        believed = [
            one
            for one in self._peers
            if one.health not in (PeerHealth.QUARANTINED, PeerHealth.DISABLED)
        ]
        if not believed and self.configured == 1:
            believed = self._peers
        if not believed:
            raise NoPeer("no node is left to be asked")
        chosen = min(believed, key=lambda one: (self._rank(one, at), _ORDER.index(one.role)))
        if chosen is not self._leader:
            if self._leader is not None:
                log.warning("following %s instead of %s", chosen.row.url, self._leader.row.url)
                self._leader.next_look = None
            self._leader = chosen
        return chosen

    def client_of(self, peer: Peer) -> NodeClient:
        """A connection to a node, in its dialect. Raises NodeTrouble."""
        if peer.client is None:
            peer.client = self._connected(peer)
        return peer.client

    def attach(self, network: Network, *, at: datetime.datetime) -> None:
        """Take up the rows of a network: those of the settings are made, the office's are read."""
        if self._network is None:
            for row in self._settings:
                changes = {"hooks_url": row.hooks_url, "role": row.role, "source": row.source}
                NodePeer.objects.update_or_create(network=network, url=row.url, defaults=changes)
        self._network = network
        self._next_rows = at + ROWS_EVERY
        places = {row.url: place for place, row in enumerate(self._settings)}
        rows = NodePeer.objects.filter(network=network).order_by("pk")
        wanted = [row for row in rows if row.source == PeerSource.OFFICE or row.url in places]
        # Of two that are alike the one that the settings name first is asked first.
        wanted.sort(key=lambda row: places.get(row.url, len(places)))
        known = {peer.row.url: peer for peer in self._peers}
        self._peers = []
        for row in wanted:
            if not row.enabled:
                continue
            peer = known.pop(row.url, None)
            if peer is None:
                peer = Peer(row)
            elif per_minute_of(peer.row) != per_minute_of(row):
                peer.bucket = TokenBucket(per_minute_of(row))
                peer.close()
            peer.row = row
            self._peers.append(peer)
        for gone in known.values():
            gone.close()
            NodePeer.objects.filter(network=network, url=gone.row.url).update(
                health=PeerHealth.UNKNOWN, leading=False
            )

    def refresh(self, held: Callable[[], Mapping[int, str]], *, at: datetime.datetime) -> None:
        """Look at the others where it is time to, and take in what former looks have found.

        ``held`` gives the ids of our newest blocks by height; asked only when there is a look.
        """
        if self._network is None:
            return
        if self._next_rows is None or at >= self._next_rows:
            self.attach(self._network, at=at)
        blocks: Mapping[int, str] | None = None
        for peer in self._peers:
            if peer.job is None and self._is_due(peer, at):
                if blocks is None:
                    blocks = held()
                self._look_at(peer, blocks, at)
            if peer.job is not None and peer.job.done():
                found, peer.job = peer.job.result(), None
                self._take_in(peer, found, at)
        for peer in self._peers:
            self._judge(peer, at)
            self._write(peer, at)

    def answered(self, peer: Peer, tip: Tip, *, at: datetime.datetime) -> None:
        """The node that is followed gave a usable answer."""
        self._note_tip(peer, tip, at)
        peer.failing_since, peer.error = None, ""

    def failed(self, peer: Peer, error: Exception, *, at: datetime.datetime) -> None:
        """It did not. Nonsense, unlike silence, is not over as soon as it answers again."""
        peer.failing_since = peer.failing_since or at
        peer.error = f"{type(error).__name__}: {error}"[:500]
        if isinstance(error, OtherDialect):
            peer.close()
        if not isinstance(error, NodeSilent) and at - peer.failing_since >= health.SILENT_AFTER:
            peer.benched_until = at + BENCH

    def lied(self, peer: Peer, lie: str, *, at: datetime.datetime) -> None:
        """An answer no honest node gives: not believed for an hour, then two; after three, never.

        Told over and over by a node that is asked all the same, it is one lie.
        """
        row = peer.row
        peer.error = lie[:500]
        if row.quarantined_until is not None and at < row.quarantined_until:
            return
        row.lies += 1
        row.last_lie, row.lied_at = lie[:500], at
        row.quarantined_until = at + health.quarantine_for(row.lies)
        if row.lies >= health.STRIKES and self.configured > 1:
            row.disabled_at = at
        log.error("%s gave a false answer (its %s.): %s", row.url, row.lies, lie)
        if row.pk is not None:
            NodePeer.objects.filter(pk=row.pk).update(
                lies=row.lies,
                last_lie=row.last_lie,
                lied_at=at,
                quarantined_until=row.quarantined_until,
                disabled_at=row.disabled_at,
            )
        self._judge(peer, at)

    def unwound(self, height: int) -> None:
        """Our chain went back to ``height``: what the others said of higher blocks is void."""
        self._generation += 1
        for peer in self._peers:
            if peer.shared is not None:
                peer.shared = min(peer.shared, height)
            peer.above, peer.next_look = {}, None

    def agreement(self, blocks: Sequence[tuple[int, str]]) -> Agreement:
        """Up to where nodes agree once we hold ``blocks`` (height, id), of which the last is ours.

        The node that is followed holds them all: they came from it.
        """
        return agreement_of(self._voices(blocks), configured=self.configured)

    def is_split(self, *, at: datetime.datetime) -> bool:
        """Whether for a minute as many nodes have held another chain as ours."""
        if not is_split(self._voices([])):
            self._split_since = None
            return False
        self._split_since = self._split_since or at
        return at - self._split_since > SPLIT_FOR

    def delegates(self, *, at: datetime.datetime) -> set[str]:
        """The public keys that may generate blocks: of the last three rounds, told by two nodes.

        Empty while too few have told us.
        """
        if self._network is None:
            return set()
        round_s = self._network.delegates * self._network.block_seconds
        oldest = at - max(datetime.timedelta(seconds=ROUNDS * round_s), datetime.timedelta(hours=1))
        tellers = min(QUORUM, self.configured)
        return {
            key
            for key, told in self._delegates.items()
            if sum(when >= oldest for when in told.values()) >= tellers
        }

    def asked_elsewhere(self, txids: Iterable[str]) -> set[str]:
        """Which of these transactions wait in the pool of another healthy node."""
        found = set()
        for peer in self._peers:
            if peer is self._leader or peer.health != PeerHealth.HEALTHY or peer.client is None:
                continue
            for txid in txids:
                try:
                    if peer.client.waits(txid):
                        found.add(txid)
                except Exception as error:
                    log.info("%s was not asked for %s: %s", peer.row.url, txid, error)
                    break
        return found

    def _connected(self, peer: Peer) -> NodeClient:
        client = self._connect(peer.row.url, peer.row.hooks_url, peer.bucket)
        if client.dialect == CORE3 and peer.role == PeerRole.PUBLIC and not peer.row.per_minute:
            peer.bucket.per_minute(PER_MINUTE[CORE3])
        return client

    def _rank(self, peer: Peer, at: datetime.datetime) -> int:
        benched = peer.benched_until is not None and at < peer.benched_until
        if peer.health in (PeerHealth.HEALTHY, PeerHealth.UNKNOWN) and not benched:
            return 0
        return 1 if peer.health in (PeerHealth.STALE, PeerHealth.HEALTHY) else 2

    def _voices(self, blocks: Sequence[tuple[int, str]]) -> list[Voice]:
        voices = []
        for peer in self._peers:
            if peer is self._leader:
                height = blocks[-1][0] if blocks else 0
                voices.append(Voice(height, peer.vouches))
            elif peer.health == PeerHealth.HEALTHY and peer.shared is not None:
                height = peer.shared
                for number, block_id in blocks:
                    if peer.above.get(number) == block_id:
                        height = max(height, number)
                forked = peer.forked_since is not None
                voices.append(Voice(height, peer.vouches, forked))
        return voices

    def _is_due(self, peer: Peer, at: datetime.datetime) -> bool:
        if peer.health in (PeerHealth.QUARANTINED, PeerHealth.DISABLED):
            return False
        return peer.next_look is None or at >= peer.next_look

    def _look_at(self, peer: Peer, held: Mapping[int, str], at: datetime.datetime) -> None:
        leads = peer is self._leader
        peer.next_look = at + (LEADER_EVERY if leads else EVERY[peer.role])
        network = peer.next_network is None or at >= peer.next_network
        clock = peer.next_clock is None or at >= peer.next_clock
        delegates = 0
        if clock and self.check == BlockCheck.DELEGATES and self._network is not None:
            delegates = self._network.delegates
        wanted = Wanted(held, self.check, network, clock, delegates, self._now)
        peer.asked_in = self._generation
        peer.job = self.executor.submit(observe, peer.client, lambda: self._connected(peer), wanted)

    def _take_in(self, peer: Peer, found: Observation, at: datetime.datetime) -> None:
        if found.client is not None and peer.client is None:
            peer.client = found.client
        if found.lie:
            self.lied(peer, found.lie, at=at)
            return
        if found.configuration is not None and self._network is not None:
            peer.next_network = at + NETWORK_EVERY
            peer.row.dialect = found.configuration.dialect
            if found.configuration.nethash != self._network.nethash:
                self.lied(peer, f"it is on the network {found.configuration.nethash}", at=at)
                return
        if found.clock is not None and found.asked_at is not None and self._network is not None:
            peer.next_clock = at + CLOCK_EVERY
            says = self._network.epoch + datetime.timedelta(seconds=found.clock)
            peer.clock_off_s = round((says - found.asked_at).total_seconds())
        for key in found.delegates:
            self._delegates.setdefault(key, {})[peer.row.url] = at
        if found.trouble:
            held_back = HeldBack.__name__ in found.trouble
            lately = peer.answered_at is not None and at - peer.answered_at < PATIENCE_WITH_LIMITS
            if held_back and lately:
                return
            if peer is not self._leader:
                peer.failing_since = peer.failing_since or at
                peer.error = found.trouble[:500]
                if OtherDialect.__name__ in found.trouble:
                    peer.close()
            return
        if found.tip is None:
            return
        if peer is self._leader:
            return
        peer.failing_since, peer.error = None, ""
        self._note_tip(peer, found.tip, at)
        if peer.asked_in == self._generation:
            peer.shared, peer.above = found.shared, found.above
            if not found.forked:
                peer.forked_since = None
            elif peer.forked_since is None:
                peer.forked_since = at

    def _note_tip(self, peer: Peer, tip: Tip, at: datetime.datetime) -> None:
        if peer.tip is None or peer.tip.block_id != tip.block_id:
            peer.tip_moved_at = at
        peer.tip, peer.answered_at = tip, at

    def _judge(self, peer: Peer, at: datetime.datetime) -> None:
        best = health.best_height(self._linked(one) for one in self._peers)
        seconds = self._network.block_seconds if self._network else 0
        before = peer.health
        peer.health, why = health.health_of(peer.facts(), best=best, block_seconds=seconds, at=at)
        if why and not peer.error:
            peer.error = why
        elif not why and peer.health != before:
            peer.error = ""

    def _linked(self, peer: Peer) -> int | None:
        """How far its chain reaches, as far as it was seen to lead to ours."""
        if peer.health in (PeerHealth.QUARANTINED, PeerHealth.DISABLED, PeerHealth.SILENT):
            return None
        if peer is self._leader:
            return peer.tip.height if peer.tip else None
        if peer.shared is None or peer.forked_since is not None:
            return None
        return max(peer.above, default=peer.shared)

    def _write(self, peer: Peer, at: datetime.datetime) -> None:
        if peer.row.pk is None:
            return
        best = health.best_height(self._linked(one) for one in self._peers)
        leads = peer is self._leader
        seen = {
            "health": peer.health,
            "leading": leads,
            "dialect": peer.client.dialect if peer.client else peer.row.dialect,
            "last_error": peer.error,
            "clock_off_s": peer.clock_off_s,
        }
        moving = {
            "last_height": peer.tip.height if peer.tip else None,
            "last_block_id": peer.tip.block_id if peer.tip else "",
            "tip_moved_at": peer.tip_moved_at,
            "answered_at": peer.answered_at,
            "agreed_height": peer.tip.height if leads and peer.tip else peer.shared,
            "behind": max(0, best - peer.tip.height) if peer.tip else None,
        }
        fresh = peer.written_at is not None and at - peer.written_at < WRITTEN_EVERY
        if seen == peer.written and fresh:
            return
        peer.written, peer.written_at = seen, at
        NodePeer.objects.filter(pk=peer.row.pk).update(**seen, **moving)
