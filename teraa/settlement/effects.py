"""Effects: what a trade must do once there is news of a due. Delivered once, one by one.

A trade registers a handler per kind in ``AppConfig.ready``. The loop (``manage.py effects``) locks
one effect, calls the handler and marks the effect handled, all in one transaction: either both
happened or neither. A handler that fails is tried again, later and later, and its error shows;
other effects go on meanwhile, so handlers must not rely on the order of effects of one due: they
look at the due itself.
"""

from __future__ import annotations

import datetime
import logging
from typing import LiteralString, Protocol
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, Q

from teraa.live.wake import EFFECTS, wake
from teraa.settlement.models import Effect
from teraa.settlement.states import EffectKind

KINDS: tuple[str, ...] = tuple(kind.value for kind in EffectKind)

FIRST_RETRY = datetime.timedelta(milliseconds=500)
LONGEST_RETRY = datetime.timedelta(minutes=5)
ERROR_LENGTH = 2000

PROBE: LiteralString = """
SELECT EXISTS (
    SELECT FROM settlement_effect
    WHERE handled_at IS NULL AND (next_at IS NULL OR next_at <= now())
)
"""
"""Whether there is work: what the loop asks before it begins a transaction."""

logger = logging.getLogger(__name__)


class Handler(Protocol):
    """What a trade does with one effect, inside its transaction. Must change nothing if repeated."""

    def __call__(self, *, due_id: UUID, at: datetime.datetime) -> None: ...


class NoHandler(LookupError):
    """No trade registered for this subject and kind: money moved and nobody would be told."""


class TwoHandlers(RuntimeError):
    """Two handlers were registered for one subject and kind."""


_handlers: dict[tuple[str, str], Handler] = {}


def register(*, subject: str, kind: str, handler: Handler) -> None:
    """Have ``handler`` called for effects of ``kind`` on dues whose subject is ``subject``.

    ``"bookings"`` also covers ``"bookings.deposit"``, unless that has a handler of its own.
    Registering the same handler again changes nothing. Raises ValueError, TwoHandlers.
    """
    if kind not in KINDS:
        raise ValueError(f"no such kind of effect: {kind}")
    if _handlers.setdefault((subject, kind), handler) is not handler:
        raise TwoHandlers(f"{subject} {kind}")


def handler_for(*, subject: str, kind: str) -> Handler:
    """The handler of the longest registered part of ``subject``. Raises NoHandler."""
    part = subject
    while part:
        if found := _handlers.get((part, kind)):
            return found
        part = part.rpartition(".")[0]
    raise NoHandler(f"no handler is registered for {subject!r} {kind!r}")


def deliver_one(*, at: datetime.datetime) -> bool:
    """Deliver the oldest effect that may be tried at ``at``; say whether there was one.

    A failure of its handler is written beside the effect and never raised: the next one follows.
    """
    failure: Exception | None = None
    effect: Effect | None = None
    try:
        with transaction.atomic():
            effect = _take_one(at)
            if effect is None:
                return False
            handler = handler_for(subject=effect.due.subject, kind=effect.kind)
            handler(due_id=effect.due_id, at=at)
            Effect.objects.filter(pk=effect.pk).update(handled_at=at)
    except Exception as error:
        if effect is None:  # the database, not a handler
            raise
        failure = error
    if failure is not None:
        _put_off(effect, failure, at)
    return True


def deliver_all(*, at: datetime.datetime) -> int:
    """Deliver what may be tried at ``at`` until nothing is left; return how many were tried."""
    tried = 0
    while deliver_one(at=at):
        tried += 1
    return tried


def replay(*, effect_id: int) -> bool:
    """Hand an effect to its trade again at once: one that keeps failing, or was handled already.

    Handlers change nothing when repeated. False when there is no such effect.
    """
    found = Effect.objects.filter(pk=effect_id).update(handled_at=None, next_at=None)
    if found:
        wake(EFFECTS)
    return bool(found)


def counts() -> dict[str, int]:
    """How many effects wait for their turn, and how many failed and wait for another (one query)."""
    undone = Effect.objects.filter(handled_at__isnull=True)
    found: dict[str, int] = undone.aggregate(
        waiting=Count("pk", filter=Q(attempts=0)), failing=Count("pk", filter=Q(attempts__gt=0))
    )
    return found


def _take_one(at: datetime.datetime) -> Effect | None:
    return (
        Effect.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("due")
        .filter(Q(next_at__isnull=True) | Q(next_at__lte=at), handled_at__isnull=True)
        .order_by("id")
        .first()
    )


def _put_off(effect: Effect, error: Exception, at: datetime.datetime) -> None:
    wait = min(FIRST_RETRY * 2 ** min(effect.attempts, 20), LONGEST_RETRY)
    logger.error(
        "effect %s %s of due %s failed (attempt %s), again in %s",
        effect.pk,
        effect.kind,
        effect.due_id,
        effect.attempts + 1,
        wait,
        exc_info=error,
    )
    Effect.objects.filter(pk=effect.pk, handled_at__isnull=True).update(
        attempts=F("attempts") + 1,
        next_at=at + wait,
        last_error=f"{type(error).__name__}: {error}"[:ERROR_LENGTH],
    )
