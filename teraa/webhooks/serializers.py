"""The shapes of this room's API, for checking what comes in and describing what goes out."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from teraa.common.clock import iso_utc
from teraa.common.targets import URL_LENGTH
from teraa.webhooks.kinds import KIND_LENGTH, contract
from teraa.webhooks.models import HookDelivery, HookEndpoint
from teraa.webhooks.states import DeliveryState

MOST_KINDS = 50


class WantedKinds(serializers.ListField):
    """``["*"]``, ``["due.*"]``, ``["due.settled", "due.expired"]``."""

    child = serializers.CharField(max_length=KIND_LENGTH)


class NewEndpointSerializer(serializers.Serializer[Any]):
    key = serializers.UUIDField(help_text="UUIDv7 made by you: sent twice, made once")
    url = serializers.CharField(max_length=URL_LENGTH, help_text="https://…")
    description = serializers.CharField(max_length=120, default="", allow_blank=True)
    kinds = WantedKinds(min_length=1, max_length=MOST_KINDS)


class EndpointChangeSerializer(serializers.Serializer[Any]):
    """Only what is given is changed."""

    url = serializers.CharField(max_length=URL_LENGTH, required=False)
    description = serializers.CharField(max_length=120, required=False, allow_blank=True)
    kinds = WantedKinds(min_length=1, max_length=MOST_KINDS, required=False)
    enabled = serializers.BooleanField(required=False)


class RotationSerializer(serializers.Serializer[Any]):
    key = serializers.UUIDField(help_text="UUIDv7 made by you: sent twice, rotated once")


class NothingNeededSerializer(serializers.Serializer[Any]):
    """An empty body."""


class DeliveryFilterSerializer(serializers.Serializer[Any]):
    endpoint = serializers.UUIDField(required=False)
    state = serializers.ChoiceField(choices=DeliveryState.choices, required=False)
    before = serializers.UUIDField(required=False, help_text="A delivery: only older ones")


class EndpointSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    key = serializers.UUIDField()
    url = serializers.CharField()
    description = serializers.CharField()
    kinds = serializers.ListField(child=serializers.CharField())
    enabled = serializers.BooleanField()
    disabled_reason = serializers.CharField(help_text="by_hand, gone, or empty while it is on")
    failures = serializers.IntegerField(help_text="Failed attempts since the last success")
    last_attempt_at = serializers.CharField(allow_null=True)
    last_success_at = serializers.CharField(allow_null=True)
    former_secret_until = serializers.CharField(allow_null=True)
    created_at = serializers.CharField()


class NewSecretSerializer(EndpointSerializer):
    secret = serializers.CharField(
        allow_null=True, help_text="Shown once: null when the key was used before"
    )


class EndpointsSerializer(serializers.Serializer[Any]):
    endpoints = EndpointSerializer(many=True)


class DeliverySerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    delivery = serializers.UUIDField(help_text="What receivers see; the same in every attempt")
    endpoint = serializers.UUIDField()
    event = serializers.UUIDField()
    kind = serializers.CharField()
    subject = serializers.CharField()
    version = serializers.IntegerField()
    attempt = serializers.IntegerField()
    asked_by = serializers.CharField(help_text="Who had it sent again; empty: by itself")
    state = serializers.ChoiceField(choices=DeliveryState.choices)
    status = serializers.IntegerField(allow_null=True, help_text="HTTP status of the answer")
    error = serializers.CharField(help_text="Why there was no answer, or empty")
    excerpt = serializers.CharField(help_text="The beginning of the answer, up to 500 characters")
    created_at = serializers.CharField()
    next_at = serializers.CharField(help_text="Not sent before")
    sent_at = serializers.CharField(allow_null=True)
    done_at = serializers.CharField(allow_null=True)


class DeliveryWithPayloadSerializer(DeliverySerializer):
    payload = serializers.CharField(help_text="The body, byte for byte as it is signed")


class DeliveriesSerializer(serializers.Serializer[Any]):
    deliveries = DeliverySerializer(many=True)
    more = serializers.BooleanField(help_text="Whether there are older ones")


class KindSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    description = serializers.CharField()
    api_version = serializers.CharField()
    contract = serializers.DictField(help_text="JSON schema of the body")


class KindsSerializer(serializers.Serializer[Any]):
    kinds = KindSerializer(many=True)
    patterns = serializers.ListField(
        child=serializers.CharField(), help_text="All that an endpoint may want"
    )


def endpoint_view(endpoint: HookEndpoint) -> dict[str, Any]:
    """An endpoint without any secret."""
    return {
        "id": str(endpoint.pk),
        "key": str(endpoint.key),
        "url": endpoint.url,
        "description": endpoint.description,
        "kinds": endpoint.kinds,
        "enabled": endpoint.enabled,
        "disabled_reason": str(endpoint.disabled_reason),
        "failures": endpoint.failures,
        "last_attempt_at": _moment(endpoint.last_attempt_at),
        "last_success_at": _moment(endpoint.last_success_at),
        "former_secret_until": _moment(endpoint.previous_until),
        "created_at": iso_utc(endpoint.created_at),
    }


def delivery_view(one: HookDelivery) -> dict[str, Any]:
    """One attempt."""
    return {
        "id": str(one.pk),
        "delivery": str(one.original_id),
        "endpoint": str(one.endpoint_id),
        "event": str(one.event_id),
        "kind": one.event.kind,
        "subject": one.subject,
        "version": one.version,
        "attempt": one.attempt,
        "asked_by": one.asked_by,
        "state": str(one.state),
        "status": one.status,
        "error": str(one.error),
        "excerpt": one.excerpt,
        "created_at": iso_utc(one.created_at),
        "next_at": iso_utc(one.next_at),
        "sent_at": _moment(one.sent_at),
        "done_at": _moment(one.done_at),
    }


def kind_view(kind: Any, api_version: str) -> dict[str, Any]:
    """A kind of event with its contract."""
    return {
        "kind": kind.name,
        "description": str(kind.description),
        "api_version": api_version,
        "contract": contract(kind.name, api_version),
    }


def _moment(at: Any) -> str | None:
    return iso_utc(at) if at is not None else None
