"""Who came, who left, who did not come: noted at the till, changed back with the same press."""

from __future__ import annotations

import datetime
from uuid import UUID

from django.db import transaction

from bookings import hooks
from bookings.models import Booking
from bookings.operations.paying import locked
from bookings.problems import NotHereNow
from bookings.states import Attendance, BookingState

# Who comes early waits at the bar; who forgot to be checked in can be for a day.
EARLIEST = datetime.timedelta(hours=2)
LATEST = datetime.timedelta(days=1)
NAME_LENGTH = 80


@transaction.atomic
def note_attendance(
    *, venue_id: UUID, booking_id: UUID, attendance: str, by: str, at: datetime.datetime
) -> Booking:
    """Note that the guests of a stay are expected, here, gone, or did not come.

    Any of them may follow any other, since people press the wrong button; the same again changes
    nothing. Raises NotFound, NotHereNow (not confirmed, too early, long over; or missing before it
    began).
    """
    booking = locked(venue_id=venue_id, pk=booking_id)
    if booking.attendance == attendance:
        return booking
    is_about = booking.starts_at - EARLIEST <= at <= booking.ends_at + LATEST
    if booking.state != BookingState.CONFIRMED or not is_about:
        raise NotHereNow
    if attendance == Attendance.MISSING and at < booking.starts_at:
        raise NotHereNow
    booking.attendance = attendance
    booking.attended_at = None if attendance == Attendance.EXPECTED else at
    booking.attended_by = by[:NAME_LENGTH]
    booking.version += 1
    booking.save(update_fields=["attendance", "attended_at", "attended_by", "version"])
    hooks.tell(booking, hooks.ATTENDED, at=at)
    return booking
