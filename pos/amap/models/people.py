"""The AMAP and the households in it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from pos.amap.cagette.names import household_name
from teraa.common.ids import uuid7


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
