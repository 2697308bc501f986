"""An order, the tickets it became, and the numbered operations the law asks to keep."""

from __future__ import annotations

import secrets
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from teraa.common.ids import uuid7
from teraa.common.states import Moves, Stateful
from teraa.venues.models import Station, Venue
from ticketing.models.events import Event, Rate
from ticketing.states import (
    ORDER_MOVES,
    TICKET_MOVES,
    OperationKind,
    OrderState,
    TicketState,
)


def page_secret() -> str:
    """32 characters that make a page's address its key."""
    return secrets.token_urlsafe(24)


class Order(Stateful):
    """What somebody wants of one event. ``key`` is the client's (UUIDv7), unique in its venue."""

    MOVES: ClassVar[Moves] = ORDER_MOVES

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    event = models.ForeignKey(Event, models.PROTECT, related_name="orders", verbose_name=_("event"))
    key = models.UUIDField(editable=False)
    request_sha256 = models.CharField(max_length=64, editable=False)
    code = models.CharField(_("code"), max_length=8)
    secret = models.CharField(max_length=32, unique=True, default=page_secret, editable=False)
    page_url = models.URLField(_("page of the order"), max_length=300)
    name = models.CharField(_("name"), max_length=120)
    email = models.EmailField(_("e-mail"), max_length=254)
    language = models.CharField(_("language"), max_length=5, default="fr")
    # Priced lines as ordered: category, price, VAT class and rate are values, not links.
    lines: models.JSONField[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField()
    places = models.PositiveIntegerField(_("places"))
    total_cents = models.BigIntegerField(_("total (cents)"))
    state = models.CharField(_("state"), max_length=20, choices=OrderState.choices)
    placed_at = models.DateTimeField(_("placed"))
    hold_until = models.DateTimeField(_("held until"))
    closed_at = models.DateTimeField(_("closed"), null=True)
    due = models.OneToOneField(
        "settlement.Due",
        models.PROTECT,
        null=True,
        related_name="ticket_order",
        verbose_name=_("due"),
    )
    document = models.OneToOneField(
        "fiscal.Document",
        models.PROTECT,
        null=True,
        related_name="ticket_order",
        verbose_name=_("receipt"),
    )

    class Meta:
        db_table = "ticketing_order"
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints = [
            models.UniqueConstraint("venue", "key", name="ticketing_order_key_once"),
            models.UniqueConstraint("venue", "code", name="ticketing_order_code_once"),
            models.CheckConstraint(
                condition=Q(places__gt=0, total_cents__gte=0), name="ticketing_order_amounts"
            ),
            # What costs something is owed; what is free is not.
            models.CheckConstraint(
                condition=Q(total_cents=0, due__isnull=True)
                | Q(total_cents__gt=0, due__isnull=False),
                name="ticketing_order_due_if_not_free",
            ),
            # An order whose money came has its document, and nothing else has one.
            models.CheckConstraint(
                condition=Q(
                    state__in=("confirmed", "paid_without_place", "refunded"),
                    total_cents__gt=0,
                    document__isnull=False,
                )
                | Q(state="confirmed", total_cents=0, document__isnull=True)
                | (
                    ~Q(state__in=("confirmed", "paid_without_place", "refunded"))
                    & Q(document__isnull=True)
                ),
                name="ticketing_order_paid_has_document",
            ),
            models.CheckConstraint(
                condition=Q(state="hold", closed_at__isnull=True)
                | (~Q(state="hold") & Q(closed_at__isnull=False)),
                name="ticketing_order_closed_when",
            ),
        ]
        indexes = [
            models.Index(fields=["event", "-placed_at"], name="ticketing_order_recent"),
            models.Index(
                fields=["event", "hold_until"],
                name="ticketing_order_held",
                condition=Q(state="hold"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Ticket(Stateful):
    """One person's admission. ``number`` is the unbroken series of its event."""

    MOVES: ClassVar[Moves] = TICKET_MOVES

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    event = models.ForeignKey(
        Event, models.PROTECT, related_name="tickets", verbose_name=_("event")
    )
    order = models.ForeignKey(
        Order, models.PROTECT, related_name="tickets", verbose_name=_("order")
    )
    rate = models.ForeignKey(
        Rate, models.PROTECT, related_name="tickets", verbose_name=_("ticket rate")
    )
    number = models.PositiveIntegerField(_("number"))
    category = models.CharField(_("category"), max_length=60)
    price_cents = models.PositiveIntegerField(_("price (cents)"))
    issue = models.PositiveSmallIntegerField(default=0)
    # What the QR says, and what a person types when the QR cannot be read.
    qr = models.CharField(max_length=200, unique=True, editable=False)
    short_code = models.CharField(_("code to type"), max_length=10)
    state = models.CharField(
        _("state"), max_length=10, choices=TicketState.choices, default=TicketState.VALID
    )
    issued_at = models.DateTimeField(_("issued"))
    admitted_at = models.DateTimeField(_("admitted"), null=True)
    gate = models.ForeignKey(
        Station, models.PROTECT, null=True, related_name="+", verbose_name=_("gate")
    )

    class Meta:
        db_table = "ticketing_ticket"
        verbose_name = _("entry ticket")
        verbose_name_plural = _("entry tickets")
        constraints = [
            models.UniqueConstraint("event", "number", name="ticketing_ticket_number_once"),
            models.UniqueConstraint("venue", "short_code", name="ticketing_ticket_code_once"),
            models.CheckConstraint(condition=Q(number__gt=0), name="ticketing_ticket_numbered"),
            models.CheckConstraint(
                condition=Q(state="admitted", admitted_at__isnull=False, gate__isnull=False)
                | (~Q(state="admitted") & Q(admitted_at__isnull=True, gate__isnull=True)),
                name="ticketing_ticket_admitted_where",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} n°{self.number}"


class Operation(models.Model):
    """A sale, free entry, cancellation, exchange or reprint, under a number of its own.

    Only ever inserted (CGI ann. IV art. 50 sexies B to I): values as they were on the ticket. A
    cancellation names what it cancels and gives back: its price is negative.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    event = models.ForeignKey(Event, models.PROTECT, related_name="operations")
    number = models.PositiveIntegerField(_("operation number"))
    kind = models.CharField(_("kind"), max_length=12, choices=OperationKind.choices)
    at = models.DateTimeField(_("when"))
    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="operations")
    ticket_number = models.PositiveIntegerField(_("ticket number"))
    category = models.CharField(_("category"), max_length=60)
    price_cents = models.IntegerField(_("price (cents)"))
    vat_rate_bp = models.PositiveIntegerField(_("VAT rate (basis points)"))
    sold_at = models.CharField(_("place of sale"), max_length=120)
    operator = models.CharField(_("by"), max_length=120, blank=True)
    cancels = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="cancelled_by", verbose_name=_("cancels")
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        db_table = "ticketing_operation"
        verbose_name = _("ticket operation")
        verbose_name_plural = _("ticket operations")
        constraints = [
            models.UniqueConstraint("event", "number", name="ticketing_operation_number_once"),
            models.CheckConstraint(
                condition=Q(kind="cancellation", cancels__isnull=False, price_cents__lte=0)
                | (~Q(kind="cancellation") & Q(cancels__isnull=True, price_cents__gte=0)),
                name="ticketing_operation_cancels",
            ),
            models.CheckConstraint(
                condition=~Q(kind="free") | Q(price_cents=0), name="ticketing_operation_free"
            ),
            models.CheckConstraint(
                condition=~Q(cancels=F("id")), name="ticketing_operation_not_itself"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} op. {self.number}"


class TicketFile(models.Model):
    """The PDF of an order's tickets, made by a job after the sale."""

    order = models.OneToOneField(Order, models.CASCADE, primary_key=True, related_name="file")
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    pdf = models.BinaryField()
    made_at = models.DateTimeField()

    class Meta:
        db_table = "ticketing_file"
        verbose_name = _("ticket file")
        verbose_name_plural = _("ticket files")

    def __str__(self) -> str:
        return f"{self.order} {len(self.pdf)} B"
