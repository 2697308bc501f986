"""Lanes: one endpoint, one delivery in flight, each subject in the order of its versions.

A worker leases the next delivery of each free lane, sends it, and writes the answer down. All of it
is in the database: a worker that is killed leaves a lease that ends, and its delivery is sent
again, with the same id (at least once, never not at all).

* A lane takes what has waited longest among what may be sent now. A delivery on its ladder keeps
  later versions of *its own subject* waiting; other subjects overtake it.
* An endpoint that failed last is a troubled one and gets its turns from slots of their own, so that any
  number of endpoints that hang leaves the others theirs.
* Locks are taken in one order, endpoint before delivery; a lane somebody else holds is skipped.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from teraa.webhooks.ladder import GONE, is_success, wait_before_next, wished_wait
from teraa.webhooks.models import EXCERPT_LENGTH, HookDelivery, HookEndpoint
from teraa.webhooks.states import DeliveryState, OffReason

# Twice what an attempt may last, with time to write its answer down.
LEASE = datetime.timedelta(seconds=20)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Leased:
    """One delivery in our hands, with all that is needed to send it."""

    id: UUID
    endpoint_id: UUID
    original_id: UUID
    attempt: int
    rung: int
    kind: str
    url: str
    payload: str
    secret_sealed: str
    previous_sealed: str
    troubled: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status, or the code of an error (``AttemptError``)."""

    status: int | None = None
    excerpt: str = ""
    error: str = ""
    retry_after: str = ""


# Whether lanes of endpoints that answer are free and have something to send, the same of those that
# failed last, and whether a worker that is no more left something.
_WORK: Final = """
WITH free AS (
    SELECT endpoint.failures > 0 AS troubled FROM webhooks_hook_endpoint endpoint
    WHERE endpoint.enabled
        AND EXISTS (
            SELECT FROM webhooks_hook_delivery one
            WHERE one.endpoint_id = endpoint.id AND one.state = 'waiting' AND one.next_at <= %(at)s
        )
        AND NOT EXISTS (
            SELECT FROM webhooks_hook_delivery one
            WHERE one.endpoint_id = endpoint.id AND one.state = 'sending'
        )
)
SELECT coalesce(bool_or(NOT troubled), false), coalesce(bool_or(troubled), false), EXISTS (
    SELECT FROM webhooks_hook_delivery WHERE state = 'sending' AND lease_until <= %(at)s
)
FROM free
"""

_TAKE_BACK: Final = """
UPDATE webhooks_hook_delivery
SET state = 'waiting', lease_until = NULL, lease_run = NULL
WHERE state = 'sending' AND lease_until <= %(at)s AND id IN (
    SELECT id FROM webhooks_hook_delivery
    WHERE state = 'sending' AND lease_until <= %(at)s
    FOR UPDATE SKIP LOCKED
)
"""

_FREE_LANES: Final = """
SELECT endpoint.id FROM webhooks_hook_endpoint endpoint
WHERE endpoint.enabled AND (endpoint.failures > 0) = %(troubled)s
    AND EXISTS (
        SELECT FROM webhooks_hook_delivery one
        WHERE one.endpoint_id = endpoint.id AND one.state = 'waiting' AND one.next_at <= %(at)s
    )
    AND NOT EXISTS (
        SELECT FROM webhooks_hook_delivery one
        WHERE one.endpoint_id = endpoint.id AND one.state = 'sending'
    )
ORDER BY endpoint.last_attempt_at NULLS FIRST, endpoint.id
LIMIT %(room)s
FOR NO KEY UPDATE SKIP LOCKED
"""

# A statement of its own, after the locks: it sees what a rival committed just before us.
_NEXT: Final = """
SELECT one.id, one.endpoint_id, one.original_id, one.attempt, one.rung, event.kind, endpoint.url,
    event.payload, endpoint.secret_sealed,
    CASE WHEN endpoint.previous_until > %(at)s THEN endpoint.previous_sealed ELSE '' END,
    endpoint.failures > 0
FROM unnest(%(lanes)s::uuid[]) AS lane (id)
JOIN webhooks_hook_endpoint endpoint ON endpoint.id = lane.id
CROSS JOIN LATERAL (
    SELECT * FROM webhooks_hook_delivery first
    WHERE first.endpoint_id = lane.id AND first.state = 'waiting' AND first.next_at <= %(at)s
        AND NOT EXISTS (
            SELECT FROM webhooks_hook_delivery busy
            WHERE busy.endpoint_id = lane.id AND busy.state = 'sending'
        )
        AND NOT EXISTS (
            SELECT FROM webhooks_hook_delivery before
            WHERE before.endpoint_id = lane.id AND before.state = 'waiting'
                AND before.subject = first.subject
                AND (before.version, before.event_id) < (first.version, first.event_id)
        )
    ORDER BY first.next_at, first.version, first.event_id
    LIMIT 1
) one
JOIN webhooks_hook_event event ON event.id = one.event_id
"""

