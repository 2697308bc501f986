"""Receipts and what follows from them, made again from the signed bytes we keep.

Nothing that was stored is changed: what is missing is made, and what contradicts the bytes is
named. So it is a repair, and the proof that the books are no more than the chain and what people
decided.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.db import transaction

from teraa.settlement.cases.watching import look_at_transactions
from teraa.settlement.operations.progress import bring_up_to_date
from teraa.settlement.osm.addresses import NotAPublicKey, address_of
from teraa.settlement.osm.ingest import rows
from teraa.settlement.osm.ingest.allocating import allocate
from teraa.settlement.osm.ingest.amounts import amounts_asked_then
from teraa.settlement.osm.models import (
    BlockCursor,
    ChainTransaction,
    Network,
    OsmRequest,
    Receipt,
    WatchedAddress,
)
from teraa.settlement.osm.raw import NotReadable, read_raw
from teraa.settlement.osm.transactions_v2 import Payment

CHUNK = 500


@dataclass(slots=True)
class Rebuilt:
    """What was looked at, what was missing, which transactions contradict their bytes and why."""

    transactions: int = 0
    receipts: int = 0
    made: int = 0
    moved: int = 0
    wrong: dict[str, str] = field(default_factory=dict)


def rebuild_receipts(*, network: Network, at: datetime.datetime) -> Rebuilt:
    """Go through every stored transaction of ``network``; then derive every request again."""
    found = Rebuilt()
    for chunk in _chunks(network):
        _rebuild(network, chunk, found, at)
    requests = OsmRequest.objects.filter(network=network).order_by("pk")
    ids = list(requests.values_list("pk", flat=True))
    for start in range(0, len(ids), CHUNK):
        found.moved += len(bring_up_to_date(request_ids=ids[start : start + CHUNK], at=at))
    return found


def _chunks(network: Network) -> Iterator[list[ChainTransaction]]:
    last = 0
    while True:
        stored = ChainTransaction.objects.filter(network=network, pk__gt=last).order_by("pk")
        chunk = list(stored[:CHUNK])
        if not chunk:
            return
        last = chunk[-1].pk
        yield chunk


@transaction.atomic
def _rebuild(
    network: Network, chunk: Sequence[ChainTransaction], found: Rebuilt, at: datetime.datetime
) -> None:
    # The ingest waits meanwhile: nobody stores a receipt that we are about to make.
    BlockCursor.objects.select_for_update(no_key=True).get(network=network)
    found.transactions += len(chunk)
    read: dict[int, tuple[str, tuple[Payment, ...]]] = {}
    for one in chunk:
        try:
            read[one.pk] = _read(network, one)
        except (NotReadable, NotAPublicKey) as error:
            found.wrong[one.txid] = str(error)
    addresses = {
        address
        for sender, payments in read.values()
        for address in (sender, *(line.recipient_id for line in payments))
    }
    watched = {
        row.address: row
        for row in WatchedAddress.objects.filter(network=network, address__in=addresses)
    }
    stored = {
        (row.transaction_id, row.out_index, row.direction): row
        for row in Receipt.objects.filter(transaction__in=[one.pk for one in chunk])
    }
    missing = []
    for one in chunk:
        if one.pk not in read:
            continue
        sender, payments = read[one.pk]
        for row in rows.receipt_rows(
            payments, sender=sender, transaction_pk=one.pk, watched=watched, at=one.first_seen_at
        ):
            found.receipts += 1
            held = stored.pop((row.transaction_id, row.out_index, row.direction), None)
            if held is None:
                missing.append(row)
            elif (held.watched_id, held.amount_units) != (row.watched.pk, row.amount_units):
                found.wrong[one.txid] = f"receipt {held.pk} says something else"
    by_pk = {one.pk: one.txid for one in chunk}
    for held in stored.values():
        found.wrong.setdefault(by_pk[held.transaction_id], f"receipt {held.pk} is none")
    found.made += len(Receipt.objects.bulk_create(missing))
    allocate(network, list(read), asking=amounts_asked_then)
    look_at_transactions(transaction_ids={row.transaction_id for row in missing}, at=at)


def _read(network: Network, one: ChainTransaction) -> tuple[str, tuple[Payment, ...]]:
    """The sender's address and the payments, proven by the id. Raises NotReadable."""
    if not one.raw:
        return one.sender, ()  # a type whose bytes we cannot make: it moves no coin
    said = read_raw(bytes(one.raw), version=one.version, memo=bytes(one.memo))
    if said.txid != one.txid:
        raise NotReadable(f"the bytes hash to {said.txid}")
    return address_of(said.sender_public_key, network.address_version), said.payments
