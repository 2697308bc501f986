"""What people do with endpoints and deliveries. Every change of an endpoint is journaled."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import httpx
from django.db import IntegrityError, transaction
from django.db.models import Max

from teraa.common import journal, journal_codes
from teraa.common.canonical import canonical_text, sha256_hex
from teraa.common.ids import uuid7
from teraa.common.problems import Invalid, NotFound, SameKeyOtherBody
from teraa.common.targets import check_target, private_allowed
from teraa.webhooks import kinds
from teraa.webhooks.announcing import News, payload_of
from teraa.webhooks.lanes import cancel_waiting
from teraa.webhooks.models import HookDelivery, HookEndpoint, HookEvent
from teraa.webhooks.problems import EndpointOff, TooManyEndpoints
from teraa.webhooks.sealing import new_secret, seal
from teraa.webhooks.states import OPEN_STATES, DeliveryState, OffReason

MOST_ENDPOINTS = 20
# Long enough to change the secret at the receiver during a working day.
FORMER_SECRET_LASTS = datetime.timedelta(hours=24)


@transaction.atomic
def create_endpoint(
    *,
    venue_id: UUID,
    key: UUID,
    url: str,
    wanted: Sequence[str],
    by: str,
    at: datetime.datetime,
    description: str = "",
    station_id: UUID | None = None,
) -> tuple[HookEndpoint, str]:
    """Make an endpoint and its secret, which is never shown again.

    The same ``key`` again returns the first endpoint and "" for the secret. Raises BadTarget,
    UnknownKind, Invalid, TooManyEndpoints, SameKeyOtherBody.
    """
    url, wanted = _checked_url(url), _checked_kinds(wanted)
    digest = sha256_hex(canonical_text({"url": url, "kinds": wanted, "description": description}))
    if first := _the_first(venue_id, key, digest):
        return first, ""
    on = HookEndpoint.objects.filter(venue_id=venue_id, enabled=True)
    if on.count() >= MOST_ENDPOINTS:
        raise TooManyEndpoints(limit=MOST_ENDPOINTS)
    secret = new_secret()
    made = HookEndpoint(
        venue_id=venue_id,
        key=key,
        digest=digest,
        url=url,
        description=description,
        kinds=wanted,
        secret_sealed=seal(secret),
        created_at=at,
        changed_at=at,
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as error:
        if "webhooks_endpoint_key_once" not in str(error):
            raise
        first = _the_first(venue_id, key, digest)
        if first is None:
            raise
        return first, ""
    _journal(made, "webhook added", ["url", "kinds"], by=by, at=at, station_id=station_id)
    return made, secret


@transaction.atomic
def change_endpoint(
    *,
    venue_id: UUID,
    endpoint_id: UUID,
    by: str,
    at: datetime.datetime,
    url: str | None = None,
    wanted: Sequence[str] | None = None,
    description: str | None = None,
    enabled: bool | None = None,
    station_id: UUID | None = None,
) -> HookEndpoint:
    """Change what is given. Turned off, what waits is given up; what is under way still ends.

    What waits goes to the new address from its next attempt on. Raises NotFound, BadTarget,
    UnknownKind, Invalid, TooManyEndpoints.
    """
    endpoint = _held(venue_id, endpoint_id)
    changes: dict[str, Any] = {}
    if url is not None:
        changes["url"] = _checked_url(url)
    if wanted is not None:
        changes["kinds"] = _checked_kinds(wanted)
    if description is not None:
        changes["description"] = description
    if enabled is not None:
        changes["enabled"] = enabled
    changes = {name: new for name, new in changes.items() if getattr(endpoint, name) != new}
    if not changes:
        return endpoint
    named = sorted(changes)
    if changes.get("enabled") is True:
        on = HookEndpoint.objects.filter(venue_id=venue_id, enabled=True)
        if on.count() >= MOST_ENDPOINTS:
            raise TooManyEndpoints(limit=MOST_ENDPOINTS)
        changes |= {"disabled_reason": "", "failures": 0}
    elif changes.get("enabled") is False:
        changes["disabled_reason"] = OffReason.BY_HAND
        cancel_waiting(endpoint.pk, at=at)
    _store(endpoint, changes, at)
    _journal(endpoint, "webhook changed", named, by=by, at=at, station_id=station_id)
    return endpoint


@transaction.atomic
def rotate_secret(
    *,
    venue_id: UUID,
    endpoint_id: UUID,
    key: UUID,
    by: str,
    at: datetime.datetime,
    station_id: UUID | None = None,
) -> tuple[HookEndpoint, str]:
    """Make a new secret; the present one stays in force beside it for a day, an older one ends.

    The same ``key`` again changes nothing and returns "" for the secret. Raises NotFound.
    """
    endpoint = _held(venue_id, endpoint_id)
    if endpoint.rotation_key == key:
        return endpoint, ""
    secret = new_secret()
    changes = {
        "previous_sealed": endpoint.secret_sealed,
        "previous_until": at + FORMER_SECRET_LASTS,
        "secret_sealed": seal(secret),
        "rotation_key": key,
    }
    _store(endpoint, changes, at)
    _journal(endpoint, "webhook changed", ["secret"], by=by, at=at, station_id=station_id)
    return endpoint, secret


@transaction.atomic
def ping_endpoint(
    *, venue_id: UUID, endpoint_id: UUID, by: str, at: datetime.datetime
) -> HookDelivery:
    """Send a test that goes the way of every event. Raises NotFound, EndpointOff."""
    endpoint = _held(venue_id, endpoint_id)
    if not endpoint.enabled:
        raise EndpointOff
    key = uuid7()
    subject = f"endpoint:{endpoint.pk}"
    told = HookEvent.objects.filter(venue_id=venue_id, kind=kinds.PING, subject=subject)
    # The endpoint is held: nobody else counts.
    version = (told.aggregate(last=Max("version"))["last"] or 0) + 1
    news = News(venue_id, kinds.PING, subject, version, {"ping": {"asked_by": by}})
    event = HookEvent.objects.create(
        id=key,
        venue_id=venue_id,
        kind=news.kind,
        subject=subject,
        version=version,
        api_version=kinds.API_VERSION,
        payload=payload_of(news, event_id=key, at=at),
        created_at=at,
    )
    return _first_attempt(endpoint, event, by=by, at=at)


@transaction.atomic
def redeliver(*, venue_id: UUID, delivery_id: UUID, by: str, at: datetime.datetime) -> HookDelivery:
    """Send the event of a delivery again, under the same delivery id, now and then up the ladder.

    What waits is sent at once instead of later; what is being sent is left alone. Returns the
    attempt. Raises NotFound, EndpointOff.
    """
    asked = HookDelivery.objects.filter(venue_id=venue_id, pk=delivery_id).first()
    if asked is None:
        raise NotFound
    endpoint = _held(venue_id, asked.endpoint_id)
    if not endpoint.enabled:
        raise EndpointOff
    attempts = HookDelivery.objects.filter(endpoint_id=endpoint.pk, event_id=asked.event_id)
    attempts.filter(state=DeliveryState.WAITING, next_at__gt=at).update(next_at=at)
    under_way = attempts.filter(state__in=OPEN_STATES).first()
    if under_way is not None:
        return under_way
    last = attempts.latest("attempt")
    return HookDelivery.objects.create(
        venue_id=venue_id,
        endpoint_id=endpoint.pk,
        event_id=asked.event_id,
        original_id=asked.original_id,
        attempt=last.attempt + 1,
        asked_by=by,
        subject=asked.subject,
        version=asked.version,
        created_at=at,
        next_at=at,
    )


def _first_attempt(
    endpoint: HookEndpoint, event: HookEvent, *, by: str, at: datetime.datetime
) -> HookDelivery:
    key = uuid7()
    return HookDelivery.objects.create(
        id=key,
        venue_id=endpoint.venue_id,
        endpoint=endpoint,
        event=event,
        original_id=key,
        asked_by=by,
        subject=event.subject,
        version=event.version,
        created_at=at,
        next_at=at,
    )


def _checked_url(url: str) -> str:
    """The address as it is stored. Raises BadTarget."""
    return str(check_target(url.strip(), private=private_allowed()))


def _checked_kinds(wanted: Sequence[str]) -> list[str]:
    """What is wanted, in order. Raises Invalid, UnknownKind."""
    if not wanted:
        raise Invalid(fields={"kinds": "empty"})
    return kinds.check_wanted(wanted)


def _held(venue_id: UUID, endpoint_id: UUID) -> HookEndpoint:
    """The endpoint, locked: its lane stands still meanwhile. Raises NotFound."""
    rows = HookEndpoint.objects.select_for_update(no_key=True)
    found = rows.filter(venue_id=venue_id, pk=endpoint_id).first()
    if found is None:
        raise NotFound
    return found


def _the_first(venue_id: UUID, key: UUID, digest: str) -> HookEndpoint | None:
    first = HookEndpoint.objects.filter(venue_id=venue_id, key=key).first()
    if first is not None and first.digest != digest:
        raise SameKeyOtherBody
    return first


def _store(endpoint: HookEndpoint, changes: dict[str, Any], at: datetime.datetime) -> None:
    for name, value in (changes | {"changed_at": at}).items():
        setattr(endpoint, name, value)
    endpoint.save(update_fields=[*changes, "changed_at"])


def _journal(
    endpoint: HookEndpoint,
    act: str,
    fields: list[str],
    *,
    by: str,
    at: datetime.datetime,
    station_id: UUID | None,
) -> None:
    """Who tells outsiders what is worth knowing later; a venue being set up has no journal yet.

    Only the host is named: an address may carry a password in its path, and a journal is for ever.
    """
    journal.record_where_kept(
        code=journal_codes.SETTING_CHANGED,
        venue_id=endpoint.venue_id,
        at=at,
        values={
            "what": act,
            "endpoint": str(endpoint.pk),
            "host": httpx.URL(endpoint.url).host,
            "fields": fields,
        },
        station_id=station_id,
        operator=by,
    )
