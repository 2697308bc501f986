"""A whole node: a machine on the files of a directory, answering on loopback ports."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from .control import control_application
from .deliveries import Deliveries
from .genesis import nethash_of
from .http import LoopbackServer, api_application, hooks_application, listening_socket
from .machine import Machine, check_names
from .storage import DataDirectory, Log, StorageBroken

_NETWORK_FILE: Final = "network.json"


def utc_now() -> datetime:
    """Return the time of this machine: the clock of a node that is given no other."""
    return datetime.now(UTC)


class Node(Machine):
    """A node on the files of one directory. Its methods belong to one event loop.

    `block_time` is in seconds (None: the profile's). With `forging` a block comes every block
    time; without, only when asked. Raises machine.UnknownProfile, UnknownDialect,
    storage.StorageTaken, and StorageBroken when the directory holds another network's chain or a
    damaged one.
    """

    def __init__(
        self,
        *,
        profile: str,
        data: Path,
        dialect: str = "2.5",
        block_time: int | None = None,
        forging: bool = True,
        rate_limited: bool = False,
        locks: bool = False,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        check_names(profile, dialect)
        self._forging = forging
        self._rate_limited = rate_limited
        self._servers: list[LoopbackServer] = []
        self._tasks: list[asyncio.Task[None]] = []
        self.directory = DataDirectory(data)
        try:
            claim_directory(self.directory, profile, dialect)
            self._block_log = Log(data / "blocks.log")
            self._pool_log = Log(data / "pool.log")
            super().__init__(
                profile=profile,
                dialect=dialect,
                block_log=self._block_log,
                pool_log=self._pool_log,
                files=self.directory,
                clock=clock,
                block_time=block_time,
                locks=locks,
            )
        except BaseException:
            self.directory.close()
            raise
        self.deliveries = Deliveries(self.webhooks, clock, parallel=dialect != "2.5")
        self.gate.deliverer = self.deliveries

    @property
    def torn_bytes(self) -> int:
        """How many unfinished bytes a crash had left, and were cut off at this start."""
        return self._block_log.torn_bytes + self._pool_log.torn_bytes

    async def start(
        self,
        *,
        host: str = "127.0.0.1",
        port: int,
        hooks_port: int,
        control_port: int | None = None,
    ) -> None:
        """Bind the ports (0: any free one), serve, and begin to forge.

        Only with a `control_port` does anybody listen who can turn faults on. Raises
        http.NotLoopback for another address than this machine's own, OSError when a port is taken.
        """
        wanted = [port, hooks_port, *([] if control_port is None else [control_port])]
        with contextlib.ExitStack() as undo:
            listeners = [undo.enter_context(listening_socket(host, one)) for one in wanted]
            undo.pop_all()
        self.state.port, self.state.hooks_port = (one.getsockname()[1] for one in listeners[:2])
        applications = [
            api_application(self, rate_limited=self._rate_limited),
            hooks_application(self),
        ]
        if control_port is not None:
            self.state.control_port = listeners[2].getsockname()[1]
            applications.append(control_application(self))
        self._servers = [
            LoopbackServer(application, listener, cuts=self.dialect != "2.5" and number == 0)
            for number, (application, listener) in enumerate(
                zip(applications, listeners, strict=True)
            )
        ]
        self._tasks = [asyncio.create_task(one.run_until_stopped()) for one in self._servers]
        while not all(one.started for one in self._servers):
            for task in self._tasks:
                if task.done():
                    task.result()
            await asyncio.sleep(0.001)
        if self._forging:
            self._tasks.append(asyncio.create_task(self.forger.run()))

    async def stop(self) -> None:
        """Stop forging and serving, give up deliveries under way, let go of the directory."""
        for server in self._servers:
            server.stop()
        for task in self._tasks[len(self._servers) :]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.deliveries.stop()
        self._block_log.close()
        self._pool_log.close()
        self.directory.close()


def claim_directory(directory: DataDirectory, profile: str, dialect: str) -> None:
    """Note in a directory which network's chain it keeps. Raises StorageBroken for another's."""
    network = {"profile": profile, "nethash": nethash_of(profile, dialect)}
    found = directory.read_json(_NETWORK_FILE)
    if found is None:
        directory.write_json(_NETWORK_FILE, network)
    elif found != network:
        raise StorageBroken(
            f"{directory.path} holds the chain of another network "
            f"({found.get('profile')}, nethash {str(found.get('nethash'))[:12]}…): "
            "choose its profile and dialect, or an empty directory"
        )
