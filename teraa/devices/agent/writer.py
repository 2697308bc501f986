"""One printer's hand: takes its jobs one after the other and says what became of each."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Final

import structlog

from teraa.common.paper import PageError, page_from_json
from teraa.devices.agent.journal import Journal
from teraa.devices.agent.pace import BackOff
from teraa.devices.agent.server import Job, Refused, ReportState, Server, ServerAway
from teraa.devices.drivers import Driver, Interrupted, Unreachable, WrongTarget, driver_for
from teraa.devices.escpos import encode
from teraa.devices.profiles import ProfileError, profile_from_json

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

Outcome = tuple[ReportState, str]
BEGUN_OUTCOMES: Final = {"confirmed", "unknown"}  # of jobs the journal knows


class Writer(threading.Thread):
    """The only thread that opens one printer."""

    def __init__(
        self,
        name: str,
        *,
        server: Server,
        journal: Journal,
        stop: threading.Event,
        on_done: Callable[[], None],
    ) -> None:
        super().__init__(name=f"writer {name}", daemon=True)
        self._server = server
        self._journal = journal
        self._stop_asked = stop
        self._on_done = on_done
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()

    def take(self, job: Job) -> None:
        """Put a leased job at the end of this printer's line."""
        self._jobs.put(job)

    def finish(self) -> None:
        """End after the job in hand."""
        self._jobs.put(None)

    def run(self) -> None:
        while (job := self._jobs.get()) is not None:
            # What was only leased goes back to the server by itself when the lease ends.
            if self._stop_asked.is_set():
                return
            try:
                self._print(job)
            except Exception:
                # A defect of ours must not silence the printer: the lease ends, the job shows.
                log.exception("job failed in the agent", key=job.key, printer=job.printer)
            self._on_done()

    def _print(self, job: Job) -> None:
        try:
            profile = profile_from_json(job.profile)
            data = encode(page_from_json(job.page), profile)
            driver = driver_for(job.driver, job.target)
        except (PageError, ProfileError, WrongTarget) as error:
            self._tell(job, ("failed", str(error)))
            return
        try:
            with driver:
                obstacle = driver.status().obstacle
                outcome = ("held", obstacle) if obstacle else self._send(job, driver, data)
        except Unreachable as error:
            outcome = ("held", f"offline: {error}")
        if outcome is not None:
            self._tell(job, outcome)

    def _send(self, job: Job, driver: Driver, data: bytes) -> Outcome | None:
        """Let the bytes go; None when the server would not have it."""
        # The server knows before the first byte leaves, and so does the disk: whatever stops us
        # from here on, nobody will print this job again without a person asking for it.
        try:
            self._server.report(job.key, job.attempt, "sent")
        except (ServerAway, Refused) as error:
            log.warning("not printed: the server did not agree", key=job.key, reason=str(error))
            return None
        self._journal.begin(job.key, job.attempt)
        try:
            driver.send(data)
            proven = driver.prove()
        except Interrupted as error:
            outcome: Outcome = ("unknown", str(error))
        else:
            outcome = ("confirmed", "") if proven else ("unknown", _why_unproven(driver))
        self._journal.finish(job.key, job.attempt, *outcome)
        return outcome

    def _tell(self, job: Job, outcome: Outcome) -> None:
        state, detail = outcome
        log.info("job done", key=job.key, printer=job.printer, state=state, detail=detail)
        told = tell(self._server, job.key, job.attempt, outcome, stop=self._stop_asked)
        if told and state in BEGUN_OUTCOMES:
            self._journal.forget(job.key, job.attempt)


def _why_unproven(driver: Driver) -> str:
    status = driver.status()
    if status.obstacle:
        return f"stopped while printing: {status.obstacle}"
    return "no proof" if status.answers else "the printer does not answer"


def tell(
    server: Server, key: str, attempt: int, outcome: Outcome, *, stop: threading.Event
) -> bool:
    """Report until the server has taken it or refused it for good; False when told to stop."""
    back_off = BackOff()
    while True:
        try:
            server.report(key, attempt, *outcome)
        except ServerAway as error:
            log.info("report waits for the server", key=key, reason=str(error))
            if stop.wait(back_off.failed()):
                return False
        except Refused as error:
            log.warning("report refused", key=key, state=outcome[0], reason=str(error))
            return True
        else:
            return True
