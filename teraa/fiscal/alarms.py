"""A verification that failed leaves its event (90, CHAIN_BROKEN) in the register's journal."""

from __future__ import annotations

import datetime
import json
import logging
from typing import Any, Final

from django.db import connection, transaction

from teraa.common import journal_codes
from teraa.common.problems import Problem
from teraa.fiscal.faults import Fault, Report
from teraa.fiscal.sealing import seal_event

log = logging.getLogger(__name__)

# The values of an event are looked at as they were signed; there are few events of this code.
_KNOWN: Final = """
SELECT payload::jsonb -> 'values'
  FROM fiscal_document
 WHERE register_id = %s AND kind = 'EVENT' AND event_code = %s
"""


def journal_faults(report: Report, *, at: datetime.datetime, by: str = "") -> list[Fault]:
    """Seal one event for each fault that the register's journal does not know yet.

    Answers with the faults that could not be written down (the journal's own head is missing, no
    key is left). An event chain that is itself broken goes on behind its head: the event says so,
    once. The same fault found again is not written again, so looking every night does not make the
    journal grow. Needs the keys (``TERAA_KEYS``).
    """
    return [fault for fault in report.faults if not _journal(fault, at, by)]


def _journal(fault: Fault, at: datetime.datetime, by: str) -> bool:
    if fault.register_id is None:
        return False
    named: dict[str, Any] = {
        "fault": fault.code,
        "chain": fault.kind,
        "number": fault.sequence,
        "document": str(fault.document_id) if fault.document_id else None,
    }
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                # Two verifications at once: the second waits and then knows.
                cursor.execute(
                    "SELECT 1 FROM fiscal_chain_head WHERE register_id = %s AND kind = 'TICKET'"
                    " FOR UPDATE",
                    [fault.register_id],
                )
                cursor.execute(_KNOWN, [fault.register_id, journal_codes.CHAIN_BROKEN])
                if any(_same(values, named) for (values,) in cursor.fetchall()):
                    return True
            seal_event(
                register_id=fault.register_id,
                code=journal_codes.CHAIN_BROKEN,
                values={**named, "detail": fault.detail},
                at=at,
                operator_label=by,
            )
    except (Problem, RuntimeError) as error:
        log.error("the fault could not be journaled: %s (%s)", fault, error)
        return False
    return True


def _same(values: Any, named: dict[str, Any]) -> bool:
    known = json.loads(values) if isinstance(values, str) else values
    return isinstance(known, dict) and all(known.get(name) == named[name] for name in named)
