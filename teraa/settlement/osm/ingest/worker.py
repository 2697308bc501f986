"""When to look at the chain, and what a look does. Hints only mean: look now (law 7)."""

from __future__ import annotations

import datetime
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from teraa.live.wake import EFFECTS, OUTBOX, wake
from teraa.settlement.cases.watching import close_deep_refunds
from teraa.settlement.osm.ingest import store
from teraa.settlement.osm.ingest.disputes import Dispute
from teraa.settlement.osm.ingest.election import begin_epoch
from teraa.settlement.osm.ingest.follower import DeepReorg, Follower, NodeBehind, start_cursor
from teraa.settlement.osm.ingest.hints import Hinted, take_hints
from teraa.settlement.osm.ingest.leases import Leases
from teraa.settlement.osm.ingest.networks import WrongNetwork, learn_network
from teraa.settlement.osm.ingest.peer import Peer
from teraa.settlement.osm.ingest.peers import IDLE_OF, NoPeer, Peers
from teraa.settlement.osm.ingest.quorum import ALONE, Agreement
from teraa.settlement.osm.ingest.rounds import Rounds
from teraa.settlement.osm.ingest.status import Status
from teraa.settlement.osm.ingest.verify import BlockForged, BlockRefused, UnknownDelegate
from teraa.settlement.osm.models import BlockCursor, Network
from teraa.settlement.osm.node import NodeSilent, NodeTrouble
from teraa.settlement.osm.states import CursorReason, CursorState

log = logging.getLogger(__name__)

IDLE = 1.0
"""Seconds between two looks when nobody hints: hooks may be dead at any time."""
IDLE_WHEN_HALTED = 5.0
LADDER = (0.025, 0.05, 0.1, 0.2, 0.4)
"""Seconds to try again in, when a hint came before the node had stored its block (T7)."""
SOONEST = 0.05
"""Seconds between two looks however many hints come: a flood of forged ones costs no more."""
TURN_SECONDS = 1.5
PATIENCE = datetime.timedelta(seconds=3)
NETWORK_EVERY = datetime.timedelta(minutes=10)
FORK_EVERY = datetime.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Place:
    """Which network the operator pinned ("" for none), and where hooks reach us."""

    pinned: str
    hook_base: str


