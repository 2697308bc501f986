"""Long work on the journal that people ask for and may leave: verifications and archives."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Sum

from teraa.common.clock import business_date
from teraa.common.problems import NotFound, Problem
from teraa.fiscal.alarms import journal_faults
from teraa.fiscal.archives.operations import check_archive, journal_failure, make_archive
from teraa.fiscal.models import Archive, ChainHead, Period, Register, Task
from teraa.fiscal.states import ArchiveReason, TaskKind, TaskState
from teraa.fiscal.verify import verify
from teraa.venues.models import Venue

log = logging.getLogger(__name__)

Clock = Callable[[], datetime.datetime]
FAULTS_KEPT: Final = 200
UNEXPECTED: Final = "unexpected"


@transaction.atomic
def ask_task(
    *,
    kind: str,
    venue_id: UUID,
    at: datetime.datetime,
    by: str,
    register_id: UUID | None = None,
    since: datetime.date | None = None,
    until: datetime.date | None = None,
    reason: str = ArchiveReason.ASKED,
) -> Task:
    """Write down what is wanted and hand it to the jobs. Raises NotFound (another venue's register)."""
    from teraa.fiscal.jobs import do_task_job

    if (
        register_id is not None
        and not Register.objects.filter(pk=register_id, venue_id=venue_id).exists()
    ):
        raise NotFound
    task = Task.objects.create(
        kind=kind,
        venue_id=venue_id,
        register_id=register_id,
        since=since,
        until=until,
        reason=reason,
        asked_at=at,
        asked_by=by[:120],
    )
    # One after the other: two archives at once would only be slower, and sales go on beside them.
    do_task_job.configure(lock="fiscal.task").defer(task_id=str(task.pk))
    return task


def do_task(*, task_id: UUID, clock: Clock) -> Task | None:
    """Do what was asked; what came of it stands in the task. Done again from the start when killed.

    ``clock`` is asked when it begins and when it ends. None when it was done already.
    """
    task = Task.objects.select_related("venue").filter(pk=task_id).first()
    if task is None or task.state not in (TaskState.WAITING, TaskState.RUNNING):
        return None
    heads = ChainHead.objects.filter(venue_id=task.venue_id)
    if task.register_id is not None:
        heads = heads.filter(register_id=task.register_id)
    total = heads.aggregate(total=Sum("sequence"))["total"] or 0
    task.move(TaskState.RUNNING, started_at=clock(), done=0, total=total)
    try:
        with _progress(task) as on_documents:
            if task.kind == TaskKind.VERIFICATION:
                outcome, archive = _verify(task, on_documents, clock), None
            else:
                outcome, archive = _archive(task, on_documents, clock)
    except Problem as problem:
        return _fail(task, problem.as_dict(), clock)
    except Exception as error:
        _fail(task, {"code": UNEXPECTED, "title": type(error).__name__, "advice": ""}, clock)
        raise
    return task.move(TaskState.DONE, ended_at=clock(), outcome=outcome, archive=archive)


def _fail(task: Task, said: dict[str, Any], clock: Clock) -> Task:
    told = {name: str(said.get(name, "")) for name in ("code", "title", "advice")}
    if task.kind == TaskKind.ARCHIVE:
        try:
            journal_failure(
                venue_id=task.venue_id,
                register_id=task.register_id,
                reason=task.reason,
                problem=told["code"],
                at=clock(),
                by=task.asked_by,
            )
        except Problem as silent:  # without keys, say, nothing can be journaled either
            log.warning("a failed archive could not be journaled: %s", silent)
    return task.move(TaskState.FAILED, ended_at=clock(), outcome={"problem": told})


def _verify(task: Task, on_documents: Callable[[int], None], clock: Clock) -> dict[str, Any]:
    report = verify(
        venue_id=task.venue_id,
        register_id=task.register_id,
        since=task.since,
        until=task.until,
        on_documents=on_documents,
    )
    silent = (
        journal_faults(report, at=clock(), by=task.asked_by)
        if settings.TERAA_KEYS is not None
        else report.faults
    )
    return {
        "holds": not report.faults,
        "registers": report.registers,
        "chains": report.chains,
        "documents": report.documents,
        "marks_checked": report.marks_checked,
        "partial": bool(report.partial),
        "faults": [fault.as_dict() for fault in report.faults[:FAULTS_KEPT]],
        "faults_not_journaled": len(silent),
    }


def _archive(
    task: Task, on_documents: Callable[[int], None], clock: Clock
) -> tuple[dict[str, Any], Archive]:
    archive = make_archive(
        venue_id=task.venue_id,
        register_id=task.register_id,
        since=task.since,
        until=task.until,
        reason=task.reason,
        at=clock(),
        by=task.asked_by,
        on_documents=on_documents,
    )
    wrong = check_archive(archive)
    return {"holds": not wrong, "wrong": wrong, "documents": archive.documents}, archive


@contextmanager
def _progress(task: Task) -> Iterator[Callable[[int], None]]:
    """Count documents on a connection of its own: the work itself reads one long snapshot."""
    beside = connection.copy()
    done = 0

    def on_documents(number: int) -> None:
        nonlocal done
        done += number
        with beside.cursor() as cursor:
            cursor.execute("UPDATE fiscal_task SET done = %s WHERE id = %s", [done, task.pk])

    try:
        yield on_documents
    finally:
        beside.close()


def ask_yearly_archives(*, at: datetime.datetime) -> list[Task]:
    """Ask for the archive of last year wherever something was sold in it and none was made (F9).

    From 2 January of the venue's own calendar on, so that the last night is over. Asked again the
    next night when it failed.
    """
    asked = []
    for venue in Venue.objects.order_by("pk"):
        today = business_date(at, venue.zone, venue.day_cutoff)
        first = datetime.date(today.year - 1, 1, 1)
        last = datetime.date(today.year - 1, 12, 31)
        if today <= last + datetime.timedelta(days=1):
            continue
        periods = Period.objects.filter(venue=venue, business_date__range=(first, last))
        made = Archive.objects.filter(venue=venue, reason=ArchiveReason.YEARLY, until=last)
        coming = Task.objects.filter(
            venue=venue,
            reason=ArchiveReason.YEARLY,
            until=last,
            state__in=[TaskState.WAITING, TaskState.RUNNING],
        )
        if periods.exists() and not made.exists() and not coming.exists():
            asked.append(
                ask_task(
                    kind=TaskKind.ARCHIVE,
                    venue_id=venue.pk,
                    since=first,
                    until=last,
                    reason=ArchiveReason.YEARLY,
                    at=at,
                    by="",
                )
            )
    return asked
