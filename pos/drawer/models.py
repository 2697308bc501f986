"""Drawers, their shifts, and every cent that went in or out.

``Movement`` only ever grows; a closed shift never changes (SQL triggers, migration 0002).
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from pos.drawer.states import SHIFT_MOVES, MovementKind, ShiftState
from teraa.common.ids import uuid7
from teraa.common.states import Moves, Stateful
from teraa.venues.models import Station, Venue


class Shift(Stateful):
    """One drawer from its opening count to its closing count. Amounts in cents.

    ``expected_cents`` is what should have been there at the closing count: the float, and all
    movements since. ``opening_expected_cents`` is what the shift before left in the drawer and
    what moved since; null for the first. ``count``: cents of a note or coin → how many, kept
    while somebody counts.
    """

    MOVES: ClassVar[Moves] = SHIFT_MOVES

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    station = models.ForeignKey(
        Station, models.PROTECT, related_name="shifts", verbose_name=_("till")
    )
    number = models.PositiveIntegerField(_("number"))
    state = models.CharField(_("state"), max_length=10, choices=ShiftState.choices)
    key = models.UUIDField(editable=False)
    opened_at = models.DateTimeField(_("opened"))
    opened_by = models.CharField(_("opened by"), max_length=120)
    float_cents = models.BigIntegerField(_("counted at the opening (cents)"))
    opening_expected_cents = models.BigIntegerField(_("expected at the opening (cents)"), null=True)
    opening_count = models.JSONField(_("notes and coins at the opening"), default=dict)
    count = models.JSONField(_("notes and coins counted"), default=dict)
    counted_by = models.CharField(_("counted by"), max_length=120, blank=True)
    closing_key = models.UUIDField(null=True, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True)
    closed_by = models.CharField(_("closed by"), max_length=120, blank=True)
    expected_cents = models.BigIntegerField(_("expected (cents)"), null=True)
    counted_cents = models.BigIntegerField(_("counted (cents)"), null=True)
    left_cents = models.BigIntegerField(_("left in the drawer (cents)"), null=True)
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        db_table = "drawer_shift"
        verbose_name = _("drawer shift")
        verbose_name_plural = _("drawer shifts")
        constraints = [
            models.UniqueConstraint("station", "number", name="drawer_shift_number_once"),
            models.UniqueConstraint("venue", "key", name="drawer_shift_key_once"),
            models.UniqueConstraint(
                "station", name="drawer_one_shift_at_a_time", condition=~Q(state="closed")
            ),
            models.CheckConstraint(
                condition=Q(
                    state="closed",
                    closed_at__isnull=False,
                    closing_key__isnull=False,
                    expected_cents__isnull=False,
                    counted_cents__gte=0,
                    left_cents__gte=0,
                    left_cents__lte=F("counted_cents"),
                )
                | (~Q(state="closed") & Q(closed_at=None, expected_cents=None)),
                name="drawer_closed_shift_is_counted",
            ),
            models.CheckConstraint(condition=Q(float_cents__gte=0), name="drawer_float"),
        ]

    def __str__(self) -> str:
        return f"{self.station} n°{self.number}"

    @property
    def variance_cents(self) -> int | None:
        """Counted less expected, in cents; None until it is closed."""
        if self.expected_cents is None or self.counted_cents is None:
            return None
        return self.counted_cents - self.expected_cents


class Drawer(models.Model):
    """The drawer of a till, and its running shift: the row that orders counts and cash.

    Whatever moves cash locks it for sharing, a count for itself: no coin falls between two shifts.
    ``adopted`` is the last movement outside a shift that an opening count has taken in.
    """

    station = models.OneToOneField(
        Station, models.PROTECT, primary_key=True, related_name="drawer", verbose_name=_("till")
    )
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    shift = models.ForeignKey(
        Shift, models.PROTECT, null=True, related_name="+", verbose_name=_("running shift")
    )
    adopted = models.BigIntegerField(default=0)

    class Meta:
        db_table = "drawer_drawer"
        verbose_name = _("drawer")
        verbose_name_plural = _("drawers")

    def __str__(self) -> str:
        return f"{self.station}"


class Movement(models.Model):
    """Cash that went into the drawer (cents above nil) or out of it (below), or a look inside (nil).

    ``key`` is that of the sale, the payment or the act: the same cash is counted once. ``shift``
    is null when none was running; the next opening count takes it in.
    """

    id = models.BigAutoField(primary_key=True)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    station = models.ForeignKey(
        Station, models.PROTECT, related_name="movements", verbose_name=_("till")
    )
    shift = models.ForeignKey(
        Shift, models.PROTECT, null=True, related_name="movements", verbose_name=_("shift")
    )
    key = models.UUIDField(editable=False)
    kind = models.CharField(_("kind"), max_length=8, choices=MovementKind.choices)
    amount_cents = models.BigIntegerField(_("amount (cents)"))
    subject = models.CharField(_("subject"), max_length=80, blank=True)
    reason = models.CharField(_("reason"), max_length=120, blank=True)
    operator = models.CharField(_("by"), max_length=120)
    moved_at = models.DateTimeField(_("moved"))

    class Meta:
        db_table = "drawer_movement"
        verbose_name = _("cash movement")
        verbose_name_plural = _("cash movements")
        constraints = [
            models.UniqueConstraint("venue", "key", name="drawer_movement_key_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["sale", "in"], amount_cents__gt=0)
                | Q(kind__in=["refund", "out"], amount_cents__lt=0)
                | Q(kind="opened", amount_cents=0),
                name="drawer_movement_direction",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["sale", "refund"]) | ~Q(reason=""),
                name="drawer_movement_by_hand_has_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["station", "shift", "id"], name="drawer_movement_of_shift"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_cents}"
