"""Where a node's webhooks arrive. A hint is stored, the ingest is woken, the node is answered.

What a hint says is never believed: it only means "look again" (law 7).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from teraa.common.clock import now
from teraa.settlement.osm.models import NodeHook

LARGEST_BODY = 256 * 1024
EVENT_LENGTH = 40
MOST_IDS = 50
ID_LENGTH = 64

CROWD = 10_000
"""So many hints that nobody answered say no more than the newest of them."""

# A hint in a crowd makes room first: all but the newest word of a block may go, for a hint only
# ever means "look", and one look answers them all.
STORE_AND_WAKE = """
WITH crowd AS MATERIALIZED (
    SELECT 1 FROM osm_node_hint WHERE handled_at IS NULL OFFSET %s LIMIT 1
), spare AS MATERIALIZED (
    SELECT id FROM osm_node_hint
    WHERE EXISTS (SELECT 1 FROM crowd) AND handled_at IS NULL AND id IS DISTINCT FROM (
        SELECT max(id) FROM osm_node_hint WHERE handled_at IS NULL AND event = 'block.applied'
    )
    FOR UPDATE SKIP LOCKED
), thinned AS (
    DELETE FROM osm_node_hint WHERE id IN (SELECT id FROM spare)
), stored AS (
    INSERT INTO osm_node_hint (peer_id, event, dedupe_key, body, received_at)
    VALUES (%s, %s, %s, %s::jsonb, %s)
    ON CONFLICT (peer_id, dedupe_key) DO NOTHING RETURNING id
)
SELECT pg_notify('teraa_ingest', '') FROM stored
"""


@csrf_exempt
@require_POST
def take_hint(request: HttpRequest, segment: str) -> HttpResponse:
    """Store one hint: 204, also for one we have; 404, 403, 413, 400 without storing anything.

    Two queries. The notification goes out with the commit of the row it announces.
    """
    length = request.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > LARGEST_BODY:
        return HttpResponse(status=413)
    hooks = list(NodeHook.objects.filter(peer__segment=segment))
    if not hooks:
        return HttpResponse(status=404)
    if not _is_sent_by_node(request, hooks):
        return HttpResponse(status=403)
    body = request.read(LARGEST_BODY + 1)
    if len(body) > LARGEST_BODY:
        return HttpResponse(status=413)
    try:
        event, ids = _read(body)
    except (ValueError, TypeError, KeyError, RecursionError):
        return HttpResponse(status=400)
    key = hashlib.sha256("\n".join([event, *ids]).encode()).hexdigest()
    with connection.cursor() as cursor:
        body_json = json.dumps({"ids": ids[:MOST_IDS]})
        cursor.execute(STORE_AND_WAKE, [CROWD, hooks[0].peer_id, event, key, body_json, now()])
    return HttpResponse(status=204)


def _is_sent_by_node(request: HttpRequest, hooks: list[NodeHook]) -> bool:
    """Whether the header holds the first half of one of our tokens (compared in constant time)."""
    given = hashlib.sha256(request.headers.get("Authorization", "").encode()).hexdigest()
    matches = [secrets.compare_digest(given, hook.half_token_sha256) for hook in hooks]
    return any(matches)


def _read(body: bytes) -> tuple[str, list[str]]:
    """The event's name and the ids it speaks of. Raises ValueError, TypeError, KeyError.

    ``data`` is a block, a transaction, a bare id, or (pool events of 2.5) a list of
    ``{data, serialized}``.
    """
    message = json.loads(body)
    event, data = message["event"], message["data"]
    if not isinstance(event, str) or not 0 < len(event) <= EVENT_LENGTH:
        raise TypeError("event")
    parts = data if isinstance(data, list) else [data]
    return event, [found for part in parts if (found := _id_of(part))]


def _id_of(part: Any) -> str:
    if isinstance(part, dict):
        part = part["data"]["id"] if isinstance(part.get("data"), dict) else part.get("id")
    if not isinstance(part, str) or len(part) > ID_LENGTH or not part.isalnum():
        raise TypeError("id")
    return part
