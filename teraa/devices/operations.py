"""Pages are queued, leased to an agent, and reported on. A page is printed once or nobody knows."""

from __future__ import annotations

import datetime
import json
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from teraa.common import journal, journal_codes
from teraa.common.paper import Page, marked, page_from_json, page_to_json
from teraa.common.problems import NotFound, Problem, SameKeyOtherBody
from teraa.devices.models import Printer, PrintJob
from teraa.devices.states import JobState, sources_of
from teraa.live import heartbeat, outbox
from teraa.live.models import Heartbeat
from teraa.venues.models import Station

LEASE: Final = datetime.timedelta(seconds=30)
# From the first byte on: a long ticket on a slow line, and the agent's way back to us.
SENT_LEASE: Final = datetime.timedelta(seconds=90)
HELD_STEP: Final = datetime.timedelta(seconds=2)
HELD_STEPS: Final = 5  # a printer without paper is looked at every ten seconds
MAX_PAGE_CHARACTERS: Final = 256 * 1024
MAX_LEASE: Final = 32
BEAT_EVERY: Final = datetime.timedelta(seconds=5)
AGENT_PART: Final = "agent"
REPORTED: Final = (
    JobState.SENT,
    JobState.CONFIRMED,
    JobState.HELD,
    JobState.UNKNOWN,
    JobState.FAILED,
)


class NoSuchPrinter(Problem):
    code = "no_such_printer"
    status = 404
    title = _("There is no such printer here, or it is out of use.")
    advice = _("Choose another one in the back office, under Devices.")


class PageTooLong(Problem):
    code = "page_too_long"
    status = 413
    title = _("This is too much for one print.")
    advice = _("Print it in parts.")


class LeaseLost(Problem):
    """The agent speaks of a lease that is over, or of a move the job cannot make."""

    code = "lease_lost"
    status = 409
    title = _("This print job is no longer this agent’s.")
    advice = _("Nothing should be printed; it will be handed out again if it is still wanted.")


class NothingToResend(Problem):
    code = "nothing_to_resend"
    status = 409
    title = _("This print job is not one that can be sent again.")
    advice = _("Only a job whose outcome is unknown, or that could not be printed, can.")


class ReasonMissing(Problem):
    code = "reason_missing"
    status = 422
    title = _("Printing again needs a reason.")
    advice = _("Say in a few words what became of the first print.")


# The printer's agent comes back with the insert, so that the news costs no look-up of its own.
_QUEUE: Final = """
WITH printer AS (
    SELECT id, station_id FROM devices_printer
    WHERE venue_id = %(venue)s AND id = %(printer)s AND active
), job AS (
    INSERT INTO devices_print_job (
        venue_id, printer_id, key, subject, page, state, detail, attempt, created_at, next_at,
        reprints, reprint_reason, reprint_by
    )
    SELECT %(venue)s, printer.id, %(key)s, %(subject)s, %(page)s::jsonb, 'queued', '', 0, %(at)s,
        %(at)s, 0, '', ''
    FROM printer
    ON CONFLICT (venue_id, key) DO NOTHING
    RETURNING id
)
SELECT printer.station_id, job.id FROM printer LEFT JOIN job ON true
"""


@transaction.atomic
def queue_print(
    *, venue_id: UUID, printer_id: UUID, key: UUID, page: Page, subject: str, at: datetime.datetime
) -> tuple[PrintJob, bool]:
    """Queue a page and tell the printer's agent, inside the caller's transaction (two statements).

    The same key with the same page again returns the first job and False.

    Raises:
        SameKeyOtherBody: the key was used for another page or subject.
        NoSuchPrinter: not in this venue, or out of use.
        PageTooLong: above 256 Ki characters of JSON.
    """
    values = page_to_json(page)
    text = json.dumps(values, ensure_ascii=False)
    if len(text) > MAX_PAGE_CHARACTERS:
        raise PageTooLong()
    with connection.cursor() as cursor:
        cursor.execute(
            _QUEUE,
            {
                "venue": venue_id,
                "printer": printer_id,
                "key": key,
                "subject": subject,
                "page": text,
                "at": at,
            },
        )
        row = cursor.fetchone()
    agent_id, job_id = row or (None, None)
    if job_id is None:
        # Either the key is taken, whatever has become of the printer since, or there is none.
        job = PrintJob.objects.filter(venue_id=venue_id, key=key).first()
        if job is None:
            raise NoSuchPrinter()
        if job.page != values or job.subject != subject:
            raise SameKeyOtherBody(key=key)
        return job, False
    outbox.put(topic=f"agent.{agent_id}", key=str(key), version=0, at=at)
    job = PrintJob(
        id=job_id,
        venue_id=venue_id,
        printer_id=printer_id,
        key=key,
        subject=subject,
        page=values,
        state=JobState.QUEUED,
        created_at=at,
        next_at=at,
    )
    job._state.adding, job._state.db = False, connection.alias
    return job, True


