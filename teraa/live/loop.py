"""The frame of every loop: turn while there is work, sleep until woken, survive the database.

    Loop(part="effects", turn=turn, channels=[wake.EFFECTS], idle=1.0).run()

``turn(at)`` does one bounded piece of work in transactions of its own and returns True when
there may be more. SIGTERM and SIGINT end the loop between two turns; SIGKILL ends it anywhere,
which a turn must bear. A turn that fails is logged, shown in the heartbeat and tried again.
"""

from __future__ import annotations

import contextlib
import datetime
import logging
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import Any, LiteralString

import psycopg
from django.db import DatabaseError, InterfaceError, OperationalError, connection, connections

from teraa.common.clock import now
from teraa.live.heartbeat import Pulse
from teraa.live.listening import listen

log = logging.getLogger(__name__)

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
# A wait is cut into pieces so that a signal is heard soon.
LONGEST_WAIT = 0.5
LOST = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)


class Loop:
    """One part of the house that works on its own until it is told to stop."""

    def __init__(
        self,
        *,
        part: str,
        turn: Callable[[datetime.datetime], bool],
        channels: Sequence[str] = (),
        idle: float = 1.0,
        probe: LiteralString | None = None,
        detail: Callable[[], Mapping[str, Any]] = dict,
    ) -> None:
        """``idle`` is the longest sleep in seconds; ``detail`` is shown with the heartbeat.

        ``probe`` is a cheap query on the listening connection that returns one boolean, is there
        work?, for a loop that looks so often that a turn each time would be dear.
        """
        self.part = part
        self.turn = turn
        self.channels = channels
        self.idle = idle
        self.probe = probe
        self.detail = detail
        self.stopping = False
        self._pulse = Pulse(part)
        self._listening: psycopg.Connection[Any] | None = None
        self._pause = FIRST_PAUSE
        self._error = ""

    def stop(self, signum: int = 0, frame: FrameType | None = None) -> None:
        """End after the present turn (also a signal handler)."""
        self.stopping = True

    def run(self) -> None:
        """Turn until stopped. Takes over SIGTERM and SIGINT."""
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        try:
            while not self.stopping:
                self._go_on()
        finally:
            self._disconnect()

    def _go_on(self) -> None:
        try:
            if self._listening is None:
                # Listening starts before looking: what comes in between wakes us at once.
                self._listening = listen(self.channels, name=f"{self.part} ear")
            more = self._has_work() and self.turn(now())
            self._recover()
            self._say_alive()
            if not more:
                self._wait()
        except LOST as error:
            self._disconnect()
            self._hold_back(f"the database is away: {error}".strip(), trace=False)
        except Exception as error:
            if isinstance(error, DatabaseError):
                connection.close()
            self._hold_back(f"{type(error).__name__}: {error}", trace=True)
            with contextlib.suppress(*LOST):
                self._pulse.beat(at=now(), state="failing", detail=self._described())

    def _has_work(self) -> bool:
        if self.probe is None or self._listening is None:
            return True
        row = self._listening.execute(self.probe).fetchone()
        return row is None or bool(row[0])

    def _say_alive(self) -> None:
        at = now()
        if self._pulse.is_due(at):
            self._pulse.beat(at=at, detail=self._described())

    def _described(self) -> dict[str, Any]:
        detail = dict(self.detail())
        return {**detail, "error": self._error} if self._error else detail

    def _wait(self) -> None:
        until = time.monotonic() + self.idle
        while not self.stopping and self._listening is not None:
            left = until - time.monotonic()
            for _woken in self._listening.notifies(
                timeout=min(max(left, 0.0), LONGEST_WAIT), stop_after=1
            ):
                return
            if left <= LONGEST_WAIT:
                return

    def _recover(self) -> None:
        if self._error:
            log.warning("%s goes on", self.part)
        self._pause, self._error = FIRST_PAUSE, ""

    def _hold_back(self, error: str, *, trace: bool) -> None:
        if error != self._error:
            log.warning("%s waits: %s", self.part, error, exc_info=trace)
        self._error = error
        until = time.monotonic() + self._pause
        while not self.stopping and time.monotonic() < until:
            time.sleep(0.05)
        self._pause = min(self._pause * 2, LONGEST_PAUSE)

    def _disconnect(self) -> None:
        if self._listening is not None:
            with contextlib.suppress(psycopg.Error):
                self._listening.close()
            self._listening = None
        connections.close_all()
