"""How often a node may be asked: a bucket of requests that fills up again, minute by minute.

Our own node answers as often as we ask. A public one counts (2.5: 300 a minute and address, 3.9:
100) and answers 429 beyond it, with the time to wait; we stay below, and wait when told (T17).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from teraa.settlement.osm.node import NodeSilent

BURST: Final = 10
SHORTEST_WAIT: Final = 0.001
LONGEST_WAIT: Final = 2.0
"""Seconds that a question waits for its turn; a longer wait is the caller's to plan."""
FIRST_HOLD: Final = 1.0
LONGEST_HOLD: Final = 120.0


class HeldBack(NodeSilent):
    """We do not ask now: the node told us to wait, or we would ask too often."""


class TokenBucket:
    """``per_minute`` requests a minute, a few at once; None: as many as we like. Thread-safe.

    ``taken`` says how many there were in all.
    """

    def __init__(
        self,
        per_minute: int | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate = per_minute / 60 if per_minute else None
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self.taken = 0
        self._tokens = float(BURST)
        self._filled_at = clock()
        self._closed_until = self._filled_at

    def take(self) -> None:
        """Take one request, after a short wait if need be. Raises HeldBack."""
        while (wait := self._taken_or_wait()) > 0:
            if wait > LONGEST_WAIT:
                raise HeldBack(f"not to be asked for another {wait:.1f} s")
            self._sleep(wait)
        with self._lock:
            self.taken += 1

    def per_minute(self, number: int | None) -> None:
        """Fill it at another rate from now on."""
        with self._lock:
            self._rate = number / 60 if number else None
            self._tokens = min(self._tokens, BURST)

    def hold(self, seconds: float = FIRST_HOLD) -> None:
        """Ask nothing for so long (at most two minutes): the node has said 429."""
        with self._lock:
            # (Not max(): what came from outside may be no number at all.)
            wait = seconds if seconds > FIRST_HOLD else FIRST_HOLD
            until = self._clock() + min(wait, LONGEST_HOLD)
            self._closed_until = max(self._closed_until, until)
            self._tokens = 0.0

    def _taken_or_wait(self) -> float:
        """Zero when a request was taken, else the seconds until there may be one."""
        with self._lock:
            at = self._clock()
            if at < self._closed_until:
                return self._closed_until - at
            if self._rate is None:
                return 0.0
            self._tokens = min(BURST, self._tokens + (at - self._filled_at) * self._rate)
            self._filled_at = at
            if self._tokens >= 1:
                self._tokens -= 1
                return 0.0
            # Never less than a clock can show: what rounding leaves would be waited for for ever.
            return max(SHORTEST_WAIT, (1 - self._tokens) / self._rate)
