"""Registers, their chains, periods and documents. All but ChainHead only ever grow (law 5).

``key_id`` and ``public_key`` of a register are those of its first key; ``RegisterKey`` has them all.

Foreign keys marked ``db_constraint=False`` are not free: the migrations put one composite key over
them, with the venue (and the register) in it, which says more and is checked once per row.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from teraa.common.ids import uuid7
from teraa.fiscal.closings.models import Closing as Closing
from teraa.fiscal.closings.models import PeriodEnd as PeriodEnd
from teraa.fiscal.kept_models import Archive as Archive
from teraa.fiscal.kept_models import RegisterKey as RegisterKey
from teraa.fiscal.kept_models import Task as Task
from teraa.fiscal.states import ChainKind, Lane, LineKind, TenderKind
from teraa.venues.models import Payee, Serving, Station, Venue


class Register(models.Model):
    """A fiscal journal: one per till and payee, one web lane per payee; training apart."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="registers")
    payee = models.ForeignKey(Payee, models.PROTECT, related_name="registers")
    station = models.ForeignKey(
        Station, models.PROTECT, null=True, blank=True, related_name="registers"
    )
    lane = models.CharField(_("lane"), max_length=8, choices=Lane.choices)
    name = models.CharField(_("name"), max_length=40, help_text=_("Printed before ticket numbers."))
    training = models.BooleanField(_("training"), default=False)
    key_id = models.CharField(_("key"), max_length=16)
    public_key = models.CharField(_("public key"), max_length=64)
    opened_at = models.DateTimeField(_("opened"))

    class Meta:
        db_table = "fiscal_register"
        verbose_name = _("register")
        verbose_name_plural = _("registers")
        constraints = [
            models.UniqueConstraint("venue", "name", name="fiscal_register_name_once"),
            models.UniqueConstraint(
                "station",
                "payee",
                "training",
                name="fiscal_register_one_per_till",
                condition=Q(station__isnull=False),
            ),
            models.UniqueConstraint(
                "payee", "training", name="fiscal_register_one_web", condition=Q(lane=Lane.WEB)
            ),
            models.CheckConstraint(
                condition=Q(lane=Lane.TILL, station__isnull=False)
                | Q(lane=Lane.WEB, station__isnull=True),
                name="fiscal_register_till_has_station",
            ),
            models.CheckConstraint(
                condition=Q(public_key__regex=r"^[0-9a-f]{64}$", key_id__regex=r"^[0-9a-f]{16}$"),
                name="fiscal_register_key_shape",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Period(models.Model):
    """A register's business day. It opens by itself; a day closed early may be followed by another.

    Unique by number, not by date: a Z at noon does not forbid selling in the afternoon.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(
        Venue, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    register = models.ForeignKey(
        Register, models.PROTECT, related_name="periods", db_constraint=False, db_index=False
    )
    number = models.PositiveIntegerField(_("number"))
    business_date = models.DateField(_("business day"))
    opened_at = models.DateTimeField(_("opened"))

    class Meta:
        db_table = "fiscal_period"
        verbose_name = _("period")
        verbose_name_plural = _("periods")
        constraints = [
            models.UniqueConstraint("register", "number", name="fiscal_period_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="fiscal_period_number_starts"),
        ]

    def __str__(self) -> str:
        return f"{self.number} ({self.business_date})"


class ChainHead(models.Model):
    """Where a chain stands: the only fiscal row that moves, and only forward (SQL trigger).

    Every seal of a register locks its TICKET head first, so that head also says which period is
    running (``period``; null once a Z has closed it). The other heads hold that of their last
    document. ``perpetual_*`` never return to zero. ``key_id`` says which of the register's keys
    signs (the TICKET head decides): it stands here, not beside the key, because whoever waited for
    the lock must see the key of now.
    """

    pk = models.CompositePrimaryKey("register_id", "kind")
    venue = models.ForeignKey(
        Venue, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    register = models.ForeignKey(
        Register, models.PROTECT, related_name="heads", db_constraint=False, db_index=False
    )
    kind = models.CharField(max_length=10, choices=ChainKind.choices)
    sequence = models.BigIntegerField(default=0)
    last_hash = models.CharField(max_length=64, blank=True, default="")
    key_id = models.CharField(max_length=16, default="")
    last_issued_at = models.DateTimeField(null=True)
    period = models.ForeignKey(
        Period, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    period_number = models.PositiveIntegerField(default=0)
    business_date = models.DateField(null=True)
    perpetual_real_cents = models.BigIntegerField(default=0)
    perpetual_absolute_cents = models.BigIntegerField(default=0)

    class Meta:
        db_table = "fiscal_chain_head"
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=ChainKind.values), name="fiscal_head_kind"),
            models.CheckConstraint(
                condition=Q(key_id__regex=r"^[0-9a-f]{16}$"), name="fiscal_head_key_shape"
            ),
            models.CheckConstraint(
                condition=Q(sequence=0, last_hash="", last_issued_at=None)
                | Q(
                    sequence__gte=1,
                    last_hash__regex=r"^[0-9a-f]{64}$",
                    last_issued_at__isnull=False,
                ),
                name="fiscal_head_starts_empty",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.sequence}"


class Document(models.Model):
    """One signed entry of a chain. ``payload`` is what was signed; the columns are read from it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(
        Venue, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    register = models.ForeignKey(
        Register, models.PROTECT, related_name="documents", db_constraint=False, db_index=False
    )
    period = models.ForeignKey(
        Period, models.PROTECT, related_name="documents", db_constraint=False
    )
    kind = models.CharField(_("kind"), max_length=10, choices=ChainKind.choices)
    sequence = models.BigIntegerField(_("number"))
    first_in_chain = models.BooleanField(_("first in chain"))
    issued_at = models.DateTimeField(_("issued"))
    utc_offset_minutes = models.SmallIntegerField(_("offset from UTC (minutes)"))
    business_date = models.DateField(_("business day"))
    station_label = models.CharField(_("station"), max_length=60, blank=True)
    operator_label = models.CharField(_("operator"), max_length=120, blank=True)
    event_code = models.PositiveIntegerField(_("event code"), null=True)
    total_cents = models.BigIntegerField(_("total (cents)"), null=True)
    perpetual_real_cents = models.BigIntegerField(_("perpetual real total (cents)"), null=True)
    perpetual_absolute_cents = models.BigIntegerField(
        _("perpetual absolute total (cents)"), null=True
    )
    subject = models.CharField(_("subject"), max_length=80, blank=True)
    corrects = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        related_name="corrections",
        db_constraint=False,
        db_index=False,
    )
    payload = models.TextField(_("signed payload"))
    previous_hash = models.CharField(_("previous hash"), max_length=64, blank=True)
    hash = models.CharField(_("hash"), max_length=64)
    signature = models.CharField(_("signature"), max_length=128)
    key_id = models.CharField(_("key"), max_length=16)

    class Meta:
        db_table = "fiscal_document"
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        constraints = [
            # Also refuses a fork: two documents cannot follow the same one.
            models.UniqueConstraint(
                "register", "kind", "sequence", name="fiscal_document_sequence_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=ChainKind.values), name="fiscal_document_kind"
            ),
            models.CheckConstraint(
                condition=Q(sequence__gte=1), name="fiscal_document_sequence_starts"
            ),
            models.CheckConstraint(
                condition=Q(first_in_chain=True, sequence=1, previous_hash="")
                | Q(
                    first_in_chain=False,
                    sequence__gt=1,
                    previous_hash__regex=r"^[0-9a-f]{64}$",
                ),
                name="fiscal_document_first_is_one",
            ),
            models.CheckConstraint(
                condition=~Q(kind=ChainKind.TICKET)
                | Q(
                    total_cents__isnull=False,
                    perpetual_real_cents__isnull=False,
                    perpetual_absolute_cents__isnull=False,
                ),
                name="fiscal_document_ticket_has_totals",
            ),
            models.CheckConstraint(
                condition=Q(kind=ChainKind.EVENT, event_code__isnull=False)
                | (~Q(kind=ChainKind.EVENT) & Q(event_code__isnull=True)),
                name="fiscal_document_event_has_code",
            ),
            models.CheckConstraint(
                condition=Q(hash__regex=r"^[0-9a-f]{64}$", signature__regex=r"^[0-9a-f]{128}$"),
                name="fiscal_document_seal_shape",
            ),
        ]
        indexes = [
            models.Index("venue", "subject", name="fiscal_document_subject"),
            models.Index(
                "corrects", name="fiscal_document_corrections", condition=Q(corrects__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.sequence}"


class DocumentLine(models.Model):
    """One line, whole: nothing on it is looked up elsewhere later. Amounts are VAT included.

    ``total_cents`` = unit price × quantity − discount; all three are negative or nil on a line
    that gives something back. ``vat_rate_bp`` is null when ``components`` share the total out
    between rates (a formula). A line is corrected at most once.
    """

    pk = models.CompositePrimaryKey("document_id", "position")
    venue = models.ForeignKey(
        Venue, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    document = models.ForeignKey(
        Document, models.PROTECT, related_name="lines", db_constraint=False, db_index=False
    )
    position = models.PositiveIntegerField()
    parent_position = models.PositiveIntegerField(null=True)
    kind = models.CharField(max_length=10, choices=LineKind.choices)
    label = models.CharField(max_length=200)
    product_key = models.CharField(max_length=64, blank=True)
    quantity_milli = models.BigIntegerField()
    unit = models.CharField(max_length=12)
    unit_price_cents = models.BigIntegerField()
    discount_cents = models.BigIntegerField()
    discount_reason = models.CharField(max_length=120, blank=True)
    discount_author = models.CharField(max_length=60, blank=True)
    total_cents = models.BigIntegerField()
    vat_class = models.CharField(max_length=20, blank=True)
    vat_rate_bp = models.PositiveIntegerField(null=True)
    serving = models.CharField(max_length=10, blank=True)
    modifiers = models.JSONField()
    components = models.JSONField()
    subject = models.CharField(max_length=80, blank=True)
    payee_label = models.CharField(max_length=120, blank=True)
    corrects_document = models.ForeignKey(
        Document, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    corrects_position = models.PositiveIntegerField(null=True)

    class Meta:
        db_table = "fiscal_document_line"
        indexes = [
            models.Index(
                fields=["venue", "subject"],
                name="fiscal_line_subject",
                condition=~Q(subject=""),
            )
        ]
        constraints = [
            models.UniqueConstraint(
                "corrects_document",
                "corrects_position",
                name="fiscal_line_corrected_once",
                condition=Q(corrects_document__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(corrects_document__isnull=True, corrects_position__isnull=True)
                | Q(corrects_document__isnull=False, corrects_position__isnull=False),
                name="fiscal_line_correction_whole",
            ),
            models.CheckConstraint(
                condition=Q(position__gte=1)
                & (Q(parent_position=None) | Q(parent_position__lt=F("position"))),
                name="fiscal_line_parent_before",
            ),
            models.CheckConstraint(condition=Q(kind__in=LineKind.values), name="fiscal_line_kind"),
            models.CheckConstraint(
                condition=Q(serving__in=["", *Serving.values]), name="fiscal_line_serving"
            ),
            models.CheckConstraint(
                condition=Q(vat_rate_bp__isnull=True) ^ Q(components=[]),
                name="fiscal_line_rate_or_components",
            ),
            models.CheckConstraint(
                condition=Q(vat_rate_bp=None) | Q(vat_rate_bp__lte=10_000),
                name="fiscal_line_rate_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.label}"


class DocumentTax(models.Model):
    """What one rate amounts to on one document: VAT taken from the inclusive total, rounded once."""

    pk = models.CompositePrimaryKey("document_id", "rate_bp")
    venue = models.ForeignKey(
        Venue, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    document = models.ForeignKey(
        Document, models.PROTECT, related_name="taxes", db_constraint=False, db_index=False
    )
    rate_bp = models.PositiveIntegerField()
    base_cents = models.BigIntegerField()
    vat_cents = models.BigIntegerField()
    total_cents = models.BigIntegerField()

    class Meta:
        db_table = "fiscal_document_tax"
        constraints = [
            models.CheckConstraint(
                condition=Q(total_cents=F("base_cents") + F("vat_cents")),
                name="fiscal_tax_adds_up",
            ),
            models.CheckConstraint(condition=Q(rate_bp__lte=10_000), name="fiscal_tax_rate_range"),
        ]

    def __str__(self) -> str:
        return f"{self.rate_bp} bp {self.vat_cents}"


class DocumentTender(models.Model):
    """One payment of the document. OSM: units of 10⁻⁸ received, the rate used, the transactions."""

    pk = models.CompositePrimaryKey("document_id", "position")
    venue = models.ForeignKey(
        Venue, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    document = models.ForeignKey(
        Document, models.PROTECT, related_name="tenders", db_constraint=False, db_index=False
    )
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, choices=TenderKind.choices)
    label = models.CharField(max_length=60, blank=True)
    amount_cents = models.BigIntegerField()
    received_cents = models.BigIntegerField(null=True)
    change_cents = models.BigIntegerField(null=True)
    osm_units = models.BigIntegerField(null=True)
    osm_rate_e10 = models.BigIntegerField(null=True)
    osm_txids = models.JSONField()
    osm_reference = models.CharField(max_length=64, blank=True)
    authorisation = models.CharField(max_length=64, blank=True)

    class Meta:
        db_table = "fiscal_document_tender"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=TenderKind.values), name="fiscal_tender_kind"
            ),
            models.CheckConstraint(
                condition=Q(position__gte=1), name="fiscal_tender_position_starts"
            ),
            models.CheckConstraint(
                condition=Q(kind=TenderKind.OSM, osm_units__isnull=False)
                | (~Q(kind=TenderKind.OSM) & Q(osm_units__isnull=True)),
                name="fiscal_tender_osm_has_units",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_cents}"
