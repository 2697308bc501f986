"""What makes a stay dearer or cheaper than its tariffs: peak hours, and codes for some people."""

from __future__ import annotations

import datetime

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from bookings.models.offers import Offer
from bookings.pricing import Peak
from teraa.common.ids import uuid7

EVERYTHING = 100


class PricePeak(models.Model):
    """Hours of an offer that cost a supplement: evenings, week-ends, a festival."""

    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="+")
    offer = models.ForeignKey(Offer, models.CASCADE, related_name="peaks")
    name = models.CharField(
        _("what guests read"), max_length=40, help_text=_("“Evening”, “Festival”.")
    )
    hour_cents = models.PositiveIntegerField(
        _("more an hour, in cents"), validators=[MinValueValidator(1)]
    )
    weekday = models.PositiveSmallIntegerField(
        _("weekday"), choices=list(WEEKDAYS.items()), null=True, blank=True
    )
    opens = models.TimeField(_("from"), default=datetime.time(0))
    closes = models.TimeField(
        _("to"), default=datetime.time(0), help_text=_("Not after its beginning: the next day.")
    )
    first_day = models.DateField(_("first day"), null=True, blank=True)
    last_day = models.DateField(_("last day"), null=True, blank=True)

    class Meta:
        db_table = "bookings_price_peak"
        verbose_name = _("dearer hours")
        verbose_name_plural = _("dearer hours")
        constraints = [
            models.CheckConstraint(
                condition=Q(first_day__isnull=True)
                | Q(last_day__isnull=True)
                | Q(last_day__gte=F("first_day")),
                name="bookings_price_peak_forward",
                violation_error_message=_("The last day is before the first."),
            ),
            models.CheckConstraint(condition=Q(hour_cents__gte=1), name="bookings_price_peak_more"),
        ]
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def peak(self) -> Peak:
        return Peak(
            name=self.name,
            hour_cents=self.hour_cents,
            opens=self.opens,
            closes=self.closes,
            weekday=self.weekday,
            first_day=self.first_day,
            last_day=self.last_day,
        )


class DiscountCode(models.Model):
    """A word that makes stays cheaper: for members, a partner, a week that is slow."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="discount_codes")
    code = models.CharField(
        _("code"),
        max_length=20,
        validators=[RegexValidator(r"^[A-Z0-9]+$", _("Capital letters and digits only."))],
        help_text=_("Capital letters and digits; guests may type small ones."),
    )
    name = models.CharField(
        _("what for"), max_length=40, help_text=_("Stands on the ticket: “Members”.")
    )
    percent = models.PositiveSmallIntegerField(
        _("percent off"), validators=[MinValueValidator(1), MaxValueValidator(EVERYTHING)]
    )
    offer = models.ForeignKey(
        Offer,
        models.CASCADE,
        related_name="discount_codes",
        verbose_name=_("offer"),
        null=True,
        blank=True,
        help_text=_("Empty: everything that is let here."),
    )
    first_day = models.DateField(_("first day"), null=True, blank=True)
    last_day = models.DateField(_("last day"), null=True, blank=True)
    most_uses = models.PositiveIntegerField(
        _("at most so many bookings"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    active = models.BooleanField(_("in use"), default=True)

    class Meta:
        db_table = "bookings_discount_code"
        verbose_name = _("discount code")
        verbose_name_plural = _("discount codes")
        constraints = [
            models.UniqueConstraint("venue", "code", name="bookings_discount_code_once"),
            models.CheckConstraint(
                condition=Q(percent__gte=1, percent__lte=EVERYTHING),
                name="bookings_discount_percent",
            ),
        ]
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} ({self.percent} %)"

    def holds_for(self, offer: Offer, day: datetime.date) -> bool:
        """Whether it may be used for a stay of ``offer`` that is booked on ``day``."""
        return (
            self.active
            and self.offer_id in (None, offer.pk)
            and (self.first_day is None or self.first_day <= day)
            and (self.last_day is None or day <= self.last_day)
        )
