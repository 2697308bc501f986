"""Requests for coins, what people decided about them, and which receipt pays what."""

from __future__ import annotations

import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from teraa.common.ids import uuid7
from teraa.common.states import Stateful
from teraa.settlement.osm import trusting
from teraa.settlement.osm.models.chain import Receipt
from teraa.settlement.osm.models.networks import Network
from teraa.settlement.osm.states import (
    REQUEST_MOVES,
    ActKind,
    AllocationKind,
    AllocationReason,
    RequestState,
)
from teraa.venues.models import Payee, Venue

FLAGS = ("late", "over", "under", "by_hand", "duplicate", "limbo", "reorged", "broken")


class OsmRequest(Stateful):
    """The coin side of one or several tenders of one payee.

    What was asked for never changes (a trigger keeps it); the rest is what ``derive`` made of the
    stored facts the last time something touched it. Units of 10⁻⁸ OSM.
    """

    MOVES = REQUEST_MOVES

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    payee = models.ForeignKey(Payee, models.PROTECT, related_name="+", verbose_name=_("payee"))
    network = models.ForeignKey(Network, models.PROTECT, related_name="+")
    address = models.CharField(_("address"), max_length=34)
    reference = models.CharField(_("reference"), max_length=20)
    reference_norm = models.CharField(max_length=20)
    amount_cents = models.BigIntegerField(_("amount (cents)"))
    quote = models.ForeignKey(
        "settlement.RateQuote", models.PROTECT, related_name="+", verbose_name=_("rate quote")
    )
    units = models.BigIntegerField(_("asked for (10⁻⁸)"))
    salted = models.BooleanField(_("known by its exact amount"), default=False)
    tolerance_units = models.BigIntegerField(_("shortfall accepted (10⁻⁸)"))
    required_confirmations = models.PositiveIntegerField(_("confirmations needed"))
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("expires"))

    state = models.CharField(
        _("state"), max_length=10, choices=RequestState.choices, default=RequestState.OPEN
    )
    expired_at = models.DateTimeField(_("expired"), null=True)
    settled_at = models.DateTimeField(_("settled"), null=True)
    accepted_at = models.DateTimeField(_("trusted before its block"), null=True)
    seen_units = models.BigIntegerField(_("seen (10⁻⁸)"), default=0)
    included_units = models.BigIntegerField(_("in a block (10⁻⁸)"), default=0)
    confirmed_units = models.BigIntegerField(_("confirmed (10⁻⁸)"), default=0)
    surplus_units = models.BigIntegerField(_("not credited (10⁻⁸)"), default=0)
    confirmations = models.PositiveIntegerField(_("confirmations"), default=0)
    late = models.BooleanField(_("late"), default=False)
    over = models.BooleanField(_("too much"), default=False)
    under = models.BooleanField(_("too little"), default=False)
    by_hand = models.BooleanField(_("settled by hand"), default=False)
    duplicate = models.BooleanField(_("paid twice"), default=False)
    limbo = models.BooleanField(_("being checked"), default=False)
    reorged = models.BooleanField(_("settled, and taken back by the chain"), default=False)
    broken = models.BooleanField(_("trusted, and never came"), default=False)
    next_height = models.BigIntegerField(null=True)
    version = models.BigIntegerField(_("version"), default=1)

    class Meta:
        db_table = "osm_request"
        verbose_name = _("OSM request")
        verbose_name_plural = _("OSM requests")
        constraints = [
            models.UniqueConstraint("network", "reference_norm", name="osm_request_reference_once"),
            models.UniqueConstraint(
                *["network", "address", "units"],
                name="osm_request_amount_once",
                condition=Q(salted=True, state="open"),
            ),
            models.CheckConstraint(
                condition=Q(
                    amount_cents__gt=0,
                    tolerance_units__gte=0,
                    units__gt=F("tolerance_units"),
                    required_confirmations__gte=1,
                    expires_at__gt=F("created_at"),
                ),
                name="osm_request_sane",
            ),
            models.CheckConstraint(
                condition=Q(
                    confirmed_units__gte=0,
                    included_units__gte=F("confirmed_units"),
                    seen_units__gte=F("included_units"),
                    surplus_units__gte=0,
                ),
                name="osm_request_sums",
            ),
            models.CheckConstraint(
                condition=Q(state="settled", settled_at__isnull=False)
                | (~Q(state="settled") & Q(settled_at__isnull=True)),
                name="osm_request_settled_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="expired") | Q(expired_at__isnull=False),
                name="osm_request_expired_when",
            ),
        ]
        indexes = [
            models.Index("expires_at", name="osm_request_may_expire", condition=Q(state="open")),
            models.Index(
                "network",
                "next_height",
                name="osm_request_thresholds",
                condition=Q(next_height__isnull=False),
            ),
            models.Index(fields=["venue", "-created_at"], name="osm_request_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.state}"

    @property
    def flags(self) -> list[str]:
        """Names of the independent marks that are set."""
        return [name for name in FLAGS if getattr(self, name)]

    @property
    def trusted_until(self) -> datetime.datetime | None:
        """Until when it should be in a block, while it is believed without one."""
        if self.state != RequestState.ACCEPTED or self.accepted_at is None:
            return None
        slots = datetime.timedelta(seconds=trusting.SLOTS * self.network.block_seconds)
        return self.accepted_at + slots

    @property
    def missing_units(self) -> int:
        """Units still to be sent for the request to be paid in full; 0 once it is settled."""
        if self.state == RequestState.SETTLED:
            return 0
        return max(0, self.units - self.seen_units)


class RequestAct(models.Model):
    """A person's decision on a request. Only ever inserted; ``derive`` takes it into account."""

    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    request = models.ForeignKey(OsmRequest, models.PROTECT, related_name="acts")
    kind = models.CharField(_("kind"), max_length=12, choices=ActKind.choices)
    by = models.CharField(_("by"), max_length=60)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    at = models.DateTimeField(_("decided"))

    class Meta:
        db_table = "osm_request_act"
        verbose_name = _("decision on a request")
        verbose_name_plural = _("decisions on requests")

    def __str__(self) -> str:
        return f"{self.kind} {self.by}"


class Allocation(models.Model):
    """What a receipt was taken for. Never changed; taken back by setting ``reversed_at`` once.

    The composite keys say that a receipt can only pay a request of its own venue.
    """

    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    receipt = models.ForeignKey(Receipt, models.PROTECT, related_name="allocations")
    kind = models.CharField(_("kind"), max_length=8, choices=AllocationKind.choices)
    request = models.ForeignKey(
        OsmRequest, models.PROTECT, null=True, related_name="allocations", verbose_name=_("request")
    )
    amount_units = models.BigIntegerField(_("amount (10⁻⁸)"))
    reason = models.CharField(_("reason"), max_length=20, choices=AllocationReason.choices)
    by = models.CharField(_("by"), max_length=60, blank=True, help_text=_("Empty: by the rules."))
    created_at = models.DateTimeField(_("created"))
    reversed_at = models.DateTimeField(_("taken back"), null=True)
    reversed_by = models.CharField(_("taken back by"), max_length=60, blank=True)

    class Meta:
        db_table = "osm_allocation"
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")
        constraints = [
            models.UniqueConstraint(
                "receipt",
                "kind",
                "request",
                name="osm_allocation_live_once",
                condition=Q(reversed_at__isnull=True),
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(amount_units__gt=0), name="osm_allocation_positive"),
            models.CheckConstraint(
                condition=Q(kind="request", request__isnull=False)
                | Q(kind="surplus")
                | Q(kind__in=["unknown", "ignored"], request__isnull=True),
                name="osm_allocation_target",
            ),
        ]
        indexes = [
            models.Index(
                "venue",
                name="osm_allocation_to_identify",
                condition=Q(kind="unknown", reversed_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_units}"
