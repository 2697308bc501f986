"""What is let, at which price, and who booked it."""

from __future__ import annotations

import datetime
from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from bookings.cancelling import EVERYTHING, Promise, Rung, percent_at, promises, share_of
from bookings.pricing import MAX_STAY_MIN, Tariffs
from bookings.states import (
    BOOKING_MOVES,
    BookingState,
    DayKind,
    LimitSpan,
    OfferKind,
    PaysHow,
)
from teraa.common.ids import uuid7
from teraa.common.states import Moves, Stateful
from teraa.venues.models import VatClass

MAX_NOTICE = 90 * 24 * 60
STEPS = [(15, _("a quarter of an hour")), (30, _("half an hour")), (60, _("an hour"))]


class Offer(models.Model):
    """A space as it is let: price rule, opening hours, lengths of stay, and who is paid for it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="offers")
    resource = models.ForeignKey(
        "spaces.Resource", models.PROTECT, related_name="offers", verbose_name=_("space")
    )
    payee = models.ForeignKey(
        "venues.Payee", models.PROTECT, related_name="offers", verbose_name=_("payee")
    )
    name = models.CharField(_("name"), max_length=60)
    kind = models.CharField(_("kind"), max_length=10, choices=OfferKind.choices)
    summary = models.CharField(_("one line about it"), max_length=200, blank=True)
    position = models.PositiveIntegerField(_("place"), default=0)
    active = models.BooleanField(_("open for booking"), default=True)

    hour_cents = models.PositiveIntegerField(
        _("an hour, in cents"),
        null=True,
        blank=True,
        help_text=_("VAT included. Empty: not let by the hour. 0: free."),
    )
    half_day_cents = models.PositiveIntegerField(_("half a day, in cents"), null=True, blank=True)
    day_cents = models.PositiveIntegerField(_("a day, in cents"), null=True, blank=True)
    half_day_min = models.PositiveIntegerField(
        _("minutes of half a day"), default=240, validators=[MinValueValidator(60)]
    )
    vat_class = models.CharField(
        _("VAT class"), max_length=20, choices=VatClass.choices, default=VatClass.SERVICE
    )

    min_minutes = models.PositiveIntegerField(_("shortest stay, in minutes"), default=60)
    max_minutes = models.PositiveIntegerField(
        _("longest stay, in minutes"), default=600, validators=[MaxValueValidator(MAX_STAY_MIN)]
    )
    step_minutes = models.PositiveIntegerField(_("begins every"), choices=STEPS, default=30)
    horizon_days = models.PositiveIntegerField(_("days one may book ahead"), default=180)
    notice_minutes = models.PositiveIntegerField(
        _("minutes it must be booked ahead"), default=0, validators=[MaxValueValidator(MAX_NOTICE)]
    )
    move_notice_minutes = models.PositiveIntegerField(
        _("minutes before it begins until which guests may move it"),
        null=True,
        blank=True,
        default=24 * 60,
        validators=[MaxValueValidator(MAX_NOTICE)],
        help_text=_("To a time of the same price. Empty: they cannot."),
    )
    opens_on_holidays = models.BooleanField(
        _("open on public holidays"),
        default=True,
        help_text=_("At the hours given for public holidays, or as usual where none are given."),
    )
    hold_minutes = models.PositiveIntegerField(
        _("minutes to pay in OSM"), default=20, validators=[MinValueValidator(5)]
    )
    till_hold_minutes = models.PositiveIntegerField(
        _("minutes to come and pay at the bar"),
        default=24 * 60,
        validators=[MinValueValidator(5)],
        help_text=_("Never beyond the beginning of the stay."),
    )

    class Meta:
        db_table = "bookings_offer"
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        constraints = [
            models.UniqueConstraint("venue", "name", name="bookings_offer_name_once"),
            models.CheckConstraint(
                condition=Q(hour_cents__isnull=False)
                | Q(half_day_cents__isnull=False)
                | Q(day_cents__isnull=False),
                name="bookings_offer_has_price",
                violation_error_message=_("Give a price by the hour, the half-day or the day."),
            ),
            models.CheckConstraint(
                condition=Q(
                    min_minutes__gte=15,
                    max_minutes__gte=F("min_minutes"),
                    max_minutes__lte=MAX_STAY_MIN,
                ),
                name="bookings_offer_lengths",
                violation_error_message=_("The longest stay is shorter than the shortest one."),
            ),
            models.CheckConstraint(
                condition=Q(step_minutes__in=[15, 30, 60], half_day_min__gte=60),
                name="bookings_offer_steps",
            ),
        ]
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name

    @property
    def tariffs(self) -> Tariffs:
        return Tariffs(
            hour_cents=self.hour_cents,
            half_day_cents=self.half_day_cents,
            day_cents=self.day_cents,
            half_day_min=self.half_day_min,
        )


class OfferHours(models.Model):
    """When an offer may be used on one weekday (0 is Monday), in the venue's own time.

    Hours that close at or before they open end on the next day; equal ones last a whole day.
    Without a weekday: on each day of that kind.
    """

    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="+")
    offer = models.ForeignKey(Offer, models.CASCADE, related_name="hours")
    during = models.CharField(
        _("on which days"), max_length=6, choices=DayKind.choices, default=DayKind.USUAL
    )
    weekday = models.PositiveSmallIntegerField(
        _("weekday"), choices=list(WEEKDAYS.items()), null=True, blank=True
    )
    opens = models.TimeField(_("opens"))
    closes = models.TimeField(_("closes"))

    class Meta:
        db_table = "bookings_offer_hours"
        verbose_name = _("hours of an offer")
        verbose_name_plural = _("hours of an offer")
        constraints = [
            models.UniqueConstraint(
                "offer",
                "during",
                "weekday",
                "opens",
                name="bookings_hours_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(weekday__isnull=True) | Q(weekday__gte=0, weekday__lte=6),
                name="bookings_hours_weekday",
            ),
        ]
        ordering = ["during", "weekday", "opens"]

    def __str__(self) -> str:
        return f"{self.weekday} {self.opens:%H:%M}–{self.closes:%H:%M}"


class CancellationStep(models.Model):
    """A rung of an offer's ladder: who cancels so long before gets that share of the price back."""

    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="+")
    offer = models.ForeignKey(Offer, models.CASCADE, related_name="cancellation_steps")
    minutes_before = models.PositiveIntegerField(
        _("minutes before it begins"),
        validators=[MaxValueValidator(MAX_NOTICE)],
        help_text=_("1440 is a day, 10080 a week. Later than the last one: nothing comes back."),
    )
    percent = models.PositiveSmallIntegerField(
        _("percent that come back"), validators=[MaxValueValidator(EVERYTHING)]
    )

    class Meta:
        db_table = "bookings_cancellation_step"
        verbose_name = _("what comes back of a cancelled stay")
        verbose_name_plural = _("what comes back of a cancelled stay")
        constraints = [
            models.UniqueConstraint("offer", "minutes_before", name="bookings_ladder_rung_once"),
            models.CheckConstraint(
                condition=Q(percent__lte=EVERYTHING), name="bookings_ladder_percent"
            ),
        ]
        ordering = ["-minutes_before"]

    def __str__(self) -> str:
        return f"{self.minutes_before} min: {self.percent} %"

    @property
    def rung(self) -> Rung:
        return Rung(self.minutes_before, self.percent)


