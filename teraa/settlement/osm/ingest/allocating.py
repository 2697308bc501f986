"""What receipts are taken for: each incoming one is given to a request, or kept for a person."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Exists, OuterRef

from teraa.settlement.osm import references
from teraa.settlement.osm.ingest.amounts import Asking, asked_amounts
from teraa.settlement.osm.ingest.matching import Known, match, paid_by_amount
from teraa.settlement.osm.models import Allocation, Network, OsmRequest, Receipt
from teraa.settlement.osm.states import AllocationReason, Direction

PAYING = (AllocationReason.REFERENCE, AllocationReason.NO_REFERENCE)


def allocate(
    network: Network, transaction_pks: Sequence[int], *, asking: Asking = asked_amounts
) -> None:
    """Give every incoming receipt that has no live allocation one.

    By the references it carries; without any, by its amount (``asking`` tells).
    """
    live = Allocation.objects.filter(receipt=OuterRef("pk"), reversed_at__isnull=True)
    waiting = list(
        Receipt.objects.filter(
            ~Exists(live), transaction__in=transaction_pks, direction=Direction.IN
        )
        .select_related("watched", "transaction")
        .order_by("pk")
    )
    if not waiting:
        return
    named = {
        receipt.transaction_id: references.find(receipt.transaction.memo_text)
        for receipt in waiting
        if receipt.transaction.memo_text
    }
    requests = OsmRequest.objects.filter(
        network=network, reference_norm__in={one for found in named.values() for one in found}
    )
    known = {
        norm: Known(pk, address)
        for norm, pk, address in requests.values_list("reference_norm", "pk", "address")
    }
    decided = {
        receipt.pk: match(
            address=receipt.watched.address,
            references=named.get(receipt.transaction_id, []),
            known=known,
        )
        for receipt in waiting
    }
    by_amount = asking(
        network,
        [one for one in waiting if decided[one.pk].reason in PAYING],
        {pk: one.request_id for pk, one in decided.items() if one.request_id is not None},
    )
    decided |= {pk: paid_by_amount(request_id) for pk, request_id in by_amount.items()}
    Allocation.objects.bulk_create(
        Allocation(
            venue_id=receipt.venue_id,
            receipt=receipt,
            kind=decided[receipt.pk].kind,
            request_id=decided[receipt.pk].request_id,
            amount_units=receipt.amount_units,
            reason=decided[receipt.pk].reason,
            created_at=receipt.stored_at,
        )
        for receipt in waiting
    )
