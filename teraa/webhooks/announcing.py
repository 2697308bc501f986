"""Saying that something happened: inside the transaction in which it happens, in one statement.

    announce(venue_id=…, kind="due.settled", subject=f"due:{due.pk}", version=due.version,
             data=facts, at=at)

The statement stores the event and one waiting delivery for each endpoint that wants it, or
nothing when nobody does. Nothing is sent, nobody is woken: ``manage.py hooks`` looks by itself
(law 8). What commits is told at least once; what rolls back is never told.

A room whose hot path may not afford the statement has two ways to none: a row it locks anyway may
bring ``listened_to()`` along, and then it announces only where somebody listens (as settlement
does); or it announces in a reaction to its outbox row (``teraa.live.topics``), in the relay's
transaction, which is as durable.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, OuterRef

from teraa.common.canonical import canonical_text
from teraa.common.clock import iso_utc
from teraa.common.ids import uuid7
from teraa.common.prepared import prepared_cursor
from teraa.webhooks import kinds
from teraa.webhooks.models import SUBJECT_LENGTH, HookEndpoint

PAYLOAD_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class News:
    """One thing to tell. ``data``: public facts only; money in integers or decimal strings."""

    venue_id: UUID
    kind: str
    subject: str
    version: int
    data: Mapping[str, Any]


# The first attempt's id is the delivery's for all that follow: made once, used twice.
_ANNOUNCE: Final = """
WITH news AS (
    SELECT * FROM unnest(
        %(ids)s::uuid[], %(venues)s::uuid[], %(kinds)s::text[], %(subjects)s::text[],
        %(versions)s::bigint[], %(payloads)s::text[]
    ) AS one (id, venue_id, kind, subject, version, payload)
), wanting AS MATERIALIZED (
    SELECT news.id AS event_id, endpoint.id AS endpoint_id, gen_random_uuid() AS delivery_id
    FROM news JOIN webhooks_hook_endpoint endpoint ON endpoint.venue_id = news.venue_id
    WHERE endpoint.enabled
        AND endpoint.kinds::text[]
            && ARRAY['*', split_part(news.kind, '.', 1) || '.*', news.kind]
), told AS (
    INSERT INTO webhooks_hook_event
        (id, venue_id, kind, subject, version, api_version, payload, created_at)
    SELECT id, venue_id, kind, subject, version, %(api_version)s::text, payload,
        %(at)s::timestamptz
    FROM news WHERE id IN (SELECT event_id FROM wanting)
    ON CONFLICT (venue_id, kind, subject, version) DO NOTHING
    RETURNING id, venue_id, subject, version
)
INSERT INTO webhooks_hook_delivery
    (id, venue_id, endpoint_id, event_id, original_id, attempt, rung, asked_by, subject, version,
     state, excerpt, error, created_at, next_at)
SELECT wanting.delivery_id, told.venue_id, wanting.endpoint_id, told.id, wanting.delivery_id,
    1, 0, '', told.subject, told.version, 'waiting', '', '', %(at)s::timestamptz,
    %(at)s::timestamptz
FROM told JOIN wanting ON wanting.event_id = told.id
"""


def announce(
    *,
    venue_id: UUID,
    kind: str,
    subject: str,
    version: int,
    data: Mapping[str, Any],
    at: datetime.datetime,
) -> int:
    """Tell every endpoint of the venue that wants ``kind``; returns how many deliveries wait.

    The same kind, subject and version again changes nothing: the first data stays. One statement,
    in the caller's transaction. Raises ValueError for an unknown kind or too much data,
    NotCanonical for data without an exact JSON form.
    """
    return announce_all([News(venue_id, kind, subject, version, data)], at=at)


def announce_all(news: Sequence[News], *, at: datetime.datetime) -> int:
    """The same for several things that happened at once, also in one statement (none for none)."""
    if not news:
        return 0
    ids = [uuid7() for _one in news]
    payloads = [payload_of(one, event_id=key, at=at) for one, key in zip(news, ids, strict=True)]
    values: dict[str, Any] = {
        "ids": ids,
        "venues": [one.venue_id for one in news],
        "kinds": [one.kind for one in news],
        "subjects": [one.subject for one in news],
        "versions": [one.version for one in news],
        "payloads": payloads,
        "api_version": kinds.API_VERSION,
        "at": at,
    }
    with prepared_cursor() as cursor:
        cursor.execute(_ANNOUNCE, values)
        return int(cursor.rowcount)


def payload_of(news: News, *, event_id: UUID, at: datetime.datetime) -> str:
    """The body receivers get: canonical JSON, the same bytes for all endpoints and attempts."""
    if not kinds.is_registered(news.kind):
        raise ValueError(f"no room registered the kind {news.kind!r}")
    if len(news.subject) > SUBJECT_LENGTH:
        raise ValueError(f"the subject {news.subject!r} is too long")
    text = canonical_text(
        {
            "api_version": kinds.API_VERSION,
            "id": str(event_id),
            "kind": news.kind,
            "venue": str(news.venue_id),
            "subject": news.subject,
            "version": news.version,
            "created_at": iso_utc(at),
            "data": news.data,
        }
    )
    if len(text.encode()) > PAYLOAD_BYTES:
        raise ValueError(f"{news.kind} of {news.subject} is more than {PAYLOAD_BYTES} bytes")
    return text


def listened_to(venue: str = "venue_id") -> Exists:
    """For ``.annotate()`` on a query of rows with a venue: whether any endpoint there is on."""
    return Exists(HookEndpoint.objects.filter(venue_id=OuterRef(venue), enabled=True))
