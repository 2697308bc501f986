"""One stay: who has what when, for how much, and where it stands."""

from __future__ import annotations

import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from bookings.cancelling import EVERYTHING, Promise, Rung, percent_at, promises, share_of
from bookings.models.offers import Offer
from bookings.models.prices import DiscountCode
from bookings.states import (
    BOOKING_MOVES,
    Attendance,
    BookingState,
    PaysHow,
)
from teraa.common.ids import uuid7
from teraa.common.states import Moves, Stateful


class Booking(Stateful):
    """One stay. ``key`` is made by the guest's side (UUIDv7) and unique in its venue.

    What it says of price, VAT and place was decided when it was made and never follows the offer.
    """

    MOVES: ClassVar[Moves] = BOOKING_MOVES

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="bookings")
    key = models.UUIDField()
    request_sha256 = models.CharField(max_length=64)
    code = models.CharField(_("code"), max_length=8)
    # The address of the guest's own page: whoever knows it is the guest.
    secret = models.CharField(max_length=43, unique=True, editable=False)
    page_url = models.CharField(max_length=300, blank=True, editable=False)
    offer = models.ForeignKey(
        Offer, models.PROTECT, related_name="bookings", verbose_name=_("offer")
    )
    payee = models.ForeignKey(
        "venues.Payee", models.PROTECT, related_name="bookings", verbose_name=_("payee")
    )
    label = models.CharField(_("what"), max_length=120)
    guest_name = models.CharField(_("name"), max_length=80)
    guest_email = models.EmailField(_("e-mail"), max_length=254)
    language = models.CharField(_("language"), max_length=5, default="fr")
    people = models.PositiveIntegerField(_("people"), default=1)
    # Of a choice, how many ("3 desks").
    count = models.PositiveIntegerField(_("how many"), default=1)
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    # Frozen: label, unit, quantity in thousandths, prices in cents, VAT class and rate.
    lines: models.JSONField[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField()
    total_cents = models.BigIntegerField(_("total"))
    discount = models.ForeignKey(
        DiscountCode,
        models.PROTECT,
        null=True,
        related_name="bookings",
        verbose_name=_("discount code"),
    )
    pays = models.CharField(_("pays"), max_length=4, choices=PaysHow.choices, default=PaysHow.OSM)
    state = models.CharField(_("state"), max_length=20, choices=BookingState.choices)
    version = models.PositiveIntegerField(default=1)
    due = models.OneToOneField(
        "settlement.Due", models.PROTECT, null=True, related_name="booking", verbose_name=_("due")
    )
    document = models.OneToOneField(
        "fiscal.Document", models.PROTECT, null=True, related_name="booking"
    )
    # What comes back of it when it is cancelled: frozen, ``Rung.as_dict`` each.
    ladder: models.JSONField[list[dict[str, int]], list[dict[str, int]]] = models.JSONField(
        default=list, editable=False
    )
    # Moving a stay further away does not buy a better share than it had when it was moved.
    most_percent = models.PositiveSmallIntegerField(default=EVERYTHING, editable=False)
    refund_cents = models.BigIntegerField(_("comes back, in cents"), null=True, editable=False)
    cancelled_by = models.CharField(_("cancelled by"), max_length=80, blank=True, editable=False)
    cancel_reason = models.CharField(_("why"), max_length=120, blank=True, editable=False)
    attendance = models.CharField(
        _("attendance"), max_length=8, choices=Attendance.choices, default=Attendance.EXPECTED
    )
    attended_at = models.DateTimeField(_("noted"), null=True, editable=False)
    attended_by = models.CharField(_("noted by"), max_length=80, blank=True, editable=False)
    reminded_at = models.DateTimeField(null=True, editable=False)
    expires_at = models.DateTimeField(_("held until"), null=True)
    created_at = models.DateTimeField(_("made"))
    confirmed_at = models.DateTimeField(_("confirmed"), null=True)
    closed_at = models.DateTimeField(_("let go"), null=True)

    class Meta:
        db_table = "bookings_booking"
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        constraints = [
            models.UniqueConstraint("venue", "key", name="bookings_booking_key_once"),
            models.UniqueConstraint("venue", "code", name="bookings_booking_code_once"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at"), people__gte=1, count__gte=1),
                name="bookings_booking_sane",
            ),
            models.CheckConstraint(
                condition=~Q(state="hold")
                | Q(expires_at__isnull=False, total_cents__gt=0, document__isnull=True),
                name="bookings_booking_hold_expires",
            ),
            # What was paid has its document, and only what was paid has one; free stays have none.
            models.CheckConstraint(
                condition=Q(
                    state__in=["confirmed", "paid_without_place", "refunded"], total_cents__gt=0
                )
                & Q(document__isnull=False, due__isnull=False)
                | Q(state__in=["hold", "expired", "cancelled"], document__isnull=True)
                # Paid and given up since: what came back of it is known, if only that nothing did.
                | Q(
                    state="cancelled",
                    document__isnull=False,
                    due__isnull=False,
                    refund_cents__gte=0,
                    refund_cents__lte=F("total_cents"),
                )
                | Q(state="confirmed", total_cents=0, document__isnull=True, due__isnull=True),
                name="bookings_booking_paid_has_document",
            ),
            models.CheckConstraint(
                condition=~Q(state="confirmed") | Q(confirmed_at__isnull=False),
                name="bookings_booking_confirmed_has_time",
            ),
        ]
        indexes = [
            models.Index(fields=["venue", "-starts_at"], name="bookings_booking_days"),
            models.Index(
                fields=["expires_at"], name="bookings_booking_held", condition=Q(state="hold")
            ),
            models.Index(
                fields=["starts_at"],
                name="bookings_booking_to_remind",
                condition=Q(state="confirmed", reminded_at__isnull=True),
            ),
            models.Index(
                "venue",
                Upper("guest_email"),
                name="bookings_booking_of_guest",
                condition=Q(state__in=["hold", "confirmed"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} ({self.spoken_code})"

    @property
    def spoken_code(self) -> str:
        """``K7QX-2M4P``, as people read it aloud."""
        return f"{self.code[:4]}-{self.code[4:]}"

    @property
    def holder(self) -> str:
        """What the claims of this booking say of whose they are."""
        return f"bookings.booking:{self.pk}"

    def may_be_moved(self, at: datetime.datetime) -> bool:
        """Whether its guest may still choose another time for it."""
        notice = self.offer.move_notice_minutes
        if notice is None or self.state not in (BookingState.HOLD, BookingState.CONFIRMED):
            return False
        return at < self.starts_at and at <= self.starts_at - datetime.timedelta(minutes=notice)

    @property
    def rungs(self) -> list[Rung]:
        return [Rung.read(values) for values in self.ladder]

    def comes_back(self, at: datetime.datetime) -> int:
        """Cents that its guest gets back by the ladder who cancels it ``at``."""
        percent = self.percent_back(at)
        return share_of(self.total_cents, percent)

    def percent_back(self, at: datetime.datetime) -> int:
        return percent_at(self.rungs, starts_at=self.starts_at, at=at, at_most=self.most_percent)

    def promises_from(self, at: datetime.datetime) -> list[Promise]:
        """What its guest would get back by when, from ``at`` on."""
        return promises(
            self.rungs,
            starts_at=self.starts_at,
            cents=self.total_cents,
            at=at,
            at_most=self.most_percent,
        )

    def may_be_cancelled(self, at: datetime.datetime) -> bool:
        """Whether its guest may let it go: always unpaid; free or paid, before it begins."""
        if self.state == BookingState.HOLD:
            return True
        return self.state == BookingState.CONFIRMED and at < self.starts_at
