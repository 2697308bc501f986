"""Payments without a reference: which open requests asked for exactly their amount.

A request is paid by what was stored first. So the same coins are taken for the same requests when
receipts are made again later.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from django.db.models import Min, Q, QuerySet

from teraa.settlement.osm.models import Allocation, Network, OsmRequest, Receipt
from teraa.settlement.osm.states import ActKind, AllocationKind, RequestState

Asking = Callable[[Network, Sequence[Receipt], Mapping[int, UUID]], dict[int, UUID]]
"""Of receipts in the order they were stored in, and what the named ones among them (by key) pay:
which of the others pay a request by their amount, by key."""


def asked_amounts(
    network: Network, receipts: Sequence[Receipt], named: Mapping[int, UUID]
) -> dict[int, UUID]:
    """What is open now; one query, none when every receipt is named.

    The database keeps such amounts apart while their requests are open; a second transfer of the
    same amount pays nothing by itself.
    """
    unnamed = [one for one in receipts if one.pk not in named]
    if not unnamed:
        return {}
    requests = {
        (one.address, one.units): one
        for one in _asked_exactly(network, unnamed).filter(state=RequestState.OPEN)
    }
    seen = {one.pk: one.seen_units for one in requests.values()}
    found: dict[int, UUID] = {}
    for receipt in receipts:
        pays = named.get(receipt.pk)
        if pays is None:
            request = requests.get((receipt.watched.address, receipt.amount_units))
            if request is None or seen[request.pk] >= _enough(request):
                continue
            found[receipt.pk] = pays = request.pk
        if pays in seen:
            seen[pays] += receipt.amount_units
    return found


def amounts_asked_then(
    network: Network, receipts: Sequence[Receipt], named: Mapping[int, UUID]
) -> dict[int, UUID]:
    """What was open when each receipt, made again now, came first; two queries.

    Whatever closed a request later, or paid it, does not count.
    """
    unnamed = [one for one in receipts if one.pk not in named]
    if not unnamed:
        return {}
    decided_at = Min("acts__at", filter=Q(acts__kind__in=(ActKind.CANCEL, ActKind.SETTLE)))
    requests: dict[tuple[str, int], list[tuple[OsmRequest, list[datetime.datetime]]]]
    requests = defaultdict(list)
    for one in _asked_exactly(network, unnamed).annotate(decided_at=decided_at):
        ends = [end for end in (one.expired_at, one.decided_at) if end is not None]
        requests[one.address, one.units].append((one, ends))
    paid = _paid_to([one.pk for alike in requests.values() for one, _ in alike])
    found: dict[int, UUID] = {}
    for receipt in receipts:
        pays = named.get(receipt.pk)
        if pays is None:
            for request, ends in requests[receipt.watched.address, receipt.amount_units]:
                was_open = (
                    request.created_at <= receipt.stored_at <= min(ends, default=receipt.stored_at)
                )
                if was_open and _seen_before(receipt, paid[request.pk]) < _enough(request):
                    found[receipt.pk] = pays = request.pk
        if pays is not None:
            place = (receipt.transaction_id, receipt.transaction.gone_at, receipt.amount_units)
            paid[pays].append(place)
    return found


Paid = tuple[int, datetime.datetime | None, int]


def _seen_before(receipt: Receipt, paid: Sequence[Paid]) -> int:
    """Units that a request had when ``receipt`` came: of what was stored before, and still there."""
    return sum(
        units
        for transaction, gone_at, units in paid
        if transaction <= receipt.transaction_id
        and (gone_at is None or gone_at > receipt.stored_at)
    )


def _paid_to(request_ids: Sequence[UUID]) -> dict[UUID, list[Paid]]:
    """What requests were given already: the transaction, when it went, the units."""
    paid: dict[UUID, list[Paid]] = defaultdict(list)
    rows = Allocation.objects.filter(
        request__in=request_ids, kind=AllocationKind.REQUEST, reversed_at__isnull=True
    ).values_list(
        "request_id", "receipt__transaction", "receipt__transaction__gone_at", "amount_units"
    )
    for request_id, transaction, gone_at, units in rows:
        if request_id is not None:
            paid[request_id].append((transaction, gone_at, units))
    return paid


def _asked_exactly(network: Network, receipts: Sequence[Receipt]) -> QuerySet[OsmRequest]:
    return OsmRequest.objects.filter(
        network=network,
        salted=True,
        address__in={receipt.watched.address for receipt in receipts},
        units__in={receipt.amount_units for receipt in receipts},
    )


def _enough(request: OsmRequest) -> int:
    return max(1, request.units - request.tolerance_units)
