"""The completeness rule: a block is believed only when its header accounts for all of it. Pure.

One rule against empty, short, reordered and doctored answers (settlement.md §3.4, T8 T11-T13 T23):
the header's id is the hash of the header; count, amounts, fees and the hash over the ids in order
agree with the header; every transaction hashes to the id it claims; and a payment that concerns
us carries its sender's own signature. How much a header itself must prove is the operator's choice
(``BlockCheck``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from teraa.settlement.osm.addresses import NotAnAddress, NotAPublicKey, address_of
from teraa.settlement.osm.blocks import FULL_ID_LENGTH, BlockHeader, payload_hash
from teraa.settlement.osm.ingest.movements import concerns
from teraa.settlement.osm.transactions import Unserialisable
from teraa.settlement.osm.transactions_v2 import AnyTransaction


class BlockRefused(Exception):
    """The node's answers about a block do not add up. Asked again later, they may."""


class BlockForged(BlockRefused):
    """An answer that no honest node gives, however troubled: a lie, or somebody in between."""


class UnknownDelegate(BlockRefused):
    """A well-signed block of somebody who is not among the delegates we learnt of."""


class BlockCheck(StrEnum):
    """What a header must prove: its id; its generator's signature; that it may generate."""

    IDS = "ids"
    SIGNATURES = "signatures"
    DELEGATES = "delegates"


class TransactionRefused(Exception):
    """A transaction is not what it claims to be."""


@dataclass(frozen=True, slots=True)
class VerifiedTransaction:
    """A transaction whose id is proven; ``raw`` hashes to it. ``sender`` is an address."""

    transaction: AnyTransaction
    txid: str
    sender: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class VerifiedBlock:
    """A header that is its own id, with exactly the transactions it accounts for, in order."""

    header: BlockHeader
    block_id: str
    transactions: tuple[VerifiedTransaction, ...]


def verify_header(
    header: BlockHeader,
    check: BlockCheck = BlockCheck.IDS,
    *,
    delegates: Collection[str] = (),
) -> str:
    """Return the id, recomputed. Raises BlockForged when it is not the one the node gives.

    With ``check`` also its generator's signature, and that the generator is one of ``delegates``
    (public keys; none known: not looked at). The genesis block is signed by nobody in particular.
    """
    full = header.id is not None and len(header.id) == FULL_ID_LENGTH
    try:
        computed = header.computed_id(full_sha256=full)
    except (ValueError, OverflowError) as error:
        raise BlockForged(f"height {header.height}: {error}") from error
    if header.id != computed:
        raise BlockForged(f"height {header.height}: the id is not the hash of the header")
    if check == BlockCheck.IDS or header.height == 1:
        return computed
    if not header.verifies():
        raise BlockForged(f"height {header.height}: its generator did not sign it")
    if check == BlockCheck.DELEGATES and delegates and header.generator_public_key not in delegates:
        raise UnknownDelegate(
            f"height {header.height}: {header.generator_public_key} is no active delegate"
        )
    return computed


def verify_links(
    headers: Sequence[BlockHeader],
    *,
    height: int,
    block_id: str,
    check: BlockCheck = BlockCheck.IDS,
) -> None:
    """Check that ``headers`` follow one another, the first one on ``block_id`` at ``height``.

    Who may generate is not looked at: the delegates of long ago are not known. Raises
    BlockRefused.
    """
    check = BlockCheck.SIGNATURES if check == BlockCheck.DELEGATES else check
    for header in headers:
        height += 1
        if header.height != height or header.previous_block != block_id:
            raise BlockRefused(f"height {header.height} does not follow {height - 1} {block_id}")
        block_id = verify_header(header, check)


def verify_block(
    header: BlockHeader, transactions: Sequence[AnyTransaction], *, version: int
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
    # A block counts the amounts that its transactions name; a multi-payment's own is nothing.
    if sum(one.amount for one in transactions) != header.total_amount:
        raise BlockRefused(f"{where}: amounts do not add up to the header's")
    if sum(one.fee for one in transactions) != header.total_fee:
        raise BlockRefused(f"{where}: fees do not add up to the header's")
    try:
        verified = tuple(verify_transaction(one, version=version) for one in transactions)
        ids_hash = payload_hash(one.txid for one in verified)
    except (TransactionRefused, ValueError) as error:
        raise BlockForged(f"{where}: {error}") from error
    if len({one.txid for one in verified}) != len(verified):
        raise BlockForged(f"{where}: the same transaction twice")
    if ids_hash != header.payload_hash:
        raise BlockForged(f"{where}: the ids, in this order, are not those of the header")
    return VerifiedBlock(header, block_id, verified)


def verify_transaction(transaction: AnyTransaction, *, version: int) -> VerifiedTransaction:
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
    only concerns who pays us.) What several people signed together (version 2) does not name
    their keys: the delegate who took it into a block has checked them.
    """
    for one in transactions:
        if not concerns(one.transaction, one.sender, addresses):
            continue
        together = not one.transaction.signature and bool(one.transaction.signatures)
        if not together and not one.transaction.verifies():
            raise TransactionRefused(f"{one.txid} is not signed by its sender")
