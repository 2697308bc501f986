"""Facts of a chain written straight into the tables, for tests that need no chain to run."""

from __future__ import annotations

import datetime
import itertools

from teraa.settlement.operations.progress import bring_up_to_date
from teraa.settlement.osm.models import (
    Allocation,
    Block,
    ChainTransaction,
    OsmRequest,
    Receipt,
    WatchedAddress,
)

_numbers = itertools.count(1)


def receive(
    request: OsmRequest,
    units: int,
    *,
    at: datetime.datetime,
    height: int | None = None,
    sender: str = "o" * 34,
) -> Receipt:
    """A transfer of ``units`` that pays ``request``, in the block at ``height`` or in the pool."""
    number = next(_numbers)
    transaction = ChainTransaction.objects.create(
        network_id=request.network_id,
        txid=f"{number:064x}",
        version=1,
        type=0,
        sender=sender,
        sender_public_key="02" + "0" * 64,
        amount_units=units,
        fee_units=1,
        memo=request.reference.encode(),
        memo_text=request.reference,
        sender_time=at,
        raw=b"",
        first_seen_at=at,
        block=block(request.network_id, height, at) if height is not None else None,
        position=None if height is None else number,
    )
    receipt = Receipt.objects.create(
        transaction=transaction,
        venue_id=request.venue_id,
        watched=WatchedAddress.objects.get(address=request.address),
        direction="in",
        amount_units=units,
        stored_at=at,
    )
    Allocation.objects.create(
        venue_id=request.venue_id,
        receipt=receipt,
        kind="request",
        request=request,
        amount_units=units,
        reason="reference",
        created_at=at,
    )
    bring_up_to_date(request_ids=[request.pk], at=at)
    return receipt


def block(network_id: int, height: int, at: datetime.datetime) -> Block:
    made, _ = Block.objects.get_or_create(
        network_id=network_id,
        height=height,
        canonical=True,
        defaults={
            "block_id": f"{height:064x}",
            "previous_id": f"{height - 1:064x}",
            "forged_at": at,
            "generator_public_key": "02" + "0" * 64,
            "transactions": 1,
            "amount_units": 0,
            "fee_units": 0,
            "payload_hash": "0" * 64,
            "stored_at": at,
        },
    )
    return made
