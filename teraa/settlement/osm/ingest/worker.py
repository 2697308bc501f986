"""When to look at the node, and what a look does. Hints only mean: look now (law 7)."""

from __future__ import annotations

import datetime
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from teraa.live.wake import EFFECTS, OUTBOX, wake
from teraa.settlement.cases.watching import close_deep_refunds
from teraa.settlement.osm.ingest import hooks, store
from teraa.settlement.osm.ingest.election import begin_epoch
from teraa.settlement.osm.ingest.follower import DeepReorg, Follower, NodeBehind, start_cursor
from teraa.settlement.osm.ingest.networks import WrongNetwork, learn_network, own_peer
from teraa.settlement.osm.ingest.status import Status
from teraa.settlement.osm.ingest.verify import BlockRefused
from teraa.settlement.osm.models import BlockCursor, NodePeer
from teraa.settlement.osm.node import NodeClient, NodeSilent, NodeTrouble
from teraa.settlement.osm.states import CursorReason, CursorState
from teraa.settlement.osm.watch import watch_all

log = logging.getLogger(__name__)

BLOCK_EVENT = "block.applied"
HINTS_ANSWERED = """
UPDATE osm_node_hint SET handled_at = %s WHERE handled_at IS NULL RETURNING id, event, body::text
"""

IDLE = 1.0
"""Seconds between two looks when nobody hints: hooks may be dead at any time."""
IDLE_WHEN_HALTED = 5.0
LADDER = (0.025, 0.05, 0.1, 0.2, 0.4)
"""Seconds to try again in, when a hint came before the node had stored its block (T7)."""
TURN_SECONDS = 1.5
PATIENCE = datetime.timedelta(seconds=3)
NETWORK_EVERY = datetime.timedelta(minutes=10)
WATCH_EVERY = datetime.timedelta(seconds=30)
HOOKS_EVERY = datetime.timedelta(hours=1)
HOOKS_AGAIN = datetime.timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Place:
    """Where our node is, which network the operator pinned, and where hooks reach us."""

    url: str
    hooks_url: str
    pinned: str
    hook_base: str


