"""Words and allowed moves of distributions and baskets."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from teraa.common.states import Moves


class DistributionState(models.TextChoices):
    ORDERING = "ordering", _("Orders may still change")
    READY = "ready", _("Orders closed")


# Closing opens what each household owes: from then on amounts stay as they are.
DISTRIBUTION_MOVES: Moves = {
    DistributionState.ORDERING: frozenset({DistributionState.READY}),
    DistributionState.READY: frozenset(),
}


class BasketState(models.TextChoices):
    ORDERED = "ordered", _("To hand out")
    HANDED_OUT = "handed_out", _("Handed out")
    ABSENT = "absent", _("Not collected")


# A wrong tap is taken back, late comers still get theirs; paying is the due's own story.
BASKET_MOVES: Moves = {
    BasketState.ORDERED: frozenset({BasketState.HANDED_OUT, BasketState.ABSENT}),
    BasketState.HANDED_OUT: frozenset({BasketState.ORDERED}),
    BasketState.ABSENT: frozenset({BasketState.ORDERED, BasketState.HANDED_OUT}),
}


class Unit(models.TextChoices):
    """Identifiers as Cagette's files have them."""

    PIECE = "Piece", _("piece")
    KILOGRAM = "Kilogram", _("kilogram")
    GRAM = "Gram", _("gram")
    LITRE = "Litre", _("litre")
    CENTILITRE = "Centilitre", _("centilitre")
    MILLILITRE = "Millilitre", _("millilitre")


class ImportKind(models.TextChoices):
    MEMBERS = "members", _("Members")
    PRODUCTS = "products", _("Products")
    ORDERS = "orders", _("Orders of a day (move-in)")


class ImportState(models.TextChoices):
    PREVIEW = "preview", _("Being looked at")
    APPLIED = "applied", _("Taken over")
    DROPPED = "dropped", _("Put aside")


IMPORT_MOVES: Moves = {
    ImportState.PREVIEW: frozenset({ImportState.APPLIED, ImportState.DROPPED}),
    ImportState.APPLIED: frozenset(),
    ImportState.DROPPED: frozenset(),
}


class ExportKind(models.TextChoices):
    DAY = "day", _("Orders of the day")
    CATALOG = "catalog", _("One catalogue, per member")
    CASH_DESK = "cash_desk", _("Cash desk")
    SHEET = "sheet", _("Sheet to sign (PDF)")
    MEMBERS = "members", _("Members")
