"""The completeness rule: a block is believed only when its header accounts for all of it. Pure.

One rule against empty, short, reordered and doctored answers (settlement.md §3.4, T8 T11-T13 T23):
the header's id is the hash of the header; count, amounts, fees and the hash over the ids in order
agree with the header; every transaction hashes to the id it claims; and a payment that concerns
us carries its sender's own signature.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from teraa.settlement.osm.addresses import NotAnAddress, NotAPublicKey, address_of
from teraa.settlement.osm.blocks import FULL_ID_LENGTH, BlockHeader, payload_hash
from teraa.settlement.osm.transactions import TRANSFER, Transaction, Unserialisable


class BlockRefused(Exception):
    """The node's answers about a block do not add up. Asked again later, they may."""


class TransactionRefused(Exception):
    """A transaction is not what it claims to be."""


@dataclass(frozen=True, slots=True)
class VerifiedTransaction:
    """A transaction whose id is proven; ``raw`` hashes to it. ``sender`` is an address."""

    transaction: Transaction
    txid: str
    sender: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class VerifiedBlock:
    """A header that is its own id, with exactly the transactions it accounts for, in order."""

    header: BlockHeader
    block_id: str
    transactions: tuple[VerifiedTransaction, ...]


def verify_header(header: BlockHeader) -> str:
    """Return the id, recomputed. Raises BlockRefused when it is not the one the node gives."""
    full = header.id is not None and len(header.id) == FULL_ID_LENGTH
    try:
        computed = header.computed_id(full_sha256=full)
    except (ValueError, OverflowError) as error:
        raise BlockRefused(f"height {header.height}: {error}") from error
    if header.id != computed:
        raise BlockRefused(f"height {header.height}: the id is not the hash of the header")
    return computed


def verify_links(headers: Sequence[BlockHeader], *, height: int, block_id: str) -> None:
    """Check that ``headers`` follow one another, the first one on ``block_id`` at ``height``.

    Raises BlockRefused.
    """
    for header in headers:
        height += 1
        if header.height != height or header.previous_block != block_id:
            raise BlockRefused(f"height {header.height} does not follow {height - 1} {block_id}")
        block_id = verify_header(header)


def verify_block(
    header: BlockHeader, transactions: Sequence[Transaction], *, version: int
) -> VerifiedBlock:
    """Return the block with proven transactions. ``version`` is the network's address byte.

    Raises BlockRefused.
    """
    block_id = verify_header(header)
    where = f"block {block_id} at height {header.height}"
    if len(transactions) != header.number_of_transactions:
        raise BlockRefused(
            f"{where}: {header.number_of_transactions} transactions, {len(transactions)} came"
        )
    # A block counts the moved amounts of all types; only transfers move any.
    if sum(one.amount for one in transactions) != header.total_amount:
        raise BlockRefused(f"{where}: amounts do not add up to the header's")
    if sum(one.fee for one in transactions) != header.total_fee:
        raise BlockRefused(f"{where}: fees do not add up to the header's")
    try:
        verified = tuple(verify_transaction(one, version=version) for one in transactions)
        ids_hash = payload_hash(one.txid for one in verified)
    except (TransactionRefused, ValueError) as error:
        raise BlockRefused(f"{where}: {error}") from error
    if len({one.txid for one in verified}) != len(verified):
        raise BlockRefused(f"{where}: the same transaction twice")
    if ids_hash != header.payload_hash:
        raise BlockRefused(f"{where}: the ids, in this order, are not those of the header")
    return VerifiedBlock(header, block_id, verified)


def verify_transaction(transaction: Transaction, *, version: int) -> VerifiedTransaction:
    """Return the transaction with its id recomputed. Raises TransactionRefused.

    Types whose bytes we cannot make keep the id they claim (the block's hash still binds it) and
    have no ``raw``: they move no coin to anybody.
    """
    try:
        sender = address_of(transaction.sender_public_key, version)
        raw = transaction.signed_bytes(with_signature=True)
        txid = transaction.computed_id()
    except Unserialisable:
        if not transaction.id:
            raise TransactionRefused("a transaction without an id") from None
        return VerifiedTransaction(transaction, transaction.id, sender, b"")
    except (NotAnAddress, NotAPublicKey, ValueError, OverflowError, AttributeError) as error:
        raise TransactionRefused(f"{transaction.id}: {error!r}") from error
    if txid != transaction.id:
        raise TransactionRefused(f"{transaction.id} hashes to {txid}")
    return VerifiedTransaction(transaction, txid, sender, raw)


def verify_signatures(
    transactions: Sequence[VerifiedTransaction], *, addresses: Collection[str]
) -> None:
    """Check the sender's signature on every transfer to or from ``addresses``.

    Raises TransactionRefused. (One such check costs more than all the hashing of a block, and
    only concerns who pays us.)
    """
    for one in transactions:
        if concerns(one, addresses) and not one.transaction.verifies():
            raise TransactionRefused(f"{one.txid} is not signed by its sender")


def concerns(one: VerifiedTransaction, addresses: Collection[str]) -> bool:
    """Whether a transaction spends from, or transfers to, one of ``addresses``.

    Only a transfer has a true recipient: a node shows others' sender there (T15).
    """
    transaction = one.transaction
    to_us = transaction.type == TRANSFER and transaction.recipient_id in addresses
    return to_us or one.sender in addresses
