"""The network as its node describes it, the nodes we ask, and how far we have read."""

from __future__ import annotations

import secrets

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from teraa.settlement.osm.states import (
    CursorReason,
    CursorState,
    HooksState,
    PeerHealth,
    PeerRole,
    PeerSource,
)


class Network(models.Model):
    """A chain, known by its nethash. Everything else is read from a node and refreshed."""

    nethash = models.CharField(_("nethash"), max_length=64, unique=True)
    token = models.CharField(_("token"), max_length=40)
    symbol = models.CharField(_("symbol"), max_length=20)
    address_version = models.PositiveSmallIntegerField(_("address byte"))
    dialect = models.CharField(_("dialect"), max_length=12)
    block_seconds = models.PositiveIntegerField(_("block time (s)"))
    fee_units = models.BigIntegerField(_("fee of a transfer (10⁻⁸)"))
    memo_bytes = models.PositiveIntegerField(_("longest memo (bytes)"))
    delegates = models.PositiveIntegerField(_("delegates"))
    epoch = models.DateTimeField(_("epoch"))
    read_at = models.DateTimeField(_("read from the node"))

    class Meta:
        db_table = "osm_network"
        verbose_name = _("network")
        verbose_name_plural = _("networks")

    def __str__(self) -> str:
        return f"{self.token} {self.nethash[:8]}"


def new_segment() -> str:
    """128 random bits for an address nobody can guess."""
    return secrets.token_hex(16)


class NodePeer(models.Model):
    """A node we ask. ``segment`` is the unguessable part of the address its hooks call.

    Entered in the settings (``source``) or in the office; what it is to us is its ``role``. The
    rest is what the ingest found, written every few seconds.
    """

    network = models.ForeignKey(Network, models.PROTECT, related_name="peers")
    url = models.CharField(_("address"), max_length=200)
    hooks_url = models.CharField(_("address of its webhooks"), max_length=200, blank=True)
    role = models.CharField(
        _("role"), max_length=8, choices=PeerRole.choices, default=PeerRole.PUBLIC
    )
    source = models.CharField(
        _("entered"),
        max_length=8,
        choices=PeerSource.choices,
        default=PeerSource.SETTINGS,
        editable=False,
    )
    enabled = models.BooleanField(_("asked"), default=True)
    per_minute = models.PositiveIntegerField(
        _("requests a minute"),
        null=True,
        blank=True,
        help_text=_("Empty: as many as such a node allows; our own, any number."),
    )
    segment = models.CharField(max_length=32, unique=True, editable=False, default=new_segment)
    dialect = models.CharField(_("dialect"), max_length=12, blank=True, editable=False)
    health = models.CharField(
        _("health"),
        max_length=11,
        choices=PeerHealth.choices,
        default=PeerHealth.UNKNOWN,
        editable=False,
    )
    leading = models.BooleanField(_("followed"), default=False, editable=False)
    last_height = models.BigIntegerField(_("height"), null=True, editable=False)
    last_block_id = models.CharField(_("last block"), max_length=64, blank=True, editable=False)
    tip_moved_at = models.DateTimeField(_("newest block since"), null=True, editable=False)
    agreed_height = models.BigIntegerField(_("same chain up to"), null=True, editable=False)
    behind = models.BigIntegerField(_("blocks behind the best"), null=True, editable=False)
    clock_off_s = models.IntegerField(_("its clock is off by (s)"), null=True, editable=False)
    answered_at = models.DateTimeField(_("last answer"), null=True, editable=False)
    last_error = models.TextField(_("last error"), blank=True, default="", editable=False)
    hooks_state = models.CharField(
        _("webhooks"), max_length=11, choices=HooksState.choices, blank=True, editable=False
    )
    hooked_at = models.DateTimeField(_("last webhook"), null=True, editable=False)
    lies = models.PositiveSmallIntegerField(_("lies"), default=0, editable=False)
    last_lie = models.TextField(_("last lie"), blank=True, default="", editable=False)
    lied_at = models.DateTimeField(_("lied"), null=True, editable=False)
    quarantined_until = models.DateTimeField(_("not believed until"), null=True, editable=False)
    disabled_at = models.DateTimeField(_("given up"), null=True, editable=False)
    rewalked_at = models.DateTimeField(_("a day’s blocks compared"), null=True, editable=False)
    # Where that showed another block than ours; until it does no more, the node has no say.
    differs_at = models.BigIntegerField(_("another block at height"), null=True, editable=False)

    class Meta:
        db_table = "osm_node_peer"
        verbose_name = _("node")
        verbose_name_plural = _("nodes")
        constraints = [models.UniqueConstraint("network", "url", name="osm_node_peer_once")]

    def __str__(self) -> str:
        return self.url