_LEASE: Final = """
UPDATE webhooks_hook_delivery
SET state = 'sending', sent_at = %(at)s, lease_until = %(until)s, lease_run = %(run)s
WHERE id = ANY(%(ids)s::uuid[]) AND state = 'waiting'
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Work:
    """What there is to do."""

    healthy: bool
    troubled: bool
    left_behind: bool


def work(*, at: datetime.datetime) -> Work:
    """What may be done at ``at`` (one cheap query, whatever waits)."""
    with connection.cursor() as cursor:
        cursor.execute(_WORK, {"at": at})
        row = cursor.fetchone()
    assert row is not None  # noqa: S101  an aggregate always has a row
    return Work(*row)


def take_back(*, at: datetime.datetime) -> int:
    """Put back what a worker that is no more had in its hands; returns how many."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_TAKE_BACK, {"at": at})
        return int(cursor.rowcount)


def lease(*, run: UUID, room: int, troubled: bool, at: datetime.datetime) -> list[Leased]:
    """The next delivery of up to ``room`` free lanes, ours for ``LEASE``.

    ``troubled``: lanes of endpoints that failed last, else all others. ``run`` is the worker's own.
    """
    if room <= 0:
        return []
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_FREE_LANES, {"at": at, "room": room, "troubled": troubled})
        lanes = [row[0] for row in cursor.fetchall()]
        if not lanes:
            return []
        cursor.execute(_NEXT, {"lanes": lanes, "at": at})
        found = [Leased(*row) for row in cursor.fetchall()]
        if not found:
            return []
        values: dict[str, Any] = {"at": at, "until": at + LEASE, "run": run}
        values["ids"] = [one.id for one in found]
        cursor.execute(_LEASE, values)
        ours = {row[0] for row in cursor.fetchall()}
    return [one for one in found if one.id in ours]


@transaction.atomic(durable=True)
def record(leased: Leased, answer: Answer, *, run: UUID, at: datetime.datetime) -> bool:
    """Write an answer down and what follows from it: the next attempt, the state of the endpoint.

    False, and nothing is written, when the lease was taken from us meanwhile: whoever has it now
    sends the same event under the same id.
    """
    endpoint = HookEndpoint.objects.select_for_update(no_key=True).get(pk=leased.endpoint_id)
    succeeded = is_success(answer.status)
    # Nothing climbs on for an endpoint that was turned off while this was under way.
    wait = (
        wait_before_next(
            rung=leased.rung,
            status=answer.status,
            error=answer.error,
            wish=wished_wait(answer.retry_after, at=at) if answer.retry_after else None,
        )
        if endpoint.enabled and not succeeded
        else None
    )
    if succeeded:
        state = DeliveryState.DELIVERED
    else:
        state = DeliveryState.GIVEN_UP if wait is None else DeliveryState.FAILED
    ours = HookDelivery.objects.filter(pk=leased.id, state=DeliveryState.SENDING, lease_run=run)
    changes: dict[str, Any] = {
        "state": state,
        "status": answer.status,
        "excerpt": answer.excerpt[:EXCERPT_LENGTH],
        "error": answer.error,
        "done_at": at,
        "lease_until": None,
        "lease_run": None,
    }
    if ours.update(**changes) != 1:
        log.warning("delivery %s was taken over: its answer is not kept", leased.id)
        return False
    if wait is not None:
        _climb(leased, at=at, next_at=at + wait)
    _note(endpoint, answer, succeeded=succeeded, at=at)
    return True


def _climb(leased: Leased, *, at: datetime.datetime, next_at: datetime.datetime) -> None:
    """The next attempt is a row of its own; this one stays as it ended."""
    done = HookDelivery.objects.get(pk=leased.id)
    HookDelivery.objects.create(
        venue_id=done.venue_id,
        endpoint_id=done.endpoint_id,
        event_id=done.event_id,
        original_id=done.original_id,
        attempt=done.attempt + 1,
        rung=done.rung + 1,
        asked_by=done.asked_by,
        subject=done.subject,
        version=done.version,
        created_at=at,
        next_at=next_at,
    )


def _note(
    endpoint: HookEndpoint, answer: Answer, *, succeeded: bool, at: datetime.datetime
) -> None:
    """How the endpoint does; one that says it is gone is turned off, and what waits with it."""
    changes: dict[str, Any] = {"last_attempt_at": at, "failures": F("failures") + 1}
    if succeeded:
        changes |= {"last_success_at": at, "failures": 0}
    if answer.status == GONE and endpoint.enabled:
        changes |= {"enabled": False, "disabled_reason": OffReason.GONE, "changed_at": at}
        cancel_waiting(endpoint.pk, at=at)
        log.warning("endpoint %s says it is gone: nothing is sent there any more", endpoint.pk)
    HookEndpoint.objects.filter(pk=endpoint.pk).update(**changes)


def cancel_waiting(endpoint_id: UUID, *, at: datetime.datetime) -> int:
    """Give up what waits for an endpoint (which the caller holds); returns how many."""
    waiting = HookDelivery.objects.filter(endpoint_id=endpoint_id, state=DeliveryState.WAITING)
    return int(waiting.update(state=DeliveryState.CANCELLED, done_at=at))


def give_back(leased: Sequence[Leased], *, run: UUID) -> int:
    """Let go of what will not be waited for: another worker sends it at once, same id."""
    ours = HookDelivery.objects.filter(
        pk__in=[one.id for one in leased], state=DeliveryState.SENDING, lease_run=run
    )
    return int(ours.update(state=DeliveryState.WAITING, lease_until=None, lease_run=None))
