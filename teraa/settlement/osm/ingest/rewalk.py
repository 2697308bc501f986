"""Every night the last day's blocks are compared with those of another node than we follow.

What was stored was verified, and quorum compares the newest blocks all day long. This looks once
more at all of them, from somebody else: rows of ours that were damaged since, or a node whose
chain is another one below a tip that looks like ours, would otherwise show to nobody.

A hundred headers at a time, a few seconds apart, through the node's own bucket of requests: a day
of blocks takes minutes and disturbs nobody. A difference must show itself twice, with longer in
between than a node's cache remembers (T10, T24).
"""

from __future__ import annotations

import datetime
import logging
from concurrent.futures import Future
from dataclasses import dataclass, field

from teraa.settlement.osm.ingest.catchup import WINDOW
from teraa.settlement.osm.ingest.peer import Peer
from teraa.settlement.osm.ingest.peers import Peers
from teraa.settlement.osm.ingest.quorum import QUORUM
from teraa.settlement.osm.ingest.rewrites import first_broken_link
from teraa.settlement.osm.ingest.verify import BlockCheck, BlockForged, verify_header
from teraa.settlement.osm.models import Block, Network, NodePeer
from teraa.settlement.osm.node import NodeClient
from teraa.settlement.osm.states import PeerHealth

log = logging.getLogger(__name__)

NIGHT_HOUR = 2
"""UTC: between three and four in France, when venues are closed."""
SPAN = datetime.timedelta(hours=26)
DAY = datetime.timedelta(days=1)
AFTER_START = datetime.timedelta(minutes=10)
"""For houses that are switched off at night."""
AGAIN = datetime.timedelta(hours=1)
QUESTION_EVERY = datetime.timedelta(seconds=5)
CACHED_FOR = datetime.timedelta(minutes=11)
BELOW_TIP = 12
MOST_BLOCKS = 15_000

NO_OTHER = "no other node is entered"
NONE_WELL = "no other node is well"


@dataclass(slots=True)
class Answer:
    """What a node said of some heights."""

    ids: dict[int, str] = field(default_factory=dict)
    lie: str = ""
    trouble: str = ""


@dataclass(slots=True)
class Walk:
    """A comparison under way: with whom, from where, how far it came."""

    peer: Peer
    client: NodeClient
    first: int
    last: int
    place: int
    not_before: datetime.datetime
    doubted: int | None = None
    coming: Future[Answer] | None = None

    @property
    def until(self) -> int:
        return min(self.place + WINDOW - 1, self.last)


