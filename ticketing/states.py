"""Words and allowed moves of events, orders and tickets; what a gate may answer."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from teraa.common.states import Moves


class EventState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    ON_SALE = "on_sale", _("On sale")
    ENDED = "ended", _("Ended")


# Once a ticket may exist, an event is never a draft again.
EVENT_MOVES: Moves = {
    EventState.DRAFT: frozenset({EventState.ON_SALE}),
    EventState.ON_SALE: frozenset({EventState.ENDED}),
    EventState.ENDED: frozenset(),
}


class OrderState(models.TextChoices):
    HOLD = "hold", _("Held, to be paid")
    CONFIRMED = "confirmed", _("Confirmed")
    EXPIRED = "expired", _("Expired")
    CANCELLED = "cancelled", _("Given up")
    PAID_WITHOUT_PLACE = "paid_without_place", _("Paid, but no place is left: needs a refund")
    REFUNDED = "refunded", _("Refunded")


ORDER_MOVES: Moves = {
    OrderState.HOLD: frozenset({OrderState.CONFIRMED, OrderState.EXPIRED, OrderState.CANCELLED}),
    # Money that comes late finds a place again, or says that somebody must give it back.
    OrderState.EXPIRED: frozenset({OrderState.CONFIRMED, OrderState.PAID_WITHOUT_PLACE}),
    OrderState.PAID_WITHOUT_PLACE: frozenset({OrderState.CONFIRMED, OrderState.REFUNDED}),
    OrderState.REFUNDED: frozenset(),
    OrderState.CONFIRMED: frozenset(),
    OrderState.CANCELLED: frozenset(),
}


class TicketState(models.TextChoices):
    VALID = "valid", _("Valid")
    ADMITTED = "admitted", _("Admitted")
    CANCELLED = "cancelled", _("Ticket cancelled")


TICKET_MOVES: Moves = {
    TicketState.VALID: frozenset({TicketState.ADMITTED, TicketState.CANCELLED}),
    TicketState.ADMITTED: frozenset(),
    TicketState.CANCELLED: frozenset(),
}


class OperationKind(models.TextChoices):
    """What the law counts: each has its own number (CGI ann. IV art. 50 sexies B)."""

    SALE = "sale", _("Sale")
    FREE = "free", _("Free entry")
    CANCELLATION = "cancellation", _("Cancellation")
    EXCHANGE = "exchange", _("Exchange")
    REPRINT = "reprint", _("Reprint")


class Reason(models.TextChoices):
    """Why a gate says what it says. One of them is yes."""

    OK = "ok", _("Admitted")
    ALREADY = "already_admitted", _("Already admitted")
    CANCELLED = "cancelled", _("Ticket cancelled")
    OTHER_EVENT = "other_event", _("Another event")
    OTHER_VENUE = "other_venue", _("Another venue")
    FORGED = "forged", _("Forged")
    UNKNOWN = "unknown", _("Unknown")
    NOT_PAID = "not_paid", _("Not paid")
    TOO_EARLY = "too_early", _("Too early")
