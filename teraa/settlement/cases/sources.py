"""What a refund gives back: the surplus of a request, the money of a due, coins nobody knows."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from uuid import UUID

from django.db.models import Q, Sum

from teraa.common.money import cents_for_units, share_out
from teraa.settlement.cases.amounts import Left
from teraa.settlement.cases.judging import (
    LIVE_REFUNDS,
    SHUT,
    covered_by_refunds,
    has_no_room,
    surplus_left,
)
from teraa.settlement.cases.models import Case, Refund
from teraa.settlement.cases.problems import NotForThisCase, NothingToRefund
from teraa.settlement.cases.states import CaseKind, Part, SenderWarning, Variant
from teraa.settlement.models import Due, Tender
from teraa.settlement.operations.rates import rate_in_force
from teraa.settlement.osm.models import (
    Allocation,
    ChainTransaction,
    Network,
    OsmRequest,
    Receipt,
)
from teraa.settlement.osm.states import AllocationKind, Direction, RequestState
from teraa.settlement.states import TenderKind, TenderState
from teraa.venues.models import Payee

WITHIN = datetime.timedelta(minutes=10)
"""Two payments of one address so close together are rarely one person's."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the coins came from and how many are left to give back."""

    part: Part
    payee: Payee
    network: Network
    left: Left
    request: OsmRequest | None = None
    receipt: Receipt | None = None
    due: Due | None = None
    paid_with: Sequence[Receipt] = field(default=())

    @property
    def variants(self) -> list[Variant]:
        """What may be chosen: "only the surplus" of a surplus, euros of what is worth some."""
        without = set() if self.part == Part.SURPLUS else {Variant.SURPLUS}
        without |= set() if self.left.cents else {Variant.NOW, Variant.FIXED}
        return [one for one in Variant if one not in without]


def source_of_case(case: Case, *, at: datetime.datetime) -> Source:
    """What a refund opened from ``case`` gives back. Raises NotForThisCase, NothingToRefund."""
    if case.request_id is not None and case.kind in (
        CaseKind.OVER,
        CaseKind.DUPLICATE,
        CaseKind.LATE,
        CaseKind.UNDER,
    ):
        return source_of_surplus(case.request_id)
    if case.receipt_id is not None and case.kind in (CaseKind.UNKNOWN, CaseKind.WRONG_REFERENCE):
        return source_of_receipt(case.receipt_id, at=at)
    raise NotForThisCase


def source_of_surplus(request_id: UUID) -> Source:
    """The coins of a request that were credited to nothing. Raises NothingToRefund."""
    request = OsmRequest.objects.select_related("payee__venue", "network", "quote").get(
        pk=request_id
    )
    if has_no_room(request):
        units = request.seen_units - covered_by_refunds([request])[request.pk]
    elif request.state in (*SHUT, RequestState.SETTLED):
        covered = covered_by_refunds([request], part=Part.SURPLUS)[request.pk]
        units = surplus_left(request, covered)
    else:
        units = 0  # it may still pay what it was meant for
    if units <= 0:
        raise NothingToRefund
    rate = request.quote.rate_e10
    return Source(
        part=Part.SURPLUS,
        payee=request.payee,
        network=request.network,
        left=Left(units, cents_for_units(units, rate), rate),
        request=request,
        paid_with=receipts_of(request),
    )


def source_of_receipt(receipt_id: int, *, at: datetime.datetime) -> Source:
    """Coins that came for nothing we know, worth what they are today (nothing without a rate).

    Raises NothingToRefund.
    """
    receipt = Receipt.objects.select_related(
        "transaction__network", "transaction__block", "watched__payee__venue"
    ).get(pk=receipt_id)
    units = receipt_left(receipt)
    if units <= 0 or receipt.direction != Direction.IN or receipt.transaction.gone_at is not None:
        raise NothingToRefund
    in_force = rate_in_force(venue_id=receipt.venue_id, at=at)
    rate = in_force.rate_e10 if in_force else 0
    return Source(
        part=Part.RECEIPT,
        payee=receipt.watched.payee,
        network=receipt.transaction.network,
        left=Left(units, cents_for_units(units, rate), rate),
        receipt=receipt,
        paid_with=[receipt],
    )


