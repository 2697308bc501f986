"""Step one of closing a day: the period ends. One short transaction, whatever it holds."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from teraa.common import journal_codes
from teraa.fiscal.closings.models import PeriodEnd
from teraa.fiscal.sealing import PeriodOf, UnknownRegister, seal_event
from teraa.fiscal.states import ChainKind, ClosingLevel

# A closing says of its own chain where it stands by being in it.
CHAINS: Final = tuple(kind for kind in ChainKind.values if kind != ChainKind.CLOSING)


@dataclass(frozen=True, slots=True)
class By:
    """Who closes. Without an operator nobody does: the jobs' loop has waited long enough."""

    operator_label: str = ""
    station_label: str = ""
    by_itself: bool = False


class _Head(NamedTuple):
    """What the TICKET head says of the periods."""

    venue_id: UUID
    period_id: UUID | None
    number: int
    business_date: datetime.date | None


_LOCK_HEAD: Final = """
SELECT venue_id, period_id, period_number, business_date
  FROM fiscal_chain_head
 WHERE register_id = %s AND kind = 'TICKET'
   FOR UPDATE
"""

# All that ended without saying so: a later period runs, or none does.
_UNSAID: Final = """
SELECT period.id, period.number, period.business_date
  FROM fiscal_period period
 WHERE period.register_id = %(register)s
   AND period.number > coalesce((SELECT max(said.number) FROM fiscal_period_end said
                                  WHERE said.register_id = %(register)s), 0)
   AND period.number < %(below)s
 ORDER BY period.number
"""

_LAST_OF_PERIOD: Final = """
SELECT DISTINCT ON (kind) kind, sequence, hash
  FROM fiscal_document
 WHERE period_id = %s AND kind <> 'CLOSING'
 ORDER BY kind, sequence DESC
"""

_HEADS: Final = """
SELECT kind, sequence, last_hash FROM fiscal_chain_head
 WHERE register_id = %s AND kind <> 'CLOSING'
"""

_LAST_END: Final = """
SELECT chains FROM fiscal_period_end WHERE register_id = %s ORDER BY number DESC LIMIT 1
"""

_LET_GO: Final = """
UPDATE fiscal_chain_head SET period_id = NULL WHERE register_id = %s AND kind = 'TICKET'
"""

Chains = dict[str, dict[str, Any]]


@transaction.atomic
def end_periods(
    *,
    register_ids: Sequence[UUID],
    at: datetime.datetime,
    by: By,
    request_key: UUID | None = None,
) -> None:
    """End the running period of each register, and say so of those that ended by themselves.

    All or nothing, so that ``request_key`` sent again ends nothing new (one that found nothing to
    end leaves no trace and may). A register without a running period is left as it is. Holds the
    registers for a few statements each; the next sale opens the next period. Raises
    UnknownRegister, PayeeUnidentified, KeysUnavailable.
    """
    heads = {register_id: _lock(register_id) for register_id in sorted(register_ids)}
    asked = PeriodEnd.objects.filter(register__in=heads, request_key=request_key)
    if request_key is not None and asked.exists():
        return
    for register_id, head in heads.items():
        _say_of_past(register_id, head, at, by, request_key)
        _end_running(register_id, head, at, by, request_key)


@transaction.atomic
def end_past_periods(*, register_id: UUID, at: datetime.datetime, by: By) -> None:
    """Say of the periods that ended because a later one began, and leave that one running."""
    _say_of_past(register_id, _lock(register_id), at, by, None)


def _lock(register_id: UUID) -> _Head:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_HEAD, [register_id])
        row = cursor.fetchone()
    if row is None:
        raise UnknownRegister(register=register_id)
    return _Head(*row)


def _say_of_past(
    register_id: UUID, head: _Head, at: datetime.datetime, by: By, request_key: UUID | None
) -> None:
    running = _running(head)
    if running is None:
        return  # the last period was let go, and all before it, with their ends said
    with connection.cursor() as cursor:
        cursor.execute(_UNSAID, {"register": register_id, "below": running.number})
        past = [PeriodOf(*row) for row in cursor.fetchall()]
    for period in past:
        chains = _chains_before(register_id)
        with connection.cursor() as cursor:
            cursor.execute(_LAST_OF_PERIOD, [period.id])
            for kind, sequence, hash in cursor.fetchall():
                chains[kind] = {"sequence": sequence, "hash": hash}
        # The journal cannot go back into it: that it ended is said in the period that runs now.
        event_id = _note_end(register_id, period, at, by, born_in=running)
        _write_end(register_id, head, period, event_id, chains, at, by, request_key)


def _end_running(
    register_id: UUID, head: _Head, at: datetime.datetime, by: By, request_key: UUID | None
) -> None:
    running = _running(head)
    if running is None:
        return
    event_id = _note_end(register_id, running, at, by, born_in=running)
    chains = _chains_now(register_id)
    _write_end(register_id, head, running, event_id, chains, at, by, request_key)
    with connection.cursor() as cursor:
        cursor.execute(_LET_GO, [register_id])


def _running(head: _Head) -> PeriodOf | None:
    if head.period_id is None or head.business_date is None:
        return None
    return PeriodOf(head.period_id, head.number, head.business_date)


def _note_end(
    register_id: UUID, period: PeriodOf, at: datetime.datetime, by: By, *, born_in: PeriodOf
) -> UUID:
    """Event 50, in a period that runs even when its day is over: nothing opens by being closed."""
    return seal_event(
        register_id=register_id,
        code=journal_codes.CLOSING,
        values=event_values(
            ClosingLevel.DAY, period.number, period.business_date, period.business_date, by
        ),
        at=at,
        operator_label=by.operator_label,
        station_label=by.station_label,
        period=born_in,
    ).id


def event_values(
    level: ClosingLevel, number: int, first_day: datetime.date, last_day: datetime.date, by: By
) -> dict[str, Any]:
    """What the journal says of a closing."""
    return {
        "level": str(level),
        "number": number,
        "first_day": first_day.isoformat(),
        "last_day": last_day.isoformat(),
        "by_itself": by.by_itself,
    }


def _write_end(
    register_id: UUID,
    head: _Head,
    period: PeriodOf,
    event_id: UUID,
    chains: Chains,
    at: datetime.datetime,
    by: By,
    request_key: UUID | None,
) -> None:
    PeriodEnd.objects.create(
        period_id=period.id,
        venue_id=head.venue_id,
        register_id=register_id,
        number=period.number,
        ended_at=at,
        by_itself=by.by_itself,
        station_label=by.station_label[:60],
        operator_label=by.operator_label[:120],
        event_id=event_id,
        chains=chains,
        request_key=request_key,
    )


def _chains_before(register_id: UUID) -> Chains:
    with connection.cursor() as cursor:
        cursor.execute(_LAST_END, [register_id])
        row = cursor.fetchone()
    if row is None:
        return {kind: {"sequence": 0, "hash": ""} for kind in CHAINS}
    chains: Chains = json.loads(row[0]) if isinstance(row[0], str) else dict(row[0])
    return chains


def _chains_now(register_id: UUID) -> Chains:
    with connection.cursor() as cursor:
        cursor.execute(_HEADS, [register_id])
        return {
            kind: {"sequence": sequence, "hash": hash} for kind, sequence, hash in cursor.fetchall()
        }
