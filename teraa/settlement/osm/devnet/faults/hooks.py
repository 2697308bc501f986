"""Stands between the events of a node and their delivery, and spoils what passes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from teraa.settlement.osm.devnet.events import BLOCK_APPLIED, POOL_ADDED, POOL_REMOVED
from teraa.settlement.osm.devnet.webhooks import Webhooks

from .switches import Faults

DEAD_SECONDS: Final = 1.5


@dataclass(frozen=True, slots=True)
class Post:
    """An event on its way. `token` replaces the hook's own; `delay` and `lead` are seconds."""

    event: str
    payload: Any
    token: str = ""
    delay: float = 0.0
    lead: float = 0.0
    unconditional: bool = False


class Deliverer(Protocol):
    """Whatever posts events to webhooks."""

    def deliver(self, post: Post) -> None:
        """Begin to post an event to the hooks that want it."""


class HookGate:
    """Lets events through to `deliverer`, as they are unless a switch is on."""

    def __init__(self, faults: Faults, webhooks: Webhooks, *, dialect: str) -> None:
        self._faults = faults
        self._webhooks = webhooks
        self._dialect = dialect
        self._held: list[Post] = []
        self.deliverer: Deliverer | None = None

    def take(self, event: str, payload: Any) -> None:
        """Pass an event on."""
        if self._faults.take("t01_hooks_forgotten") is not None:
            self._webhooks.clear()
        for post in self._spoilt(event, payload):
            self._hold_or_send(post)

    def release(self) -> None:
        """Send what was held back for another order, last first."""
        held, self._held = self._held[::-1], []
        for post in held:
            self._send(post)

    def _spoilt(self, event: str, payload: Any) -> list[Post]:
        faults = self._faults
        dropped = faults.options("hooks_dropped")
        if dropped is not None and dropped.get("event", event) == event:
            faults.take("hooks_dropped")
            return []
        shapes = [payload]
        if event == POOL_ADDED and faults.take("t05_other_shape") is not None:
            shapes = list(_other_shapes(payload))
        posts = [Post(event, one) for one in shapes]
        if event == POOL_ADDED and faults.take("t06_removed_early") is not None:
            posts += [Post(POOL_REMOVED, one) for one in self._removals(payload)]
        invented = faults.take("t02_forged_hook")
        if invented is not None:
            posts.append(_invented(event, payload, str(invented.get("token", ""))))
        if faults.take("hooks_duplicated") is not None:
            posts = [one for post in posts for one in (post, post)]
        return posts

    def _hold_or_send(self, post: Post) -> None:
        reordered = self._faults.options("hooks_reordered")
        if reordered is None:
            self.release()
            self._send(post)
            return
        self._held.append(post)
        if len(self._held) >= int(reordered.get("size", 4)):
            self._faults.take("hooks_reordered")
            self.release()

    def _send(self, post: Post) -> None:
        faults = self._faults
        dead, delayed = faults.take("t03_dead_hook_first"), faults.take("hooks_delayed")
        if self.deliverer is None:
            return
        self.deliverer.deliver(
            Post(
                event=post.event,
                payload=post.payload,
                token=post.token,
                delay=0.0 if delayed is None else float(delayed.get("seconds", 5)),
                lead=0.0 if dead is None else float(dead.get("seconds", DEAD_SECONDS)),
                unconditional=faults.take("t04_conditions_ignored") is not None,
            )
        )

    def _removals(self, payload: Any) -> Iterable[Any]:
        if self._dialect == "2.5":
            return [one["data"]["id"] for one in payload]
        return [payload]


def _other_shapes(payload: Any) -> Iterable[Any]:
    """2.5 posts a list of `{data, serialized, isVerified}`, 3.x each transaction by itself."""
    if isinstance(payload, list):
        return [one["data"] for one in payload]
    return [[{"data": payload, "serialized": {"type": "Buffer", "data": []}, "isVerified": True}]]


def _invented(event: str, payload: Any, token: str) -> Post:
    """The same event about a block or transaction that does not exist."""
    false_id = hashlib.sha256(repr(payload).encode()).hexdigest()
    if event == POOL_REMOVED and isinstance(payload, str):
        return Post(event, false_id, token=token)
    if isinstance(payload, list):
        lies = [{**one, "data": {**one["data"], "id": false_id}} for one in payload]
        return Post(event, lies, token=token)
    lie = {**payload, "id": false_id}
    if event == BLOCK_APPLIED:
        lie["height"] = payload["height"] + 1
    return Post(event, lie, token=token)
