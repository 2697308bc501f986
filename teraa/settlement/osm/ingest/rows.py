"""The rows that blocks and their transactions become."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from teraa.settlement.osm.blocks import BlockHeader
from teraa.settlement.osm.ingest.movements import addresses_of, spent_units, stored_type
from teraa.settlement.osm.ingest.verify import VerifiedTransaction
from teraa.settlement.osm.models import Block, ChainTransaction, Network, Receipt, WatchedAddress
from teraa.settlement.osm.moments import moment
from teraa.settlement.osm.states import Direction
from teraa.settlement.osm.transactions import Transaction
from teraa.settlement.osm.transactions_v2 import Payment


def block_row(network: Network, header: BlockHeader, at: datetime.datetime) -> Block:
    """An unsaved canonical row for a verified header."""
    return Block(
        network=network,
        height=header.height,
        block_id=header.id or "",
        previous_id=header.previous_block,
        forged_at=moment(header.timestamp, network.epoch),
        generator_public_key=header.generator_public_key,
        transactions=header.number_of_transactions,
        amount_units=header.total_amount,
        fee_units=header.total_fee,
        payload_hash=header.payload_hash,
        canonical=True,
        stored_at=at,
    )


def watched_by(
    network: Network, transactions: Sequence[VerifiedTransaction]
) -> dict[str, WatchedAddress]:
    """The watched addresses that any of these transactions touches."""
    addresses = {
        address for one in transactions for address in addresses_of(one.transaction, one.sender)
    }
    if not addresses:
        return {}
    rows = WatchedAddress.objects.filter(network=network, address__in=addresses)
    return {row.address: row for row in rows}


def transaction_row(
    network: Network,
    one: VerifiedTransaction,
    block: Block | None,
    place: int | None,
    at: datetime.datetime,
) -> ChainTransaction:
    """An unsaved row; without a block it waits in the pool."""
    transaction_ = one.transaction
    return ChainTransaction(
        network=network,
        txid=one.txid,
        version=transaction_.version,
        type=stored_type(transaction_),
        sender=one.sender,
        sender_public_key=transaction_.sender_public_key,
        amount_units=spent_units(transaction_),
        fee_units=transaction_.fee,
        memo=transaction_.vendor_field,
        memo_text=transaction_.memo.replace("\0", "\N{REPLACEMENT CHARACTER}"),
        sender_time=_sender_time(network, one, block, at),
        raw=one.raw,
        first_seen_at=at,
        block=block,
        position=place,
    )


def receipt_rows(
    payments: Sequence[Payment],
    *,
    sender: str,
    transaction_pk: int,
    watched: Mapping[str, WatchedAddress],
    at: datetime.datetime,
) -> list[Receipt]:
    """Only payments of something from one address to another move coins (T15).

    Every line of a multi-payment is a receipt of its own, also when two go to one address (T19).
    """
    return [
        Receipt(
            transaction_id=transaction_pk,
            venue_id=watched[address].venue_id,
            watched=watched[address],
            out_index=index,
            direction=direction,
            amount_units=payment.amount,
            stored_at=at,
        )
        for index, payment in enumerate(payments)
        if payment.amount and payment.recipient_id != sender
        for direction, address in (
            (Direction.IN, payment.recipient_id),
            (Direction.OUT, sender),
        )
        if address in watched
    ]


def _sender_time(
    network: Network, one: VerifiedTransaction, block: Block | None, at: datetime.datetime
) -> datetime.datetime:
    """What the sender claims to be the time; version 2 claims none: its block's, or now."""
    if isinstance(one.transaction, Transaction):
        return moment(one.transaction.timestamp, network.epoch)
    return block.forged_at if block is not None else at
