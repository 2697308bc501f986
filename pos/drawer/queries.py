"""What the till shows of its drawer. Blind: who counts does not see what should be there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pos.drawer.models import Movement, Shift
from pos.drawer.states import DENOMINATIONS, MovementKind, ShiftState
from teraa.common.clock import iso_utc

LAST_MOVEMENTS = 20


def drawer_view(*, station_id: UUID, sees_expected: bool) -> dict[str, Any]:
    """The running shift and the one before it, of one till; amounts in cents (three queries).

    ``sees_expected``: whoever may read totals also sees what should have been there.
    """
    shifts = list(Shift.objects.filter(station_id=station_id).order_by("-number")[:2])
    running = next((one for one in shifts if one.state != ShiftState.CLOSED), None)
    last = next((one for one in shifts if one.state == ShiftState.CLOSED), None)
    return {
        "denominations": list(DENOMINATIONS),
        "shift": running and _running(running),
        "last": last and _closed(last, sees_expected=sees_expected),
    }


def _running(shift: Shift) -> dict[str, Any]:
    by_hand = Movement.objects.filter(shift=shift, kind__in=[MovementKind.IN, MovementKind.OUT])
    return {
        "number": shift.number,
        "state": str(shift.state),
        "opened_at": iso_utc(shift.opened_at),
        "opened_by": shift.opened_by,
        "float_cents": shift.float_cents,
        "count": shift.count,
        "moved": [
            {
                "kind": str(one.kind),
                "amount_cents": one.amount_cents,
                "reason": one.reason,
                "operator": one.operator,
                "moved_at": iso_utc(one.moved_at),
            }
            for one in by_hand.order_by("-pk")[:LAST_MOVEMENTS]
        ],
    }


def _closed(shift: Shift, *, sees_expected: bool) -> dict[str, Any]:
    return {
        "number": shift.number,
        "opened_at": iso_utc(shift.opened_at),
        "closed_at": iso_utc(shift.closed_at) if shift.closed_at else None,
        "closed_by": shift.closed_by,
        "counted_cents": shift.counted_cents,
        "left_cents": shift.left_cents,
        "note": shift.note,
        "expected_cents": shift.expected_cents if sees_expected else None,
        "variance_cents": shift.variance_cents if sees_expected else None,
    }
