"""Venue, payee, staff and station: the nouns every trade shares."""

from __future__ import annotations

import datetime
from zoneinfo import available_timezones

import base58
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from teraa.common.ids import uuid7
from teraa.venues import permissions_table
from teraa.venues.holidays import REGIONS, SCHOOL_ZONES


def check_zone(value: str) -> None:
    """A zone of the tz database."""
    if value not in available_timezones():
        raise ValidationError(_("This is not a time zone, for instance Europe/Paris."))


def check_osm_address(value: str) -> None:
    """An address whose checksum holds; which network it is of, only the node can tell."""
    try:
        payload = base58.b58decode_check(value)
    except ValueError:
        payload = b""
    if len(payload) != 21:
        raise ValidationError(_("This is not an OSM address: a character is wrong or missing."))


class Serving(models.TextChoices):
    """The context a VAT rate depends on (research: pos-fr 2.7)."""

    ON_SITE = "on_site", _("On site")
    TAKEAWAY = "takeaway", _("Takeaway")


class VatClass(models.TextChoices):
    """What is sold, as the VAT table sees it; the rate is dated data, not code."""

    SOFT_DRINK = "soft_drink", _("Soft or hot drink, served")
    SEALED_DRINK = "sealed_drink", _("Soft drink in a closed bottle or can")
    ALCOHOL = "alcohol", _("Alcoholic drink")
    MEAL = "meal", _("Meal, sandwich, warm dish")
    GROCERY = "grocery", _("Grocery, fruit, bread")
    CONFECTIONERY = "confectionery", _("Confectionery, chocolate")
    BOOK = "book", _("Book")
    SHOW = "show", _("Entry to a show or concert")
    NEW_SHOW = "new_show", _("Entry to one of the first 140 performances of a new work")
    EXHIBITION = "exhibition", _("Entry to an exhibition or fair")
    PRESS = "press", _("Newspaper, magazine")
    GOODS = "goods", _("Merchandise, other goods")
    SERVICE = "service", _("Service at the normal rate")
    OUT_OF_SCOPE = "out_of_scope", _("Out of scope of VAT")


