"""The chain as far as it concerns us: blocks, the transactions that touch a watched address."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from teraa.settlement.osm.models.networks import Network
from teraa.settlement.osm.states import Direction
from teraa.venues.models import Payee, Venue


class WatchedAddress(models.Model):
    """An address that ever received for a payee: it is that payee's, and watched, for ever."""

    network = models.ForeignKey(Network, models.PROTECT, related_name="+")
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    payee = models.ForeignKey(Payee, models.PROTECT, related_name="watched_addresses")
    address = models.CharField(_("address"), max_length=34)
    since = models.DateTimeField(_("watched since"))

    class Meta:
        db_table = "osm_watched_address"
        verbose_name = _("watched address")
        verbose_name_plural = _("watched addresses")
        constraints = [
            models.UniqueConstraint("network", "address", name="osm_watched_address_once"),
        ]

    def __str__(self) -> str:
        return self.address


class Block(models.Model):
    """A block header we verified. Amounts in units of 10⁻⁸."""

    network = models.ForeignKey(Network, models.PROTECT, related_name="+")
    height = models.BigIntegerField(_("height"))
    block_id = models.CharField(_("block"), max_length=64)
    previous_id = models.CharField(_("previous block"), max_length=64)
    forged_at = models.DateTimeField(_("forged"))
    generator_public_key = models.CharField(max_length=66)
    transactions = models.PositiveIntegerField(_("transactions"))
    amount_units = models.BigIntegerField()
    fee_units = models.BigIntegerField()
    payload_hash = models.CharField(max_length=64)
    canonical = models.BooleanField(_("in our chain"), default=True)
    stored_at = models.DateTimeField()

    class Meta:
        db_table = "osm_block"
        verbose_name = _("block")
        verbose_name_plural = _("blocks")
        constraints = [
            models.UniqueConstraint("network", "block_id", name="osm_block_once"),
            models.UniqueConstraint(
                "network", "height", name="osm_block_one_per_height", condition=Q(canonical=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.height} {self.block_id[:8]}"


class ChainTransaction(models.Model):
    """A transaction that touches a watched address. Without a block it is in the pool, or was.

    ``raw`` are the signed bytes: their SHA-256 is the ``txid``, which anybody can check.
    """

    network = models.ForeignKey(Network, models.PROTECT, related_name="+")
    txid = models.CharField(_("transaction"), max_length=64)
    version = models.PositiveSmallIntegerField()
    type = models.PositiveSmallIntegerField(_("type"))
    sender = models.CharField(_("sender"), max_length=34)
    sender_public_key = models.CharField(max_length=66)
    amount_units = models.BigIntegerField(_("amount (10⁻⁸)"))
    fee_units = models.BigIntegerField(_("fee (10⁻⁸)"))
    memo = models.BinaryField()
    memo_text = models.TextField(_("memo"), blank=True)
    sender_time = models.DateTimeField(_("time the sender claims"))
    raw = models.BinaryField()
    first_seen_at = models.DateTimeField(_("first seen"))
    block = models.ForeignKey(
        Block, models.PROTECT, null=True, related_name="chain_transactions", verbose_name=_("block")
    )
    position = models.PositiveIntegerField(_("position in the block"), null=True)
    gone_at = models.DateTimeField(_("gone from the pool"), null=True)
    limbo_since = models.DateTimeField(_("taken out of its block"), null=True)

    class Meta:
        db_table = "osm_chain_transaction"
        verbose_name = _("transaction")
        verbose_name_plural = _("transactions")
        constraints = [
            models.UniqueConstraint("network", "txid", name="osm_chain_transaction_once"),
            models.CheckConstraint(
                condition=Q(block__isnull=True, position__isnull=True)
                | Q(block__isnull=False, position__isnull=False, gone_at__isnull=True),
                name="osm_chain_transaction_place",
            ),
        ]
        indexes = [
            models.Index(
                "network",
                name="osm_chain_transaction_pool",
                condition=Q(block__isnull=True, gone_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return self.txid


class Receipt(models.Model):
    """Units of 10⁻⁸ that came to, or left, a watched address. Inserted once, never changed."""

    transaction = models.ForeignKey(
        ChainTransaction, models.PROTECT, related_name="receipts", verbose_name=_("transaction")
    )
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    watched = models.ForeignKey(
        WatchedAddress, models.PROTECT, related_name="receipts", verbose_name=_("address")
    )
    out_index = models.PositiveSmallIntegerField(default=0)
    direction = models.CharField(_("direction"), max_length=3, choices=Direction.choices)
    amount_units = models.BigIntegerField(_("amount (10⁻⁸)"))
    stored_at = models.DateTimeField()

    class Meta:
        db_table = "osm_receipt"
        verbose_name = _("receipt of coins")
        verbose_name_plural = _("receipts of coins")
        constraints = [
            models.UniqueConstraint(
                "transaction", "out_index", "direction", name="osm_receipt_once"
            ),
            models.CheckConstraint(condition=Q(amount_units__gt=0), name="osm_receipt_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.direction} {self.amount_units}"
