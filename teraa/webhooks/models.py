"""Who wants to be told, what there was to tell, and every attempt to tell it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from teraa.common.ids import uuid7
from teraa.common.states import Stateful
from teraa.common.targets import URL_LENGTH
from teraa.venues.models import Venue
from teraa.webhooks.kinds import KIND_LENGTH
from teraa.webhooks.states import (
    DELIVERY_MOVES,
    FINISHED_STATES,
    OPEN_STATES,
    AttemptError,
    DeliveryState,
    OffReason,
)

EXCERPT_LENGTH = 500
SUBJECT_LENGTH = 100


class HookEndpoint(models.Model):
    """An address that wants to be told. ``key`` is made by who creates it: sent twice, made once.

    Up to two secrets are in force at a time, both sealed; the former one until
    ``previous_until``. ``failures`` counts the failed attempts since the last success.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="hook_endpoints")
    key = models.UUIDField(editable=False)
    digest = models.CharField(max_length=64, editable=False)
    url = models.CharField(_("address"), max_length=URL_LENGTH)
    description = models.CharField(_("what for"), max_length=120, blank=True)
    kinds = ArrayField(models.CharField(max_length=KIND_LENGTH), verbose_name=_("events"))
    secret_sealed = models.TextField(editable=False)
    previous_sealed = models.TextField(editable=False, default="", blank=True)
    previous_until = models.DateTimeField(_("former secret valid until"), null=True)
    rotation_key = models.UUIDField(null=True, editable=False)
    enabled = models.BooleanField(_("on"), default=True)
    disabled_reason = models.CharField(
        _("why it is off"), max_length=10, choices=OffReason.choices, blank=True, default=""
    )
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    last_attempt_at = models.DateTimeField(_("last attempt"), null=True)
    last_success_at = models.DateTimeField(_("last success"), null=True)
    created_at = models.DateTimeField(_("created"))
    changed_at = models.DateTimeField(_("changed"))

    class Meta:
        db_table = "webhooks_hook_endpoint"
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")
        constraints = [
            models.UniqueConstraint("venue", "key", name="webhooks_endpoint_key_once"),
            models.CheckConstraint(
                condition=Q(enabled=True, disabled_reason="")
                | (Q(enabled=False) & ~Q(disabled_reason="")),
                name="webhooks_endpoint_off_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(previous_sealed="", previous_until__isnull=True)
                | (~Q(previous_sealed="") & Q(previous_until__isnull=False)),
                name="webhooks_endpoint_former_secret_ends",
            ),
            models.CheckConstraint(
                condition=Q(kinds__len__gte=1), name="webhooks_endpoint_wants_something"
            ),
        ]

    def __str__(self) -> str:
        return self.description or self.url


class HookEvent(models.Model):
    """One thing that happened, with the very bytes that every endpoint gets. Never changed.

    ``subject`` says of what (``due:<id>``) and ``version`` which of its states: what a receiver
    orders and forgets doubles by.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    kind = models.CharField(_("kind"), max_length=KIND_LENGTH)
    subject = models.CharField(_("subject"), max_length=SUBJECT_LENGTH)
    version = models.BigIntegerField(_("version"))
    api_version = models.CharField(_("format"), max_length=8)
    payload = models.TextField(_("content"))
    created_at = models.DateTimeField(_("happened"))

    class Meta:
        db_table = "webhooks_hook_event"
        verbose_name = _("event told")
        verbose_name_plural = _("events told")
        constraints = [
            models.UniqueConstraint(
                "venue", "kind", "subject", "version", name="webhooks_event_once"
            ),
        ]
        indexes = [models.Index(fields=["created_at"], name="webhooks_event_age")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} v{self.version}"


class HookDelivery(Stateful):
    """One attempt to hand one event to one endpoint.

    All attempts of one event at one endpoint carry the first one's id, ``original_id``: that is
    what the receiver sees. ``rung`` is the place on the ladder of retries, which a person who
    sends it again starts anew. Subject and version repeat the event's, for the order in a lane.
    """

    MOVES = DELIVERY_MOVES

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    endpoint = models.ForeignKey(
        HookEndpoint, models.PROTECT, related_name="deliveries", verbose_name=_("endpoint")
    )
    event = models.ForeignKey(
        HookEvent, models.PROTECT, related_name="deliveries", verbose_name=_("event")
    )
    original_id = models.UUIDField(_("delivery"))
    attempt = models.PositiveIntegerField(_("attempt"), default=1)
    rung = models.PositiveSmallIntegerField(_("rung"), default=0)
    asked_by = models.CharField(_("asked for by"), max_length=150, blank=True, default="")
    subject = models.CharField(_("subject"), max_length=SUBJECT_LENGTH)
    version = models.BigIntegerField(_("version"))
    state = models.CharField(
        _("state"), max_length=10, choices=DeliveryState.choices, default=DeliveryState.WAITING
    )
    status = models.PositiveSmallIntegerField(_("HTTP status"), null=True)
    excerpt = models.CharField(_("answer"), max_length=EXCERPT_LENGTH, blank=True, default="")
    error = models.CharField(
        _("error"), max_length=20, choices=AttemptError.choices, blank=True, default=""
    )
    created_at = models.DateTimeField(_("created"))
    next_at = models.DateTimeField(_("to be sent"))
    sent_at = models.DateTimeField(_("sent"), null=True)
    done_at = models.DateTimeField(_("answered"), null=True)
    lease_until = models.DateTimeField(null=True, editable=False)
    lease_run = models.UUIDField(null=True, editable=False)

    class Meta:
        db_table = "webhooks_hook_delivery"
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        constraints = [
            models.UniqueConstraint(
                "endpoint", "event", "attempt", name="webhooks_delivery_attempt_once"
            ),
            # One in flight per endpoint, however many workers there are.
            models.UniqueConstraint(
                "endpoint", name="webhooks_delivery_one_in_flight", condition=Q(state="sending")
            ),
            models.UniqueConstraint(
                "endpoint",
                "event",
                name="webhooks_delivery_one_open",
                condition=Q(state__in=OPEN_STATES),
            ),
            models.CheckConstraint(
                condition=Q(
                    state="sending",
                    lease_until__isnull=False,
                    lease_run__isnull=False,
                    sent_at__isnull=False,
                )
                | (~Q(state="sending") & Q(lease_until__isnull=True, lease_run__isnull=True)),
                name="webhooks_delivery_lease",
            ),
            models.CheckConstraint(
                condition=Q(state__in=FINISHED_STATES, done_at__isnull=False)
                | Q(state__in=OPEN_STATES, done_at__isnull=True),
                name="webhooks_delivery_done_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="delivered")
                | Q(status__isnull=False, status__gte=200, status__lt=300),
                name="webhooks_delivery_delivered_is_2xx",
            ),
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "next_at"],
                name="webhooks_delivery_lane",
                condition=Q(state="waiting"),
            ),
            models.Index(
                fields=["endpoint", "subject", "version"],
                name="webhooks_delivery_order",
                condition=Q(state="waiting"),
            ),
            models.Index(fields=["venue", "-created_at"], name="webhooks_delivery_recent"),
            models.Index(fields=["created_at"], name="webhooks_delivery_age"),
        ]

    def __str__(self) -> str:
        return f"{self.event.kind} → {self.endpoint}"
