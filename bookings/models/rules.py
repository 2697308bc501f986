"""Days on which other hours hold, and how much one person may book."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bookings.models.offers import Offer
from bookings.states import (
    LimitSpan,
)
from teraa.common.ids import uuid7


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
