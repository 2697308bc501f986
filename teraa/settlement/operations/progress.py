"""From what the chain (or a person) says of a request to its tenders, its dues and their trades."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import cast
from uuid import UUID

from django.db import transaction

from teraa.common.rows import change_all
from teraa.common.states import WrongMove
from teraa.settlement.cases.judging import judge
from teraa.settlement.models import Due, Tender
from teraa.settlement.operations.lateness import take_late_by_rule
from teraa.settlement.operations.recompute import lock_dues, recompute_dues
from teraa.settlement.osm.distrust import distrust
from teraa.settlement.osm.rederive import Change, rederive
from teraa.settlement.osm.states import RequestState
from teraa.settlement.states import TENDER_MOVES, DueState, TenderState

_TENDER_OF_REQUEST = {
    RequestState.OPEN: TenderState.PENDING,
    RequestState.SEEN: TenderState.PENDING,
    RequestState.ACCEPTED: TenderState.ACCEPTED,
    RequestState.CONFIRMING: TenderState.PENDING,
    RequestState.SETTLED: TenderState.SETTLED,
    RequestState.EXPIRED: TenderState.CANCELLED,
    RequestState.CANCELLED: TenderState.CANCELLED,
}
_FINAL = (TenderState.SETTLED, TenderState.REFUSED)


def bring_up_to_date(
    *, request_ids: Iterable[UUID], at: datetime.datetime, tell_trade: bool = True
) -> list[Change]:
    """Re-derive requests and let their tenders, dues, effects and announcements follow.

    Locks the dues, then the requests, each by id. Changes nothing when nothing changed: replaying
    is free. Returns what moved.
    """
    ids = set(request_ids)
    return _bring_up_to_date(ids, at, tell_trade=tell_trade) if ids else []


@transaction.atomic
def _bring_up_to_date(ids: set[UUID], at: datetime.datetime, *, tell_trade: bool) -> list[Change]:
    paid_by_them = Tender.objects.filter(request_id__in=ids)
    dues = {due.pk: due for due in lock_dues(paid_by_them.values_list("due_id", flat=True))}
    changes = {change.request.pk: change for change in rederive(request_ids=ids, at=at)}
    if taken := take_late_by_rule([change.request for change in changes.values()], at=at):
        for change in rederive(request_ids=taken, at=at):
            changes[change.request.pk] = change
    if not changes:
        return []
    room = {due.pk: _room(due) for due in dues.values()}
    attention: set[UUID] = set()
    touched: set[UUID] = set()
    moves = []
    for tender in paid_by_them.filter(request_id__in=changes.keys()).order_by("created_at", "pk"):
        change = changes[cast(UUID, tender.request_id)]
        touched.add(tender.due_id)
        to = _TENDER_OF_REQUEST[RequestState(change.request.state)]
        follows = _follows(tender, to, room)
        if follows and tender.state not in (to, *_FINAL):
            moves.append((tender, to))
        if not follows or change.needs_attention:
            attention.add(tender.due_id)
    _move(moves, at)
    recompute_dues(
        dues.values(), at=at, touched=touched, attention=attention, tell_trade=tell_trade
    )
    judge(request_ids=changes.keys(), at=at)
    distrust([change.request for change in changes.values() if change.broke], at=at)
    return list(changes.values())


def _room(due: Due) -> int:
    """Cents that a tender coming back to life may still take of a locked due."""
    return due.remaining_cents if due.state in (DueState.OPEN, DueState.EXPIRED) else 0


def _follows(tender: Tender, to: TenderState, room: dict[UUID, int]) -> bool:
    """Whether one tender may go where its request went: not when its due has no room any more.

    That happens to a late payment that was accepted after the due was paid otherwise, or given
    up: the coins stay on the request, for a person to give back.
    """
    if tender.state == TenderState.CANCELLED != to:
        if tender.amount_cents > room[tender.due_id]:
            return False
        room[tender.due_id] -= tender.amount_cents
    return True


def _move(moves: Sequence[tuple[Tender, TenderState]], at: datetime.datetime) -> None:
    for tender, to in moves:
        if to not in TENDER_MOVES[tender.state]:
            raise WrongMove(thing="Tender", to=to)
    changes = [
        (tender, {"state": to, "settled_at": at if to == TenderState.SETTLED else None})
        for tender, to in moves
    ]
    if not change_all(changes, unchanged=("state",)):
        raise WrongMove(thing="Tender", to="")