class NodeHook(models.Model):
    """One webhook we made at a node. Of its token the node only ever sends the first half.

    One that was replaced is still listened to until the node has forgotten it (``retired_at``).
    """

    peer = models.ForeignKey(NodePeer, models.CASCADE, related_name="hooks")
    event = models.CharField(max_length=40)
    node_hook_id = models.CharField(max_length=64)
    half_token_sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "osm_node_hook"
        constraints = [
            models.UniqueConstraint(
                "peer", "event", name="osm_node_hook_one", condition=Q(retired_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return self.event


class NodeHint(models.Model):
    """A webhook as it came: somebody says that something happened. Never a fact (law 7)."""

    peer = models.ForeignKey(NodePeer, models.CASCADE, related_name="hints")
    event = models.CharField(max_length=40)
    dedupe_key = models.CharField(max_length=64)
    body = models.JSONField(default=dict)
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "osm_node_hint"
        verbose_name = _("hint of a node")
        verbose_name_plural = _("hints of nodes")
        constraints = [models.UniqueConstraint("peer", "dedupe_key", name="osm_node_hint_once")]
        indexes = [
            models.Index(
                "id", name="osm_node_hint_waiting", condition=models.Q(handled_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return self.event


class BlockCursor(models.Model):
    """How far we have read one network: the last block that is wholly in our tables.

    ``epoch`` counts leaders: a block is only written by the leader whose epoch is here, so that
    one that slept through its own replacement changes nothing.
    """

    network = models.OneToOneField(Network, models.PROTECT, primary_key=True, related_name="cursor")
    height = models.BigIntegerField(_("height"))
    block_id = models.CharField(_("block"), max_length=64)
    epoch = models.BigIntegerField(default=0)
    state = models.CharField(_("state"), max_length=8, choices=CursorState.choices)
    reason = models.CharField(_("reason"), max_length=16, choices=CursorReason.choices, blank=True)
    live_since = models.DateTimeField(_("live since"), null=True)
    tip_height = models.BigIntegerField(_("height of the node"), default=0)
    tip_block_id = models.CharField(max_length=64, blank=True)
    tip_moved_at = models.DateTimeField(_("the node's tip last moved"), null=True)
    checked_at = models.DateTimeField(_("looked"), null=True)
    # Up to where several nodes hold the same blocks; empty while we only know one.
    agreed_height = models.BigIntegerField(_("agreed height"), null=True)
    # The same of all healthy nodes, and of a node we trust or several others; empty likewise.
    unanimous_height = models.BigIntegerField(_("height all agree on"), null=True)
    vouched_height = models.BigIntegerField(_("height a trusted node vouches for"), null=True)
    # Where a chain rewritten too deep parts from ours, and how deep a person lets us go back.
    fork_height = models.BigIntegerField(_("last block in common"), null=True)
    resume_height = models.BigIntegerField(_("may go back to"), null=True)
    resumed_by = models.CharField(_("allowed by"), max_length=60, blank=True)
    resumed_at = models.DateTimeField(_("allowed"), null=True)
    rescanned_at = models.DateTimeField(_("read again"), null=True)
    balances_wanted_at = models.DateTimeField(_("balances asked for"), null=True)

    class Meta:
        db_table = "osm_block_cursor"
        verbose_name = _("position in the chain")
        verbose_name_plural = _("positions in the chain")

    def __str__(self) -> str:
        return f"{self.height} {self.state}"


class AddressBalance(models.Model):
    """What one node said an address held while its newest block was ``block_id``. Only inserted."""

    peer = models.ForeignKey(NodePeer, models.PROTECT, related_name="+", verbose_name=_("node"))
    watched = models.ForeignKey(
        "osm.WatchedAddress", models.PROTECT, related_name="balances", verbose_name=_("address")
    )
    height = models.BigIntegerField(_("height"))
    block_id = models.CharField(_("block"), max_length=64)
    balance_units = models.BigIntegerField(_("balance (10⁻⁸)"))
    read_at = models.DateTimeField(_("read"))

    class Meta:
        db_table = "osm_address_balance"
        verbose_name = _("balance of an address")
        verbose_name_plural = _("balances of addresses")
        indexes = [models.Index(fields=["watched", "-read_at"], name="osm_address_balance_last")]

    def __str__(self) -> str:
        return f"{self.height} {self.balance_units}"