# One job of a printer at a time, and the oldest first: a page held back keeps the others waiting,
# as paper would. Two leases at once skip each other's rows.
_LEASE: Final = """
WITH head AS (
    SELECT DISTINCT ON (job.printer_id) job.id
    FROM devices_print_job job JOIN devices_printer printer ON printer.id = job.printer_id
    WHERE printer.station_id = %(station)s AND printer.active
        AND job.state IN ('queued', 'held', 'leased', 'sent')
    ORDER BY job.printer_id, job.id
), picked AS (
    SELECT job.id FROM devices_print_job job JOIN head ON head.id = job.id
    WHERE job.state IN ('queued', 'held') AND job.next_at <= %(at)s
    ORDER BY job.id LIMIT %(maximum)s
    FOR UPDATE OF job SKIP LOCKED
)
UPDATE devices_print_job job
SET state = 'leased', attempt = attempt + 1, lease_until = %(until)s, lease_run = %(run)s,
    detail = ''
FROM picked WHERE job.id = picked.id AND job.state IN ('queued', 'held')
RETURNING job.id
"""


@transaction.atomic
def lease_jobs(
    *, station: Station, run: UUID, maximum: int, at: datetime.datetime
) -> list[PrintJob]:
    """Hand the next jobs of this agent's printers out, the oldest of each, for half a minute.

    `run` is new at each start of the agent. Leases that ended, and those of an earlier run, are
    put right first. The jobs come with printer and venue loaded.
    """
    release_leases(at=at, station_id=station.pk, but_run=run)
    with connection.cursor() as cursor:
        cursor.execute(
            _LEASE,
            {
                "station": station.pk,
                "at": at,
                "until": at + LEASE,
                "run": run,
                "maximum": min(maximum, MAX_LEASE),
            },
        )
        picked = [row[0] for row in cursor.fetchall()]
    if not picked:
        return []
    jobs = PrintJob.objects.filter(pk__in=picked).select_related("printer", "venue")
    return list(jobs.order_by("pk"))


def release_leases(
    *, at: datetime.datetime, station_id: UUID | None = None, but_run: UUID | None = None
) -> int:
    """Put right what agents no longer speak of; returns how many jobs moved (two statements).

    Leases that ended, of one agent or of all; with `but_run`, also those that agent's earlier runs
    hold. Leased only: back to the queue, for nothing of it was sent. Sent: unknown, for it may
    have come out, and it is not sent again by itself.
    """
    over = Q(lease_until__lt=at)
    if but_run is not None:
        over |= ~Q(lease_run=but_run)
    away = PrintJob.objects.filter(over)
    if station_id is not None:
        away = away.filter(printer__in=Printer.objects.filter(station=station_id))
    free: dict[str, Any] = {"lease_until": None, "lease_run": None}
    back = away.filter(state=JobState.LEASED).update(state=JobState.QUEUED, **free)
    lost = away.filter(state=JobState.SENT).update(
        state=JobState.UNKNOWN, done_at=at, detail="no word from the agent", **free
    )
    return back + lost


