"""Background jobs of the journal: tasks, yearly archives, and which core runs."""

from __future__ import annotations

from uuid import UUID

from procrastinate.contrib.django import app

from teraa.common.clock import now
from teraa.fiscal import tasks, versions


@app.task(name="fiscal.do_task")
def do_task_job(task_id: str) -> None:
    """Verify or archive, as somebody asked."""
    tasks.do_task(task_id=UUID(task_id), clock=now)


@app.periodic(cron="41 3 * * *")
@app.task(queueing_lock="fiscal.yearly", lock="fiscal.yearly")
def archive_last_year(timestamp: int) -> int:
    """Every night, in UTC: is last year archived? (F9)"""
    return len(tasks.ask_yearly_archives(at=now()))


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="fiscal.core", lock="fiscal.core")
def note_core(timestamp: int) -> int:
    """Within a minute of a start, and once: is the fiscal core still the one the journals know?"""
    return versions.note_core_once(at=now())
