"""How long to wait before trying again."""

from __future__ import annotations

import random
from typing import Final

FIRST_SECONDS: Final = 0.5
LONGEST_SECONDS: Final = 15.0


class BackOff:
    """Doubles the wait at each failure, with a random part so that agents do not come in step."""

    def __init__(self, first: float = FIRST_SECONDS, longest: float = LONGEST_SECONDS) -> None:
        self._first = first
        self._longest = longest
        self._failures = 0

    def failed(self) -> float:
        """Count a failure; return the seconds to wait now."""
        wait = min(self._longest, self._first * 2.0 ** min(self._failures, 16))
        self._failures += 1
        return wait * random.uniform(0.5, 1.0)  # noqa: S311  (spreads load, guards nothing)

    def succeeded(self) -> None:
        """Begin again from the shortest wait."""
        self._failures = 0
