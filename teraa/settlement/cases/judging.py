"""Which cases hold, recomputed from stored facts: missing ones are opened, idle ones closed.

Called in the transaction in which the facts change. Judging twice changes nothing. What a person
decided to leave as it is (``LASTING``) is only brought up again when there is more of it; but
nodes that disagree anew are news.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from teraa.settlement.cases.models import Case, Refund
from teraa.settlement.cases.recipients import recipient_of
from teraa.settlement.cases.states import (
    LASTING,
    OF_RECEIPTS,
    OF_REQUESTS,
    CaseKind,
    CaseState,
    Part,
    RefundState,
    Resolution,
)
from teraa.settlement.models import Tender
from teraa.settlement.osm.models import (
    Allocation,
    ChainTransaction,
    Network,
    OsmRequest,
    Receipt,
    WatchedAddress,
)
from teraa.settlement.osm.rederive import SMALL_CHANGE
from teraa.settlement.osm.states import (
    AllocationKind,
    AllocationReason,
    Direction,
    RequestState,
)
from teraa.settlement.osm.transactions_v2 import HTLC_CLAIM, HTLC_LOCK, HTLC_REFUND
from teraa.settlement.states import TenderState

SHUT = (RequestState.EXPIRED, RequestState.CANCELLED)
LOCKS = (HTLC_LOCK, HTLC_CLAIM, HTLC_REFUND)
LIVE_REFUNDS = Q(state__in=set(RefundState) - {RefundState.CANCELLED})


@dataclass(frozen=True, slots=True)
class Finding:
    """A case that holds now: what it is about, and how much (10⁻⁸) is at stake."""

    kind: CaseKind
    venue_id: UUID
    payee_id: UUID
    units: int
    request_id: UUID | None = None
    receipt_id: int | None = None
    refund_id: UUID | None = None
    network_id: int | None = None
    transaction_id: int | None = None

    @property
    def target(self) -> str:
        for name in ("request", "receipt", "refund", "transaction", "network"):
            if (found := getattr(self, f"{name}_id")) is not None:
                return f"{name}:{found}"
        raise ValueError("a case is about something")


def judge(*, request_ids: Iterable[UUID], at: datetime.datetime) -> None:
    """Open and close the cases of these requests; their rows are locked by the caller.

    One query when nothing is odd about them.
    """
    ids = set(request_ids)
    if not ids:
        return
    odd = list(_odd_requests(ids))
    if not odd:
        return
    covered = covered_by_refunds(odd, part=Part.SURPLUS)
    findings = [
        finding for request in odd for finding in _findings_of(request, covered[request.pk])
    ]
    _bring_in_line(
        findings,
        standing=Case.objects.filter(
            request__in=odd, state=CaseState.OPEN, kind__in=[*OF_REQUESTS, CaseKind.REFUND_MISMATCH]
        ),
        at=at,
    )


def judge_receipts(*, receipt_ids: Iterable[int], at: datetime.datetime) -> None:
    """Open and close the cases of coins nobody can be credited for, and of coins that left.

    At most five queries, and one per case opened or closed.
    """
    ids = set(receipt_ids)
    if not ids:
        return
    receipts = list(
        Receipt.objects.filter(pk__in=ids).select_related("transaction__network", "watched")
    )
    incoming = [one for one in receipts if one.direction == Direction.IN]
    outgoing = [one for one in receipts if one.direction == Direction.OUT]
    findings = [*_unidentified(incoming), *_unexplained(outgoing)]
    _bring_in_line(
        findings,
        standing=Case.objects.filter(receipt__in=ids, state=CaseState.OPEN, kind__in=OF_RECEIPTS),
        at=at,
    )


def judge_locks(*, transaction_ids: Iterable[int], at: datetime.datetime) -> None:
    """Open and close the cases of contracts that lock coins (HTLC): nothing counts them by itself.

    One query when there is none.
    """
    locks = list(
        ChainTransaction.objects.filter(
            pk__in=list(transaction_ids), version__gte=2, type__in=LOCKS
        )
    )
    if not locks:
        return
    present = [one for one in locks if one.gone_at is None]
    touched = {
        one.pk: {one.sender, recipient_of(raw=bytes(one.raw), version=2, type_=one.type)}
        for one in present
    }
    watched = WatchedAddress.objects.filter(
        address__in=set().union(*touched.values()) if touched else set()
    )
    findings = {
        (one.pk, address.payee_id): Finding(
            CaseKind.LOCKED,
            address.venue_id,
            address.payee_id,
            one.amount_units,
            transaction_id=one.pk,
        )
        for one in present
        for address in watched
        if address.address in touched[one.pk] and address.network_id == one.network_id
    }
    standing = Case.objects.filter(
        kind=CaseKind.LOCKED,
        target__in=[f"transaction:{one.pk}" for one in locks],
        state=CaseState.OPEN,
    )
    _bring_in_line(list(findings.values()), standing=standing, at=at)


def judge_network(*, network: Network, in_conflict: bool, at: datetime.datetime) -> None:
    """Open or close the case that nodes disagree, for every payee who receives on ``network``.

    Payees without an open request for coins have nothing at stake: for them none is opened.
    """
    target = f"network:{network.pk}"
    findings = []
    if in_conflict:
        waiting = (
            OsmRequest.objects.filter(
                network=network, state__in=(RequestState.SEEN, RequestState.CONFIRMING)
            )
            .values("venue_id", "payee_id")
            .annotate(units=Sum("seen_units"))
            .order_by("payee_id")
        )
        findings = [
            Finding(
                CaseKind.NODE_CONFLICT,
                row["venue_id"],
                row["payee_id"],
                row["units"],
                network_id=network.pk,
            )
            for row in waiting
        ]
        standing = Case.objects.none()
    else:
        standing = Case.objects.filter(
            kind=CaseKind.NODE_CONFLICT, target=target, state=CaseState.OPEN
        )
    _bring_in_line(findings, standing=standing, at=at)


def open_mismatch(*, refund: Refund, at: datetime.datetime) -> None:
    """A refund was sent otherwise than asked: somebody must look."""
    finding = Finding(
        CaseKind.REFUND_MISMATCH,
        refund.venue_id,
        refund.payee_id,
        refund.amount_units,
        refund_id=refund.pk,
    )
    _open([finding], at)


def covered_by_refunds(
    requests: Iterable[OsmRequest], *, part: str | None = None
) -> dict[UUID, int]:
    """Units of each request that live refunds give back (of one part, or of all)."""
    rows = Refund.objects.filter(LIVE_REFUNDS, request__in=list(requests))
    if part is not None:
        rows = rows.filter(part=part)
    sums = rows.values_list("request_id").annotate(units=Sum("covers_units"))
    covered: dict[UUID, int] = defaultdict(int)
    covered.update({pk: units for pk, units in sums if pk is not None})
    return covered


def surplus_left(request: OsmRequest, covered: int) -> int:
    """Units of a request that were not credited and that no live refund gives back."""
    return max(0, request.surplus_units - covered)


def has_no_room(request: OsmRequest) -> bool:
    """Whether it settled though its due was paid otherwise: coins that paid nothing."""
    if request.state != RequestState.SETTLED:
        return False
    tenders = list(Tender.objects.filter(request=request).values_list("state", flat=True))
    return bool(tenders) and TenderState.SETTLED not in tenders


def _odd_requests(ids: set[UUID]) -> Iterable[OsmRequest]:
    cases = Case.objects.filter(request=OuterRef("pk"), state=CaseState.OPEN)
    paid = Tender.objects.filter(request=OuterRef("pk"), state=TenderState.SETTLED)
    return (
        OsmRequest.objects.filter(pk__in=ids)
        .filter(
            Q(surplus_units__gt=0)
            | Q(reorged=True)
            | Q(broken=True)
            | Q(Exists(cases))
            | (Q(state=RequestState.SETTLED) & ~Q(Exists(paid)))
        )
        .select_related("network")
        .order_by("pk")
    )


def _findings_of(request: OsmRequest, covered: int) -> list[Finding]:
    """The cases that hold for one request; ``covered`` units of surplus are being given back."""
    left = surplus_left(request, covered)
    found: list[tuple[CaseKind, int]] = []
    if request.reorged or request.broken:
        kind = CaseKind.REORGED if request.reorged else CaseKind.BROKEN
        found.append((kind, request.units - min(request.units, request.seen_units)))
    if request.state in SHUT:
        # Less than a fee is not worth anybody's time: it stays recorded.
        if left >= request.network.fee_units:
            found.append((CaseKind.LATE if request.late else CaseKind.UNDER, left))
    elif has_no_room(request):
        unused = request.seen_units - covered_by_refunds([request])[request.pk]
        if unused > 0:
            found.append((CaseKind.DUPLICATE, unused))
    elif request.state == RequestState.SETTLED:
        small = max(request.tolerance_units, request.units // SMALL_CHANGE)
        if left > small:
            found.append((CaseKind.DUPLICATE if request.duplicate else CaseKind.OVER, left))
    if covered > request.surplus_units and not has_no_room(request):
        found.append((CaseKind.REFUND_MISMATCH, covered - request.surplus_units))
    return [
        Finding(kind, request.venue_id, request.payee_id, units, request_id=request.pk)
        for kind, units in found
    ]


def _unidentified(receipts: list[Receipt]) -> list[Finding]:
    present = {
        one.pk: one
        for one in receipts
        if one.transaction.gone_at is None
        # Dust: recorded, quiet.
        and one.amount_units >= one.transaction.network.fee_units
    }
    if not present:
        return []
    covered: dict[int, int] = defaultdict(int)
    covered.update(
        {
            pk: units
            for pk, units in Refund.objects.filter(LIVE_REFUNDS, receipt__in=present.keys())
            .values_list("receipt_id")
            .annotate(units=Sum("covers_units"))
            if pk is not None
        }
    )
    unknown = Allocation.objects.filter(
        receipt__in=present.keys(), kind=AllocationKind.UNKNOWN, reversed_at__isnull=True
    )
    return [
        Finding(
            CaseKind.UNKNOWN
            if allocation.reason == AllocationReason.NO_REFERENCE
            else CaseKind.WRONG_REFERENCE,
            allocation.venue_id,
            present[allocation.receipt_id].watched.payee_id,
            allocation.amount_units - covered[allocation.receipt_id],
            receipt_id=allocation.receipt_id,
        )
        for allocation in unknown
        if allocation.amount_units > covered[allocation.receipt_id]
    ]


def _unexplained(receipts: list[Receipt]) -> list[Finding]:
    """Coins that left without a refund that says so. Between addresses of one payee they stay."""
    present = [one for one in receipts if one.transaction.gone_at is None]
    if not present:
        return []
    explained = set(
        Refund.objects.filter(out_receipt__in=present).values_list("out_receipt_id", flat=True)
    )
    to = {one.pk: recipient_of_receipt(one) for one in present}
    own = set(
        WatchedAddress.objects.filter(address__in=set(to.values())).values_list(
            "address", "payee_id"
        )
    )
    return [
        Finding(
            CaseKind.OUTFLOW,
            one.venue_id,
            one.watched.payee_id,
            one.amount_units,
            receipt_id=one.pk,
        )
        for one in present
        if one.pk not in explained and (to[one.pk], one.watched.payee_id) not in own
    ]


def recipient_of_receipt(receipt: Receipt) -> str:
    """The address that an outgoing receipt went to; "" when its bytes do not say."""
    transaction = receipt.transaction
    return recipient_of(
        raw=bytes(transaction.raw),
        version=transaction.version,
        type_=transaction.type,
        out_index=receipt.out_index,
    )


def _bring_in_line(
    findings: list[Finding], *, standing: QuerySet[Case], at: datetime.datetime
) -> None:
    holding = {(one.kind, one.target, one.payee_id): one for one in findings}
    known = set()
    for case in standing.order_by("pk"):
        finding = holding.get((CaseKind(case.kind), case.target, case.payee_id))
        if finding is None:
            rows = Case.objects.filter(pk=case.pk, state=CaseState.OPEN)
            rows.update(
                state=CaseState.CLOSED,
                closed_at=at,
                resolution=Resolution.BY_ITSELF,
            )
            continue
        known.add((finding.kind, finding.target, finding.payee_id))
        if case.units != finding.units:
            Case.objects.filter(pk=case.pk, state=CaseState.OPEN).update(units=finding.units)
    _open([one for key, one in holding.items() if key not in known], at)


def _open(findings: list[Finding], at: datetime.datetime) -> None:
    if not findings:
        return
    left_as_is = {
        (kind, target, payee_id): units
        for kind, target, payee_id, units in Case.objects.filter(
            target__in=[one.target for one in findings], resolution__in=LASTING
        )
        .exclude(kind=CaseKind.NODE_CONFLICT)
        .order_by("closed_at")
        .values_list("kind", "target", "payee_id", "units")
    }
    Case.objects.bulk_create(
        [
            Case(
                venue_id=one.venue_id,
                payee_id=one.payee_id,
                kind=one.kind,
                target=one.target,
                request_id=one.request_id,
                receipt_id=one.receipt_id,
                refund_id=one.refund_id,
                units=one.units,
                opened_at=at,
            )
            for one in findings
            if one.units > left_as_is.get((one.kind, one.target, one.payee_id), -1)
        ],
        ignore_conflicts=True,
    )
