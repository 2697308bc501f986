"""Parts forked from one process that has imported Django, instead of each importing it.

Only while the house opens: what falls later is started by itself, so nothing depends on the one
that forks. Whatever it cannot do (it died, it was told other things) is started the slow way.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from teraa.supervisor.account import Account
from teraa.supervisor.parts import module
from teraa.supervisor.places import ROOT, Places
from teraa.supervisor.processes import RUN_MARK, Process, end, spawn

PR_SET_CHILD_SUBREAPER = 36
READY_SECONDS = 60.0
ANSWER_SECONDS = 15.0
# What a part may be told that the forking process was not: teraa.forking sets exactly these.
LATE = frozenset({"TERAA_PART", "TERAA_KEYS", "TERAA_NODE_NETHASH"})


class Adopted:
    """A child that another process forked for us: what Popen is for one of our own."""

    def __init__(self, pid: int, stdout: IO[bytes] | None) -> None:
        """``pid`` is a child of ours that nobody has waited for."""
        self.pid = pid
        self.stdout = stdout
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return its status when it has ended: negative for a signal."""
        return self._look(os.WNOHANG)

    def wait(self, timeout: float | None = None) -> int:
        """Return its status once it has ended.

        Raises:
            subprocess.TimeoutExpired: it has not, after ``timeout`` seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while (status := self._look(0 if deadline is None else os.WNOHANG)) is None:
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired([str(self.pid)], timeout or 0.0)
            time.sleep(0.01)
        return status

    def send_signal(self, sig: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, sig)

    def _look(self, options: int) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, options)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


class Starter:
    """Starts what a house is made of: forked when that is possible, executed otherwise."""

    def __init__(self, *, run: str) -> None:
        """``run`` marks every process of this run."""
        self._run = run
        self._forker: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._told: Mapping[str, str] = {}

    def warm_up(self, environment: Mapping[str, str], places: Places) -> None:
        """Start the process that forks, told ``environment``; it needs some seconds to be ready."""
        ours, theirs = socket.socketpair()
        with theirs, (places.logs / "forking.log").open("wb") as log:
            self._told = {**environment, RUN_MARK: self._run}
            self._forker = spawn(
                module("teraa.forking", str(os.getpid())),
                environment=self._told,
                input=theirs.fileno(),
                output=log,
                directory=ROOT,
                death_signal=signal.SIGKILL,
            )
        self._line = ours
        ours.setblocking(False)
        # What it forks twice becomes ours.
        _adopt_orphans(yes=True)

    async def wait_until_warm(self) -> None:
        """Return when it can fork, or when it is clear that it cannot."""
        if self._line is None:
            return
        loop = asyncio.get_running_loop()
        try:
            word = await asyncio.wait_for(loop.sock_recv(self._line, 64), READY_SECONDS)
        except (OSError, TimeoutError):
            word = b""
        if word != b"ready\n":
            self.cool_down()
            return
        self._line.settimeout(ANSWER_SECONDS)

    def cool_down(self) -> None:
        """End the process that forks; everything is executed from here on."""
        if self._line is not None:
            self._line.close()
            self._line = None
        if self._forker is not None:
            end(self._forker, first=signal.SIGTERM, patience_seconds=2.0)
            self._forker = None
            _adopt_orphans(yes=False)

    def start(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        output: int | IO[bytes],
        errors: int | IO[bytes] = subprocess.STDOUT,
        directory: Path | str,
        death_signal: signal.Signals = signal.SIGTERM,
        account: Account | None = None,
        imports_django: bool = False,
    ) -> Process:
        """Start ``command`` as ``teraa.supervisor.processes.spawn`` does.

        Raises:
            OSError: there is no such program.
        """
        told = {**environment, RUN_MARK: self._run}
        if imports_django and self._line is not None and self._knows(told):
            with contextlib.suppress(OSError, ValueError):
                return self._fork(
                    command,
                    environment=told,
                    output=output,
                    errors=errors,
                    directory=directory,
                    death_signal=death_signal,
                )
            self.cool_down()
        return spawn(
            command,
            environment=told,
            output=output,
            errors=errors,
            directory=directory,
            death_signal=death_signal,
            account=account,
        )

    def _knows(self, environment: Mapping[str, str]) -> bool:
        """Say whether the process that forks was told the same, but for what can be told late."""
        differing = set(self._told.items()) ^ set(environment.items())
        return {name for name, _value in differing} <= LATE

    def _fork(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        output: int | IO[bytes],
        errors: int | IO[bytes],
        directory: Path | str,
        death_signal: signal.Signals,
    ) -> Adopted:
        line = self._line
        if line is None:
            raise ConnectionError
        request = {
            "command": list(command),
            "environment": dict(environment),
            "directory": str(directory),
            "death_signal": int(death_signal),
        }
        read: IO[bytes] | None = None
        with contextlib.ExitStack() as opened:
            if output == subprocess.PIPE:
                reading, writing = os.pipe()
                read = open(reading, "rb", buffering=0)  # noqa: SIM115  the part's, as Popen's is
                opened.callback(os.close, writing)
            else:
                writing = _number(output)
            erring = writing if errors == subprocess.STDOUT else _number(errors)
            socket.send_fds(line, [json.dumps(request).encode()], [writing, erring])
            answer = line.recv(64)
        return Adopted(int(answer), read)


def _number(file: int | IO[bytes]) -> int:
    return file if isinstance(file, int) else file.fileno()


def _adopt_orphans(*, yes: bool) -> None:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(yes), 0, 0, 0)
