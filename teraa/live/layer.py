"""The channel layer of the one live process: Channels' own, swept now and then.

Channels' in-memory layer looks through every queue and every membership for what has expired each
time any socket waits for its next message. With two thousand sockets one piece of news is then two
thousand such walks over ten thousand memberships: seconds, in which the process does nothing else.
What expires after a minute (a message) or a day (a membership) can wait for the next sweep.
"""

from __future__ import annotations

import time
from typing import Any

from channels.layers import InMemoryChannelLayer

SWEEP_SECONDS = 5.0


class SweptLayer(InMemoryChannelLayer):  # type: ignore[misc]
    """As InMemoryChannelLayer; what has expired goes at the latest ``sweep_seconds`` later."""

    def __init__(self, *, sweep_seconds: float = SWEEP_SECONDS, **config: Any) -> None:
        super().__init__(**config)
        self._sweep_seconds = sweep_seconds
        self._next_sweep = 0.0

    def _clean_expired(self) -> None:
        at = time.monotonic()
        if at >= self._next_sweep:
            self._next_sweep = at + self._sweep_seconds
            super()._clean_expired()
