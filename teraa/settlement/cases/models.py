"""Cases, what people decided, and refunds that the payee's own wallet sends."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from teraa.common.ids import uuid7
from teraa.common.states import Moves, Stateful
from teraa.settlement.cases.states import (
    CASE_MOVES,
    REFUND_MOVES,
    Action,
    CaseKind,
    CaseState,
    DestinationSource,
    Part,
    RefundState,
    Resolution,
    Variant,
)
from teraa.settlement.models import Due, RateQuote
from teraa.settlement.osm.models import Network, OsmRequest, Receipt
from teraa.venues.models import Payee, Venue

SECOND_PERSON_CENTS = 5000
REASON_LENGTH = 200
NAME_LENGTH = 60


class Safeguard(models.Model):
    """From which amount on a payee's money needs two people; without a row, the default."""

    payee = models.OneToOneField(
        Payee, models.PROTECT, primary_key=True, related_name="safeguard", verbose_name=_("payee")
    )
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    second_person_cents = models.PositiveBigIntegerField(
        _("two people decide above (cents)"), default=SECOND_PERSON_CENTS
    )

    class Meta:
        db_table = "cases_safeguard"
        verbose_name = _("rule of two people")
        verbose_name_plural = _("rules of two people")

    def __str__(self) -> str:
        return str(self.payee)


class Refund(Stateful):
    """Coins to be given back by the payee's own wallet; the chain says when that happened.

    ``covers_units`` is how much of what came is thereby given back, ``amount_units`` what is
    sent: they differ when the rate of today counts. No unit that came is given back twice (a
    trigger adds up). Nothing here holds a key.
    """

    MOVES: ClassVar[Moves] = REFUND_MOVES

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    payee = models.ForeignKey(Payee, models.PROTECT, related_name="+", verbose_name=_("payee"))
    network = models.ForeignKey(Network, models.PROTECT, related_name="+")
    key = models.UUIDField(editable=False)
    digest = models.CharField(max_length=64, editable=False)
    request = models.ForeignKey(
        OsmRequest,
        models.PROTECT,
        null=True,
        related_name="refunds",
        verbose_name=_("OSM request"),
    )
    receipt = models.ForeignKey(
        Receipt,
        models.PROTECT,
        null=True,
        related_name="refunds",
        verbose_name=_("receipt of coins"),
    )
    due = models.ForeignKey(
        Due, models.PROTECT, null=True, related_name="refunds", verbose_name=_("due")
    )
    part = models.CharField(_("which coins"), max_length=8, choices=Part.choices)
    variant = models.CharField(_("how much"), max_length=8, choices=Variant.choices)
    reference = models.CharField(_("reference"), max_length=20)
    reference_norm = models.CharField(max_length=20)
    covers_units = models.BigIntegerField(_("given back of what came (10⁻⁸)"))
    amount_units = models.BigIntegerField(_("to be sent (10⁻⁸)"))
    amount_cents = models.BigIntegerField(_("worth (cents)"))
    quote = models.ForeignKey(
        RateQuote, models.PROTECT, null=True, related_name="+", verbose_name=_("rate quote")
    )
    destination = models.CharField(_("to the address"), max_length=34, blank=True)
    destination_source = models.CharField(
        _("address from"), max_length=8, choices=DestinationSource.choices, blank=True
    )
    reason = models.CharField(_("reason"), max_length=REASON_LENGTH, blank=True)
    # A ticket that is sealed says that these coins are given back: they are owed, whatever happens.
    sealed_in = models.UUIDField(_("ticket that gives them back"), null=True, editable=False)
    approvals_needed = models.PositiveSmallIntegerField(_("people who must approve"))
    state = models.CharField(
        _("state"), max_length=16, choices=RefundState.choices, default=RefundState.DRAFT
    )
    out_receipt = models.OneToOneField(
        Receipt,
        models.PROTECT,
        null=True,
        related_name="refund_sent",
        verbose_name=_("sent with"),
    )
    drafted_by = models.CharField(_("drafted by"), max_length=NAME_LENGTH)
    drafted_at = models.DateTimeField(_("drafted"))
    approved_at = models.DateTimeField(_("approved"), null=True)
    paid_at = models.DateTimeField(_("sent"), null=True)
    closed_at = models.DateTimeField(_("closed"), null=True)
    version = models.BigIntegerField(_("version"), default=1)

    class Meta:
        db_table = "cases_refund"
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        constraints = [
            models.UniqueConstraint("venue", "key", name="cases_refund_key_once"),
            models.UniqueConstraint(
                "network", "reference_norm", name="cases_refund_reference_once"
            ),
            models.CheckConstraint(
                condition=Q(covers_units__gt=0, amount_units__gt=0, amount_cents__gte=0)
                & Q(approvals_needed__in=(1, 2)),
                name="cases_refund_sane",
            ),
            models.CheckConstraint(
                condition=Q(part="receipt", receipt__isnull=False, request__isnull=True)
                | Q(part__in=("surplus", "credited"), receipt__isnull=True, request__isnull=False),
                name="cases_refund_of_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(part="credited", due__isnull=False)
                | (~Q(part="credited") & Q(due__isnull=True)),
                name="cases_refund_of_a_due",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("draft", "approved", "cancelled"))
                | (~Q(destination="") & Q(approved_at__isnull=False)),
                name="cases_refund_wallet_knows_where",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=("seen", "paid", "closed", "mismatch"), out_receipt__isnull=False
                )
                | Q(
                    state__in=("draft", "approved", "awaiting_wallet", "cancelled"),
                    out_receipt__isnull=True,
                ),
                name="cases_refund_sent_with",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("closed", "cancelled"), closed_at__isnull=False)
                | (~Q(state__in=("closed", "cancelled")) & Q(closed_at__isnull=True)),
                name="cases_refund_closed_when",
            ),
        ]
        indexes = [
            models.Index(fields=["venue", "-drafted_at"], name="cases_refund_recent"),
            # What a block may bring to an end: few.
            models.Index("network", name="cases_refund_sinking", condition=Q(state="paid")),
        ]

    def __str__(self) -> str:
        return self.reference


