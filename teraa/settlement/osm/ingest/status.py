"""Whether we are live, and since when: what the till, the office and ``derive`` read."""

from __future__ import annotations

import datetime
from typing import Any

from teraa.live import outbox
from teraa.live.wake import OUTBOX, wake
from teraa.settlement.osm.availability import FRESH_FOR
from teraa.settlement.osm.ingest.health import still_after
from teraa.settlement.osm.ingest.leadership import Leadership
from teraa.settlement.osm.models import BlockCursor
from teraa.settlement.osm.node import Tip
from teraa.settlement.osm.states import CursorReason, CursorState

CHAIN_TOPIC = "chain"
CONFIRMED_EVERY = datetime.timedelta(seconds=2)


class Status:
    """Keeps the cursor's state of one leadership; writes when it changes, or every two seconds."""

    def __init__(self, leadership: Leadership, *, at: datetime.datetime) -> None:
        self._rows = BlockCursor.objects.filter(network=leadership.network, epoch=leadership.epoch)
        cursor = self._rows.get()
        # A short gap is none: whatever was paid in it is read before anything is judged.
        seamless = cursor.checked_at is not None and at - cursor.checked_at <= FRESH_FOR
        self.state = cursor.state if seamless else CursorState.CATCHUP
        self.reason = cursor.reason if seamless else CursorReason.STARTING
        self._live_since = cursor.live_since if seamless else None
        self._tip: Tip | None = None
        self._tip_moved_at = at
        self._written_at: datetime.datetime | None = None
        self._looked_at = at
        self._still_after = still_after(leadership.network.block_seconds)

    def begin_look(self, *, at: datetime.datetime) -> None:
        """Before a look: after a sleep nobody planned (a suspended machine) we are not live.

        Said before anything is derived, so that nothing expires for time nobody watched; nor
        can we say that the tip stood still meanwhile.
        """
        if at - self._looked_at > FRESH_FOR:
            self._tip_moved_at = at
            self._become(CursorState.CATCHUP, CursorReason.BEHIND, at)
        self._looked_at = at

    def looked(self, tip: Tip, *, behind: bool, at: datetime.datetime) -> None:
        """The node answered and everything up to ``tip`` (unless ``behind``) is stored."""
        if self._tip is None or tip.block_id != self._tip.block_id:
            self._tip, self._tip_moved_at = tip, at
        if tip.syncing:
            self._become(CursorState.CATCHUP, CursorReason.NODE_SYNCING, at)
        elif behind:
            self._become(CursorState.CATCHUP, CursorReason.BEHIND, at)
        elif at - self._tip_moved_at > self._still_after:
            self._become(CursorState.STALLED, CursorReason.TIP_STILL, at)
        else:
            self._become(CursorState.LIVE, CursorReason.NONE, at)

    def stalled(self, reason: CursorReason, *, at: datetime.datetime) -> None:
        """The node is of no use for now."""
        self._become(CursorState.STALLED, reason, at)

    def halted(self, reason: CursorReason, *, at: datetime.datetime) -> None:
        """Only a person can say how to go on."""
        self._become(CursorState.HALTED, reason, at)

    def changed_node(self, *, at: datetime.datetime) -> None:
        """Another node is followed now: its tip is another, and moves by itself."""
        self._tip, self._tip_moved_at = None, at

    def described(self) -> dict[str, Any]:
        """For the heartbeat."""
        return {"state": self.state, "reason": self.reason}

    def _become(self, state: CursorState, reason: CursorReason, at: datetime.datetime) -> None:
        changed = (state, reason) != (self.state, self.reason)
        if state != CursorState.LIVE:
            self._live_since = None
        elif self._live_since is None:
            self._live_since = at
        self.state, self.reason = state, reason
        written = self._written_at
        if not changed and written is not None and at - written < CONFIRMED_EVERY:
            return
        self._written_at = at
        tip = self._tip
        changes: dict[str, Any] = {
            "state": state,
            "reason": reason,
            "live_since": self._live_since,
            "checked_at": at,
            "tip_moved_at": self._tip_moved_at,
        }
        if tip is not None:
            changes |= {"tip_height": tip.height, "tip_block_id": tip.block_id}
        self._rows.update(**changes)
        if changed:
            # Tills offer OSM, or say why not, at once.
            outbox.put(topic=CHAIN_TOPIC, key="", version=outbox.fresh_version(), at=at)
            wake(OUTBOX)
