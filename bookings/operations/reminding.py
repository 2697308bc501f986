"""A word to the guest before the stay: when, where, by which code."""

from __future__ import annotations

import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, Value

from bookings.confirming import send_reminder
from bookings.models import Booking
from bookings.states import BookingState

REMINDED_AT_ONCE = 200
MINUTE = datetime.timedelta(minutes=1)
# Who booked within so long of the stay has just read all of it.
FRESH = datetime.timedelta(hours=6)


def remind_guests(*, at: datetime.datetime) -> int:
    """Write to guests whose stay begins soon, once each; returns to how many."""
    soon = Booking.objects.filter(
        state=BookingState.CONFIRMED,
        reminded_at__isnull=True,
        offer__remind_minutes__isnull=False,
        starts_at__gt=at,
        starts_at__lte=ExpressionWrapper(
            Value(at) + F("offer__remind_minutes") * Value(MINUTE), output_field=DateTimeField()
        ),
    )
    found = list(soon.order_by("starts_at").values_list("pk", flat=True)[:REMINDED_AT_ONCE])
    return sum(_remind(pk, at) for pk in found)


@transaction.atomic
def _remind(pk: UUID, at: datetime.datetime) -> bool:
    booking = (
        Booking.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("venue", "offer")
        .filter(pk=pk, state=BookingState.CONFIRMED, reminded_at__isnull=True)
        .first()
    )
    if booking is None:
        return False
    Booking.objects.filter(pk=booking.pk).update(reminded_at=at)
    if booking.confirmed_at is None or at - booking.confirmed_at < FRESH:
        return False
    send_reminder(booking, at=at)
    return True
