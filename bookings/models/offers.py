"""A space as it is let: its price, hours, and what comes back of a cancelled stay."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from bookings.cancelling import EVERYTHING, Rung
from bookings.pricing import MAX_STAY_MIN, Tariffs
from bookings.states import (
    DayKind,
    OfferKind,
)
from teraa.common.ids import uuid7
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
    week_cents = models.PositiveIntegerField(
        _("a week, in cents"), null=True, blank=True, help_text=_("Seven days of the calendar.")
    )
    month_cents = models.PositiveIntegerField(
        _("a month, in cents"), null=True, blank=True, help_text=_("31 days of the calendar.")
    )
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
    remind_minutes = models.PositiveIntegerField(
        _("minutes before it begins at which guests are reminded"),
        null=True,
        blank=True,
        default=24 * 60,
        validators=[MinValueValidator(15), MaxValueValidator(MAX_NOTICE)],
        help_text=_("Empty: they are not."),
    )
    hold_minutes = models.PositiveIntegerField(
        _("minutes to pay in OSM"), default=20, validators=[MinValueValidator(5)]
    )
    waiting_hold_minutes = models.PositiveIntegerField(
        _("minutes a place is kept for who waited for it"),
        default=120,
        validators=[MinValueValidator(10), MaxValueValidator(7 * 24 * 60)],
        help_text=_("Then the next one gets it."),
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
                | Q(day_cents__isnull=False)
                | Q(week_cents__isnull=False)
                | Q(month_cents__isnull=False),
                name="bookings_offer_has_price",
                violation_error_message=_(
                    "Give a price by the hour, the half-day, the day, the week or the month."
                ),
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
            week_cents=self.week_cents,
            month_cents=self.month_cents,
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
