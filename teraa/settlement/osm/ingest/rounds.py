"""What the leader does now and then: addresses, hooks, a second reading, balances, nights."""

from __future__ import annotations

import datetime
import logging

from teraa.settlement.osm.ingest import hooks
from teraa.settlement.osm.ingest.balances import Balances
from teraa.settlement.osm.ingest.follower import Follower
from teraa.settlement.osm.ingest.hints import Hinted, Silence
from teraa.settlement.osm.ingest.peer import Peer
from teraa.settlement.osm.ingest.peers import Peers
from teraa.settlement.osm.ingest.rewalk import Rewalk
from teraa.settlement.osm.models import BlockCursor, Network, NodePeer
from teraa.settlement.osm.node import NodeTrouble
from teraa.settlement.osm.states import HooksState
from teraa.settlement.osm.watch import watch_all

log = logging.getLogger(__name__)

WATCH_EVERY = datetime.timedelta(seconds=30)
RESCAN_EVERY = datetime.timedelta(minutes=10)
RESCAN_AGAIN = datetime.timedelta(minutes=1)
HOOKS_EVERY = datetime.timedelta(hours=1)
HOOKS_AGAIN = datetime.timedelta(seconds=30)
HOOKS_WHEN_SILENT = datetime.timedelta(minutes=10)


class Rounds:
    """One leadership's rounds."""

    def __init__(self, network: Network, peers: Peers, hook_base: str) -> None:
        self.hooks = "unknown"
        self._network = network
        self._peers = peers
        self._hook_base = hook_base
        self._balances = Balances(network, peers)
        self._rewalk = Rewalk(network, peers)
        self._silence = Silence()
        self._hooks_state = HooksState.NONE
        self._hooks_made_at: datetime.datetime | None = None
        self._next_watch: datetime.datetime | None = None
        self._next_rescan: datetime.datetime | None = None
        self._next_hooks: datetime.datetime | None = None

    @property
    def rewalked(self) -> str:
        """What came of comparing the last day's blocks with another node's."""
        return self._rewalk.said

    def watch(self, at: datetime.datetime) -> None:
        """Watch the addresses of payees that are new."""
        watch_all(network=self._network, at=at)
        self._next_watch = at + WATCH_EVERY

    def go(self, follower: Follower, hinted: Hinted, *, at: datetime.datetime) -> int:
        """What is due now; return how many requests moved.

        Raises NodeTrouble, BlockRefused, LeadershipLost.
        """
        if self._next_watch is None or at >= self._next_watch:
            self.watch(at)
        self._look_after_hooks(follower, hinted, at)
        self._balances.turn(at=at)
        self._rewalk.turn(height=follower.height, at=at)
        if self._next_rescan is None:
            self._next_rescan = at + RESCAN_EVERY
        if at < self._next_rescan:
            return 0
        self._next_rescan = at + RESCAN_AGAIN
        moved = follower.rescan(at=at)
        self._next_rescan = at + RESCAN_EVERY
        BlockCursor.objects.filter(network=self._network).update(rescanned_at=at)
        return moved

    def _look_after_hooks(self, follower: Follower, hinted: Hinted, at: datetime.datetime) -> None:
        own = self._peers.own
        if own is None or not own.row.hooks_url or own.row.pk is None:
            self.hooks = "none"
            return
        if self._next_hooks is None or at >= self._next_hooks:
            self._reconcile(own, follower, at)
        if hinted.blocks:
            NodePeer.objects.filter(pk=own.row.pk).update(hooked_at=at)
        silent = self._silence.note(height=follower.height, hinted=hinted)
        if self._hooks_state not in (HooksState.IN_PLACE, HooksState.SILENT):
            return
        state = HooksState.SILENT if silent else HooksState.IN_PLACE
        if state == self._hooks_state:
            return
        self._show(own, state, "hook_silent" if silent else "in place")
        if silent:
            log.warning("no webhook came for the last blocks: the chain is read by asking")
            made = self._hooks_made_at
            if made is not None:
                self._next_hooks = max(at, made + HOOKS_WHEN_SILENT)

    def _reconcile(self, own: Peer, follower: Follower, at: datetime.datetime) -> None:
        try:
            node = self._peers.client_of(own)
            made = hooks.reconcile(peer=own.row, node=node, base=self._hook_base, at=at)
        except NodeTrouble as error:
            # Polling goes on: hooks only make it faster.
            self._show(own, HooksState.UNREACHABLE, f"unreachable: {error}")
            self._next_hooks = at + HOOKS_AGAIN
            return
        self._next_hooks, self._hooks_made_at = at + HOOKS_EVERY, at
        if made:
            log.info("webhooks made at the node: %s", ", ".join(made))
            self._silence.begin_again(follower.height)
        if made or self._hooks_state != HooksState.SILENT:
            self._show(own, HooksState.IN_PLACE, "in place")

    def _show(self, own: Peer, state: HooksState, said: str) -> None:
        self.hooks = said
        if state != self._hooks_state:
            self._hooks_state = state
            NodePeer.objects.filter(pk=own.row.pk).update(hooks_state=state)
