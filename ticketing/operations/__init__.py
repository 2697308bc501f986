"""Writes of this room: verb first, keyword-only, atomic, named refusals.

Locks are always taken in one order: an order's (or ticket's) row, its due, quotas by id, the
event's series, the register's head.
"""

from ticketing.operations.admission import ScanWanted, admit
from ticketing.operations.events import end_event, put_on_sale
from ticketing.operations.issuing import confirm_if_settled
from ticketing.operations.orders import (
    SUBJECT,
    LineWanted,
    OrderWanted,
    Placed,
    cancel_order,
    free_expired,
    place_order,
)
from ticketing.operations.places import change_quota
from ticketing.operations.tickets import cancel_ticket, make_file

__all__ = [
    "SUBJECT",
    "LineWanted",
    "OrderWanted",
    "Placed",
    "ScanWanted",
    "admit",
    "cancel_order",
    "cancel_ticket",
    "change_quota",
    "confirm_if_settled",
    "end_event",
    "free_expired",
    "make_file",
    "place_order",
    "put_on_sale",
]
