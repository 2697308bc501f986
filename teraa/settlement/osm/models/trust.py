"""Whom a payee believed before any block: what was granted and why, and who is not believed again."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from teraa.settlement.osm.models.chain import ChainTransaction
from teraa.settlement.osm.models.requests import OsmRequest
from teraa.venues.models import Venue


class Lease(models.Model):
    """Goods given for coins that wait in pools (0-conf): what was known. Only ever inserted.

    ``evidence``: ``pools`` (the nodes that hold the payment), ``balances`` (what each says the
    sender holds, units of 10⁻⁸ as text), ``spending`` (what all its waiting payments take).
    """

    request = models.OneToOneField(
        OsmRequest, models.PROTECT, primary_key=True, related_name="lease"
    )
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    transaction = models.ForeignKey(
        ChainTransaction, models.PROTECT, related_name="+", verbose_name=_("transaction")
    )
    sender = models.CharField(_("sender"), max_length=34)
    amount_cents = models.BigIntegerField(_("amount (cents)"))
    evidence = models.JSONField(_("what nodes said"))
    granted_at = models.DateTimeField(_("granted"))

    class Meta:
        db_table = "osm_lease"
        verbose_name = _("payment taken on trust")
        verbose_name_plural = _("payments taken on trust")
        constraints = [
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="osm_lease_positive")
        ]

    def __str__(self) -> str:
        return f"{self.sender} {self.amount_cents}"


class DistrustedSender(models.Model):
    """An address whose payments a venue takes only once they are in a block."""

    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+", verbose_name=_("venue"))
    address = models.CharField(_("address"), max_length=34)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    request = models.ForeignKey(
        OsmRequest,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("OSM request"),
    )
    added_at = models.DateTimeField(_("added"), editable=False)

    class Meta:
        db_table = "osm_distrusted_sender"
        verbose_name = _("distrusted sender")
        verbose_name_plural = _("distrusted senders")
        constraints = [
            models.UniqueConstraint("venue", "address", name="osm_distrusted_sender_once")
        ]

    def __str__(self) -> str:
        return self.address
