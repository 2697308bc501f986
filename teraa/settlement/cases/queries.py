"""What screens ask of this room: one call feeds one screen."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import QuerySet

from teraa.common.problems import Problem
from teraa.settlement.cases.judging import has_no_room, recipient_of_receipt
from teraa.settlement.cases.models import Case, Decision, Refund, RefundClaim
from teraa.settlement.cases.operations.requests import waiting_word
from teraa.settlement.cases.operations.words import EXPLAINABLE
from teraa.settlement.cases.proposals import Proposal, proposals_for
from teraa.settlement.cases.sources import (
    Source,
    receipts_of,
    sender_of,
    source_of_case,
    warnings_about,
)
from teraa.settlement.cases.states import (
    Action,
    CaseKind,
    CaseState,
    DestinationSource,
    RefundState,
    SenderWarning,
)
from teraa.settlement.models import Due
from teraa.settlement.osm import uri as payment_link
from teraa.settlement.osm.models import (
    Allocation,
    BlockCursor,
    ChainTransaction,
    OsmRequest,
    Receipt,
    RequestAct,
)
from teraa.settlement.osm.states import RequestState

SHUT = (RequestState.EXPIRED, RequestState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Coins:
    """One receipt as a person reads it; ``confirmations`` are our own count."""

    receipt: Receipt
    confirmations: int
    recipient: str
    allocations: Collection[Allocation]

    @property
    def where(self) -> str:
        """``block``, ``pool``, ``limbo`` or ``gone``."""
        transaction = self.receipt.transaction
        if transaction.block_id is not None:
            return "block"
        if transaction.gone_at is not None:
            return "gone"
        return "limbo" if transaction.limbo_since is not None else "pool"


@dataclass(frozen=True, slots=True)
class Story:
    """All there is to know to decide a case, and what can be done about it."""

    case: Case
    request: OsmRequest | None
    coins: list[Coins]
    dues: list[Due]
    acts: list[RequestAct]
    decisions: list[Decision]
    refunds: list[Refund]
    proposals: list[Proposal]
    source: Source | None
    sender: str
    warnings: list[SenderWarning]
    actions: list[Action]
    first_word: Decision | None = None
    locking: ChainTransaction | None = None

    @property
    def may_refund(self) -> bool:
        return self.source is not None and self.case.state == CaseState.OPEN


@dataclass(frozen=True, slots=True)
class RefundStory:
    """One refund: what it gives back, who said what, where it stands."""

    refund: Refund
    link: str
    decisions: list[Decision]
    claims: list[RefundClaim]
    cases: list[Case]
    coins: Coins | None
    warnings: list[SenderWarning]
    actions: list[Action] = field(default_factory=list)

    @property
    def approvals(self) -> int:
        return sum(1 for one in self.decisions if one.action == Action.APPROVE)


def open_cases(*, venue_ids: Iterable[UUID] | None) -> QuerySet[Case]:
    """Cases that wait for a person, newest first; None: of every venue."""
    rows = Case.objects.filter(state=CaseState.OPEN)
    if venue_ids is not None:
        rows = rows.filter(venue__in=list(venue_ids))
    return rows.select_related("payee", "request", "receipt__transaction", "refund").order_by(
        "-opened_at"
    )


def refunds_to_send(*, venue_ids: Iterable[UUID] | None) -> QuerySet[Refund]:
    """Refunds that wait for a wallet, oldest first."""
    rows = Refund.objects.filter(state=RefundState.AWAITING_WALLET)
    if venue_ids is not None:
        rows = rows.filter(venue__in=list(venue_ids))
    return rows.select_related("payee", "network", "venue").order_by("payee", "approved_at")


def refunded_cents(*, due_id: UUID) -> int:
    """Cents of a due that went back for good (one query)."""
    rows = Refund.objects.filter(due_id=due_id, state=RefundState.CLOSED)
    return sum(rows.values_list("amount_cents", flat=True))


def is_refunded(*, due_id: UUID) -> bool:
    """Whether money of a due went back for good and no more of it is on its way (one query)."""
    states = list(Refund.objects.filter(due_id=due_id).values_list("state", flat=True))
    waiting = set(states) - {RefundState.CLOSED, RefundState.CANCELLED}
    return RefundState.CLOSED in states and not waiting


def is_being_refunded(*, due_id: UUID) -> bool:
    """Whether a refund of a due was opened and not given up (one query)."""
    return Refund.objects.filter(due_id=due_id).exclude(state=RefundState.CANCELLED).exists()


def link_of(refund: Refund) -> str:
    """What the payee's wallet scans (AIP-13): to the customer, with the refund's reference.

    Empty before there is an address, and once it was sent.
    """
    if refund.state != RefundState.AWAITING_WALLET:
        return ""
    return payment_link.build(
        address=refund.destination,
        units=refund.amount_units,
        vendor_field=refund.reference,
    )


def story_of(case: Case, *, at: datetime.datetime) -> Story:
    """The page of one case (at most 16 queries)."""
    request = case.request
    receipts = [case.receipt] if case.receipt else receipts_of(request) if request else []
    if case.refund is not None and case.refund.out_receipt is not None:
        receipts = [case.refund.out_receipt]
    is_open = case.state == CaseState.OPEN
    source = _source(case, at) if is_open else None
    sender, warnings = sender_of(source) if source else ("", [])
    actions = actions_of(case) if is_open else []
    about_request = Decision.objects.filter(request=request) if request else None
    decisions = [*case.decisions.all(), *(about_request or [])]
    return Story(
        case=case,
        request=request,
        coins=coins_of(receipts),
        dues=list(
            Due.objects.filter(tenders__request=request).distinct().order_by("pk")
            if request
            else []
        ),
        acts=list(request.acts.order_by("pk") if request else []),
        decisions=sorted(decisions, key=lambda one: (one.at, str(one.pk))),
        refunds=list(refunds_of(case)),
        proposals=proposals_for(case.receipt)
        if is_open and case.receipt and case.kind in (CaseKind.UNKNOWN, CaseKind.WRONG_REFERENCE)
        else [],
        source=source,
        sender=sender,
        warnings=warnings,
        actions=actions,
        first_word=_first_word(request, actions),
        locking=_locking(case),
    )


def refunds_of(case: Case) -> QuerySet[Refund]:
    """Refunds of what a case is about."""
    if case.request_id is not None:
        return Refund.objects.filter(request=case.request_id).order_by("drafted_at")
    if case.receipt_id is not None:
        return Refund.objects.filter(receipt=case.receipt_id).order_by("drafted_at")
    own = [case.refund_id] if case.refund_id is not None else []
    return Refund.objects.filter(pk__in=own).order_by("drafted_at")


def actions_of(case: Case) -> list[Action]:
    """What a person may do about an open case, besides opening a refund."""
    found = [Action.TAKE]
    request = case.request
    stranded = request is not None and has_no_room(request)
    if case.kind in (CaseKind.LATE, CaseKind.UNDER) and request is not None:
        is_enough = request.seen_units >= request.units - request.tolerance_units
        if request.state in SHUT:
            found.append(Action.ACCEPT_LATE if is_enough else Action.ACCEPT_SHORT)
    if (
        case.kind in (CaseKind.LATE, CaseKind.UNDER, CaseKind.BROKEN)
        and request is not None
        and request.state != RequestState.SETTLED
    ):
        found.append(Action.SETTLE)
    misled = (CaseKind.UNKNOWN, CaseKind.WRONG_REFERENCE, CaseKind.DUPLICATE)
    if case.kind in misled and not stranded:
        found.append(Action.ASSIGN)
    if case.kind in (
        CaseKind.OVER,
        CaseKind.DUPLICATE,
        CaseKind.LATE,
        CaseKind.UNDER,
        CaseKind.UNKNOWN,
        CaseKind.WRONG_REFERENCE,
    ):
        if not stranded:
            found += [Action.KEEP_TIP, Action.KEEP_CREDIT]
        found.append(Action.IGNORE)
    if case.kind in EXPLAINABLE and case.refund_id is None:
        found.append(Action.EXPLAIN)
    if case.kind == CaseKind.REFUND_MISMATCH and case.refund is not None:
        if case.refund.state == RefundState.MISMATCH:
            found += [Action.ACCEPT_AS_SENT, Action.ASK_AGAIN]
        else:
            found.append(Action.EXPLAIN)
    return found


def refund_story_of(refund: Refund) -> RefundStory:
    """The page of one refund (at most eight queries)."""
    decisions = list(refund.decisions.order_by("at", "pk"))
    warnings = (
        warnings_about(refund.destination, network=refund.network)
        if refund.destination_source == DestinationSource.SENDER
        else []
    )
    sent_with = [refund.out_receipt_id] if refund.out_receipt_id is not None else []
    sent = (
        Receipt.objects.select_related("transaction__block", "transaction__network", "watched")
        .filter(pk__in=sent_with)
        .first()
    )
    return RefundStory(
        refund=refund,
        link=link_of(refund),
        decisions=decisions,
        claims=list(refund.claims.order_by("-made_at")),
        cases=list(refund.cases.order_by("-opened_at")),
        coins=coins_of([sent])[0] if sent else None,
        warnings=warnings,
        actions=_refund_actions(refund, decisions),
    )


def coins_of(receipts: Iterable[Receipt]) -> list[Coins]:
    """Receipts with their depth, whereto, and what they were taken for (three queries)."""
    rows = list(receipts)
    if not rows:
        return []
    tips = dict(BlockCursor.objects.values_list("network_id", "height"))
    allocations: dict[int, list[Allocation]] = {one.pk: [] for one in rows}
    for one in (
        Allocation.objects.filter(receipt__in=rows)
        .select_related("request")
        .order_by("created_at", "pk")
    ):
        allocations[one.receipt_id].append(one)
    return [
        Coins(
            receipt=one,
            confirmations=depth_of(one, tips.get(one.transaction.network_id, 0)),
            recipient=recipient_of_receipt(one) if one.direction == "out" else one.watched.address,
            allocations=allocations[one.pk],
        )
        for one in rows
    ]


def depth_of(receipt: Receipt, tip: int) -> int:
    """Confirmations: one in the newest block, none outside."""
    block = receipt.transaction.block
    return max(0, tip - block.height + 1) if block is not None and block.canonical else 0


def _source(case: Case, at: datetime.datetime) -> Source | None:
    try:
        return source_of_case(case, at=at)
    except Problem:
        return None


def _locking(case: Case) -> ChainTransaction | None:
    """The transaction that a case about locked coins is about."""
    if case.kind != CaseKind.LOCKED:
        return None
    pk = int(case.target.removeprefix("transaction:"))
    return ChainTransaction.objects.select_related("block").filter(pk=pk).first()


def _first_word(request: OsmRequest | None, actions: list[Action]) -> Decision | None:
    if request is None:
        return None
    for action in (Action.SETTLE, Action.ACCEPT_SHORT):
        if action in actions and (word := waiting_word(request_id=request.pk, action=action)):
            return word
    return None


def _refund_actions(refund: Refund, decisions: list[Decision]) -> list[Action]:
    is_said = any(one.action == Action.APPROVE for one in decisions)
    may_cancel = [Action.CANCEL] if refund.sealed_in is None else []
    match refund.state:
        case RefundState.DRAFT:
            may_direct = [] if is_said else [Action.DIRECT]
            may_invite = [Action.INVITE] if not (is_said and refund.destination) else []
            return [Action.APPROVE, *may_direct, *may_invite, *may_cancel]
        case RefundState.APPROVED:
            return [Action.INVITE, *may_cancel]
        case RefundState.AWAITING_WALLET:
            return may_cancel
        case RefundState.MISMATCH:
            return [Action.ACCEPT_AS_SENT, Action.ASK_AGAIN]
    return []
