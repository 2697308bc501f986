"""A sale at the till: it waits for its money, is paid, or is given up."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from teraa.common.states import Moves


class SaleState(models.TextChoices):
    WAITING = "waiting", _("Waiting for its money")
    PAID = "paid", _("Paid")
    CANCELLED = "cancelled", _("Given up")


# Paid is for ever: a correction is a new document, never a change of the old one.
SALE_MOVES: Moves = {
    SaleState.WAITING: frozenset({SaleState.PAID, SaleState.CANCELLED}),
    SaleState.PAID: frozenset(),
    SaleState.CANCELLED: frozenset(),
}


class ReceiptWish(models.TextChoices):
    """Since 1 August 2023 paper is printed on request only (Code de l'environnement L541-15-10)."""

    NONE = "none", _("No paper")
    PAPER = "paper", _("Paper")
