"""Holding one TERAA_DATA: nobody else beside us, nothing left before us, nothing left after us."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import signal
import time
import uuid
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass

from teraa.supervisor.choices import Choices, remember_choices
from teraa.supervisor.cluster import is_free
from teraa.supervisor.places import Places, write_whole
from teraa.supervisor.processes import are_gone, marked, send
from teraa.supervisor.refusals import Refusal
from teraa.supervisor.texts import _
from teraa.supervisor.watch import Watch


class Progress:
    """Prints what was done, with the seconds since the start."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def __call__(self, sentence: str) -> None:
        # A closed terminal is no reason to close the bar.
        with contextlib.suppress(OSError):
            print(f"{time.monotonic() - self._began:6.1f} s  {sentence}", flush=True)


@dataclass(frozen=True)
class Start:
    """What every step of a start works with."""

    choices: Choices
    places: Places
    watch: Watch
    # Marks every process of this run, so that a later start can tell what a killed one left.
    run: str
    say: Callable[[str], None]


async def keep(choices: Choices, opening: Callable[[Start], Coroutine[None, None, None]]) -> None:
    """Run ``opening``, keep what it started alive until a signal, then end everything.

    The signals are SIGTERM, SIGINT (Ctrl-C) and SIGHUP (the terminal was closed); they may come at
    any moment, also during the opening.

    Raises:
        Refusal: the start cannot go on; whatever had been started is ended first.
    """
    places = Places(choices.data.resolve())
    _make(places)
    say = Progress()
    with _only_one(places) as run:
        _end_earlier(places, run=run, say=say)
        _refuse_taken_ports(choices)
        remember_choices(places, choices)
        told_to_end = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, told_to_end.set)
        watch = Watch(places, run=run, say=say)
        open_task = asyncio.create_task(opening(Start(choices, places, watch, run, say)))
        end_task = asyncio.create_task(told_to_end.wait())
        try:
            await asyncio.wait([open_task, end_task], return_when=asyncio.FIRST_COMPLETED)
            if open_task.done():
                open_task.result()
                await end_task
        finally:
            open_task.cancel()
            await asyncio.wait([open_task])
            say(_("Ending everything"))
            await watch.end()
            say(_("Everything has ended"))


def _make(places: Places) -> None:
    try:
        places.make()
    except PermissionError as error:
        raise Refusal(
            _(
                "{path} cannot be written by this account. Start TERAA as the user who started it"
                " first, or set TERAA_DATA to another folder."
            ).format(path=error.filename)
        ) from error


@contextlib.contextmanager
def _only_one(places: Places) -> Iterator[str]:
    """Hold TERAA_DATA for ourselves and return the mark of this run.

    Raises:
        Refusal: another supervisor holds it.
    """
    try:
        handle = os.open(places.run / "supervisor.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except PermissionError as error:
        raise Refusal(
            _(
                "{path} belongs to another account. Start TERAA as the user who did so first."
            ).format(path=error.filename)
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refusal(
                _(
                    "TERAA already runs on {path} (process {pid}). Stop that one first with Ctrl-C"
                    " or “kill {pid}”, or set TERAA_DATA and TERAA_PORT to start another beside it."
                ).format(path=places.data, pid=_holder(places))
            ) from None
        yield uuid.uuid4().hex
    finally:
        os.close(handle)


def _holder(places: Places) -> str:
    with contextlib.suppress(OSError, ValueError, KeyError):
        return str(json.loads((places.run / "supervisor.json").read_text())["pid"])
    return "?"


def _end_earlier(places: Places, *, run: str, say: Callable[[str], None]) -> None:
    """End what a killed supervisor left running, then leave our own mark for the next one."""
    record = places.run / "supervisor.json"
    with contextlib.suppress(FileNotFoundError, ValueError, KeyError):
        earlier = str(json.loads(record.read_text())["run"])
        if marked(earlier):
            say(_("Ending what an earlier, killed start left running"))
        for number, patience_seconds in ((signal.SIGTERM, 4.0), (signal.SIGKILL, 2.0)):
            send(marked(earlier), number)
            if are_gone(lambda: marked(earlier), patience_seconds=patience_seconds):
                break
    places.parts.unlink(missing_ok=True)
    write_whole(record, json.dumps({"pid": os.getpid(), "run": run}) + "\n")


def _refuse_taken_ports(choices: Choices) -> None:
    for port in choices.ports():
        if not is_free(port):
            raise Refusal(
                _(
                    "Port {port} of this machine is taken by another program. Choose other ports:"
                    " “TERAA_PORT={other} script/server”."
                ).format(port=port, other=choices.port + 100)
            )
