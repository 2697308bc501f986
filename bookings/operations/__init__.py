"""Hold a space, keep it when it is paid, let it go when it is not."""

from bookings.operations.holding import SUBJECT, Held, hold_space
from bookings.operations.letting_go import cancel_booking, cancel_for_guest, expire_holds
from bookings.operations.moving import move_booking
from bookings.operations.paying import look_at_due

__all__ = [
    "SUBJECT",
    "Held",
    "cancel_booking",
    "cancel_for_guest",
    "expire_holds",
    "hold_space",
    "look_at_due",
    "move_booking",
]
