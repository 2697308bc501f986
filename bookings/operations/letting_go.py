"""Let go what is cancelled, and what was not paid in time."""

from __future__ import annotations

import datetime
from uuid import UUID

from django.db import transaction

from bookings.models import Booking
from bookings.operations.paying import keep_waiting, locked
from bookings.problems import NotCancellable
from bookings.states import BookingState
from teraa.settlement import operations as settlement
from teraa.settlement.problems import MoneyReceived, PaymentSeen
from teraa.spaces.operations import release_claims

SWEPT_AT_ONCE = 200


@transaction.atomic
def cancel_booking(*, booking_id: UUID, at: datetime.datetime) -> Booking:
    """Let an unpaid or free booking go before it begins. Cancelling twice changes nothing.

    Raises NotCancellable (paid, begun), MoneyReceived or PaymentSeen (a payment is on its way).
    """
    booking = locked(pk=booking_id)
    if booking.state == BookingState.CANCELLED:
        return booking
    is_free = booking.state == BookingState.CONFIRMED and not booking.total_cents
    if booking.state != BookingState.HOLD and not (is_free and at < booking.starts_at):
        raise NotCancellable
    _let_go(booking, BookingState.CANCELLED, by=booking.guest_name, at=at)
    return booking


def _let_go(booking: Booking, to: str, *, by: str, at: datetime.datetime) -> None:
    if booking.due_id is not None:
        settlement.cancel_due(due_id=booking.due_id, by=by, at=at)
    release_claims(holder=booking.holder, at=at)
    booking.move(to, closed_at=at, expires_at=None, version=booking.version + 1)


def expire_holds(*, at: datetime.datetime) -> int:
    """Let go what was not paid in time; returns how many. What money is coming for goes on waiting.

    One transaction each, so that one that fails holds nobody up; those another sweeper has in
    hand are passed over.
    """
    overdue = Booking.objects.filter(state=BookingState.HOLD, expires_at__lte=at)
    found = list(overdue.order_by("expires_at").values_list("pk", flat=True)[:SWEPT_AT_ONCE])
    return sum(_expire(pk, at) for pk in found)


@transaction.atomic
def _expire(pk: UUID, at: datetime.datetime) -> bool:
    booking = (
        Booking.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(pk=pk, state=BookingState.HOLD, expires_at__lte=at)
        .first()
    )
    if booking is None:
        return False
    try:
        _let_go(booking, BookingState.EXPIRED, by="TERAA", at=at)
    except (MoneyReceived, PaymentSeen):
        keep_waiting(booking, at)
        return False
    return True