class Worker:
    """The leader's work on one node; ``turn`` is one look. Leave it when leadership is lost."""

    def __init__(
        self, node: NodeClient, place: Place, *, is_stopping: Callable[[], bool] = lambda: False
    ) -> None:
        self.node = node
        self.place = place
        self.idle = IDLE
        self.status: Status | None = None
        self._is_stopping = is_stopping
        self._follower: Follower | None = None
        self._peer: NodePeer | None = None
        self._next_watch: datetime.datetime | None = None
        self._next_network: datetime.datetime | None = None
        self._next_hooks: datetime.datetime | None = None
        self._hooks = "unknown"
        self._trouble = ""
        self._failing_since: datetime.datetime | None = None
        self._rung = 0
        self._expected = ""
        self._turn_ends = 0.0

    def close(self) -> None:
        """Give up what is being fetched."""
        if self._follower is not None:
            self._follower.close()

    def turn(self, at: datetime.datetime) -> bool:
        """Look at the node once; True when there is more to read at once.

        Trouble with the node is shown and waited out here. Raises store.LeadershipLost.
        """
        self._turn_ends = time.monotonic() + TURN_SECONDS
        try:
            more = self._look(at)
        except WrongNetwork as error:
            self._halt(CursorReason.WRONG_NETWORK, error, at)
        except DeepReorg as error:
            self._halt(CursorReason.DEEP_REORG, error, at)
        except NodeBehind as error:
            self._wait_for_node(CursorReason.NODE_BEHIND, error, at)
        except NodeSilent as error:
            self._wait_for_node(CursorReason.NODE_SILENT, error, at)
        except (BlockRefused, NodeTrouble, store.CursorMoved) as error:
            self._wait_for_node(CursorReason.NODE_NONSENSE, error, at)
        else:
            self._trouble, self._failing_since = "", None
            return more
        return False

    def described(self) -> dict[str, Any]:
        """For the heartbeat."""
        detail: dict[str, Any] = {"node": self.place.url, "hooks": self._hooks}
        if self._follower is not None:
            detail["height"] = self._follower.height
        detail |= self.status.described() if self.status else {"state": CursorState.STALLED}
        return detail | ({"trouble": self._trouble} if self._trouble else {})

    def _look(self, at: datetime.datetime) -> bool:
        hinted = self._take_hints(at)
        if self.status is not None:
            self.status.begin_look(at=at)
        follower = self._ready(at)
        tip = self.node.tip()
        self._tell(follower.advance(tip, at=at))
        behind = follower.height < tip.height
        if not behind:
            self._tell(follower.read_pool(at=at))
        if self.status is not None:
            self.status.looked(tip, behind=behind, at=at)
        if not behind:
            self._tell(store.expire(follower.leadership, at=at))
            network_id = follower.leadership.network.pk
            self._tell(close_deep_refunds(network_id=network_id, height=follower.height, at=at))
            self._do_rounds(follower, at)
        self._climb_or_rest(hinted, follower.block_id)
        return behind

    def _take_hints(self, at: datetime.datetime) -> str:
        """Every waiting hint is answered by this one look; the block spoken of last, if any."""
        with connection.cursor() as cursor:
            cursor.execute(HINTS_ANSWERED, [at])
            blocks = [(pk, body) for pk, event, body in cursor.fetchall() if event == BLOCK_EVENT]
        ids = json.loads(max(blocks)[1]).get("ids") if blocks else None
        return str(ids[0]) if ids else ""

    def _climb_or_rest(self, hinted: str, block_id: str) -> None:
        """A hinted block that is not there yet is worth a few quick looks, one ladder at a time."""
        if hinted and hinted != block_id and not self._expected:
            self._expected, self._rung = hinted, 0
        if self._expected and self._expected != block_id and self._rung < len(LADDER):
            self.idle = LADDER[self._rung]
            self._rung += 1
        else:
            self.idle, self._expected, self._rung = IDLE, "", 0

    def _ready(self, at: datetime.datetime) -> Follower:
        """The follower, once the node has said which network it is on; asked again now and then."""
        if self._follower is not None and self._next_network and at < self._next_network:
            return self._follower
        network = learn_network(self.node.configuration(), pinned=self.place.pinned, at=at)
        self._next_network = at + NETWORK_EVERY
        if self._follower is not None:
            return self._follower
        self._peer = own_peer(network=network, url=self.place.url, hooks_url=self.place.hooks_url)
        start_cursor(network, self.node, at=at)
        leadership = begin_epoch(network)
        self.status = Status(leadership, self._peer, at=at)
        self._watch(at, leadership)
        self._follower = Follower(leadership, self.node, may_go_on=self._may_go_on)
        return self._follower

    def _may_go_on(self) -> bool:
        return time.monotonic() < self._turn_ends and not self._is_stopping()

    def _do_rounds(self, follower: Follower, at: datetime.datetime) -> None:
        if self._next_watch is None or at >= self._next_watch:
            self._watch(at, follower.leadership)
        if self._next_hooks is None or at >= self._next_hooks:
            self._reconcile_hooks(at)

    def _watch(self, at: datetime.datetime, leadership: store.Leadership) -> None:
        watch_all(network=leadership.network, at=at)
        self._next_watch = at + WATCH_EVERY

    def _reconcile_hooks(self, at: datetime.datetime) -> None:
        if self._peer is None or not self.place.hooks_url:
            self._hooks, self._next_hooks = "none", at + HOOKS_EVERY
            return
        try:
            made = hooks.reconcile(
                peer=self._peer, node=self.node, base=self.place.hook_base, at=at
            )
        except NodeTrouble as error:
            # Polling goes on: hooks only make it faster.
            self._hooks, self._next_hooks = f"unreachable: {error}", at + HOOKS_AGAIN
            return
        if made:
            log.info("webhooks made at the node: %s", ", ".join(made))
        self._hooks, self._next_hooks = "in place", at + HOOKS_EVERY

    def _tell(self, moved: int) -> None:
        if moved:
            wake(EFFECTS)
            wake(OUTBOX)

    def _wait_for_node(self, reason: CursorReason, error: Exception, at: datetime.datetime) -> None:
        """Try again soon; after a few seconds of it the till is told."""
        self._failing_since = self._failing_since or at
        self._note(error)
        self._rung = min(self._rung + 1, len(LADDER))
        self.idle = LADDER[self._rung - 1] if self._rung < len(LADDER) else IDLE
        if at - self._failing_since < PATIENCE:
            return
        if self.status is not None:
            self.status.stalled(reason, str(error), at=at)
        else:
            self._mark_unready(CursorState.STALLED, reason, at)

    def _halt(self, reason: CursorReason, error: Exception, at: datetime.datetime) -> None:
        self._note(error)
        self.idle = IDLE_WHEN_HALTED
        self._next_network = None
        if self.status is not None:
            self.status.halted(reason, str(error), at=at)
        else:
            self._mark_unready(CursorState.HALTED, reason, at)

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
