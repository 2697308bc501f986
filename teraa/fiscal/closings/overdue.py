"""What nobody closed in time closes by itself, and the journal says that nobody did."""

from __future__ import annotations

import datetime
import logging
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection

from teraa.common.clock import business_date
from teraa.common.problems import Problem
from teraa.fiscal.closings.days import close_days, close_past_days, complete
from teraa.fiscal.closings.ending import By
from teraa.fiscal.closings.spans import close_span, next_span
from teraa.fiscal.models import Period
from teraa.fiscal.states import ClosingLevel, Lane

log = logging.getLogger(__name__)

TILL_GRACE: Final = datetime.timedelta(hours=4)
"""How long after the venue's cut-off a till's day, month or year waits for a person.

A person should close a till, with the drawer before them; by then nobody will. A web lane has no
drawer: it closes at the cut-off.
"""

NOBODY: Final = By(by_itself=True)

# Days are closed in the order of their numbers: the newest Z says how far each register has come.
_REGISTERS: Final = """
SELECT register.id, register.name, register.lane, venue.zone, venue.day_cutoff
  FROM fiscal_register register
  JOIN venues_venue venue ON venue.id = register.venue_id
 ORDER BY register.id
"""

_UNCLOSED: Final = """
SELECT period.business_date, period.id = head.period_id, said.period_id IS NOT NULL
  FROM fiscal_chain_head head
  JOIN fiscal_period period
    ON period.register_id = head.register_id
   AND period.number > coalesce((SELECT max(closing.number) FROM fiscal_closing closing
                                  WHERE closing.register_id = head.register_id
                                    AND closing.level = 'day'), 0)
  LEFT JOIN fiscal_period_end said ON said.period_id = period.id
 WHERE head.register_id = %s AND head.kind = 'TICKET'
 ORDER BY period.number
"""


class _Lane(NamedTuple):
    """A register and what decides when its days are over."""

    id: UUID
    name: str
    lane: str
    zone: str
    day_cutoff: datetime.time

    def is_overdue(self, day: datetime.date, at: datetime.datetime) -> bool:
        grace = TILL_GRACE if self.lane == Lane.TILL else datetime.timedelta()
        return business_date(at - grace, self.zone, self.day_cutoff) > day


@dataclass(slots=True)
class Overdue:
    """What one round closed, and the registers it could not."""

    days: int = 0
    months: int = 0
    years: int = 0
    refused: dict[str, str] = field(default_factory=dict)


def close_overdue(at: datetime.datetime) -> Overdue:
    """Close every day, month and year that is over and waited long enough, register by register.

    One register’s refusal is logged and spares the others. What a killed process left between the
    two steps of a closing is finished here too.
    """
    done = Overdue()
    with connection.cursor() as cursor:
        cursor.execute(_REGISTERS)
        lanes = [_Lane(*row) for row in cursor.fetchall()]
    for lane in lanes:
        try:
            done.days += _close_days(lane, at)
            done.months += _close_spans(lane, ClosingLevel.MONTH, at)
            done.years += _close_spans(lane, ClosingLevel.YEAR, at)
        except Problem as problem:
            log.warning("register %s cannot be closed: %s", lane.name, problem)
            done.refused[lane.name] = problem.code
    return done


def _close_days(lane: _Lane, at: datetime.datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_UNCLOSED, [lane.id])
        unclosed = cursor.fetchall()
    before = len(unclosed)
    if not unclosed:
        return 0
    overdue = [
        (is_running, has_end)
        for day, is_running, has_end in unclosed
        if has_end or lane.is_overdue(day, at)
    ]
    if any(is_running for is_running, _has_end in overdue):
        close_days(register_ids=[lane.id], at=at, by=NOBODY)
    elif any(not has_end for _is_running, has_end in overdue):
        close_past_days(register_id=lane.id, at=at, by=NOBODY)
    elif overdue:
        complete(register_id=lane.id, at=at)
    with connection.cursor() as cursor:
        cursor.execute(_UNCLOSED, [lane.id])
        return before - len(cursor.fetchall())


def _close_spans(lane: _Lane, level: ClosingLevel, at: datetime.datetime) -> int:
    count = 0
    while (span := next_span(lane.id, level)) is not None:
        if not lane.is_overdue(span.last_day, at):
            break
        # A day of it may still run, or wait for its person.
        if Period.objects.filter(
            register=lane.id, closing=None, business_date__lte=span.last_day
        ).exists():
            break
        if level == ClosingLevel.YEAR and _has_month_in(lane.id, span.last_day):
            break
        close_span(register_id=lane.id, span=span, at=at, by=NOBODY)
        count += 1
    return count


def _has_month_in(register_id: UUID, last_day: datetime.date) -> bool:
    month = next_span(register_id, ClosingLevel.MONTH)
    return month is not None and month.first_day <= last_day
