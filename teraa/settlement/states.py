"""Words and allowed moves of dues, tenders and effects."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from teraa.common.states import Moves


class DueState(models.TextChoices):
    OPEN = "open", _("To be paid")
    ACCEPTED = "accepted", _("Accepted, money on its way")
    SETTLED = "settled", _("Settled")
    CANCELLED = "cancelled", _("Given up")
    EXPIRED = "expired", _("Expired")


DUE_MOVES: Moves = {
    DueState.OPEN: frozenset(
        {DueState.ACCEPTED, DueState.SETTLED, DueState.CANCELLED, DueState.EXPIRED}
    ),
    # A promise may be broken (0-conf): then the due is simply open again.
    DueState.ACCEPTED: frozenset({DueState.OPEN, DueState.SETTLED, DueState.EXPIRED}),
    # Whoever pays an expired due after all (another tender, a late payment) opens it again.
    DueState.EXPIRED: frozenset(
        {DueState.OPEN, DueState.ACCEPTED, DueState.SETTLED, DueState.CANCELLED}
    ),
    DueState.CANCELLED: frozenset(),
    DueState.SETTLED: frozenset(),
}


class TenderKind(models.TextChoices):
    OSM = "osm", _("OSM")
    CASH = "cash", _("Cash")
    CARD = "card", _("Card")
    VOUCHER = "voucher", _("Voucher")
    CHEQUE = "cheque", _("Cheque")
    TRANSFER = "transfer", _("Bank transfer")


class TenderState(models.TextChoices):
    PENDING = "pending", _("Waiting")
    ACCEPTED = "accepted", _("Accepted")
    SETTLED = "settled", _("Settled")
    REFUSED = "refused", _("Refused")
    UNKNOWN = "unknown", _("Outcome unknown")
    CANCELLED = "cancelled", _("Given up")


TENDER_MOVES: Moves = {
    TenderState.PENDING: frozenset(
        {
            TenderState.ACCEPTED,
            TenderState.SETTLED,
            TenderState.REFUSED,
            TenderState.UNKNOWN,
            TenderState.CANCELLED,
        }
    ),
    TenderState.ACCEPTED: frozenset(
        {TenderState.PENDING, TenderState.SETTLED, TenderState.REFUSED, TenderState.CANCELLED}
    ),
    # Unknown blocks a retry until somebody or something resolves it (law 9).
    TenderState.UNKNOWN: frozenset({TenderState.SETTLED, TenderState.REFUSED}),
    # The request behind an OSM tender may be paid late and be taken after all.
    TenderState.CANCELLED: frozenset({TenderState.PENDING, TenderState.SETTLED}),
    TenderState.REFUSED: frozenset(),
    TenderState.SETTLED: frozenset(),
}

LIVE_TENDERS = (
    TenderState.PENDING,
    TenderState.ACCEPTED,
    TenderState.SETTLED,
    TenderState.UNKNOWN,
)
"""Tenders that hold a part of their due: together they never exceed it."""

IMMEDIATE_KINDS = frozenset(TenderKind) - {TenderKind.OSM}
"""Kinds whose outcome the cashier knows at once."""


class PayoutState(models.TextChoices):
    OWED = "owed", _("To give back")
    PAID = "paid", _("Given back")


PAYOUT_MOVES: Moves = {
    PayoutState.OWED: frozenset({PayoutState.PAID}),
    PayoutState.PAID: frozenset(),
}


class EffectKind(models.TextChoices):
    SETTLED = "settled", _("Settled")
    ACCEPTED = "accepted", _("Accepted")
    EXPIRED = "expired", _("Expired")
    ATTENTION = "attention", _("Needs attention")
    CHANGED = "changed", _("Changed")
    REFUNDED = "refunded", _("Refunded")


class RateSource(models.TextChoices):
    """Where a rate comes from, the one that goes first on top."""

    MANUAL = "manual", _("Set by hand for a while")
    FEED = "feed", _("Read from a feed")
    NETWORK = "network", _("Decided by the network")
    VENUE = "venue", _("Fixed by the venue")


class LatePolicy(models.TextChoices):
    """What coins that come after a request has closed do by themselves."""

    ASK = "ask", _("Wait for a person")
    ACCEPT = "accept", _("Are taken, if the rate has hardly moved")
