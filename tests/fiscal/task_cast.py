"""Checks and archives that somebody asks for, done at once."""

from __future__ import annotations

import datetime

from teraa.fiscal import tasks
from tests.fiscal import cast

AT = cast.AT
DAY = datetime.timedelta(days=1)


def register_of_two_days():
    register = cast.register()
    cast.seal(register)
    cast.seal(register, at=AT + DAY)
    return register


def clock():
    return AT + 2 * DAY


def ask(register, **fields):
    wanted = {"kind": "verification", "venue_id": register.venue_id, "at": AT, "by": "Ana"}
    return tasks.ask_task(**wanted | fields)


def do(task):
    tasks.do_task(task_id=task.pk, clock=clock)
    task.refresh_from_db()
    return task
