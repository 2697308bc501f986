"""Keeping parts alive: started in order, restarted with growing patience, ended together."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from teraa.supervisor.forks import Starter
from teraa.supervisor.logs import BoundedLog
from teraa.supervisor.parts import Part
from teraa.supervisor.places import Places, write_whole
from teraa.supervisor.processes import Process, are_gone, kill_group, marked, send
from teraa.supervisor.texts import _

State = Literal["starting", "up", "backoff", "down"]

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
# A part that has held this long has earned a fresh start after its next fall.
STEADY_SECONDS = 60.0
# How long a part without a port must last before it counts as up.
MOMENT_SECONDS = 1.0
# How long the end of everything may take before what is left is killed.
ENDING_SECONDS = 9.0


@dataclass
class Kept:
    """A part and how it is doing."""

    part: Part
    state: State = "starting"
    restarts: int = 0
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    process: Process | None = None
    task: asyncio.Task[None] | None = None
    is_up: asyncio.Event = field(default_factory=asyncio.Event)

    def as_dict(self) -> dict[str, object]:
        """Return what ``/healthz`` shows of this part."""
        return {
            "state": self.state,
            "pid": None if self.process is None else self.process.pid,
            "restarts": self.restarts,
            "since": self.since.isoformat(),
            "vital": self.part.vital,
        }


class Watch:
    """The parts of one run.

    ``run`` marks every process of this run, so that a later start can tell what a killed one left
    behind.  Everything happens in one thread: the kernel ties a child's death signal to the thread
    that started it.
    """

    def __init__(self, places: Places, *, run: str, say: Callable[[str], None]) -> None:
        self._places = places
        self._run = run
        self.starter = Starter(run=run)
        self._say = say
        self._kept: dict[str, Kept] = {}
        self._is_ending = False

    def start(self, part: Part) -> Kept:
        """Start a part and keep it alive until the watch ends."""
        kept = Kept(part)
        self._kept[part.name] = kept
        self._move(kept, "starting")
        kept.task = asyncio.create_task(self._keep(kept), name=part.name)
        return kept

    async def wait_until_up(self, kept: Kept, *, patience_seconds: float) -> bool:
        """Wait for a part to be up; say whether it was in time."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(kept.is_up.wait(), patience_seconds)
        return kept.is_up.is_set()

    def states(self) -> dict[str, State]:
        """Return the state of every part by its name."""
        return {name: kept.state for name, kept in self._kept.items()}

    async def end(self) -> None:
        """End every part, the database last, and leave no process of this run behind."""
        self._is_ending = True
        self.starter.cool_down()
        deadline = time.monotonic() + ENDING_SECONDS
        others = [kept for name, kept in self._kept.items() if name != "database"]
        await asyncio.gather(
            *(self._end(kept, patience_seconds=kept.part.patience_seconds) for kept in others)
        )
        if database := self._kept.get("database"):
            # It writes everything out before it ends, so it gets whatever time is left.
            await self._end(database, patience_seconds=deadline - time.monotonic())
        # Whatever left its group (a part's own children may) still carries the run's mark.
        send(marked(self._run), signal.SIGKILL)
        are_gone(lambda: marked(self._run), patience_seconds=1.0)

    async def _end(self, kept: Kept, *, patience_seconds: float) -> None:
        process, task = kept.process, kept.task
        if task is not None and process is not None:
            send([process.pid], kept.part.stop_signal)
            ended, _pending = await asyncio.wait([task], timeout=patience_seconds)
            if not ended:
                self._say(_("{name}: did not end when asked, killed").format(name=kept.part.name))
        if task is not None:
            task.cancel()  # kills the group of a part that still runs
            await asyncio.wait([task])
        self._move(kept, "down")

    async def _keep(self, kept: Kept) -> None:
        pause = FIRST_PAUSE_SECONDS
        log = BoundedLog(self._places.logs / f"{kept.part.name}.log")
        try:
            while not self._is_ending:
                began = time.monotonic()
                await self._live_once(kept, log)
                if self._is_ending:
                    return
                if time.monotonic() - began >= STEADY_SECONDS:
                    pause = FIRST_PAUSE_SECONDS
                self._say(
                    _("{name}: ended, starts again in {seconds} s (its log: {log})").format(
                        name=kept.part.name, seconds=f"{pause:g}", log=log.path
                    )
                )
                kept.restarts += 1
                self._move(kept, "backoff")
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        finally:
            log.close()

    async def _live_once(self, kept: Kept, log: BoundedLog) -> None:
        """Run the part from its start to its end."""
        part = kept.part
        log.write(f"--- started {datetime.now(UTC).isoformat(timespec='seconds')}\n".encode())
        try:
            process = self.starter.start(
                part.command,
                environment=part.environment,
                output=subprocess.PIPE,
                directory=part.directory,
                death_signal=part.stop_signal,
                account=part.account,
                imports_django=part.imports_django,
            )
        except OSError as error:
            log.write(f"{error}\n".encode())
            return
        kept.process = process
        self._move(kept, "starting")
        reader = asyncio.create_task(_copy(process, log))
        arrival = asyncio.create_task(self._notice_arrival(kept))
        try:
            await _ended(process)
        finally:
            arrival.cancel()
            # Before the process is reaped, so its number cannot have gone to somebody else.
            kill_group(process, signal.SIGKILL)
            process.wait()
            kept.process = None
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(reader, 1.0)
        log.write(f"--- ended with {process.returncode}\n".encode())

    async def _notice_arrival(self, kept: Kept) -> None:
        if kept.part.port is None:
            await asyncio.sleep(MOMENT_SECONDS)
        else:
            while not await _takes_connections(kept.part.port):
                await asyncio.sleep(0.05)
        self._move(kept, "up")
        kept.is_up.set()

    def _move(self, kept: Kept, state: State) -> None:
        kept.state = state
        kept.since = datetime.now(UTC)
        parts = {name: each.as_dict() for name, each in self._kept.items()}
        write_whole(self._places.parts, json.dumps({"parts": parts}, indent=2) + "\n")


async def _ended(process: Process) -> None:
    """Return when the process has ended, leaving it to be reaped."""
    loop = asyncio.get_running_loop()
    handle = os.pidfd_open(process.pid)
    ended = asyncio.Event()
    loop.add_reader(handle, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(handle)
        os.close(handle)


async def _copy(process: Process, log: BoundedLog) -> None:
    """Carry what a part says into its log until it says no more."""
    stream = asyncio.StreamReader()
    transport, _protocol = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), process.stdout
    )
    try:
        while chunk := await stream.read(65_536):
            log.write(chunk)
    finally:
        transport.close()


async def _takes_connections(port: int) -> bool:
    try:
        _reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
