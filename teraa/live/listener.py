"""One LISTEN per live process; what the relay says there is announced to this process's sockets.

It reconnects by itself. What was said meanwhile is lost, so afterwards every socket is told to
look again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from teraa.common.clock import now
from teraa.live.announce import announce, announce_to_everyone
from teraa.live.heartbeat import BEAT_SQL, EVERY
from teraa.live.listening import connection_arguments
from teraa.live.wake import LIVE

log = logging.getLogger(__name__)

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0


class Listener:
    """Started once per process, by the server's start-up message or by the first socket."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._heard = 0

    def start(self) -> None:
        """Begin to listen in the running event loop, unless it is being done."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run(), name="listener")

    async def stop(self) -> None:
        """End for good."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                arguments = connection_arguments("live ear")
                async with await psycopg.AsyncConnection.connect(**arguments) as connection:
                    await connection.execute(f"LISTEN {LIVE}")
                    pause = FIRST_PAUSE
                    await announce_to_everyone({"type": "look_again"})
                    await self._hear(connection)
            except (psycopg.Error, OSError, TimeoutError) as error:
                log.warning("live hears nothing: %s", error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            except Exception:
                log.exception("live stumbled")
                await asyncio.sleep(LONGEST_PAUSE)

    async def _hear(self, connection: psycopg.AsyncConnection[Any]) -> None:
        every = EVERY.total_seconds()
        while True:
            # The heartbeat is also the proof that the connection is alive.
            async with asyncio.timeout(every * 3):
                await connection.execute(BEAT_SQL, ["live", now(), "up", Jsonb(self._detail())])
            async for notification in connection.notifies(timeout=every):
                await self._tell(notification.payload)

    def _detail(self) -> dict[str, Any]:
        return {"pid": os.getpid(), "heard": self._heard}

    async def _tell(self, payload: str) -> None:
        self._heard += 1
        try:
            news = json.loads(payload)
            event = {"type": "changed", "key": news["key"], "version": news["version"]}
            await announce(news["topic"], {**event, "topic": news["topic"]})
        except (ValueError, KeyError, TypeError):
            log.warning("not understood on %s: %.100s", LIVE, payload)