class Venue(models.Model):
    """A place, its zone and its policies. Money is owed to its payees, never to the venue itself."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=120)
    tagline = models.CharField(_("one line about the place"), max_length=200, blank=True)
    about = models.TextField(_("about"), blank=True)
    street = models.CharField(_("street"), max_length=200, blank=True)
    postcode = models.CharField(_("postcode"), max_length=12, blank=True)
    city = models.CharField(_("city"), max_length=120, blank=True)
    country = models.CharField(_("country"), max_length=2, default="FR")
    region = models.CharField(
        _("public holidays of"), max_length=3, choices=REGIONS, blank=True, default=""
    )
    school_zone = models.CharField(
        _("school holidays of zone"), max_length=6, choices=SCHOOL_ZONES, blank=True, default=""
    )
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("telephone"), max_length=30, blank=True)
    directions = models.TextField(_("how to come"), blank=True)
    zone = models.CharField(
        _("time zone"), max_length=64, default="Europe/Paris", validators=[check_zone]
    )
    language = models.CharField(_("language"), max_length=5, default="fr")
    accent = models.CharField(
        _("accent colour"),
        max_length=7,
        default="#0b6e4f",
        validators=[RegexValidator(r"^#[0-9a-f]{6}$")],
    )
    day_cutoff = models.TimeField(
        _("the business day ends at"),
        default=datetime.time(6, 0),
        help_text=_("Until this hour of the night, sales belong to the day before."),
    )
    osm_confirmations_till = models.PositiveIntegerField(
        _("blocks to wait for at the till"), default=1, validators=[MinValueValidator(1)]
    )
    osm_request_minutes = models.PositiveIntegerField(
        _("minutes an OSM request stays open at the till"),
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
    )
    osm_tolerance_units = models.BigIntegerField(
        _("shortfall accepted (10⁻⁸ OSM)"),
        default=100_000_000,
        help_text=_("One network fee: some wallets take it from what they send."),
    )
    note_from_cents = models.PositiveIntegerField(
        _("a note is given from (cents)"),
        null=True,
        blank=True,
        default=2500,
        help_text=_(
            "From this total on, VAT included, whoever was served on site gets a note before "
            "paying (arrêté 83-50/A: 25 €). Empty: the till says nothing."
        ),
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "venues_venue"
        verbose_name = _("venue")
        verbose_name_plural = _("venues")

    def __str__(self) -> str:
        return self.name


class OpeningHours(models.Model):
    """When the doors are open on one weekday (0 is Monday). Several rows a day are fine."""

    venue = models.ForeignKey(Venue, models.CASCADE, related_name="opening_hours")
    weekday = models.PositiveSmallIntegerField(_("weekday"), validators=[MaxValueValidator(6)])
    opens = models.TimeField(_("opens"))
    closes = models.TimeField(_("closes"))

    class Meta:
        db_table = "venues_opening_hours"
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")
        constraints = [
            models.UniqueConstraint("venue", "weekday", "opens", name="venues_opening_once"),
            models.CheckConstraint(
                condition=Q(weekday__gte=0, weekday__lte=6), name="venues_opening_weekday"
            ),
        ]
        ordering = ["weekday", "opens"]

    def __str__(self) -> str:
        return f"{self.weekday} {self.opens:%H:%M}–{self.closes:%H:%M}"


class VatRate(models.Model):
    """From ``valid_from`` on, ``vat_class`` served this way bears ``rate_bp`` basis points."""

    venue = models.ForeignKey(Venue, models.PROTECT, related_name="vat_rates")
    vat_class = models.CharField(_("VAT class"), max_length=20, choices=VatClass.choices)
    serving = models.CharField(_("served"), max_length=10, choices=Serving.choices)
    rate_bp = models.PositiveIntegerField(
        _("rate in basis points"),
        help_text=_("5.5 % is 550"),
        validators=[MaxValueValidator(10000)],
    )
    valid_from = models.DateField(_("from"))
    legal_reference = models.CharField(_("legal reference"), max_length=200, blank=True)

    class Meta:
        db_table = "venues_vat_rate"
        verbose_name = _("VAT rate")
        verbose_name_plural = _("VAT rates")
        constraints = [
            models.UniqueConstraint(
                "venue", "vat_class", "serving", "valid_from", name="venues_vat_rate_once"
            ),
            models.CheckConstraint(
                condition=Q(rate_bp__gte=0, rate_bp__lte=10000), name="venues_vat_rate_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.vat_class} {self.serving} {self.rate_bp} bp ({self.valid_from})"


class PayeeKind(models.TextChoices):
    COOPERATIVE = "cooperative", _("The venue's cooperative")
    PRODUCERS = "producers", _("Group of producers (AMAP)")
    ORGANISER = "organiser", _("Event organiser")
    PRACTITIONER = "practitioner", _("Practitioner")


class Payee(models.Model):
    """Who is owed. Dues of different payees never share a payment."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="payees")
    kind = models.CharField(_("kind"), max_length=20, choices=PayeeKind.choices)
    name = models.CharField(_("name"), max_length=120)
    osm_address = models.CharField(
        _("OSM address"),
        max_length=34,
        blank=True,
        validators=[check_osm_address],
        help_text=_("Where payers send their OSM. The platform never holds its key."),
    )
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        db_table = "venues_payee"
        verbose_name = _("payee")
        verbose_name_plural = _("payees")
        constraints = [
            models.UniqueConstraint("venue", "name", name="venues_payee_name_once"),
            # An address belongs to one payee: a payment could not be told apart otherwise.
            models.UniqueConstraint(
                "osm_address", name="venues_payee_address_once", condition=~Q(osm_address="")
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PayeeIdentity(models.Model):
    """The legal identity of a payee from a date on (a reprint shows that of the day of sale)."""

    payee = models.ForeignKey(Payee, models.PROTECT, related_name="identities")
    valid_from = models.DateField(_("from"))
    legal_name = models.CharField(_("legal name"), max_length=200)
    legal_form = models.CharField(_("legal form"), max_length=120, blank=True)
    siret = models.CharField(
        "SIRET", max_length=14, blank=True, validators=[RegexValidator(r"^\d{14}$")]
    )
    vat_id = models.CharField(_("VAT number"), max_length=20, blank=True)
    address = models.CharField(_("address"), max_length=300)

    class Meta:
        db_table = "venues_payee_identity"
        verbose_name = _("legal identity")
        verbose_name_plural = _("legal identities")
        constraints = [
            models.UniqueConstraint("payee", "valid_from", name="venues_payee_identity_once")
        ]

    def __str__(self) -> str:
        return f"{self.legal_name} ({self.valid_from})"


class Role(models.TextChoices):
    MANAGER = permissions_table.MANAGER, _("Manager")
    CASHIER = permissions_table.CASHIER, _("Cashier")
    DESK = permissions_table.DESK, _("Desk")
    GATE = permissions_table.GATE, _("Gate")
    TREASURER = permissions_table.TREASURER, _("Treasurer")
    AUDITOR = permissions_table.AUDITOR, _("Auditor")
    COORDINATOR = permissions_table.COORDINATOR, _("AMAP coordinator")


class StaffMember(models.Model):
    """One person's work at one venue: a role, a PIN for stations, perhaps an office account."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="staff")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="staff_memberships",
        verbose_name=_("office account"),
    )
    name = models.CharField(_("name"), max_length=60)
    role = models.CharField(_("role"), max_length=12, choices=Role.choices)
    pin_hash = models.CharField(max_length=128, blank=True, editable=False)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        db_table = "venues_staff_member"
        verbose_name = _("staff member")
        verbose_name_plural = _("staff")
        constraints = [
            models.UniqueConstraint("venue", "name", name="venues_staff_name_once"),
            models.UniqueConstraint(
                "venue", "user", name="venues_staff_user_once", condition=Q(user__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def may(self, permission: str) -> bool:
        """Whether this person, today, carries ``permission`` (see permissions_table)."""
        return self.active and permissions_table.allows(self.role, permission)


class StationKind(models.TextChoices):
    TILL = "till", _("Till")
    GATE = "gate", _("Gate")
    DESK = "desk", _("Desk")
    SCREEN = "screen", _("Screen")
    AGENT = "agent", _("Device agent")


class Station(models.Model):
    """An enrolled till, gate, screen or agent. Its token is known by digest only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="stations")
    kind = models.CharField(_("kind"), max_length=8, choices=StationKind.choices)
    name = models.CharField(_("name"), max_length=60)
    payee = models.ForeignKey(
        Payee,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="stations",
        verbose_name=_("sells for"),
        help_text=_("A till sells for one payee by default."),
    )
    # NULL until enrolled: unique ignores NULLs, an empty text would collide.
    token_sha256 = models.CharField(  # noqa: DJ001
        max_length=64, null=True, unique=True, editable=False
    )
    enrolled_at = models.DateTimeField(_("enrolled"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)
    # Switched by ``pos.training``: what is rung up here is sealed apart and counts for nothing.
    training = models.BooleanField(_("in training"), default=False, editable=False)

    class Meta:
        db_table = "venues_station"
        verbose_name = _("station")
        verbose_name_plural = _("stations")
        constraints = [
            models.UniqueConstraint("venue", "name", name="venues_station_name_once"),
            models.CheckConstraint(
                condition=~Q(kind="till") | Q(payee__isnull=False),
                name="venues_station_till_has_payee",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class EnrolmentCode(models.Model):
    """A code (typed) or link (opened) that makes one browser this station, once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    station = models.ForeignKey(Station, models.CASCADE, related_name="enrolment_codes")
    code_sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "venues_enrolment_code"
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="venues_enrolment_lasts"
            )
        ]

    def __str__(self) -> str:
        return f"{self.station} {self.expires_at:%d/%m %H:%M}"


class EnrolmentTries(models.Model):
    """Codes tried from one network address lately. Only a keyed digest of the address is kept."""

    address_digest = models.CharField(max_length=64, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    since = models.DateTimeField()

    class Meta:
        db_table = "venues_enrolment_tries"

    def __str__(self) -> str:
        return f"{self.address_digest[:8]} {self.failures}"


class PinLock(models.Model):
    """Wrong PINs in a row by one person on one station; five lock that pair."""

    station = models.ForeignKey(Station, models.CASCADE, related_name="+")
    staff = models.ForeignKey(StaffMember, models.CASCADE, related_name="+")
    failures = models.PositiveIntegerField(default=0)
    locked_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "venues_pin_lock"
        constraints = [models.UniqueConstraint("station", "staff", name="venues_pin_lock_once")]

    def __str__(self) -> str:
        return f"{self.station} {self.staff} {self.failures}"


class SignOn(models.Model):
    """One person at one station, from the PIN to the lock. A station has one at a time."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    station = models.ForeignKey(Station, models.PROTECT, related_name="sign_ons")
    staff = models.ForeignKey(StaffMember, models.PROTECT, related_name="sign_ons")
    token_sha256 = models.CharField(max_length=64, unique=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "venues_sign_on"
        constraints = [
            models.UniqueConstraint(
                "station", name="venues_sign_on_one_per_station", condition=Q(ended_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"{self.staff} @ {self.station}"


LONGEST_SILENCE_S = 30 * 24 * 3600


class Silence(models.Model):
    """A time in which a station got no answer from the server, told when it was over."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    station = models.ForeignKey(Station, models.PROTECT, related_name="silences")
    key = models.UUIDField()
    since = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        db_table = "venues_silence"
        constraints = [
            models.UniqueConstraint(fields=["venue", "key"], name="venues_silence_told_once"),
            models.CheckConstraint(
                condition=Q(until__gt=models.F("since")), name="venues_silence_forward"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.station}: {self.since:%H:%M}–{self.until:%H:%M}"
