"""Cash into and out of a drawer: one row each, in the transaction of what moved it.

A sale writes it with its own statement (``MOVED`` in ``pos/operations.py``); everything else calls
``note_cash``.
"""

from __future__ import annotations

import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from pos.drawer.states import MovementKind

# FOR SHARE: a count waits for what is under way, and what comes later finds the next shift.
HELD: Final = """
SELECT shift_id FROM drawer_drawer WHERE station_id = %(station)s FOR SHARE
"""
COLUMNS: Final = (
    "venue_id, station_id, shift_id, key, kind, amount_cents, subject, reason, operator, moved_at"
)
VALUES: Final = (
    "%(venue)s, %(station)s, (SELECT shift_id FROM held), %(key)s, %(kind)s, %(cents)s::bigint,"
    " %(subject)s, %(reason)s, %(operator)s, %(at)s"
)
_NOTE: Final = f"""
WITH held AS MATERIALIZED ({HELD})
INSERT INTO drawer_movement ({COLUMNS}) VALUES ({VALUES})
ON CONFLICT (venue_id, key) DO NOTHING
"""  # noqa: S608


def moved_by(insert: str) -> str:
    """The statement that runs ``insert`` and, if it inserts a row, notes the cash of it.

    Its row count is that of ``insert``. Wants ``values_of`` beside the values of ``insert``.
    """
    return f"""
    WITH held AS MATERIALIZED ({HELD}), inserted AS ({insert} RETURNING 1), moved AS (
        INSERT INTO drawer_movement ({COLUMNS}) SELECT {VALUES} FROM inserted
    )
    SELECT 1 FROM inserted
    """  # noqa: S608


def note_cash(
    *,
    venue_id: UUID,
    station_id: UUID,
    key: UUID,
    kind: MovementKind,
    amount_cents: int,
    operator: str,
    at: datetime.datetime,
    subject: str = "",
    reason: str = "",
) -> bool:
    """Note cash in the running shift of this till, or outside any; False: ``key`` was noted before.

    ``amount_cents`` is positive for what goes in, negative for what goes out, nil for OPENED; of
    any other kind, nil notes nothing. Joins the caller's transaction. One statement.
    """
    if not amount_cents and kind != MovementKind.OPENED:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            _NOTE,
            values_of(
                venue_id=venue_id,
                station_id=station_id,
                key=key,
                kind=kind,
                amount_cents=amount_cents,
                operator=operator,
                at=at,
                subject=subject,
                reason=reason,
            ),
        )
        noted: bool = cursor.rowcount == 1
    return noted


def values_of(
    *,
    venue_id: UUID,
    station_id: UUID,
    key: UUID,
    kind: MovementKind,
    amount_cents: int,
    operator: str,
    at: datetime.datetime,
    subject: str = "",
    reason: str = "",
) -> dict[str, Any]:
    """What ``VALUES`` wants to know."""
    return {
        "venue": venue_id,
        "station": station_id,
        "key": key,
        "kind": str(kind),
        "cents": amount_cents,
        "subject": subject[:80],
        "reason": reason[:120],
        "operator": operator[:120],
        "at": at,
    }
