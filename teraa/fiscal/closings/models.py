"""How periods end, and the closings of days, months and years. Both tables only ever grow (law 5).

Foreign keys marked ``db_constraint=False`` stand under a composite key with the venue in it, as in
``teraa.fiscal.models``.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from teraa.fiscal.states import ClosingLevel
from teraa.venues.models import Venue


class PeriodEnd(models.Model):
    """From here on no document is born in the period: what its closing is about stands still.

    ``chains`` says where every chain but that of the closings stood at that moment:
    ``{"TICKET": {"sequence": 40, "hash": "…"}, …}``, sequence 0 and no hash for one that is empty.
    ``event`` is event 50 of the journal. ``request_key`` is what a till sent to end it, if one did;
    one request may end several periods.
    """

    period = models.OneToOneField(
        "fiscal.Period",
        models.PROTECT,
        primary_key=True,
        related_name="end",
        db_constraint=False,
    )
    venue = models.ForeignKey(
        Venue, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    register = models.ForeignKey(
        "fiscal.Register", models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    number = models.PositiveIntegerField(_("number"))
    ended_at = models.DateTimeField(_("ended"))
    by_itself = models.BooleanField(_("by itself"))
    station_label = models.CharField(_("station"), max_length=60, blank=True)
    operator_label = models.CharField(_("operator"), max_length=120, blank=True)
    event = models.ForeignKey(
        "fiscal.Document", models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    chains = models.JSONField(_("chains"))
    request_key = models.UUIDField(null=True)

    class Meta:
        db_table = "fiscal_period_end"
        verbose_name = _("end of a period")
        verbose_name_plural = _("ends of periods")
        constraints = [
            models.UniqueConstraint("register", "number", name="fiscal_period_end_once"),
            models.CheckConstraint(
                condition=Q(by_itself=False) | Q(operator_label="", request_key=None),
                name="fiscal_period_end_somebody_or_nobody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}"


class Closing(models.Model):
    """One closing as its CLOSING document states it; the columns are read from the signed text.

    A day closes one period (its Z) and bears its number; a month sums its days, a year its months.
    ``chains``: first and last sequence of every chain but that of the closings, how many documents
    lie between, and the hash of the last. ``figures``: see ``teraa.fiscal.figures``.
    """

    document = models.OneToOneField(
        "fiscal.Document",
        models.PROTECT,
        primary_key=True,
        related_name="closing",
        db_constraint=False,
    )
    venue = models.ForeignKey(
        Venue, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    register = models.ForeignKey(
        "fiscal.Register",
        models.PROTECT,
        related_name="closings",
        db_constraint=False,
        db_index=False,
    )
    level = models.CharField(_("level"), max_length=5, choices=ClosingLevel.choices)
    number = models.PositiveIntegerField(_("number"))
    period = models.OneToOneField(
        "fiscal.Period",
        models.PROTECT,
        null=True,
        related_name="closing",
        db_constraint=False,
    )
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    sequence = models.BigIntegerField(_("number of the document"))
    closed_at = models.DateTimeField(_("closed"))
    by_itself = models.BooleanField(_("by itself"))
    total_cents = models.BigIntegerField(_("total (cents)"))
    chains = models.JSONField(_("chains"))
    figures = models.JSONField(_("figures"))
    perpetual_real_cents = models.BigIntegerField(_("perpetual real total (cents)"))
    perpetual_absolute_cents = models.BigIntegerField(_("perpetual absolute total (cents)"))

    class Meta:
        db_table = "fiscal_closing"
        verbose_name = _("closing")
        verbose_name_plural = _("closings")
        constraints = [
            # One Z a period is the unique key of ``period``; one closing a month and a year:
            models.UniqueConstraint(
                "register",
                "level",
                "first_day",
                name="fiscal_closing_span_once",
                condition=~Q(level=ClosingLevel.DAY),
            ),
            models.UniqueConstraint(
                "register", "level", "number", name="fiscal_closing_number_once"
            ),
            models.UniqueConstraint("register", "sequence", name="fiscal_closing_sequence_once"),
            models.CheckConstraint(
                condition=Q(level__in=ClosingLevel.values), name="fiscal_closing_level"
            ),
            models.CheckConstraint(
                condition=Q(level=ClosingLevel.DAY, period__isnull=False, first_day=F("last_day"))
                | (
                    ~Q(level=ClosingLevel.DAY) & Q(period__isnull=True, first_day__lt=F("last_day"))
                ),
                name="fiscal_closing_spans",
            ),
            models.CheckConstraint(
                condition=Q(number__gte=1, sequence__gte=1), name="fiscal_closing_numbers_start"
            ),
        ]
        indexes = [
            models.Index("register", "level", "first_day", name="fiscal_closing_days"),
        ]

    def __str__(self) -> str:
        return f"{self.get_level_display()} {self.number} ({self.span})"

    @property
    def span(self) -> str:
        """``2026-11-19``, ``2026-11`` or ``2026``."""
        return span_label(self.level, self.first_day.isoformat())


def span_label(level: str, first_day: str) -> str:
    """The part of an ISO date that a level is named by."""
    return first_day[: {ClosingLevel.DAY: 10, ClosingLevel.MONTH: 7}.get(ClosingLevel(level), 4)]
