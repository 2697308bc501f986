"""A distribution, its baskets, and what was ordered."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from pos.amap.cagette.numbers import quantity_for_people
from pos.amap.models.offer import Product
from pos.amap.models.people import AmapGroup, Household
from pos.amap.states import BASKET_MOVES, DISTRIBUTION_MOVES, BasketState, DistributionState
from teraa.common.ids import uuid7
from teraa.common.states import Moves, Stateful


class Distribution(Stateful):
    """One physical distribution. ``place`` is in words; ``resource`` is taken from others."""

    MOVES: ClassVar[Moves] = DISTRIBUTION_MOVES

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="+")
    group = models.ForeignKey(
        AmapGroup, models.PROTECT, related_name="distributions", verbose_name=_("AMAP group")
    )
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    place = models.CharField(_("where it takes place"), max_length=120, blank=True)
    resource = models.ForeignKey(
        "spaces.Resource",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("space taken"),
        help_text=_("Nobody else can have it meanwhile."),
    )
    note = models.TextField(_("note for members"), blank=True, max_length=1000)
    float_cents = models.PositiveIntegerField(_("cash float in cents"), default=0)
    state = models.CharField(
        _("state"),
        max_length=10,
        choices=DistributionState.choices,
        default=DistributionState.ORDERING,
    )

    class Meta:
        db_table = "amap_distribution"
        verbose_name = _("distribution")
        verbose_name_plural = _("distributions")
        constraints = [
            models.UniqueConstraint("group", "starts_at", name="amap_distribution_once"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="amap_distribution_lasts"
            ),
        ]
        indexes = [models.Index(fields=["venue", "ends_at"], name="amap_distribution_next")]
        ordering = ["-starts_at"]

    def __str__(self) -> str:
        return f"{self.group} {self.starts_at:%Y-%m-%d}"


class Basket(Stateful):
    """What one household takes at one distribution, and what it owes for it.

    ``number`` is given when orders close. ``due`` is None before that, and for ever when nothing
    is owed here. ``hand_key`` is the till's: the same again is the same deed.
    """

    MOVES: ClassVar[Moves] = BASKET_MOVES

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="+")
    distribution = models.ForeignKey(
        Distribution, models.PROTECT, related_name="baskets", verbose_name=_("distribution")
    )
    household = models.ForeignKey(
        Household, models.PROTECT, related_name="baskets", verbose_name=_("household")
    )
    number = models.PositiveIntegerField(_("basket number"), null=True, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=BasketState.choices, default=BasketState.ORDERED
    )
    due = models.OneToOneField(
        "settlement.Due", models.PROTECT, null=True, related_name="basket", verbose_name=_("due")
    )
    document = models.OneToOneField(
        "fiscal.Document", models.PROTECT, null=True, related_name="basket"
    )
    version = models.PositiveIntegerField(default=1)
    hand_key = models.UUIDField(null=True, editable=False)
    handed_at = models.DateTimeField(_("handed out at"), null=True, editable=False)
    handed_by = models.CharField(_("handed out by"), max_length=60, blank=True, editable=False)
    handed_station = models.ForeignKey(
        "venues.Station", models.PROTECT, null=True, related_name="+", verbose_name=_("till")
    )

    class Meta:
        db_table = "amap_basket"
        verbose_name = _("basket")
        verbose_name_plural = _("baskets")
        constraints = [
            models.UniqueConstraint("distribution", "household", name="amap_basket_once"),
            models.UniqueConstraint("distribution", "number", name="amap_basket_number_once"),
            models.UniqueConstraint("venue", "hand_key", name="amap_basket_hand_key_once"),
            # Handed out is always by somebody, at some time; and only then.
            models.CheckConstraint(
                condition=Q(state="ordered", hand_key__isnull=True, handed_at__isnull=True)
                | (~Q(state="ordered") & Q(hand_key__isnull=False, handed_at__isnull=False)),
                name="amap_basket_handed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(document__isnull=True) | Q(due__isnull=False),
                name="amap_basket_document_of_due",
            ),
        ]
        ordering = ["distribution", "number", "pk"]

    def __str__(self) -> str:
        return f"{self.household}"


class OrderLine(models.Model):
    """One product of a basket; everything a ticket will say of it is frozen here.

    ``paid_elsewhere``: it came from another system with its money already there, so nothing of it
    is owed here nor sealed here. ``handed``: None before the basket is handed out.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="+")
    basket = models.ForeignKey(
        Basket, models.PROTECT, related_name="lines", verbose_name=_("basket")
    )
    product = models.ForeignKey(
        Product, models.PROTECT, related_name="lines", verbose_name=_("farm product")
    )
    label = models.CharField(_("label"), max_length=160)
    ref = models.CharField(_("reference"), max_length=32, blank=True)
    unit_price_cents = models.PositiveIntegerField(_("price in cents, VAT included"))
    quantity_milli = models.PositiveIntegerField(_("quantity in thousandths"))
    fee_cents = models.PositiveIntegerField(_("fee in cents"), default=0)
    total_cents = models.PositiveIntegerField(_("total in cents"))
    vat_rate_bp = models.PositiveIntegerField(_("VAT rate in basis points"))
    position = models.PositiveIntegerField(_("place"), default=0)
    paid_elsewhere = models.BooleanField(_("paid elsewhere"), default=False)
    handed = models.BooleanField(_("handed over"), null=True)

    class Meta:
        db_table = "amap_order_line"
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        constraints = [
            models.UniqueConstraint("basket", "product", name="amap_order_line_once"),
            models.CheckConstraint(
                condition=Q(vat_rate_bp__lte=10_000), name="amap_order_line_vat_rate"
            ),
        ]
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.label

    @property
    def quantity_words(self) -> str:
        """``2,50`` or ``1``: as the lists of Cagette write it for people."""
        return quantity_for_people(self.quantity_milli)
