"""Totals and states of dues, recomputed from their tenders and announced. Never incremented."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from teraa.common.rows import change_all
from teraa.common.states import WrongMove
from teraa.live import outbox
from teraa.live.models import Outbox
from teraa.settlement import hooks
from teraa.settlement.balance import TenderFact, balance
from teraa.settlement.models import Due, Effect, Tender
from teraa.settlement.osm.states import RequestState
from teraa.settlement.states import DUE_MOVES, DueState, EffectKind, TenderState
from teraa.webhooks.announcing import listened_to

_NEWS_OF_STATE = {
    DueState.SETTLED: EffectKind.SETTLED,
    DueState.ACCEPTED: EffectKind.ACCEPTED,
    DueState.EXPIRED: EffectKind.EXPIRED,
}


def lock_dues(due_ids: Collection[UUID] | QuerySet[Any, UUID]) -> list[Due]:
    """The dues, locked until the commit in the order of their ids; payee, its rules and venue come
    along.

    One query, also when ``due_ids`` is itself a query.
    """
    return list(
        Due.objects.select_for_update(no_key=True, of=("self",))
        .select_related("payee__venue", "payee__payment_policy")
        .annotate(heard_outside=listened_to())
        .filter(pk__in=due_ids)
        .order_by("pk")
    )


def lock_with_sharers(due_ids: Collection[UUID]) -> list[Due]:
    """Lock these dues and all that share an open OSM request with one of them, in one order.

    Who withdraws a request must hold every due it would pay. Rivals may change who shares before
    we hold the locks: then what was locked is let go, and it begins again.
    """
    while True:
        wanted = _sharers(due_ids)
        place = transaction.savepoint()
        locked = lock_dues(wanted)
        if _sharers(due_ids) <= wanted:
            transaction.savepoint_commit(place)
            return locked
        transaction.savepoint_rollback(place)


def _sharers(due_ids: Collection[UUID]) -> set[UUID]:
    """``due_ids`` and the dues of every request that is still open for one of them."""
    waiting = Tender.objects.filter(state=TenderState.PENDING, request__isnull=False)
    requests = waiting.filter(due_id__in=due_ids).values("request_id")
    return {*due_ids, *waiting.filter(request_id__in=requests).values_list("due_id", flat=True)}


def recompute_dues(
    dues: Iterable[Due],
    *,
    at: datetime.datetime,
    touched: Collection[UUID] = (),
    attention: Collection[UUID] = (),
    tell_trade: bool = True,
) -> None:
    """Bring locked ``dues`` in line with their tenders; four queries, however many changed.

    A due in ``touched`` gets a new version even if its sums stay (its request moved); one in
    ``attention`` gets that effect. With ``tell_trade=False`` (the trade itself is acting) mere
    changes make no effect; settled, accepted and expired always do.
    """
    held = {due.pk: due for due in dues}
    facts, said = _tender_facts(held)
    changed: list[tuple[Due, list[EffectKind]]] = []
    changes: list[tuple[Due, dict[str, Any]]] = []
    for due in sorted(held.values(), key=lambda one: one.pk):
        now = balance(state=due.state, amount_cents=due.amount_cents, tenders=facts[due.pk])
        kinds: list[EffectKind] = []
        if now.state != due.state:
            if now.state not in DUE_MOVES[due.state]:
                raise WrongMove(thing="Due", to=now.state)
            if now.state in _NEWS_OF_STATE:
                kinds.append(_NEWS_OF_STATE[DueState(now.state)])
        if due.pk in attention:
            kinds.append(EffectKind.ATTENTION)
        same = (now.state, now.paid_cents, now.pending_cents) == (
            due.state,
            due.paid_cents,
            due.pending_cents,
        )
        if same and not kinds and due.pk not in touched:
            continue
        if not kinds and tell_trade:
            kinds.append(EffectKind.CHANGED)
        changed.append((due, kinds))
        first_settled = now.state == DueState.SETTLED and due.settled_at is None
        changes.append(
            (
                due,
                {
                    "state": now.state,
                    "paid_cents": now.paid_cents,
                    "pending_cents": now.pending_cents,
                    "version": due.version + 1,
                    "changed_at": at,
                    "settled_at": at if first_settled else due.settled_at,
                },
            )
        )
    if not change_all(changes, unchanged=("version", "state")):
        raise WrongMove(thing="Due", to="")
    Effect.objects.bulk_create(
        Effect(venue_id=due.venue_id, due=due, kind=kind, version=due.version, created_at=at)
        for due, kinds in changed
        for kind in kinds
    )
    outbox.put_many([announcement(due, at) for due, _ in changed])
    # A trade that acts itself need not be told of a change; those outside do not act.
    told = [
        (due, kind, said[due.pk])
        for due, kinds in changed
        for kind in kinds or [EffectKind.CHANGED]
    ]
    hooks.tell_outside(told, at=at)


def announcement(due: Due, at: datetime.datetime) -> Outbox:
    """The outbox row that says: look at this due again."""
    return outbox.row_for(topic=f"due.{due.pk}", key=str(due.pk), version=due.version, at=at)


def _tender_facts(
    due_ids: Iterable[UUID],
) -> tuple[dict[UUID, list[TenderFact]], dict[UUID, list[hooks.TenderSaid]]]:
    """What balances the dues, and what is said of it outside (one query)."""
    facts: dict[UUID, list[TenderFact]] = defaultdict(list)
    said: dict[UUID, list[hooks.TenderSaid]] = defaultdict(list)
    rows = (
        Tender.objects.filter(due_id__in=list(due_ids))
        .order_by("created_at", "pk")
        .values_list("due_id", "kind", "state", "amount_cents", "request__state")
    )
    for due_id, kind, state, amount_cents, request_state in rows:
        lapsed = state == TenderState.CANCELLED and request_state == RequestState.EXPIRED
        facts[due_id].append(TenderFact(state, amount_cents, lapsed))
        said[due_id].append(hooks.TenderSaid(kind, amount_cents, state))
    return facts, said
