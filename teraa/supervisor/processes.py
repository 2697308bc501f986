"""Starting children that die with us, and ending them for certain."""

# Starting programs is what this module is for; none comes from outside.
# ruff: noqa: S603
from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Protocol

from teraa.supervisor.account import Account

PROC = Path("/proc")
PR_SET_PDEATHSIG = 1
RUN_MARK = "TERAA_RUN"

_libc = ctypes.CDLL(None, use_errno=True)


def spawn(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    output: int | IO[bytes],
    directory: Path | str,
    errors: int | IO[bytes] = subprocess.STDOUT,
    input: int = subprocess.DEVNULL,
    death_signal: signal.Signals = signal.SIGTERM,
    account: Account | None = None,
) -> subprocess.Popen[bytes]:
    """Start ``command`` in a session of its own, to be told ``death_signal`` when we die.

    The kernel sends the death signal when the *thread* that started the child ends, so call this
    from the main thread only.  A session of its own keeps Ctrl-C in the terminal from reaching the
    child before we decide its turn has come.
    """
    return subprocess.Popen(
        list(command),
        stdin=input,
        stdout=output,
        stderr=errors,
        env=dict(environment),
        cwd=directory,
        start_new_session=True,
        user=None if account is None else account.uid,
        group=None if account is None else account.gid,
        extra_groups=None if account is None else [],
        # Runs after the change of user, which would clear the death signal again.  Safe because
        # the supervisor has one thread.
        preexec_fn=_dies_with(os.getpid(), death_signal),
    )


def _dies_with(parent: int, death_signal: signal.Signals) -> Callable[[], None]:
    number = int(death_signal)

    def bind() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # we died between fork and prctl: nobody would tell the child
            os._exit(1)

    return bind


class Process(Protocol):
    """A child of ours, whoever started it: what is used here of ``subprocess.Popen``."""

    pid: int
    returncode: Any  # Popen's own is declared so

    @property
    def stdout(self) -> IO[bytes] | None:
        """What it says, when we are the ones who listen."""

    def poll(self) -> int | None:
        """Return its status when it has ended."""

    def wait(self, timeout: float | None = None) -> int:
        """Return its status once it has ended, or raise ``subprocess.TimeoutExpired``."""

    def send_signal(self, sig: int) -> None:
        """Send it a signal, unless it has ended."""


def kill_group(process: Process, number: signal.Signals) -> None:
    """Send a signal to a child and to everything still in its process group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def end(process: Process, *, first: signal.Signals, patience_seconds: float) -> None:
    """Ask a child to end with ``first``; after ``patience_seconds`` end its whole group."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(first)
    try:
        process.wait(timeout=patience_seconds)
    except subprocess.TimeoutExpired:
        kill_group(process, signal.SIGKILL)
        process.wait()


def processes() -> Iterator[int]:
    """Yield the id of every process on this machine that we may see."""
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            yield int(entry.name)


def started_at(pid: int) -> int | None:
    """Return a process's start time in clock ticks since boot, or None when it is gone.

    Together with the id it names one process for good: ids are used again, moments are not.
    """
    try:
        stat = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The command's name stands in brackets and may hold spaces and brackets of its own.
    fields = stat.rpartition(")")[2].split()
    if fields[0] in {"Z", "X"}:
        return None
    return int(fields[19])


def marked(run: str) -> list[int]:
    """Return the processes whose environment says they belong to the run ``run``, but us."""
    wanted = f"{RUN_MARK}={run}".encode()
    found = []
    for pid in processes():
        if pid == os.getpid():
            continue
        try:
            environment = (PROC / str(pid) / "environ").read_bytes()
        except OSError:
            continue
        if wanted in environment.split(b"\0") and started_at(pid) is not None:
            found.append(pid)
    return found


def working_in(directory: Path, *, program: str) -> list[int]:
    """Return the processes of ``program`` whose working directory is ``directory``."""
    home = str(directory.resolve())
    found = []
    for pid in processes():
        try:
            if os.readlink(PROC / str(pid) / "cwd") != home:
                continue
            executable = os.readlink(PROC / str(pid) / "exe").removesuffix(" (deleted)")
        except OSError:
            continue
        if Path(executable).name == program and started_at(pid) is not None:
            found.append(pid)
    return found


def send(pids: Iterable[int], number: signal.Signals) -> None:
    """Send a signal to processes that may be gone already or not be ours."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def are_gone(find: Callable[[], list[int]], *, patience_seconds: float) -> bool:
    """Wait until ``find`` names nobody any more; say whether that came true in time."""
    deadline = time.monotonic() + patience_seconds
    while find():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
