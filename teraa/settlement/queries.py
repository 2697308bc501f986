"""What screens ask of this room. Cents and units of 10⁻⁸ are integers; JSON makes units strings."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet

from teraa.common.clock import now
from teraa.common.money import share_out
from teraa.common.problems import Sentence
from teraa.settlement.models import Due, Tender
from teraa.settlement.operations.rates import rate_in_force, why_no_rate
from teraa.settlement.osm.availability import (
    availability_of,
    current_cursor,
    sentence_for,
)
from teraa.settlement.osm.models import Allocation, BlockCursor, NodeHint, NodePeer, OsmRequest
from teraa.settlement.osm.states import AllocationKind, CursorState, RequestState
from teraa.settlement.states import TenderState

WAITING = (
    RequestState.OPEN,
    RequestState.SEEN,
    RequestState.ACCEPTED,
    RequestState.CONFIRMING,
)


@dataclass(frozen=True, slots=True)
class OsmView:
    """The coin side of a tender, as a till shows it."""

    id: UUID
    state: str
    reference: str
    address: str
    units: int
    seen_units: int
    missing_units: int
    surplus_units: int
    expires_at: datetime.datetime
    trusted_until: datetime.datetime | None
    confirmations: int
    required: int
    wait_s: int
    rate_e10: int
    fee_units: int
    flags: list[str]
    version: int


@dataclass(frozen=True, slots=True)
class TenderView:
    """One tender of a due; ``osm`` is None for all other kinds."""

    key: UUID
    kind: str
    amount_cents: int
    received_cents: int
    change_cents: int
    state: str
    osm: OsmView | None


@dataclass(frozen=True, slots=True)
class SettledTender:
    """What a fiscal document says of a tender. OSM fields are None or empty for other kinds.

    Without a station it was paid from afar.
    """

    kind: str
    amount_cents: int
    received_cents: int
    change_cents: int
    authorisation: str
    osm_units: int | None = None
    osm_rate_e10: int | None = None
    osm_txids: tuple[str, ...] = ()
    osm_reference: str = ""
    station_id: UUID | None = None
    station_label: str = ""
    operator: str = ""


@dataclass(frozen=True, slots=True)
class OsmStatus:
    """Whether and on what terms OSM can be taken; ``reason`` is a sentence, "" when it can."""

    available: bool
    reason: Sentence
    reason_code: str
    symbol: str
    block_time_s: int
    network: str
    fee_units: int
    state: str


@dataclass(frozen=True, slots=True)
class DueView:
    """A due with its tenders."""

    id: UUID
    subject: str
    state: str
    version: int
    amount_cents: int
    paid_cents: int
    pending_cents: int
    remaining_cents: int
    tenders: list[TenderView]


def tender_views(due_id: UUID) -> list[TenderView]:
    """The tenders of one due, oldest first (one query)."""
    return tender_views_of([due_id])[due_id]


def tender_views_of(due_ids: Iterable[UUID]) -> dict[UUID, list[TenderView]]:
    """The tenders of many dues, oldest first (one query); every id asked for is a key."""
    ids = list(due_ids)
    views: dict[UUID, list[TenderView]] = {due_id: [] for due_id in ids}
    tenders = (
        Tender.objects.filter(due_id__in=ids)
        .select_related("request__quote", "request__network")
        .order_by("created_at", "pk")
    )
    for tender in tenders:
        views[tender.due_id].append(
            TenderView(
                key=tender.key,
                kind=tender.kind,
                amount_cents=tender.amount_cents,
                received_cents=tender.received_cents,
                change_cents=tender.change_cents,
                state=tender.state,
                osm=view_of_request(tender.request) if tender.request else None,
            )
        )
    return views


def due_state(due_id: UUID) -> DueView:
    """One due and its tenders (two queries). Raises Due.DoesNotExist."""
    due = Due.objects.get(pk=due_id)
    return DueView(
        id=due.pk,
        subject=due.subject,
        state=due.state,
        version=due.version,
        amount_cents=due.amount_cents,
        paid_cents=due.paid_cents,
        pending_cents=due.pending_cents,
        remaining_cents=due.remaining_cents,
        tenders=tender_views(due_id),
    )


def is_being_confirmed(due: Due) -> bool:
    """Whether what is left of a due is on its way: coins that are enough, not deep enough yet.

    Also while a fork has taken them out of their block and their return is awaited (one query).
    """
    coming = Tender.objects.filter(
        due=due,
        state__in=(TenderState.PENDING, TenderState.ACCEPTED),
        request__state__in=(RequestState.SEEN, RequestState.ACCEPTED, RequestState.CONFIRMING),
    ).values_list("amount_cents", flat=True)
    return bool(coming) and due.paid_cents + sum(coming) >= due.amount_cents


def osm_state(request_id: UUID) -> OsmView:
    """One OSM request (one query). Raises OsmRequest.DoesNotExist."""
    return view_of_request(OsmRequest.objects.select_related("quote", "network").get(pk=request_id))


def view_of_request(request: OsmRequest) -> OsmView:
    """The view of a request whose quote and network are at hand."""
    return OsmView(
        id=request.pk,
        state=request.state,
        reference=request.reference,
        address=request.address,
        units=request.units,
        seen_units=request.seen_units,
        missing_units=request.missing_units,
        surplus_units=request.surplus_units,
        expires_at=request.expires_at,
        trusted_until=request.trusted_until,
        confirmations=request.confirmations,
        required=request.required_confirmations,
        wait_s=_wait_seconds(request),
        rate_e10=request.quote.rate_e10,
        fee_units=request.network.fee_units,
        flags=request.flags,
        version=request.version,
    )


def settled_tenders(*, due_id: UUID) -> list[SettledTender]:
    """The settled tenders of a due, oldest first, as its document tells them (≤ 2 queries).

    The units of a request that pays several dues are shared out by their amounts. Units are what
    was credited: a surplus is no part of the sale.
    """
    tenders = list(
        Tender.objects.filter(due_id=due_id, state=TenderState.SETTLED)
        .select_related("request__quote", "station")
        .order_by("created_at", "pk")
    )
    requests = [tender.request for tender in tenders if tender.request is not None]
    txids = _txids(requests)
    return [_settled_tender(tender, txids) for tender in tenders]


def osm_status(venue_id: UUID | None = None, *, at: datetime.datetime | None = None) -> OsmStatus:
    """Whether OSM can be taken (at that venue, if one is named), in at most two queries."""
    at = at or now()
    cursor = current_cursor()
    chain = availability_of(cursor, at=at)
    reason = chain.reason
    if not reason and venue_id is not None:
        known = rate_in_force(venue_id=venue_id, at=at) is not None
        reason = "" if known else why_no_rate(venue_id=venue_id).value
    network = cursor.network if cursor else None
    return OsmStatus(
        available=not reason,
        reason=sentence_for(reason),
        reason_code=reason,
        symbol=network.symbol if network else "OSM",
        block_time_s=network.block_seconds if network else 0,
        network=str(network) if network else "",
        fee_units=network.fee_units if network else 0,
        state=cursor.state if cursor else CursorState.STALLED,
    )


def node_health(*, at: datetime.datetime) -> dict[str, Any]:
    """How the chain is followed, for the back office: cursor, nodes, hints that wait."""
    cursor = current_cursor()
    chain = availability_of(cursor, at=at)
    return {
        "available": chain.available,
        "reason": chain.reason,
        "sentence": str(chain.sentence),
        "cursor": _cursor_health(cursor, at) if cursor else None,
        "nodes": [
            {
                "url": peer.url,
                "role": peer.role,
                "height": peer.last_height,
                "answered_at": peer.answered_at,
                "last_error": peer.last_error,
            }
            for peer in NodePeer.objects.order_by("pk")
        ],
        "hints_waiting": NodeHint.objects.filter(handled_at__isnull=True).count(),
    }


def dues_of_reference(*, venue_id: UUID, reference: str) -> list[UUID]:
    """The dues for which an OSM request with this (normalised) reference was made (one query)."""
    tenders = Tender.objects.filter(venue_id=venue_id, request__reference_norm=reference)
    return list(tenders.values_list("due_id", flat=True))


def unmatched_receipts(*, venue_id: UUID) -> QuerySet[Allocation]:
    """Coins that came to the venue's payees and belong to nothing yet, newest first."""
    return (
        Allocation.objects.filter(
            venue_id=venue_id, kind=AllocationKind.UNKNOWN, reversed_at__isnull=True
        )
        .select_related("receipt__transaction__block", "receipt__watched__payee")
        .order_by("-pk")
    )


