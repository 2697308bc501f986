"""Hold a space, keep it when it is paid, let it go when it is not."""

from bookings.operations.attending import note_attendance
from bookings.operations.holding import SUBJECT, Held, hold_space
from bookings.operations.letting_go import cancel_booking, cancel_for_guest, expire_holds
from bookings.operations.moving import move_booking
from bookings.operations.paying import look_at_due
from bookings.operations.reminding import remind_guests
from bookings.operations.waiting import (
    Listed,
    WaitingWanted,
    give_up_waiting,
    join_waiting_list,
    offer_places,
)

__all__ = [
    "SUBJECT",
    "Held",
    "Listed",
    "WaitingWanted",
    "cancel_booking",
    "cancel_for_guest",
    "expire_holds",
    "give_up_waiting",
    "hold_space",
    "join_waiting_list",
    "look_at_due",
    "move_booking",
    "note_attendance",
    "offer_places",
    "remind_guests",
]
