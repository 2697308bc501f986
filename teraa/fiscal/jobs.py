"""Background jobs of the journal: what nobody closed, tasks, yearly archives, and which core runs.

They sign: this part is told where the keys are.
"""

from __future__ import annotations

from uuid import UUID

from procrastinate.contrib.django import app

from teraa.common.clock import now
from teraa.fiscal import tasks, versions
from teraa.fiscal.closings.overdue import close_overdue


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="fiscal.close_overdue", lock="fiscal.close_overdue")
def close_what_is_overdue(timestamp: int) -> int:
    """Every minute: the days, months and years that nobody closed in time.

    What is refused is logged and waits in the office's list of what is to close; a failed job a
    minute would only hide it.
    """
    done = close_overdue(now())
    return done.days + done.months + done.years


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
