"""Names of what a node announces, and the one place that hands it on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

BLOCK_RECEIVED: Final = "block.received"
BLOCK_APPLIED: Final = "block.applied"
BLOCK_FORGED: Final = "block.forged"
BLOCK_REVERTED: Final = "block.reverted"
TRANSACTION_APPLIED: Final = "transaction.applied"
TRANSACTION_FORGED: Final = "transaction.forged"
TRANSACTION_EXPIRED: Final = "transaction.expired"
POOL_ADDED: Final = "transaction.pool.added"
POOL_REMOVED: Final = "transaction.pool.removed"
POOL_REJECTED: Final = "transaction.pool.rejected"
TRANSACTION_REVERTED: Final = "transaction.reverted"
DELEGATE_REGISTERED: Final = "delegate.registered"

Listener = Callable[[str, Any], None]


class Events:
    """Hands each event, in order, to whoever listens. Listeners must not block."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Call `listener(name, payload)` for every event from now on."""
        self._listeners.append(listener)

    def emit(self, name: str, payload: Any) -> None:
        """Announce an event; the payload is the node's raw JSON form."""
        for listener in self._listeners:
            listener(name, payload)
