"""What is owed, what was paid towards it, at which rate, and what must happen then."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from teraa.common.ids import uuid7
from teraa.common.states import Stateful
from teraa.settlement.feeds import RateFeed, RateReading
from teraa.settlement.policies import PaymentPolicy
from teraa.settlement.states import (
    DUE_MOVES,
    PAYOUT_MOVES,
    TENDER_MOVES,
    DueState,
    EffectKind,
    PayoutState,
    RateSource,
    TenderKind,
    TenderState,
)
from teraa.venues.models import Payee, Station, Venue

LABEL_LENGTH = 120
OWED_STATES = (DueState.OPEN, DueState.ACCEPTED, DueState.EXPIRED)

__all__ = [
    "Collection",
    "Due",
    "DueState",
    "Effect",
    "EffectKind",
    "OsmRate",
    "PaymentPolicy",
    "Payout",
    "PayoutState",
    "RateFeed",
    "RateQuote",
    "RateReading",
    "RateSource",
    "Tender",
    "TenderKind",
    "TenderState",
]


class OsmRate(models.Model):
    """A dated decision on what an OSM is worth: the venue's, the network's, or one by hand for a
    while. Only ever inserted.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="osm_rates")
    rate_e10 = models.BigIntegerField(
        _("euros per OSM × 10¹⁰"), help_text=_("0.02 € an OSM is 200000000")
    )
    source = models.CharField(
        _("source"), max_length=12, choices=RateSource.choices, default=RateSource.VENUE
    )
    valid_from = models.DateTimeField(_("from"))
    valid_until = models.DateTimeField(
        _("until"), null=True, blank=True, help_text=_("Only for one set by hand.")
    )
    decided_by = models.CharField(_("decided by"), max_length=120)
    evidence = models.TextField(
        _("evidence"), blank=True, help_text=_("Where the decision is written down.")
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "settlement_osm_rate"
        verbose_name = _("OSM rate")
        verbose_name_plural = _("OSM rates")
        constraints = [
            models.UniqueConstraint(
                "venue", "source", "valid_from", name="settlement_osm_rate_once"
            ),
            models.CheckConstraint(
                condition=Q(rate_e10__gt=0), name="settlement_osm_rate_positive"
            ),
            models.CheckConstraint(
                condition=Q(source="manual", valid_until__gt=F("valid_from"))
                | Q(source__in=["network", "venue"], valid_until__isnull=True),
                name="settlement_osm_rate_until",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rate_e10}e-10 € ({self.valid_from:%Y-%m-%d %H:%M})"


class RateQuote(models.Model):
    """A rate frozen for some minutes, with its evidence. OSM requests point here for ever."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    rate = models.ForeignKey(OsmRate, models.PROTECT, null=True, related_name="quotes")
    reading = models.ForeignKey(RateReading, models.PROTECT, null=True, related_name="quotes")
    source = models.CharField(_("source"), max_length=12, choices=RateSource.choices)
    rate_e10 = models.BigIntegerField(_("euros per OSM × 10¹⁰"))
    step_units = models.BigIntegerField(_("amounts are rounded up to (10⁻⁸ OSM)"))
    quoted_at = models.DateTimeField(_("quoted"))
    valid_until = models.DateTimeField(_("valid until"))
    evidence = models.TextField(_("evidence"))
    evidence_sha256 = models.CharField(max_length=64)

    class Meta:
        db_table = "settlement_rate_quote"
        verbose_name = _("rate quote")
        verbose_name_plural = _("rate quotes")
        constraints = [
            models.CheckConstraint(
                condition=Q(rate_e10__gt=0, step_units__gt=0, valid_until__gt=F("quoted_at")),
                name="settlement_rate_quote_sane",
            ),
        ]
        indexes = [
            models.Index(fields=["venue", "-valid_until"], name="settlement_rate_quote_fresh")
        ]

    def __str__(self) -> str:
        return f"{self.rate_e10}e-10 € ({self.quoted_at:%Y-%m-%d %H:%M})"


class Due(Stateful):
    """An amount in cents owed to one payee for one thing; the trade's row points here.

    ``paid_cents`` and ``pending_cents`` are recomputed from the tenders, never incremented.
    Amount, payee, subject and code never change; ``settled`` is final (both kept by triggers).
    ``label`` and ``person`` are for those who look it up at a till; erasing a person empties them.
    """

    MOVES = DUE_MOVES

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    payee = models.ForeignKey(Payee, models.PROTECT, related_name="dues", verbose_name=_("payee"))
    subject = models.CharField(_("subject"), max_length=60)
    code = models.CharField(_("code"), max_length=8, default="", editable=False)
    label = models.CharField(_("what for"), max_length=LABEL_LENGTH, default="")
    person = models.CharField(_("who owes"), max_length=LABEL_LENGTH, default="")
    amount_cents = models.BigIntegerField(_("amount (cents)"))
    paid_cents = models.BigIntegerField(_("paid (cents)"), default=0)
    pending_cents = models.BigIntegerField(_("pending (cents)"), default=0)
    state = models.CharField(
        _("state"), max_length=10, choices=DueState.choices, default=DueState.OPEN
    )
    version = models.BigIntegerField(_("version"), default=1)
    opened_at = models.DateTimeField(_("opened"))
    changed_at = models.DateTimeField(_("changed"))
    settled_at = models.DateTimeField(_("settled"), null=True)

    class Meta:
        db_table = "settlement_due"
        verbose_name = _("due")
        verbose_name_plural = _("dues")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    paid_cents__gte=0,
                    pending_cents__gte=0,
                    amount_cents__gte=F("paid_cents") + F("pending_cents"),
                ),
                name="settlement_due_amounts",
            ),
            models.CheckConstraint(
                condition=Q(state="settled", settled_at__isnull=False, paid_cents=F("amount_cents"))
                | (~Q(state="settled") & Q(settled_at__isnull=True)),
                name="settlement_due_settled_is_paid",
            ),
            models.UniqueConstraint(
                "venue", "code", name="settlement_due_code_once", condition=~Q(code="")
            ),
        ]
        indexes = [
            models.Index(fields=["venue", "-opened_at"], name="settlement_due_recent"),
            # What a till looks through for a name: few, whatever the years have piled up.
            models.Index(
                fields=["venue", "-opened_at"],
                name="settlement_due_owed",
                condition=Q(state__in=OWED_STATES),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.amount_cents} c. {self.state}"

    @property
    def remaining_cents(self) -> int:
        """Cents that no tender holds yet."""
        return self.amount_cents - self.paid_cents - self.pending_cents

    @property
    def line_subject(self) -> str:
        """How the lines of its ticket name this due, so that the ticket is found from the money."""
        return f"due:{self.code}"

    @property
    def spoken_code(self) -> str:
        """The code as people read it aloud: ``K7QX-2M4P``."""
        return f"{self.code[:4]}-{self.code[4:]}" if self.code else ""


class Collection(models.Model):
    """Several dues of one payee paid in one go; its tenders carry the parts."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    payee = models.ForeignKey(Payee, models.PROTECT, related_name="+", verbose_name=_("payee"))
    key = models.UUIDField(editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=TenderKind.choices)
    amount_cents = models.BigIntegerField(_("amount (cents)"))
    received_cents = models.BigIntegerField(_("received (cents)"))
    change_cents = models.BigIntegerField(_("change given (cents)"))
    authorisation = models.CharField(_("authorisation"), max_length=60, blank=True)
    station = models.ForeignKey(Station, models.PROTECT, null=True, related_name="+")
    operator = models.CharField(_("operator"), max_length=60, blank=True)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        db_table = "settlement_collection"
        verbose_name = _("collection")
        verbose_name_plural = _("collections")
        constraints = [
            models.UniqueConstraint("venue", "key", name="settlement_collection_key_once"),
            models.CheckConstraint(
                condition=Q(
                    amount_cents__gt=0,
                    change_cents__gte=0,
                    received_cents=F("amount_cents") + F("change_cents"),
                ),
                name="settlement_collection_amounts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_cents} c."


class Tender(Stateful):
    """One payment towards one due. ``key`` is the till's: the same again is the same tender.

    ``payee`` repeats the due's, so that the database itself refuses a collection or an OSM
    request that mixes payees.
    """

    MOVES = TENDER_MOVES

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    payee = models.ForeignKey(Payee, models.PROTECT, related_name="+", verbose_name=_("payee"))
    due = models.ForeignKey(Due, models.PROTECT, related_name="tenders", verbose_name=_("due"))
    collection = models.ForeignKey(
        Collection, models.PROTECT, null=True, related_name="tenders", verbose_name=_("collection")
    )
    request = models.ForeignKey(
        "osm.OsmRequest",
        models.PROTECT,
        null=True,
        related_name="tenders",
        verbose_name=_("OSM request"),
    )
    key = models.UUIDField(editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=TenderKind.choices)
    amount_cents = models.BigIntegerField(_("amount (cents)"))
    received_cents = models.BigIntegerField(_("received (cents)"))
    change_cents = models.BigIntegerField(_("change given (cents)"), default=0)
    state = models.CharField(_("state"), max_length=10, choices=TenderState.choices)
    authorisation = models.CharField(_("authorisation"), max_length=60, blank=True)
    station = models.ForeignKey(
        Station, models.PROTECT, null=True, related_name="+", verbose_name=_("station")
    )
    operator = models.CharField(_("operator"), max_length=60, blank=True)
    created_at = models.DateTimeField(_("created"))
    settled_at = models.DateTimeField(_("settled"), null=True)

    class Meta:
        db_table = "settlement_tender"
        verbose_name = _("tender")
        verbose_name_plural = _("tenders")
        constraints = [
            models.UniqueConstraint("venue", "key", name="settlement_tender_key_once"),
            models.CheckConstraint(
                condition=Q(
                    amount_cents__gt=0,
                    change_cents__gte=0,
                    received_cents=F("amount_cents") + F("change_cents"),
                ),
                name="settlement_tender_amounts",
            ),
            models.CheckConstraint(
                condition=Q(kind="osm", request__isnull=False)
                | (~Q(kind="osm") & Q(request__isnull=True)),
                name="settlement_tender_osm_has_request",
            ),
            models.CheckConstraint(
                condition=Q(state="settled", settled_at__isnull=False)
                | (~Q(state="settled") & Q(settled_at__isnull=True)),
                name="settlement_tender_settled_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_cents} c. {self.state}"


class Payout(Stateful):
    """Money of a paid due that somebody gets back at a till; ``code`` is what they say there.

    How much was decided by the trade. The ticket that says so is sealed when the money is given.
    """

    MOVES = PAYOUT_MOVES

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    payee = models.ForeignKey(Payee, models.PROTECT, related_name="+", verbose_name=_("payee"))
    due = models.ForeignKey(Due, models.PROTECT, related_name="payouts", verbose_name=_("due"))
    code = models.CharField(_("code"), max_length=8, editable=False)
    label = models.CharField(_("what for"), max_length=LABEL_LENGTH)
    person = models.CharField(_("to whom"), max_length=LABEL_LENGTH, default="")
    amount_cents = models.BigIntegerField(_("amount (cents)"))
    state = models.CharField(
        _("state"), max_length=10, choices=PayoutState.choices, default=PayoutState.OWED
    )
    # What follows is known once it is given: the request's own key, how, and by whom.
    key = models.UUIDField(null=True, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=TenderKind.choices, blank=True)
    authorisation = models.CharField(_("authorisation"), max_length=60, blank=True)
    station = models.ForeignKey(Station, models.PROTECT, null=True, related_name="+")
    operator = models.CharField(_("operator"), max_length=60, blank=True)
    owed_at = models.DateTimeField(_("owed since"))
    paid_at = models.DateTimeField(_("given back"), null=True)

    class Meta:
        db_table = "settlement_payout"
        verbose_name = _("money to give back")
        verbose_name_plural = _("money to give back")
        constraints = [
            models.UniqueConstraint("venue", "code", name="settlement_payout_code_once"),
            models.UniqueConstraint("venue", "key", name="settlement_payout_key_once"),
            models.CheckConstraint(
                condition=Q(amount_cents__gt=0), name="settlement_payout_amount"
            ),
            models.CheckConstraint(
                condition=Q(state="owed", key__isnull=True, paid_at__isnull=True, kind="")
                | Q(
                    state="paid",
                    key__isnull=False,
                    paid_at__isnull=False,
                    kind__in=["cash", "card"],
                ),
                name="settlement_payout_paid_is_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["venue", "-owed_at"],
                name="settlement_payout_owed",
                condition=Q(state="owed"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.amount_cents} c. {self.state}"

    @property
    def spoken_code(self) -> str:
        return f"{self.code[:4]}-{self.code[4:]}"

    @property
    def line_subject(self) -> str:
        """How the lines of the ticket that gives it back name it."""
        return f"settlement.payout:{self.pk}"


class Effect(models.Model):
    """News of a due for the trade that opened it, written with the change itself.

    ``version`` is the due's when it changed. ``handled_at`` is set in the transaction of the
    trade's handler, which is what makes it happen exactly once.
    """

    id = models.BigAutoField(primary_key=True)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    due = models.ForeignKey(Due, models.PROTECT, related_name="effects", verbose_name=_("due"))
    kind = models.CharField(_("kind"), max_length=10, choices=EffectKind.choices)
    version = models.BigIntegerField(_("version"))
    created_at = models.DateTimeField(_("created"))
    handled_at = models.DateTimeField(_("handled"), null=True)
    attempts = models.PositiveIntegerField(_("failed attempts"), default=0)
    next_at = models.DateTimeField(_("next attempt"), null=True)
    last_error = models.TextField(_("last error"), blank=True, default="")

    class Meta:
        db_table = "settlement_effect"
        verbose_name = _("effect")
        verbose_name_plural = _("effects")
        constraints = [
            models.UniqueConstraint("due", "kind", "version", name="settlement_effect_once"),
            # Settling is final: a due is announced settled once in its life.
            models.UniqueConstraint(
                "due", name="settlement_effect_settled_once", condition=Q(kind="settled")
            ),
        ]
        indexes = [
            models.Index(
                "id", name="settlement_effect_waiting", condition=Q(handled_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} v{self.version}"
