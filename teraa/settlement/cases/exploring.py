"""A transaction as an explorer shows it, and what we did with it.

Found by its id, by a reference of ours (a request's or a refund's, whatever the blanks and
dashes), by an address, or by a block's height or id. Venues see their own coins only.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from teraa.settlement.cases import references as refund_references
from teraa.settlement.cases.models import Case, Refund
from teraa.settlement.cases.queries import Coins, coins_of
from teraa.settlement.models import Due
from teraa.settlement.osm import references
from teraa.settlement.osm.addresses import NotAnAddress, address_bytes
from teraa.settlement.osm.models import ChainTransaction, OsmRequest, Receipt
from teraa.settlement.osm.references import normalise

MOST = 50
LONGEST_QUESTION = 200
_HEX_ID = re.compile(r"[0-9a-f]{64}")
_NUMBER = re.compile(r"\d{1,18}")
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Explored:
    """One transaction with what we made of it."""

    transaction: ChainTransaction
    coins: list[Coins]
    dues: list[Due]
    cases: list[Case]
    refunds: list[Refund]

    @property
    def confirmations(self) -> int:
        return max((one.confirmations for one in self.coins), default=0)


@dataclass(frozen=True, slots=True)
class Found:
    """What a question found: transactions, newest first, and our own requests and refunds."""

    question: str
    transactions: list[Explored]
    requests: list[OsmRequest]
    refunds: list[Refund]
    is_cut: bool

    @property
    def is_empty(self) -> bool:
        return not (self.transactions or self.requests or self.refunds)


def explore(question: str, *, venue_ids: Collection[UUID] | None) -> Found:
    """Answer ``question`` for these venues (None: all). At most eleven queries, however many rows."""
    asked = question.strip()[:LONGEST_QUESTION]
    if not asked or "\0" in asked:
        return Found("", [], [], [], False)
    requests = list(_requests(asked, venue_ids))
    refunds = list(_refunds(asked, venue_ids))
    wanted = _transactions(asked, requests, refunds)
    receipts = _of_venues(Receipt.objects.all(), venue_ids)
    pks = list(
        receipts.filter(wanted)
        .order_by("-transaction_id")
        .values_list("transaction_id", flat=True)
        .distinct()[: MOST + 1]
    )
    return Found(
        question=asked,
        transactions=_explored(pks[:MOST], receipts),
        requests=requests,
        refunds=refunds,
        is_cut=len(pks) > MOST,
    )


def _requests(asked: str, venue_ids: Collection[UUID] | None) -> QuerySet[OsmRequest]:
    named = references.find(asked)
    rows = OsmRequest.objects.filter(reference_norm__in=named)
    return _of_venues(rows, venue_ids).select_related("payee", "quote").order_by("pk")[:MOST]


def _refunds(asked: str, venue_ids: Collection[UUID] | None) -> QuerySet[Refund]:
    named = refund_references.find(asked)
    rows = Refund.objects.filter(reference_norm__in=named)
    return _of_venues(rows, venue_ids).select_related("payee").order_by("pk")[:MOST]


def _transactions(asked: str, requests: list[OsmRequest], refunds: list[Refund]) -> Q:
    """Which receipts carry what was asked for."""
    wanted = Q(allocations__request__in=requests) | Q(refund_sent__in=refunds)
    wanted |= Q(transaction__memo_text__iexact=asked)
    lower = asked.lower()
    if _HEX_ID.fullmatch(lower):
        wanted |= Q(transaction__txid=lower) | Q(transaction__block__block_id=lower)
    elif _NUMBER.fullmatch(asked):
        wanted |= Q(transaction__block__height=int(asked))
        wanted |= Q(transaction__block__block_id=asked)
    elif _is_address(asked):
        wanted |= Q(transaction__sender=asked) | Q(watched__address=asked)
    for named in {*references.find(asked), *refund_references.find(asked)}:
        wanted |= Q(transaction__memo_text__iexact=named)
        wanted |= Q(transaction__memo_text__iexact=normalise(asked))
    return wanted


def _explored(pks: list[int], receipts: QuerySet[Receipt]) -> list[Explored]:
    if not pks:
        return []
    rows = list(
        receipts.filter(transaction__in=pks)
        .select_related("transaction__block", "transaction__network", "watched__payee")
        .order_by("pk")
    )
    shown = {one.receipt.pk: one for one in coins_of(rows)}
    request_ids = {
        allocation.request_id
        for one in shown.values()
        for allocation in one.allocations
        if allocation.request_id is not None
    }
    dues: dict[UUID, list[Due]] = {}
    owed = Due.objects.filter(tenders__request__in=request_ids).distinct().order_by("pk")
    for due in owed.prefetch_related("tenders"):
        for tender in due.tenders.all():
            if tender.request_id is not None:
                dues.setdefault(tender.request_id, []).append(due)
    about = Q(receipt__in=rows) | Q(request__in=request_ids)
    cases = list(Case.objects.filter(about).order_by("opened_at"))
    refunds = list(Refund.objects.filter(about | Q(out_receipt__in=rows)).order_by("drafted_at"))
    by_transaction: dict[int, list[Receipt]] = {}
    for row in rows:
        by_transaction.setdefault(row.transaction_id, []).append(row)
    found = []
    for pk in pks:
        own = by_transaction[pk]
        ids = {one.pk for one in own}
        paid = {
            one.request_id for row in own for one in shown[row.pk].allocations if one.request_id
        }
        found.append(
            Explored(
                transaction=own[0].transaction,
                coins=[shown[one.pk] for one in own],
                dues=_once(due for request_id in paid for due in dues.get(request_id, [])),
                cases=[one for one in cases if one.receipt_id in ids or one.request_id in paid],
                refunds=[
                    one
                    for one in refunds
                    if one.receipt_id in ids or one.out_receipt_id in ids or one.request_id in paid
                ],
            )
        )
    return found


def _once(dues: Iterable[Due]) -> list[Due]:
    return list({one.pk: one for one in dues}.values())


def _of_venues(rows: QuerySet[Row], venue_ids: Collection[UUID] | None) -> QuerySet[Row]:
    return rows if venue_ids is None else rows.filter(venue__in=list(venue_ids))


def _is_address(text: str) -> bool:
    try:
        address_bytes(text)
    except NotAnAddress:
        return False
    return True