class RefundClaim(models.Model):
    """A link by which the customer says where a refund goes, once. Its token is signed, not stored."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    refund = models.ForeignKey(
        Refund, models.PROTECT, related_name="claims", verbose_name=_("refund")
    )
    made_by = models.CharField(_("made by"), max_length=NAME_LENGTH)
    made_at = models.DateTimeField(_("made"))
    expires_at = models.DateTimeField(_("expires"))
    address = models.CharField(_("address given"), max_length=34, blank=True)
    used_at = models.DateTimeField(_("used"), null=True)
    ended_at = models.DateTimeField(_("withdrawn"), null=True)

    class Meta:
        db_table = "cases_refund_claim"
        verbose_name = _("claim link")
        verbose_name_plural = _("claim links")
        constraints = [
            models.UniqueConstraint(
                "refund",
                name="cases_refund_claim_one_open",
                condition=Q(used_at__isnull=True, ended_at__isnull=True),
            ),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True, address="")
                | (Q(used_at__isnull=False, ended_at__isnull=True) & ~Q(address="")),
                name="cases_refund_claim_used",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.refund} {self.made_at:%Y-%m-%d %H:%M}"


class Case(Stateful):
    """Something about money that a person should look at, until it is so no more.

    ``target`` names the one thing it is about, so that there is one open case of a kind for it.
    ``units`` (10⁻⁸ OSM) is how much is at stake.
    """

    MOVES: ClassVar[Moves] = CASE_MOVES

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    payee = models.ForeignKey(Payee, models.PROTECT, related_name="+", verbose_name=_("payee"))
    kind = models.CharField(_("kind"), max_length=16, choices=CaseKind.choices)
    target = models.CharField(max_length=60, editable=False)
    request = models.ForeignKey(
        OsmRequest, models.PROTECT, null=True, related_name="cases", verbose_name=_("OSM request")
    )
    receipt = models.ForeignKey(
        Receipt,
        models.PROTECT,
        null=True,
        related_name="cases",
        verbose_name=_("receipt of coins"),
    )
    refund = models.ForeignKey(
        Refund, models.PROTECT, null=True, related_name="cases", verbose_name=_("refund")
    )
    units = models.BigIntegerField(_("at stake (10⁻⁸)"), default=0)
    state = models.CharField(
        _("state"), max_length=8, choices=CaseState.choices, default=CaseState.OPEN
    )
    assignee = models.CharField(_("in charge"), max_length=NAME_LENGTH, blank=True)
    resolution = models.CharField(
        _("resolution"), max_length=16, choices=Resolution.choices, blank=True
    )
    opened_at = models.DateTimeField(_("opened"))
    closed_at = models.DateTimeField(_("closed"), null=True)
    closed_by = models.CharField(_("closed by"), max_length=NAME_LENGTH, blank=True)

    class Meta:
        db_table = "cases_case"
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        constraints = [
            models.UniqueConstraint(
                "payee", "kind", "target", name="cases_case_open_once", condition=Q(state="open")
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True, resolution="")
                | (Q(state="closed", closed_at__isnull=False) & ~Q(resolution="")),
                name="cases_case_closed_when",
            ),
            models.CheckConstraint(condition=Q(units__gte=0), name="cases_case_units"),
        ]
        indexes = [
            models.Index(
                fields=["venue", "-opened_at"], name="cases_case_open", condition=Q(state="open")
            ),
            models.Index(fields=["venue", "-opened_at"], name="cases_case_recent"),
            models.Index("target", name="cases_case_target"),
        ]

    def __str__(self) -> str:
        return str(self.get_kind_display())


class Decision(models.Model):
    """What one person said or did about a case, a request or a refund. Only ever inserted.

    ``carried_out`` is False for the first word of two: nothing happens before a second person,
    with a row of their own, says the same.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    case = models.ForeignKey(
        Case, models.PROTECT, null=True, related_name="decisions", verbose_name=_("case")
    )
    request = models.ForeignKey(
        OsmRequest,
        models.PROTECT,
        null=True,
        related_name="decisions",
        verbose_name=_("OSM request"),
    )
    refund = models.ForeignKey(
        Refund, models.PROTECT, null=True, related_name="decisions", verbose_name=_("refund")
    )
    key = models.UUIDField(editable=False)
    digest = models.CharField(max_length=64, editable=False)
    action = models.CharField(_("action"), max_length=16, choices=Action.choices)
    person = models.CharField(max_length=60, editable=False)
    by = models.CharField(_("by"), max_length=NAME_LENGTH)
    reason = models.CharField(_("reason"), max_length=REASON_LENGTH, blank=True)
    units = models.BigIntegerField(_("amount (10⁻⁸)"), null=True)
    carried_out = models.BooleanField(_("done"), default=True)
    at = models.DateTimeField(_("decided"))

    class Meta:
        db_table = "cases_decision"
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        constraints = [
            models.UniqueConstraint("venue", "key", name="cases_decision_key_once"),
            models.CheckConstraint(
                condition=Q(case__isnull=False, request__isnull=True, refund__isnull=True)
                | Q(case__isnull=True, request__isnull=False, refund__isnull=True)
                | Q(case__isnull=True, request__isnull=True, refund__isnull=False),
                name="cases_decision_about_one_thing",
            ),
            # Two people are two people.
            models.UniqueConstraint(
                "request",
                "action",
                "person",
                name="cases_decision_one_voice_request",
                condition=Q(request__isnull=False),
            ),
            models.UniqueConstraint(
                "refund",
                "person",
                name="cases_decision_one_voice_refund",
                condition=Q(action="approve"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} · {self.by}"
