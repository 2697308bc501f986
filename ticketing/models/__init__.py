"""Events and what they sell; orders and their tickets; what gates saw."""

from ticketing.models.admission import Scan
from ticketing.models.events import Event, Quota, Rate, Series, TicketKey
from ticketing.models.orders import Operation, Order, Ticket, TicketFile

FILES_TOPIC = "tickets"

__all__ = [
    "FILES_TOPIC",
    "Event",
    "Operation",
    "Order",
    "Quota",
    "Rate",
    "Scan",
    "Series",
    "Ticket",
    "TicketFile",
    "TicketKey",
]