def unsettled_surplus(*, venue_id: UUID) -> QuerySet[OsmRequest]:
    """Requests holding coins that were not credited: late, too much, or twice; newest first."""
    return OsmRequest.objects.filter(venue_id=venue_id, surplus_units__gt=0).order_by("-created_at")


def _wait_seconds(request: OsmRequest) -> int:
    if request.state not in WAITING:
        return 0
    blocks = max(0, request.required_confirmations - request.confirmations)
    return blocks * request.network.block_seconds


def _settled_tender(tender: Tender, txids: dict[UUID, list[str]]) -> SettledTender:
    request = tender.request
    plain = SettledTender(
        kind=tender.kind,
        amount_cents=tender.amount_cents,
        received_cents=tender.received_cents,
        change_cents=tender.change_cents,
        authorisation=tender.authorisation,
        station_id=tender.station_id,
        station_label=tender.station.name if tender.station else "",
        operator=tender.operator,
    )
    if request is None:
        return plain
    return replace(
        plain,
        osm_units=_units_of(tender, request),
        osm_rate_e10=request.quote.rate_e10,
        osm_txids=tuple(txids[request.pk]),
        osm_reference=request.reference,
    )


def _units_of(tender: Tender, request: OsmRequest) -> int:
    credited = min(request.seen_units, request.units)
    if tender.amount_cents == request.amount_cents:
        return credited
    parts = list(request.tenders.order_by("pk").values_list("pk", "amount_cents"))
    shares = share_out(credited, [amount for _, amount in parts])
    return dict(zip((pk for pk, _ in parts), shares, strict=True))[tender.pk]


