"""The till's catalogue and its sales."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pos.states import SALE_MOVES, ReceiptWish, SaleState
from teraa.common.ids import uuid7
from teraa.common.states import Moves, Stateful
from teraa.venues.models import Serving, VatClass

COLOURS = [
    ("slate", _("Slate")),
    ("brown", _("Brown")),
    ("red", _("Red")),
    ("orange", _("Orange")),
    ("yellow", _("Yellow")),
    ("green", _("Green")),
    ("teal", _("Teal")),
    ("blue", _("Blue")),
    ("violet", _("Violet")),
    ("pink", _("Pink")),
]


class Category(models.Model):
    """A page of the grid. Its place never changes by itself: hands remember."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="categories")
    name = models.CharField(_("name"), max_length=40)
    colour = models.CharField(_("colour"), max_length=10, choices=COLOURS, default="slate")
    position = models.PositiveIntegerField(_("place"), default=0)

    class Meta:
        db_table = "pos_category"
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        constraints = [models.UniqueConstraint("venue", "name", name="pos_category_name_once")]
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """What a till sells, at one price with VAT included."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="products")
    category = models.ForeignKey(
        Category, models.PROTECT, related_name="products", verbose_name=_("category")
    )
    label = models.CharField(_("label on the receipt"), max_length=60)
    short_label = models.CharField(_("label on the button"), max_length=24, blank=True)
    price_cents = models.PositiveIntegerField(_("price in cents, VAT included"))
    vat_class = models.CharField(_("VAT class"), max_length=20, choices=VatClass.choices)
    colour = models.CharField(_("colour"), max_length=10, choices=COLOURS, blank=True)
    position = models.PositiveIntegerField(_("place"), default=0)
    available = models.BooleanField(_("available"), default=True)
    active = models.BooleanField(_("in the catalogue"), default=True)

    class Meta:
        db_table = "pos_product"
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints = [models.UniqueConstraint("venue", "label", name="pos_product_label_once")]
        ordering = ["position", "label"]

    def __str__(self) -> str:
        return self.label


class CatalogueVersion(models.Model):
    """What tills work on: an immutable picture of the catalogue, prices and VAT rates."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="catalogue_versions")
    number = models.PositiveIntegerField(validators=[MinValueValidator(1)])
    published_at = models.DateTimeField()
    sha256 = models.CharField(max_length=64)
    snapshot = models.JSONField()

    class Meta:
        db_table = "pos_catalogue_version"
        verbose_name = _("catalogue version")
        verbose_name_plural = _("catalogue versions")
        constraints = [
            models.UniqueConstraint("venue", "number", name="pos_catalogue_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.venue} n°{self.number}"


class Sale(Stateful):
    """One customer at a till. ``key`` is made by the till (UUIDv7) and unique in its venue."""

    MOVES: ClassVar[Moves] = SALE_MOVES

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="sales")
    key = models.UUIDField()
    request_sha256 = models.CharField(max_length=64)
    station = models.ForeignKey("venues.Station", models.PROTECT, related_name="sales")
    staff = models.ForeignKey("venues.StaffMember", models.PROTECT, related_name="sales")
    payee = models.ForeignKey("venues.Payee", models.PROTECT, related_name="sales")
    catalogue_number = models.PositiveIntegerField()
    serving = models.CharField(max_length=10, choices=Serving.choices)
    receipt = models.CharField(max_length=5, choices=ReceiptWish.choices)
    # Priced lines as ordered: label, quantity, prices, VAT class and rate are values, not links.
    cart: models.JSONField[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField()
    total_cents = models.BigIntegerField()
    state = models.CharField(_("state"), max_length=10, choices=SaleState.choices)
    version = models.PositiveIntegerField(default=1)
    # For the screen, which asks for a reason before such a sale is given up; the journal knows better.
    bills = models.PositiveSmallIntegerField(default=0)
    due = models.OneToOneField(
        "settlement.Due", models.PROTECT, null=True, related_name="sale", verbose_name=_("due")
    )
    document = models.OneToOneField(
        "fiscal.Document", models.PROTECT, null=True, related_name="sale"
    )
    # Rung up to practise: sealed in the training register, never owed, in no total (F13).
    training = models.BooleanField(_("training"), default=False)
    created_at = models.DateTimeField(_("rung up"))
    closed_at = models.DateTimeField(_("closed"), null=True)

    class Meta:
        db_table = "pos_sale"
        verbose_name = _("sale")
        verbose_name_plural = _("sales")
        constraints = [
            models.UniqueConstraint("venue", "key", name="pos_sale_key_once"),
            models.CheckConstraint(condition=Q(total_cents__gte=0), name="pos_sale_total"),
            models.CheckConstraint(
                condition=Q(training=False) | Q(due__isnull=True, state="paid"),
                name="pos_sale_training_is_not_owed",
            ),
            # A paid sale has its document, and only a paid sale has one.
            models.CheckConstraint(
                condition=Q(state="paid", document__isnull=False, closed_at__isnull=False)
                | (~Q(state="paid") & Q(document__isnull=True)),
                name="pos_sale_paid_has_document",
            ),
        ]
        indexes = [
            # The last sales of a till, newest first.
            models.Index(fields=["station", "-created_at"], name="pos_sale_of_station"),
        ]

    def __str__(self) -> str:
        return f"{self.key}"

    @property
    def cart_label(self) -> str:
        """The first lines of the cart: ``2 × Café allongé, Thé…``."""
        names = [
            f"{line['quantity_milli'] // 1000} × {line['label']}"
            if line["quantity_milli"] != 1000
            else line["label"]
            for line in self.cart[:3]
        ]
        return ", ".join(names) + ("…" if len(self.cart) > 3 else "")


class SaleRefund(models.Model):
    """Money given back for a paid sale: which ticket says so, who decided it and why.

    Only ever inserted. ``total_cents`` (positive, VAT included) is what was given back;
    ``other_tender_reason`` why it was not given back in the way it was paid.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="sale_refunds")
    key = models.UUIDField()
    request_sha256 = models.CharField(max_length=64)
    sale = models.ForeignKey(Sale, models.PROTECT, related_name="refunds")
    station = models.ForeignKey("venues.Station", models.PROTECT, related_name="sale_refunds")
    staff = models.ForeignKey("venues.StaffMember", models.PROTECT, related_name="sale_refunds")
    document = models.OneToOneField(
        "fiscal.Document", models.PROTECT, related_name="sale_refund", db_constraint=False
    )
    coins = models.OneToOneField(
        "cases.Refund", models.PROTECT, null=True, related_name="sale_refund"
    )
    reason = models.CharField(_("reason"), max_length=120)
    other_tender_reason = models.CharField(max_length=120, blank=True)
    total_cents = models.BigIntegerField()
    created_at = models.DateTimeField(_("given back"))

    class Meta:
        db_table = "pos_sale_refund"
        verbose_name = _("refund of a sale")
        verbose_name_plural = _("refunds of sales")
        constraints = [
            models.UniqueConstraint("venue", "key", name="pos_sale_refund_key_once"),
            models.CheckConstraint(
                condition=Q(total_cents__gte=0) & ~Q(reason=""), name="pos_sale_refund_sane"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key}"
