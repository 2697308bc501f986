"""Derive requests again from the facts in the database, and store what changed."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F, Q

from teraa.common.rows import change_all
from teraa.common.states import WrongMove
from teraa.settlement.osm import derive
from teraa.settlement.osm.availability import is_confirmed
from teraa.settlement.osm.models import Allocation, BlockCursor, OsmRequest, RequestAct
from teraa.settlement.osm.states import REQUEST_MOVES, AllocationKind, RequestState

SMALL_CHANGE = 100
"""A surplus of up to a hundredth of the request raises no alarm."""

_STORED = (
    "state",
    "seen_units",
    "included_units",
    "confirmed_units",
    "surplus_units",
    "confirmations",
    "late",
    "over",
    "under",
    "by_hand",
    "duplicate",
    "limbo",
    "reorged",
    "broken",
    "next_height",
)


@dataclass(frozen=True, slots=True)
class Change:
    """A request that moved: the stored row as it is now, and what it said before."""

    request: OsmRequest
    state_before: str
    surplus_before: int
    needs_attention: bool
    broke: bool


def rederive(*, request_ids: Iterable[UUID], at: datetime.datetime) -> list[Change]:
    """Lock the requests by id, derive each, store and return those that changed.

    The caller holds the locks of their dues. Five queries, however many changed.
    """
    requests = list(
        OsmRequest.objects.select_for_update(no_key=True)
        .filter(pk__in=set(request_ids))
        .order_by("pk")
    )
    if not requests:
        return []
    ids = [request.pk for request in requests]
    receipts, acts = _receipts(ids), _acts(ids)
    chains = _chains({request.network_id for request in requests}, at)
    changes = []
    stored = []
    for request in requests:
        derived = derive.derive(
            facts_of(request),
            receipts[request.pk],
            acts[request.pk],
            chains[request.network_id],
        )
        after, visible = _after(request, derived, at)
        if after:
            stored.append((request, after))
        if visible:
            change = Change(
                request=request,
                state_before=request.state,
                surplus_before=request.surplus_units,
                needs_attention=_needs_attention(request, derived),
                broke=derived.broken and not request.broken,
            )
            changes.append(change)
    if not change_all(stored, unchanged=("version", "state")):
        raise WrongMove(thing="OsmRequest", to="")
    return changes


def facts_of(request: OsmRequest) -> derive.RequestFacts:
    """The stored facts of a request that ``derive`` starts from."""
    return derive.RequestFacts(
        units=request.units,
        tolerance_units=request.tolerance_units,
        required_confirmations=request.required_confirmations,
        created_at=request.created_at,
        expires_at=request.expires_at,
        expired_at=request.expired_at,
        settled_at=request.settled_at,
        accepted_at=request.accepted_at,
    )


def _after(
    request: OsmRequest, derived: derive.Derived, at: datetime.datetime
) -> tuple[dict[str, Any], bool]:
    """What to store of a request (nothing when nothing changed), and whether anybody sees it."""
    after = {name: getattr(derived, name) for name in _STORED}
    before = {name: getattr(request, name) for name in _STORED}
    if after == before:
        return {}, False
    to = derived.state
    if to != request.state and to not in REQUEST_MOVES[RequestState(request.state)]:
        raise WrongMove(thing="OsmRequest", to=to)
    # Only the height to look at next may differ: nothing a person sees, no new version.
    visible = {**after, "next_height": None} != {**before, "next_height": None}
    settles = to == RequestState.SETTLED and request.settled_at is None
    expires = to == RequestState.EXPIRED and request.expired_at is None
    after["settled_at"] = at if settles else request.settled_at
    after["expired_at"] = at if expires else request.expired_at
    after["version"] = request.version + visible
    return after, visible


def _needs_attention(before: OsmRequest, derived: derive.Derived) -> bool:
    """Whether a person should look: coins that belong to nobody, or a promise not kept."""
    if (derived.reorged and not before.reorged) or (derived.broken and not before.broken):
        return True
    grown = derived.surplus_units > before.surplus_units
    closed = derived.state in (RequestState.EXPIRED, RequestState.CANCELLED)
    small = max(before.tolerance_units, before.units // SMALL_CHANGE)
    return grown and (closed or derived.surplus_units > small)


def _receipts(request_ids: list[UUID]) -> dict[UUID, list[derive.ReceiptFact]]:
    facts: dict[UUID, list[derive.ReceiptFact]] = defaultdict(list)
    rows = (
        Allocation.objects.filter(
            request_id__in=request_ids, kind=AllocationKind.REQUEST, reversed_at__isnull=True
        )
        .annotate(
            height=F("receipt__transaction__block__height"),
            gone_at=F("receipt__transaction__gone_at"),
            limbo_since=F("receipt__transaction__limbo_since"),
            first_seen_at=F("receipt__transaction__first_seen_at"),
        )
        .filter(Q(height__isnull=True) | Q(receipt__transaction__block__canonical=True))
        .values_list(
            "request_id", "amount_units", "first_seen_at", "height", "gone_at", "limbo_since"
        )
    )
    for request_id, units, first_seen_at, height, gone_at, limbo_since in rows:
        facts[request_id].append(
            derive.ReceiptFact(
                units, first_seen_at, height, gone_at is not None, limbo_since is not None
            )
        )
    return facts


def _acts(request_ids: list[UUID]) -> dict[UUID, list[derive.Act]]:
    acts: dict[UUID, list[derive.Act]] = defaultdict(list)
    rows = RequestAct.objects.filter(request_id__in=request_ids).order_by("pk")
    for request_id, kind, at in rows.values_list("request_id", "kind", "at"):
        acts[request_id].append(derive.Act(kind, at))
    return acts


def _chains(network_ids: Iterable[int], at: datetime.datetime) -> dict[int, derive.Chain]:
    """Where each network stands. A cursor nobody confirmed of late is not live, whatever it says:
    nothing may expire for time in which nobody watched.
    """
    cursors = BlockCursor.objects.filter(network_id__in=set(network_ids))
    return {
        cursor.network_id: derive.Chain(
            tip=cursor.height,
            live_since=cursor.live_since if is_confirmed(cursor, at=at) else None,
            now=at,
            agreed=cursor.agreed_height,
            vouched=cursor.vouched_height,
            unanimous=cursor.unanimous_height,
        )
        for cursor in cursors
    }