def source_of_due(due: Due) -> Source:
    """The coins with which a due was paid: of its OSM tenders the one with most left.

    What was paid in cash or by card is none of them. Raises NothingToRefund.
    """
    tenders = (
        Tender.objects.filter(due=due, kind=TenderKind.OSM, state=TenderState.SETTLED)
        .select_related("request__network", "request__quote", "payee__venue")
        .order_by("-amount_cents", "pk")
    )
    best: Source | None = None
    for tender in tenders:
        left = _left_of(tender)
        if left.units > 0 and (best is None or left.units > best.left.units):
            request = tender.request
            assert request is not None  # noqa: S101  a check constraint says so
            best = Source(
                part=Part.CREDITED,
                payee=tender.payee,
                network=request.network,
                left=left,
                request=request,
                due=due,
                paid_with=receipts_of(request),
            )
    if best is None:
        raise NothingToRefund
    return best


def credited_units(tender: Tender, request: OsmRequest) -> int:
    """The units of a settled request that one of its tenders took."""
    credited = min(request.seen_units, request.units)
    if tender.amount_cents == request.amount_cents:
        return credited
    parts = list(request.tenders.order_by("pk").values_list("pk", "amount_cents"))
    shares = share_out(credited, [amount for _, amount in parts])
    return dict(zip((pk for pk, _ in parts), shares, strict=True))[tender.pk]


def receipt_left(receipt: Receipt) -> int:
    """Units of a receipt that nobody was credited for and that no live refund gives back."""
    free = Allocation.objects.filter(
        receipt=receipt, kind=AllocationKind.UNKNOWN, reversed_at__isnull=True
    ).aggregate(units=Sum("amount_units"))["units"]
    covered = Refund.objects.filter(LIVE_REFUNDS, receipt=receipt).aggregate(
        units=Sum("covers_units")
    )["units"]
    return int(free or 0) - int(covered or 0)


def receipts_of(request: OsmRequest) -> list[Receipt]:
    """The coins that came for a request and did not vanish, newest first."""
    rows = Receipt.objects.filter(
        allocations__request=request,
        allocations__kind=AllocationKind.REQUEST,
        allocations__reversed_at__isnull=True,
        transaction__gone_at__isnull=True,
    )
    return list(rows.select_related("transaction__block", "watched").order_by("-pk"))


def sender_of(source: Source) -> tuple[str, list[SenderWarning]]:
    """The address that paid (the newest one), and why it may not be the customer's own."""
    senders = list(dict.fromkeys(one.transaction.sender for one in source.paid_with))
    if not senders:
        return "", [SenderWarning.NO_SENDER]
    warnings = [SenderWarning.SEVERAL_SENDERS] if len(senders) > 1 else []
    return senders[0], [*warnings, *warnings_about(senders[0], network=source.network)]


def warnings_about(sender: str, *, network: Network) -> list[SenderWarning]:
    """Whether an address pays like an exchange: several payees, or several times in minutes.

    Two queries. Which other payees it paid is not told.
    """
    paid = Receipt.objects.filter(
        transaction__network=network, transaction__sender=sender, direction=Direction.IN
    )
    found = []
    if paid.values("watched__payee").distinct()[:2].count() > 1:
        found.append(SenderWarning.SEVERAL_PAYEES)
    moments = sorted(
        ChainTransaction.objects.filter(
            network=network, sender=sender, receipts__direction=Direction.IN
        )
        .order_by("-first_seen_at")
        .values_list("sender_time", flat=True)[:100]
    )
    if any(later - earlier <= WITHIN for earlier, later in pairwise(moments)):
        found.append(SenderWarning.MANY_AT_ONCE)
    return found


def _left_of(tender: Tender) -> Left:
    request = tender.request
    assert request is not None  # noqa: S101  a check constraint says so
    given_back = Refund.objects.filter(
        LIVE_REFUNDS, Q(due_id=tender.due_id), request=request, part=Part.CREDITED
    ).aggregate(units=Sum("covers_units"), cents=Sum("amount_cents"))
    units = credited_units(tender, request) - int(given_back["units"] or 0)
    cents = tender.amount_cents - int(given_back["cents"] or 0)
    return Left(max(0, units), max(0, cents), request.quote.rate_e10)
