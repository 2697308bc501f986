"""The channel layer of the one live process: Channels' own, swept now and then, sending in turns.

Channels' in-memory layer looks through every queue and every membership for what has expired each
time any socket waits for its next message. With two thousand sockets one piece of news is then two
thousand such walks over ten thousand memberships: seconds, in which the process does nothing else.
What expires after a minute (a message) or a day (a membership) can wait for the next sweep.

It also makes a task of each message to each member of a group, and lets nobody speak before all of
them have run. Here the messages are put down one after the other, and the first members have told
their browsers before the last ones hear of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

from channels.exceptions import ChannelFull
from channels.layers import InMemoryChannelLayer

SWEEP_SECONDS = 5.0
AT_A_TIME = 50


class SweptLayer(InMemoryChannelLayer):  # type: ignore[misc]
    """As InMemoryChannelLayer; what has expired goes at the latest ``sweep_seconds`` later.

    A member whose queue is full misses the message, as there.
    """

    def __init__(self, *, sweep_seconds: float = SWEEP_SECONDS, **config: Any) -> None:
        super().__init__(**config)
        self._sweep_seconds = sweep_seconds
        self._next_sweep = 0.0

    def _clean_expired(self) -> None:
        at = time.monotonic()
        if at >= self._next_sweep:
            self._next_sweep = at + self._sweep_seconds
            super()._clean_expired()

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        self.require_valid_group_name(group)
        self._clean_expired()
        for number, channel in enumerate(tuple(self.groups.get(group, ())), start=1):
            with contextlib.suppress(ChannelFull):
                await self.send(channel, message)
            if number % AT_A_TIME == 0:
                await asyncio.sleep(0)
