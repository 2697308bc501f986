"""Refunds follow the chain: a transfer from the payee's wallet that says what was asked is it.

Called by the ingest in the transaction that stores what the chain says. Nobody clicks "done".
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from teraa.settlement.cases import references
from teraa.settlement.cases.judging import (
    judge,
    judge_locks,
    judge_receipts,
    open_mismatch,
    recipient_of_receipt,
)
from teraa.settlement.cases.models import Case, Refund
from teraa.settlement.cases.states import CaseKind, CaseState, RefundState, Resolution
from teraa.settlement.operations.dues import tell_refunded
from teraa.settlement.operations.recompute import lock_dues
from teraa.settlement.osm.models import Allocation, ChainTransaction, Receipt
from teraa.settlement.osm.states import AllocationKind, Direction

FINAL_DEPTH = 105
"""Deeper than the largest fork recovery of a node (T9)."""

SENT = (RefundState.SEEN, RefundState.PAID)


def look_at_transactions(*, transaction_ids: Iterable[int], at: datetime.datetime) -> None:
    """What stored transactions mean to refunds and to coins nobody knows; moves what changed.

    Two queries when they only pay requests. Looking twice changes nothing.
    """
    pks = list(transaction_ids)
    if not pks:
        return
    cases = Case.objects.filter(receipt=OuterRef("pk"), state=CaseState.OPEN)
    unknown = Allocation.objects.filter(
        receipt=OuterRef("pk"), kind=AllocationKind.UNKNOWN, reversed_at__isnull=True
    )
    receipts = list(
        Receipt.objects.filter(
            Q(direction=Direction.OUT) | Q(Exists(cases)) | Q(Exists(unknown)),
            transaction__in=pks,
        )
        .select_related("transaction__block", "transaction__network", "watched")
        .order_by("pk")
    )
    judge_locks(transaction_ids=pks, at=at)
    if not receipts:
        return
    _follow([one for one in receipts if one.direction == Direction.OUT], at)
    judge_receipts(receipt_ids=[one.pk for one in receipts], at=at)


def keep_up_refunds(*, transaction_ids: Iterable[int], at: datetime.datetime) -> None:
    """The same for transactions that only went from block to block: refunds follow, nothing else.

    One query when no refund was sent by any of them.
    """
    pks = list(transaction_ids)
    if not pks:
        return
    refunds = Refund.objects.filter(out_receipt__transaction__in=pks)
    for refund in refunds.select_related("out_receipt__transaction").order_by("pk"):
        if (sent := refund.out_receipt) is not None:
            _keep_up(refund, sent.transaction, at)


def close_deep_refunds(*, network_id: int, height: int, at: datetime.datetime) -> int:
    """Close refunds that no fork can take back any more, and tell their trades; return how many.

    One query when there is none. Locks the dues by id.
    """
    deep = Refund.objects.filter(
        network_id=network_id,
        state=RefundState.PAID,
        out_receipt__transaction__block__height__lte=height - FINAL_DEPTH + 1,
    ).order_by("pk")
    found = list(deep)
    if not found:
        return 0
    with transaction.atomic():
        _close(found, at)
    return len(found)


def _close(found: Sequence[Refund], at: datetime.datetime) -> None:
    lock_dues([one.due_id for one in found if one.due_id is not None])
    for refund in found:
        refund.move(RefundState.CLOSED, closed_at=at, version=refund.version + 1)
    tell_refunded([one.due_id for one in found if one.due_id is not None], at=at)


def _follow(outgoing: list[Receipt], at: datetime.datetime) -> None:
    if not outgoing:
        return
    linked = {one.out_receipt_id: one for one in Refund.objects.filter(out_receipt__in=outgoing)}
    named = {
        one.pk: references.find(one.transaction.memo_text)
        for one in outgoing
        if one.pk not in linked and one.transaction.memo_text
    }
    known = _known(outgoing, {ref for refs in named.values() for ref in refs})
    unlinked = []
    for receipt in outgoing:
        if (refund := linked.get(receipt.pk)) is not None:
            _keep_up(refund, receipt.transaction, at)
        elif receipt.transaction.gone_at is None:
            unlinked.append(receipt)
    # A multi-payment may name several: first whatever is as asked, then what is left over.
    for only_as_asked in (True, False):
        for receipt in [*unlinked]:
            asked = [
                one
                for reference in named.get(receipt.pk, ())
                for one in known[reference]
                if one.payee_id == receipt.watched.payee_id
                and one.state == RefundState.AWAITING_WALLET
                and (not only_as_asked or _is_as_asked(one, receipt))
            ]
            if asked:
                _take(asked[0], receipt, at)
                unlinked.remove(receipt)


def _known(outgoing: list[Receipt], found: set[str]) -> dict[str, list[Refund]]:
    known: dict[str, list[Refund]] = defaultdict(list)
    if found:
        rows = Refund.objects.filter(
            network_id=outgoing[0].transaction.network_id,
            reference_norm__in=found,
            state=RefundState.AWAITING_WALLET,
        )
        for refund in rows.select_for_update(no_key=True):
            known[refund.reference_norm].append(refund)
    return known


def _is_as_asked(refund: Refund, receipt: Receipt) -> bool:
    return (
        receipt.amount_units == refund.amount_units
        and recipient_of_receipt(receipt) == refund.destination
    )


def _take(refund: Refund, receipt: Receipt, at: datetime.datetime) -> None:
    """Link the transfer that names a refund; one that differs from it is a mismatch."""
    if not _is_as_asked(refund, receipt):
        refund.move(RefundState.MISMATCH, out_receipt=receipt, version=refund.version + 1)
        open_mismatch(refund=refund, at=at)
    elif receipt.transaction.block_id is None:
        refund.move(RefundState.SEEN, out_receipt=receipt, version=refund.version + 1)
    else:
        refund.move(RefundState.PAID, out_receipt=receipt, paid_at=at, version=refund.version + 1)


def _keep_up(refund: Refund, carried_by: ChainTransaction, at: datetime.datetime) -> None:
    """Where the transfer of a refund is now: in a block, waiting, or gone."""
    after = refund.version + 1
    gone = carried_by.gone_at is not None
    if refund.state == RefundState.CLOSED:
        if gone or carried_by.block_id is None:
            open_mismatch(refund=refund, at=at)  # rewritten deeper than anybody waits for
    elif gone:
        back = {"out_receipt": None, "paid_at": None, "version": after}
        was_mismatch = refund.state == RefundState.MISMATCH
        refund.move(RefundState.AWAITING_WALLET, **back)
        if was_mismatch:
            Case.objects.filter(
                refund=refund, kind=CaseKind.REFUND_MISMATCH, state=CaseState.OPEN
            ).update(state=CaseState.CLOSED, closed_at=at, resolution=Resolution.BY_ITSELF)
    elif refund.state == RefundState.SEEN and carried_by.block_id is not None:
        refund.move(RefundState.PAID, paid_at=at, version=after)
    elif refund.state == RefundState.PAID and carried_by.block_id is None:
        refund.move(RefundState.SEEN, paid_at=None, version=after)


def forget_refund(refund: Refund, *, at: datetime.datetime) -> None:
    """A refund was given up: what it would have given back is open again."""
    if refund.request_id is not None:
        judge(request_ids=[refund.request_id], at=at)
    if refund.receipt_id is not None:
        judge_receipts(receipt_ids=[refund.receipt_id], at=at)