class Rewalk:
    """One leadership's nights; ``turn`` starts, goes on and ends."""

    def __init__(self, network: Network, peers: Peers) -> None:
        self.said = "not yet"
        self._network = network
        self._peers = peers
        self._walk: Walk | None = None
        self._next: datetime.datetime | None = None

    def turn(self, *, height: int, at: datetime.datetime) -> None:
        """Do a little of what is due; we hold the chain up to ``height``."""
        if self._next is None:
            done = NodePeer.objects.filter(network=self._network, rewalked_at__gt=at - DAY)
            self._next = next_night(at) if done.exists() else at + AFTER_START
        if self._walk is not None:
            self._go_on(self._walk, at)
        elif at >= self._next:
            self._begin(height, at)

    def _begin(self, height: int, at: datetime.datetime) -> None:
        self._next = next_night(at)
        if self._peers.configured < QUORUM:
            self.said = NO_OTHER
            return
        peer = self._whom()
        if peer is None or peer.client is None:
            self.said, self._next = NONE_WELL, at + AGAIN
            return
        last = height - BELOW_TIP
        lately = Block.objects.filter(
            network=self._network, canonical=True, forged_at__gte=at - SPAN, height__lte=last
        )
        first = lately.order_by("height").values_list("height", flat=True).first()
        if first is None:
            self.said = "no block of the last day lies deep enough"
            return
        first = max(first, last - MOST_BLOCKS + 1)
        self._walk = Walk(peer, peer.client, first, last, place=first, not_before=at)
        self.said = f"comparing {first} to {last} with {peer.row.url}"
        self._go_on(self._walk, at)

    def _whom(self) -> Peer | None:
        """Another node than the one we follow, well but for what a walk found: the longest ago."""
        candidates = [
            one
            for one in self._peers
            if one is not self._peers.followed
            and one.client is not None
            and (
                one.health == PeerHealth.HEALTHY
                or (one.health == PeerHealth.STALE and one.row.differs_at is not None)
            )
        ]
        never = datetime.datetime.min.replace(tzinfo=datetime.UTC)
        return min(candidates, key=lambda one: one.row.rewalked_at or never, default=None)

    def _go_on(self, walk: Walk, at: datetime.datetime) -> None:
        if walk.coming is None and at >= walk.not_before:
            walk.coming = self._peers.executor.submit(read_ids, walk.client, walk.place, walk.until)
        if walk.coming is None or not walk.coming.done():
            return
        answer, walk.coming = walk.coming.result(), None
        walk.not_before = at + QUESTION_EVERY
        if answer.lie:
            self._peers.lied(walk.peer, answer.lie, at=at)
            self._give_up(walk, answer.lie, at)
            return
        ours = self._ours(walk.place, walk.until)
        missing = sorted(ours.keys() - answer.ids.keys())
        if answer.trouble or missing:
            self._give_up(walk, answer.trouble or f"it shows no block {missing[0]}", at)
            return
        other = min((height for height in ours if answer.ids[height] != ours[height]), default=None)
        if other is not None and walk.doubted is None:
            walk.doubted, walk.not_before = other, at + CACHED_FOR
            return
        walk.doubted = None
        if other is not None or walk.until == walk.last:
            self._end(walk, other, at)
        else:
            walk.place = walk.until + 1

    def _ours(self, first: int, last: int) -> dict[int, str]:
        rows = Block.objects.filter(
            network=self._network, canonical=True, height__gte=first, height__lte=last
        )
        return dict(rows.values_list("height", "block_id"))

    def _end(self, walk: Walk, other: int | None, at: datetime.datetime) -> None:
        """All was compared, or block ``other`` is another one there than here: one of us errs."""
        self._walk = None
        url = walk.peer.row.url
        differs = other
        if other is None:
            self.said = f"{walk.first} to {walk.last} are the same at {url}"
            log.info("the night's comparison: blocks %s", self.said)
        else:
            broken = first_broken_link(self._network, from_height=walk.first)
            if broken is not None:
                self.said = f"our own blocks do not link at {broken}: {url} has others"
                differs = None
            else:
                self.said = f"another block at height {other} at {url}"
            log.error("the night's comparison: %s", self.said)
        NodePeer.objects.filter(pk=walk.peer.row.pk).update(rewalked_at=at, differs_at=differs)
        walk.peer.row.rewalked_at, walk.peer.row.differs_at = at, differs

    def _give_up(self, walk: Walk, why: str, at: datetime.datetime) -> None:
        self._walk, self._next = None, at + AGAIN
        self.said = f"{walk.peer.row.url}: {why}"
        log.warning("the night's comparison was given up: %s", self.said)


def next_night(at: datetime.datetime) -> datetime.datetime:
    """The next time it is NIGHT_HOUR, after ``at``."""
    tonight = at.astimezone(datetime.UTC).replace(
        hour=NIGHT_HOUR, minute=0, second=0, microsecond=0
    )
    return tonight if tonight > at else tonight + DAY


def read_ids(client: NodeClient, first: int, last: int) -> Answer:
    """Ids of the blocks of a range of heights, each proven by its header. Never raises."""
    answer = Answer()
    try:
        for header in client.headers(first, last):
            answer.ids[header.height] = verify_header(header, BlockCheck.IDS)
    except BlockForged as error:
        answer.lie = str(error)
    except Exception as error:  # whatever it is, following the chain goes on
        answer.trouble = f"{type(error).__name__}: {error}"
    return answer
