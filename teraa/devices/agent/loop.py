"""The agent's main loop: lease, hand out, wait for a nudge or two seconds."""

from __future__ import annotations

import fcntl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final, cast

import structlog

from teraa.devices.agent.config import AgentConfig, ConfigError
from teraa.devices.agent.journal import Journal
from teraa.devices.agent.nudges import Nudges
from teraa.devices.agent.pace import BackOff
from teraa.devices.agent.server import Job, Refused, ReportState, Server, ServerAway
from teraa.devices.agent.writer import Writer, tell

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

POLL_SECONDS: Final = 2.0
LEASE_AT_ONCE: Final = 16
REFUSED_SECONDS: Final = 15.0  # a revoked token is not worth asking about more often
END_SECONDS: Final = 4.0


@contextmanager
def alone(state_dir: Path) -> Iterator[None]:
    """Hold the state directory. Raises ConfigError when another agent already does."""
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (state_dir / "lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigError(f"another agent already works in {state_dir}") from error
        yield


class Agent:
    """Everything of one agent: the server, the journal, a writer for each printer."""

    def __init__(self, config: AgentConfig, *, poll_seconds: float = POLL_SECONDS) -> None:
        self._config = config
        self._poll_seconds = poll_seconds
        self._server = Server(config)
        self._journal = Journal(config.state_dir)
        self._stop_asked = threading.Event()
        self._wake = threading.Event()
        self._writers: dict[tuple[str, str], Writer] = {}
        self._confessing = threading.Thread(target=self._confess, name="confess", daemon=True)

    def stop(self) -> None:
        """Ask it to end; the job in hand is finished first."""
        self._stop_asked.set()
        self._wake.set()

    def run(self) -> None:
        """Work until `stop`."""
        Nudges(self._config, wake=self._wake, stop=self._stop_asked).start()
        self._confessing.start()
        log.info("agent ready", server=self._config.server, nudges=self._config.live_url)
        back_off = BackOff()
        while not self._stop_asked.is_set():
            self._wake.clear()
            try:
                jobs = self._server.lease(LEASE_AT_ONCE)
            except ServerAway as error:
                wait = back_off.failed()
                log.warning("server away", reason=str(error), again_in=round(wait, 1))
            except Refused as error:
                wait = REFUSED_SECONDS
                log.error("the server refuses this agent", reason=str(error), again_in=wait)
            else:
                back_off.succeeded()
                wait = self._poll_seconds
                for job in jobs:
                    self._hand_out(job)
            self._wake.wait(wait)
        self._end()

    def _hand_out(self, job: Job) -> None:
        override = self._config.printers.get(job.printer)
        if override is not None:
            job = replace(
                job,
                driver=override.driver or job.driver,
                target=override.target or job.target,
                profile=job.profile if override.profile is None else dict(override.profile),
            )
        # By its address and not its name: two names for one printer still have one writer.
        device = (job.driver, job.target)
        if device not in self._writers:
            self._writers[device] = Writer(
                job.printer,
                server=self._server,
                journal=self._journal,
                stop=self._stop_asked,
                on_done=self._wake.set,
            )
            self._writers[device].start()
        log.info("job leased", key=job.key, printer=job.printer, attempt=job.attempt)
        self._writers[device].take(job)

    def _confess(self) -> None:
        """Report what an earlier run of this agent began and did not get to report."""
        for entry in self._journal.untold():
            state = cast(ReportState, entry.state or "unknown")
            detail = entry.detail if entry.state else "the agent ended while printing"
            log.warning("left from an earlier run", key=entry.key, state=state)
            if tell(self._server, entry.key, entry.attempt, (state, detail), stop=self._stop_asked):
                self._journal.forget(entry.key, entry.attempt)

    def _end(self) -> None:
        for writer in self._writers.values():
            writer.finish()
        deadline = time.monotonic() + END_SECONDS
        at_work = [self._confessing, *self._writers.values()]
        for thread in at_work:
            thread.join(max(0.0, deadline - time.monotonic()))
        if any(thread.is_alive() for thread in at_work):
            # The journal says what was begun: the next start will report it unknown.
            log.warning("ended while a printer or the server was still at work")
        else:
            self._journal.close()
            self._server.close()
        log.info("agent ended")
