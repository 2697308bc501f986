"""A shift of a drawer: it is open, being counted, closed for ever."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from teraa.common.states import Moves

DENOMINATIONS: Final = (
    *(50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500),
    *(200, 100, 50, 20, 10, 5, 2, 1),
)
"""Notes and coins of the euro, in cents."""


class ShiftState(models.TextChoices):
    OPEN = "open", _("Open")
    COUNTING = "counting", _("Being counted")
    CLOSED = "closed", _("Closed")


SHIFT_MOVES: Moves = {
    ShiftState.OPEN: frozenset({ShiftState.COUNTING, ShiftState.CLOSED}),
    # Whoever began too early goes back to selling.
    ShiftState.COUNTING: frozenset({ShiftState.OPEN, ShiftState.CLOSED}),
    ShiftState.CLOSED: frozenset(),
}


class MovementKind(models.TextChoices):
    SALE = "sale", _("Taken for a sale")
    REFUND = "refund", _("Given back")
    IN = "in", _("Put in")
    OUT = "out", _("Taken out")
    OPENED = "opened", _("Opened without a sale")
