"""Who grows what, and for how much."""

from __future__ import annotations

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from pos.amap.cagette.names import product_name
from pos.amap.models.people import AmapGroup
from pos.amap.states import Unit
from teraa.common.ids import uuid7


class Producer(models.Model):
    """Who grows it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="+")
    group = models.ForeignKey(
        AmapGroup, models.PROTECT, related_name="producers", verbose_name=_("AMAP group")
    )
    number = models.PositiveIntegerField(_("number in files"))
    name = models.CharField(_("name"), max_length=64)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("telephone"), max_length=19, blank=True)

    class Meta:
        db_table = "amap_producer"
        verbose_name = _("producer")
        verbose_name_plural = _("producers")
        constraints = [
            models.UniqueConstraint("group", "number", name="amap_producer_number_once"),
            models.UniqueConstraint("group", "name", name="amap_producer_name_once"),
        ]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Catalog(models.Model):
    """What one producer offers for one season."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="+")
    group = models.ForeignKey(
        AmapGroup, models.PROTECT, related_name="catalogs", verbose_name=_("AMAP group")
    )
    producer = models.ForeignKey(
        Producer, models.PROTECT, related_name="catalogs", verbose_name=_("producer")
    )
    number = models.PositiveIntegerField(_("number in files"))
    name = models.CharField(_("name"), max_length=64)
    starts_on = models.DateField(_("season begins"), null=True, blank=True)
    ends_on = models.DateField(_("season ends"), null=True, blank=True)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        db_table = "amap_catalog"
        verbose_name = _("producer’s catalogue")
        verbose_name_plural = _("producers’ catalogues")
        constraints = [
            models.UniqueConstraint("group", "number", name="amap_catalog_number_once"),
            models.UniqueConstraint("group", "name", name="amap_catalog_name_once"),
            models.CheckConstraint(
                condition=Q(starts_on__isnull=True)
                | Q(ends_on__isnull=True)
                | Q(ends_on__gte=F("starts_on")),
                name="amap_catalog_season",
            ),
        ]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """A line of a catalogue at a price with VAT; ``ref`` (else the name) finds it in files."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="+")
    catalog = models.ForeignKey(
        Catalog, models.PROTECT, related_name="products", verbose_name=_("producer’s catalogue")
    )
    name = models.CharField(_("name"), max_length=128)
    ref = models.CharField(_("reference"), max_length=32, blank=True)
    description = models.TextField(_("description"), blank=True)
    price_cents = models.PositiveIntegerField(_("price in cents, VAT included"))
    vat_rate_bp = models.PositiveIntegerField(
        _("VAT rate in basis points"),
        default=550,
        help_text=_("5.5 % is 550"),
        validators=[MaxValueValidator(10_000)],
    )
    unit = models.CharField(_("unit"), max_length=10, choices=Unit.choices, default=Unit.PIECE)
    size_milli = models.PositiveIntegerField(
        _("pack size in thousandths of the unit"),
        null=True,
        blank=True,
        help_text=_("1.5 kg is 1500; 6 pieces are 6000."),
    )
    organic = models.BooleanField(_("organic"), default=False)
    bulk = models.BooleanField(_("in bulk"), default=False)
    variable_price = models.BooleanField(_("weighed on the day"), default=False)
    stock_milli = models.PositiveIntegerField(_("stock in thousandths"), null=True, blank=True)
    active = models.BooleanField(_("offered"), default=True)

    class Meta:
        db_table = "amap_product"
        verbose_name = _("farm product")
        verbose_name_plural = _("farm products")
        constraints = [
            models.UniqueConstraint(
                "catalog", "ref", name="amap_product_ref_once", condition=~Q(ref="")
            ),
            models.UniqueConstraint(
                "catalog", "name", name="amap_product_name_once", condition=Q(ref="")
            ),
            models.CheckConstraint(
                condition=Q(vat_rate_bp__lte=10_000), name="amap_product_vat_rate"
            ),
        ]
        ordering = ["catalog__name", "name"]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        """With its size: ``Œufs 6 pièces``, as on lists and tickets."""
        return product_name(
            self.name,
            size_milli=self.size_milli,
            unit=self.unit,
            variable_price=self.variable_price,
        )
