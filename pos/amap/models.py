"""Groups, households, producers' catalogues, distributions, baskets, and the files in and out.

``number`` is what Cagette's files call an id: given here in turn, or taken over from there when a
file brings it. It identifies nothing by itself; rows are matched by address, reference and name.
"""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from pos.amap.cagette.names import household_name, product_name
from pos.amap.cagette.numbers import quantity_for_people
from pos.amap.states import (
    BASKET_MOVES,
    DISTRIBUTION_MOVES,
    IMPORT_MOVES,
    BasketState,
    DistributionState,
    ExportKind,
    ImportKind,
    ImportState,
    Unit,
)
from teraa.common.ids import uuid7
from teraa.common.states import Moves, Stateful


class AmapGroup(models.Model):
    """An AMAP that distributes at a venue; its baskets are owed to its producers' group."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="amap_groups")
    payee = models.ForeignKey(
        "venues.Payee", models.PROTECT, related_name="amap_groups", verbose_name=_("paid to")
    )
    name = models.CharField(_("name"), max_length=64)
    about = models.TextField(_("about"), blank=True, help_text=_("Shown on the public page."))
    sheet_note = models.TextField(
        _("note at the foot of the sheet to sign"), blank=True, max_length=1000
    )
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        db_table = "amap_group"
        verbose_name = _("AMAP group")
        verbose_name_plural = _("AMAP groups")
        constraints = [models.UniqueConstraint("venue", "name", name="amap_group_name_once")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Household(models.Model):
    """One or two people who share a basket. Either address finds them again."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="+")
    group = models.ForeignKey(
        AmapGroup, models.PROTECT, related_name="households", verbose_name=_("AMAP group")
    )
    number = models.PositiveIntegerField(_("member number"))
    first_name = models.CharField(_("first name"), max_length=32)
    last_name = models.CharField(_("last name"), max_length=32)
    email = models.EmailField(_("e-mail"), max_length=64)
    phone = models.CharField(_("telephone"), max_length=19, blank=True)
    first_name2 = models.CharField(_("partner’s first name"), max_length=32, blank=True)
    last_name2 = models.CharField(_("partner’s last name"), max_length=32, blank=True)
    email2 = models.EmailField(_("partner’s e-mail"), max_length=64, blank=True)
    phone2 = models.CharField(_("partner’s telephone"), max_length=19, blank=True)
    address1 = models.CharField(_("address"), max_length=64, blank=True)
    address2 = models.CharField(_("address, second line"), max_length=64, blank=True)
    zip_code = models.CharField(_("postcode"), max_length=32, blank=True)
    city = models.CharField(_("city"), max_length=25, blank=True)
    active = models.BooleanField(_("member"), default=True)

    class Meta:
        db_table = "amap_household"
        verbose_name = _("household")
        verbose_name_plural = _("households")
        constraints = [
            models.UniqueConstraint("group", "number", name="amap_household_number_once"),
            models.UniqueConstraint("group", "email", name="amap_household_email_once"),
            models.UniqueConstraint(
                "group", "email2", name="amap_household_email2_once", condition=~Q(email2="")
            ),
            models.CheckConstraint(condition=~Q(email=""), name="amap_household_email_there"),
            models.CheckConstraint(
                condition=~Q(email=F("email2")), name="amap_household_emails_differ"
            ),
        ]
        ordering = ["last_name", "first_name", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """``FICTIVE Zoé / INVENTÉ Axel``."""
        return household_name(self.first_name, self.last_name, self.first_name2, self.last_name2)

    @property
    def phones(self) -> list[str]:
        return [phone for phone in (self.phone, self.phone2) if phone]


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


class ImportFile(Stateful):
    """A file somebody brought: looked at first, taken over once, its content forgotten then."""

    MOVES: ClassVar[Moves] = IMPORT_MOVES

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="+")
    group = models.ForeignKey(
        AmapGroup, models.PROTECT, related_name="imports", verbose_name=_("AMAP group")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=ImportKind.choices)
    name = models.CharField(_("file"), max_length=150)
    sha256 = models.CharField(_("digest"), max_length=64)
    content = models.BinaryField(default=b"")
    # What was chosen with it.
    dialect = models.CharField(_("dialect"), max_length=8, blank=True)
    catalog = models.ForeignKey(
        Catalog,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("producer’s catalogue"),
    )
    distribution = models.ForeignKey(
        Distribution, models.PROTECT, null=True, related_name="+", verbose_name=_("distribution")
    )
    vat_rate_bp = models.PositiveIntegerField(_("VAT rate in basis points"), default=550)
    state = models.CharField(
        _("state"), max_length=8, choices=ImportState.choices, default=ImportState.PREVIEW
    )
    made_by = models.CharField(_("by"), max_length=150)
    made_at = models.DateTimeField(_("at"))
    applied_at = models.DateTimeField(_("taken over at"), null=True)
    new_rows = models.PositiveIntegerField(_("new rows"), default=0)
    changed_rows = models.PositiveIntegerField(_("changed rows"), default=0)

    class Meta:
        db_table = "amap_import"
        verbose_name = _("file brought in")
        verbose_name_plural = _("files brought in")
        constraints = [
            # People's names and addresses are not kept a second time.
            models.CheckConstraint(
                condition=Q(state="preview") | Q(content=b""), name="amap_import_forgets"
            ),
        ]
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return self.name


class Export(models.Model):
    """Who took which file out, when, and with how many people in it. Only ever inserted."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="+")
    group = models.ForeignKey(
        AmapGroup, models.PROTECT, related_name="exports", verbose_name=_("AMAP group")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=ExportKind.choices)
    name = models.CharField(_("file"), max_length=160)
    people = models.PositiveIntegerField(_("people in it"))
    excel = models.BooleanField(_("for Excel"), default=False)
    altered = models.JSONField(_("values altered"), default=list)
    sha256 = models.CharField(_("digest"), max_length=64)
    made_by = models.CharField(_("by"), max_length=150)
    made_at = models.DateTimeField(_("at"))

    class Meta:
        db_table = "amap_export"
        verbose_name = _("file taken out")
        verbose_name_plural = _("files taken out")
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return self.name