@transaction.atomic
def report_job(
    *, station: Station, key: UUID, attempt: int, state: str, detail: str, at: datetime.datetime
) -> PrintJob:
    """Store what the agent says of a job it leased; the same word twice changes nothing.

    `sent` is said before the first byte leaves, and only a 200 lets it leave.

    Raises:
        NotFound: no such job among this agent's printers.
        LeaseLost: the lease is over, or the job cannot make this move.
    """
    if state not in REPORTED:
        raise ValueError(f"{state} is not for an agent to say")
    mine = PrintJob.objects.filter(venue=station.venue_id, printer__station=station, key=key)
    job = mine.select_related("printer").first()
    if job is None:
        raise NotFound()
    if job.attempt == attempt and job.state == state:
        return job
    changes = _changes(job, state, detail, at)
    moving = PrintJob.objects.filter(pk=job.pk, attempt=attempt, state__in=sources_of(state))
    if moving.update(state=state, **changes) != 1:
        job.refresh_from_db()
        if job.attempt == attempt and job.state == state:
            return job
        raise LeaseLost(state=job.state)
    job.state = state
    for name, value in changes.items():
        setattr(job, name, value)
    if state == JobState.FAILED:
        _journal(journal_codes.PRINTER_FAILED, job, at, detail=detail)
    return job


def _changes(job: PrintJob, state: str, detail: str, at: datetime.datetime) -> dict[str, Any]:
    if state == JobState.SENT:
        return {"detail": detail, "sent_at": at, "lease_until": at + SENT_LEASE}
    changes: dict[str, Any] = {"detail": detail, "lease_until": None, "lease_run": None}
    if state == JobState.HELD:
        steps = min(max(job.attempt, 1), HELD_STEPS)
        return changes | {"next_at": at + HELD_STEP * steps}
    return changes | {"done_at": at}


@transaction.atomic
def resend_job(*, job: PrintJob, reason: str, by: str, at: datetime.datetime) -> PrintJob:
    """Print a job again because a person says so; it comes out marked, the drawer stays shut.

    Raises:
        NothingToResend: its outcome is neither unknown nor failed.
        ReasonMissing: without a reason.
    """
    reason = reason.strip()
    if not reason:
        raise ReasonMissing()
    again = PrintJob.objects.filter(
        pk=job.pk, state__in=(JobState.UNKNOWN, JobState.FAILED), reprints=job.reprints
    )
    changes: dict[str, Any] = {
        "reprints": job.reprints + 1,
        "reprint_reason": reason,
        "reprint_by": by,
        "next_at": at,
        "done_at": None,
        "sent_at": None,
        "detail": "",
    }
    if again.update(state=JobState.QUEUED, **changes) != 1:
        raise NothingToResend()
    job.refresh_from_db()
    outbox.put(
        topic=f"agent.{job.printer.station_id}", key=str(job.key), version=job.reprints, at=at
    )
    _journal(journal_codes.PAGE_SENT_AGAIN, job, at, operator=by, reason=reason, times=job.reprints)
    return job


def _journal(
    code: int, job: PrintJob, at: datetime.datetime, *, operator: str = "", **values: Any
) -> None:
    journal.record_where_kept(
        code=code,
        venue_id=job.venue_id,
        at=at,
        values={"printer": job.printer.name, "subject": job.subject, "job": str(job.key), **values},
        operator=operator,
    )


def page_to_print(job: PrintJob) -> dict[str, Any]:
    """The page as it goes to the agent: a reprint says so, in the venue's language.

    Raises PageError when what is stored is not a page of a form we read.
    """
    if not job.reprints:
        return dict(job.page)
    with override(job.venue.language):
        mark = gettext("PRINTED AGAIN")
    return page_to_json(marked(page_from_json(job.page), mark))


def note_agent(*, station: Station, at: datetime.datetime) -> None:
    """Say that an agent is alive, at most every five seconds however often it calls."""
    fresh = Heartbeat.objects.filter(part=AGENT_PART, beat_at__gt=at - BEAT_EVERY, beat_at__lte=at)
    if not fresh.exists():
        heartbeat.beat(
            part=AGENT_PART,
            at=at,
            detail={"station": str(station.pk), "name": station.name},
        )