class SpecialDays(models.Model):
    """Days on which other hours hold than usual, or none: of one offer, or of all of a venue.

    They come before public and school holidays; those of an offer before those of the venue.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="special_days")
    offer = models.ForeignKey(
        Offer,
        models.CASCADE,
        related_name="special_days",
        verbose_name=_("offer"),
        null=True,
        blank=True,
        help_text=_("Empty: everything that is let here."),
    )
    name = models.CharField(
        _("what guests read"), max_length=80, help_text=_("“Closed for works”, “Festival”.")
    )
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    opens = models.TimeField(_("opens"), null=True, blank=True)
    closes = models.TimeField(
        _("closes"), null=True, blank=True, help_text=_("Both empty: closed all day.")
    )

    class Meta:
        db_table = "bookings_special_days"
        verbose_name = _("special days")
        verbose_name_plural = _("special days")
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")),
                name="bookings_special_days_forward",
                violation_error_message=_("The last day is before the first."),
            ),
            models.CheckConstraint(
                condition=Q(opens__isnull=True, closes__isnull=True)
                | Q(opens__isnull=False, closes__isnull=False),
                name="bookings_special_days_hours",
                violation_error_message=_("Give both hours, or none: then it is closed all day."),
            ),
        ]
        indexes = [models.Index(fields=["venue", "last_day"], name="bookings_special_days_of")]
        ordering = ["first_day", "opens"]

    def __str__(self) -> str:
        return self.name


class BookingLimit(models.Model):
    """How much one person may book of an offer, or of all that a venue lets."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="booking_limits")
    offer = models.ForeignKey(
        Offer,
        models.CASCADE,
        related_name="limits",
        verbose_name=_("offer"),
        null=True,
        blank=True,
        help_text=_("Empty: everything that is let here, together."),
    )
    over = models.CharField(_("counted"), max_length=5, choices=LimitSpan.choices)
    most_bookings = models.PositiveIntegerField(
        _("at most so many bookings"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    most_minutes = models.PositiveIntegerField(
        _("at most so many minutes"), null=True, blank=True, validators=[MinValueValidator(15)]
    )
    message = models.CharField(
        _("what guests read"),
        max_length=200,
        blank=True,
        help_text=_("Empty: the limit in plain words."),
    )

    class Meta:
        db_table = "bookings_limit"
        verbose_name = _("limit a person")
        verbose_name_plural = _("limits a person")
        constraints = [
            models.CheckConstraint(
                condition=Q(most_bookings__isnull=False) | Q(most_minutes__isnull=False),
                name="bookings_limit_says_how_much",
                violation_error_message=_("Give a number of bookings or of minutes."),
            ),
        ]
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.offer or self.venue}: {self.get_over_display()}"


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
        """Cents that its guest gets back by the ladder who cancels it ``at`` (law of the booking)."""
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