def _txids(requests: Collection[OsmRequest]) -> dict[UUID, list[str]]:
    found: dict[UUID, list[str]] = defaultdict(list)
    if not requests:
        return found
    rows = (
        Allocation.objects.filter(
            request__in=requests, kind=AllocationKind.REQUEST, reversed_at__isnull=True
        )
        .annotate(txid=F("receipt__transaction__txid"))
        .filter(receipt__transaction__block__isnull=False)
        .order_by("receipt__transaction__block__height", "receipt__transaction__position")
        .values_list("request_id", "txid")
    )
    for request_id, txid in rows:
        if request_id is not None:
            found[request_id].append(txid)
    return found


def _cursor_health(cursor: BlockCursor, at: datetime.datetime) -> dict[str, Any]:
    return {
        "network": str(cursor.network),
        "nethash": cursor.network.nethash,
        "symbol": cursor.network.symbol,
        "block_seconds": cursor.network.block_seconds,
        "height": cursor.height,
        "tip_height": cursor.tip_height,
        "behind": max(0, cursor.tip_height - cursor.height),
        "state": cursor.state,
        "tip_moved_at": cursor.tip_moved_at,
        "checked_at": cursor.checked_at,
        "checked_s_ago": int((at - cursor.checked_at).total_seconds())
        if cursor.checked_at
        else None,
    }