class Worker:
    """The leader's work; ``turn`` is one look. Leave it when leadership is lost."""

    def __init__(
        self, peers: Peers, place: Place, *, is_stopping: Callable[[], bool] = lambda: False
    ) -> None:
        self.peers = peers
        self.place = place
        self.idle = IDLE
        self.soonest = SOONEST
        self.status: Status | None = None
        self._is_stopping = is_stopping
        self._follower: Follower | None = None
        self._leader: Peer | None = None
        self._known: Peer | None = None
        self._rounds: Rounds | None = None
        self._leases: Leases | None = None
        self._dispute: Dispute | None = None
        self._next_network: datetime.datetime | None = None
        self._agreement: Agreement | None = None
        self._trouble = ""
        self._failing_since: datetime.datetime | None = None
        self._fork: tuple[str, datetime.datetime, int | None] | None = None
        self._rung = 0
        self._expected = ""
        self._turn_ends = 0.0
        self._looked = 0.0

    def close(self) -> None:
        """Give up what is being fetched."""
        if self._follower is not None:
            self._follower.close()
        self.peers.close()

    def turn(self, at: datetime.datetime) -> bool:
        """Look at the node once; True when there is more to read at once.

        Trouble with the node is shown and waited out here. Raises LeadershipLost.
        """
        if self._is_calm():
            early = self._looked + self.soonest - time.monotonic()
            if early > 0:
                time.sleep(early)
        self._looked = time.monotonic()
        self._turn_ends = self._looked + TURN_SECONDS
        try:
            more = self._look(at)
        except WrongNetwork as error:
            return self._doubt(CursorReason.WRONG_NETWORK, error, at)
        except DeepReorg as error:
            return self._part(error, at)
        except NodeBehind as error:
            return self._wait_for_node(CursorReason.NODE_BEHIND, error, at)
        except NodeSilent as error:
            return self._wait_for_node(CursorReason.NODE_SILENT, error, at)
        except BlockForged as error:
            return self._doubt(CursorReason.NODE_NONSENSE, error, at)
        except (BlockRefused, NodeTrouble, store.CursorMoved) as error:
            return self._wait_for_node(CursorReason.NODE_NONSENSE, error, at)
        self._trouble, self._failing_since = "", None
        return more

    def described(self) -> dict[str, Any]:
        """For the heartbeat."""
        detail: dict[str, Any] = {
            "node": self._leader.row.url if self._leader else "",
            "hooks": self._rounds.hooks if self._rounds else "unknown",
            "rewalk": self._rounds.rewalked if self._rounds else "not yet",
            "requests": sum(peer.bucket.taken for peer in self.peers),
        }
        if self._follower is not None:
            detail["height"] = self._follower.height
        if self.peers.configured > 1:
            detail["peers"] = {peer.row.url: str(peer.health) for peer in self.peers}
        detail |= self.status.described() if self.status else {"state": CursorState.STALLED}
        return detail | ({"trouble": self._trouble} if self._trouble else {})

    def _look(self, at: datetime.datetime) -> bool:
        hinted = take_hints(at)
        if self.status is not None:
            self.status.begin_look(at=at)
        self._leader = leader = self.peers.leader(at=at)
        follower = self._ready(leader, at)
        self.peers.refresh(follower.held, at=at)
        follower.floor = None if leader.vouches else (self._agreement or ALONE).agreed
        follower.delegates = self.peers.delegates(at=at)
        tip = follower.node.tip()
        self.peers.answered(leader, tip, at=at)
        split = self.peers.is_split(at=at)
        came_from = follower.block_id
        self._tell(follower.advance(tip, at=at, frozen=split))
        self._tell(self._note_agreement(follower, at))
        behind = follower.height < tip.height
        if not behind:
            self._tell(follower.read_pool(at=at))
            if self._leases is not None and not split:
                self._tell(self._leases.turn(follower.outflows, at=at))
        if self.status is not None:
            if split:
                self.status.stalled(CursorReason.NODE_CONFLICT, at=at)
            else:
                self.status.looked(tip, behind=behind, at=at)
        if self._dispute is not None:
            self._dispute.note(split, at=at)
        if not behind:
            self._tell(store.expire(follower.leadership, at=at))
            network_id = follower.leadership.network.pk
            self._tell(close_deep_refunds(network_id=network_id, height=follower.height, at=at))
            if self._rounds is not None:
                self._tell(self._rounds.go(follower, hinted, at=at))
        self._climb_or_rest(hinted, follower.block_id, leader)
        # A node may claim more than it gives: then it is asked again later, not at once.
        return behind and not split and follower.block_id != came_from

    def _note_agreement(self, follower: Follower, at: datetime.datetime) -> int:
        agreement = self.peers.agreement([(follower.height, follower.block_id)])
        if agreement == self._agreement:
            return 0
        moved = store.store_agreement(follower.leadership, agreement, at=at)
        self._agreement = agreement
        return moved

    def _climb_or_rest(self, hinted: Hinted, block_id: str, leader: Peer) -> None:
        """A hinted block that is not there yet is worth a few quick looks, one ladder at a time."""
        if hinted.block_id and hinted.block_id != block_id and not self._expected:
            self._expected, self._rung = hinted.block_id, 0
        if self._expected and self._expected != block_id and self._rung < len(LADDER):
            self.idle = LADDER[self._rung]
            self._rung += 1
        else:
            self.idle, self._expected, self._rung = IDLE_OF[leader.role], "", 0

    def _is_calm(self) -> bool:
        """Whether nothing but a hint can have woken us so soon."""
        return not self._trouble and not self._expected

    def _ready(self, leader: Peer, at: datetime.datetime) -> Follower:
        """The follower, set on ``leader``, which has said which network it is on.

        Asked again every ten minutes, and of every node that takes over.
        """
        node = self.peers.client_of(leader)
        due = self._next_network is None or at >= self._next_network
        if self._follower is not None and not due and leader is self._known:
            self._follower.node = node
            return self._follower
        network = learn_network(node.configuration(), pinned=self.place.pinned, at=at)
        self._known, self._next_network = leader, at + NETWORK_EVERY
        if self._follower is None:
            self._follower = self._begin(network, leader, at)
        elif self._follower.node is not node and self.status is not None:
            self.status.changed_node(at=at)
        self._follower.node = node
        return self._follower

    def _begin(self, network: Network, leader: Peer, at: datetime.datetime) -> Follower:
        self.peers.attach(network, at=at)
        node = self.peers.client_of(leader)
        start_cursor(network, node, at=at)
        leadership = begin_epoch(network)
        self._dispute = Dispute(leadership, at=at)
        self.status = Status(leadership, at=at)
        self._rounds = Rounds(network, self.peers, self.place.hook_base)
        self._rounds.watch(at)
        self._leases = Leases(leadership, self.peers)
        return Follower(
            leadership,
            node,
            check=self.peers.check,
            agreeing=self.peers.agreement,
            elsewhere=self.peers.asked_elsewhere,
            unwound=self.peers.unwound,
            may_go_on=self._may_go_on,
        )

    def _may_go_on(self) -> bool:
        return time.monotonic() < self._turn_ends and not self._is_stopping()

    def _tell(self, moved: int) -> None:
        if moved:
            wake(EFFECTS)
            wake(OUTBOX)

    def _wait_for_node(self, reason: CursorReason, error: Exception, at: datetime.datetime) -> bool:
        """Try again soon, or another node at once; after a few seconds of it the till is told."""
        self._note(error)
        if not isinstance(error, NoPeer) and self._leader is not None:
            self.peers.failed(self._leader, error, at=at)
            if self._another(at):
                return True
        self._failing_since = self._failing_since or at
        self._rung = min(self._rung + 1, len(LADDER))
        self.idle = LADDER[self._rung - 1] if self._rung < len(LADDER) else IDLE
        if at - self._failing_since >= PATIENCE:
            self._mark(CursorState.STALLED, reason, at)
        return False

    def _doubt(self, reason: CursorReason, error: Exception, at: datetime.datetime) -> bool:
        """The node lies, or is another network's: another one is followed, if there is one."""
        leader = self._leader
        if leader is not None and not isinstance(error, UnknownDelegate):
            self.peers.lied(leader, str(error), at=at)
            if self._another(at):
                self._note(error)
                return True
        if reason == CursorReason.WRONG_NETWORK:
            self._halt(reason, error, at)
            return False
        return self._wait_for_node(reason, error, at)

    def _part(self, error: Exception, at: datetime.datetime) -> bool:
        """The chains part deeper than we follow by ourselves: a person says whether we go back."""
        follower = self._follower
        if follower is None or self._leader is None or not self._leader.vouches:
            return self._wait_for_node(CursorReason.NODE_CONFLICT, error, at)
        try:
            fork = self._fork_of(follower, at)
        except NodeTrouble as trouble:
            return self._wait_for_node(CursorReason.NODE_SILENT, trouble, at)
        cursors = BlockCursor.objects.filter(
            network=follower.leadership.network, epoch=follower.leadership.epoch
        )
        allowed = cursors.values_list("resume_height", flat=True).first()
        if fork is not None and allowed == fork:
            log.warning("going back to %s, as was allowed", fork)
            self._tell(follower.go_back(fork, at=at))
            self._fork = None
            return True
        cursors.update(fork_height=fork)
        self._halt(CursorReason.DEEP_REORG, error, at)
        return False

    def _fork_of(self, follower: Follower, at: datetime.datetime) -> int | None:
        """Where the chains part: some thirty questions, so not asked at every look."""
        known = self._fork
        if known is not None and known[0] == follower.block_id and at - known[1] < FORK_EVERY:
            return known[2]
        self._fork = (follower.block_id, at, follower.fork_height())
        return self._fork[2]

    def _another(self, at: datetime.datetime) -> bool:
        """Whether there is another node to follow than the one that failed."""
        try:
            return self.peers.leader(at=at) is not self._leader
        except NoPeer:
            return False

    def _halt(self, reason: CursorReason, error: Exception, at: datetime.datetime) -> None:
        self._note(error)
        self.idle = IDLE_WHEN_HALTED
        self._next_network = None
        self._mark(CursorState.HALTED, reason, at)

    def _mark(self, state: CursorState, reason: CursorReason, at: datetime.datetime) -> None:
        if self.status is None:
            self._mark_unready(state, reason, at)
        elif state == CursorState.HALTED:
            self.status.halted(reason, at=at)
        else:
            self.status.stalled(reason, at=at)
            if reason == CursorReason.NODE_CONFLICT and self._dispute is not None:
                self._dispute.note(True, at=at)

    def _mark_unready(
        self, state: CursorState, reason: CursorReason, at: datetime.datetime
    ) -> None:
        """Before the node ever answered: say so on the cursor that a former run left."""
        cursors = BlockCursor.objects.all()
        if self.place.pinned:
            cursors = cursors.filter(network__nethash=self.place.pinned)
        cursors.update(state=state, reason=reason, live_since=None, checked_at=at)

    def _note(self, error: Exception) -> None:
        trouble = f"{type(error).__name__}: {error}"
        if trouble != self._trouble:
            log.warning("the node: %s", trouble)
        self._trouble = trouble
