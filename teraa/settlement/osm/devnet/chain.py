"""The confirmed chain: blocks in an append-only log, found again by id, height, address and type.

Memory holds offsets and positions, not blocks: about 200 bytes a block and 50 a transaction and
place it is found by. A block that was read is kept a while.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from teraa.settlement.osm import blocks, transactions
from teraa.settlement.osm.blocks import BlockHeader, payload_hash
from teraa.settlement.osm.transactions_v2 import HTLC_CLAIM, AnyTransaction, TransactionV2

from .forms import from_form, raw_form, spent_by
from .ledger import Ledger, LedgerBroken
from .profiles import MAX_BLOCK_TRANSACTIONS, Profile, own_address
from .rounds import opens_round, round_of, shuffled
from .storage import Lines

_SEQUENCE_BITS: Final = 16
_KEPT_WEIGHT: Final = 20_000
"""How much of what was read stays in memory: one for a block, one for each of its transactions."""
_SIGNATURES_AT_START: Final = 1000
"""How many of the newest blocks have their signatures checked again when a log is replayed. Ids,
links, hashes and balances are checked for all: an id covers the signature that was checked when
the block was forged."""
_UNSIGNED: Final = "signaturesUnchecked"


class ChainBroken(ValueError):
    """A block does not fit on the chain: altered log, or another network's."""


@dataclass(frozen=True, slots=True)
class Block:
    """A header and its transactions in block order."""

    header: BlockHeader
    transactions: tuple[AnyTransaction, ...] = ()

    @property
    def id(self) -> str:
        """The block's id (64 hex)."""
        return self.header.id or self.header.computed_id()


@dataclass(frozen=True, slots=True)
class Placed:
    """A transaction and where it is. `sequence` counts from 0 within the block."""

    transaction: AnyTransaction
    header: BlockHeader
    sequence: int


def one_per_block(transaction: AnyTransaction) -> list[tuple[int, str]]:
    """Return what a block (and the pool) may hold once: a sender's vote, a registration, its name.

    Version 2 orders a sender's votes by their nonces and so takes several.
    """
    claims: list[tuple[int, str]] = []
    version_1 = not isinstance(transaction, TransactionV2)
    if version_1 and transaction.type != transactions.TRANSFER:
        claims.append((transaction.type, transaction.sender_public_key))
    asset = transaction.asset or {}
    if transaction.type == transactions.DELEGATE_REGISTRATION:
        claims.append((transaction.type, str(asset["delegate"]["username"])))
    for name in ("claim", "refund"):
        if name in asset:
            claims.append((HTLC_CLAIM, str(asset[name]["lockTransactionId"])))
    return claims


def position(height: int, sequence: int) -> int:
    """Return the number that orders transactions along the chain."""
    return height << _SEQUENCE_BITS | sequence


def height_of(where: int) -> int:
    """Return the height of a position."""
    return where >> _SEQUENCE_BITS


def sequence_of(where: int) -> int:
    """Return the place within its block of a position, counted from 0."""
    return where & (1 << _SEQUENCE_BITS) - 1


class Chain:
    """The chain of a profile, and the ledger it adds up to."""

    def __init__(
        self,
        profile: Profile,
        genesis: Block,
        log: Lines,
        *,
        dialect: str = "2.5",
        locks: bool = False,
    ) -> None:
        self.profile = profile
        self.dialect = dialect
        self.locks_allowed = locks and dialect != "2.5"
        self._genesis = genesis
        self._log = log
        self._begin()
        self._replay(checked=_SIGNATURES_AT_START)

    @property
    def height(self) -> int:
        """The height of the newest block; the genesis block is 1."""
        return self.last.header.height

    @property
    def genesis(self) -> Block:
        """The first block."""
        return self._genesis

    def address_of(self, public_key: str) -> str:
        """Return the address of a public key on this network."""
        return own_address(public_key)

    def append(self, block: Block, *, signatures: bool = True) -> None:
        """Check a block, write it to the disk, then book it.

        Without `signatures` nobody asks who signed, nor whether a delegate did: for forgeries that
        a listener must find.
        Raises ChainBroken or LedgerBroken when it does not fit; nothing has changed then.
        """
        self._check(block, signatures=signatures, delegate=signatures)
        self._check_ledger(block)
        self._log.append(_to_record(block) | ({} if signatures else {_UNSIGNED: True}))
        self._book(block)
        self._keep(block)

    def roll_back(self, count: int) -> list[Block]:
        """Take the newest blocks off, never the first one; return them, newest first.

        The ledger is added up again from what remains: a long chain takes its time.
        """
        height = max(1, self.height - count)
        removed = [block for at in range(self.height, height, -1) if (block := self.at(at))]
        self._log.cut(height - 1)
        self._begin()
        self._replay(checked=0)
        return removed

    def at(self, height: int) -> Block | None:
        """Return the block of a height."""
        if height == 1:
            return self._genesis
        if not 1 < height <= self.height:
            return None
        block = self._kept.get(height)
        if block is None:
            block = _from_record(self._log.read(height - 2))
            self._keep(block)
        return block

    def by_id(self, block_id: str) -> Block | None:
        """Return the block of an id (64 hex)."""
        height = self._heights.get(bytes.fromhex(block_id))
        return None if height is None else self.at(height)

    def placed(self, where: int) -> Placed:
        """Return the transaction of a `position`."""
        block = self.at(height_of(where))
        if block is None:
            raise ChainBroken(f"no block at height {height_of(where)}")
        return Placed(block.transactions[sequence_of(where)], block.header, sequence_of(where))

    def has_transaction(self, transaction_id: str) -> bool:
        """Say whether a transaction (64 hex) is in a block."""
        return bytes.fromhex(transaction_id) in self._positions

    def transaction(self, transaction_id: str) -> Placed | None:
        """Return the transaction of an id (64 hex)."""
        where = self._positions.get(bytes.fromhex(transaction_id))
        return None if where is None else self.placed(where)

    def positions(self) -> Sequence[int]:
        """Return the positions of every transaction, oldest first."""
        return self._all

    def positions_in(self, height: int) -> Sequence[int]:
        """Return the positions of a block's transactions, in block order."""
        block = self.at(height)
        count = len(block.transactions) if block else 0
        return range(position(height, 0), position(height, count))

    def positions_of_type(self, number: int) -> Sequence[int]:
        """Return the positions of the transactions of a type, oldest first."""
        return self._by_type.get(number, ())

    def positions_sent(self, address: str) -> Sequence[int]:
        """Return the positions of what an address sent, oldest first."""
        return self._sent.get(address, ())

    def positions_received(self, address: str) -> Sequence[int]:
        """Return the positions of what names an address as recipient, oldest first.

        As on the node that includes what the address sent without any recipient.
        """
        return self._received.get(address, ())

    def heights_forged(self, public_key: str) -> Sequence[int]:
        """Return the heights a delegate forged, oldest first."""
        return self._forged.get(public_key, ())

    def _begin(self) -> None:
        """Know the genesis block and nothing else."""
        self.ledger = Ledger()
        self.last = self._genesis
        self.round_number = 1
        self.round_order: tuple[str, ...] = ()
        self.round_votes: list[tuple[str, int]] = []
        self._kept: OrderedDict[int, Block] = OrderedDict()
        self._kept_weight = 0
        self._heights: dict[bytes, int] = {}
        self._positions: dict[bytes, int] = {}
        self._all = array("Q")
        self._by_type: defaultdict[int, array[int]] = defaultdict(lambda: array("Q"))
        self._sent: defaultdict[str, array[int]] = defaultdict(lambda: array("Q"))
        self._received: defaultdict[str, array[int]] = defaultdict(lambda: array("Q"))
        self._forged: defaultdict[str, array[int]] = defaultdict(lambda: array("Q"))
        self._book(self._genesis)

    def _check(self, block: Block, *, signatures: bool, delegate: bool) -> None:
        header, last = block.header, self.last.header
        ids = [one.id or "" for one in block.transactions]
        expected: list[tuple[str, object, object]] = [
            ("version", header.version, 0),
            ("height", header.height, last.height + 1),
            ("previous block", header.previous_block, last.id),
            ("reward", header.reward, self.profile.reward_at(header.height)),
            ("number of transactions", header.number_of_transactions, len(ids)),
            ("payload length", header.payload_length, 32 * len(ids)),
            ("total amount", header.total_amount, sum(one.amount for one in block.transactions)),
            ("total fee", header.total_fee, sum(one.fee for one in block.transactions)),
            ("payload hash", header.payload_hash, payload_hash(ids)),
            ("id", header.id, header.computed_id()),
        ]
        for what, found, wanted in expected:
            if found != wanted:
                raise ChainBroken(f"block {header.height}: {what} is {found}, not {wanted}")
        if header.timestamp <= last.timestamp:
            raise ChainBroken(f"block {header.height} is not later than its predecessor")
        if delegate and header.generator_public_key not in self.round_order:
            raise ChainBroken(f"block {header.height}: its generator is not of this round")
        if len(ids) > MAX_BLOCK_TRANSACTIONS or len(set(ids)) != len(ids):
            raise ChainBroken(f"block {header.height}: too many transactions, or one twice")
        if signatures and not header.verifies():
            raise ChainBroken(f"block {header.height}: wrong signature")
        for one in block.transactions:
            if one.id != one.computed_id() or self.has_transaction(one.id):
                raise ChainBroken(f"block {header.height}: transaction {one.id} is not new")
            if signatures and not one.verifies():
                raise ChainBroken(f"block {header.height}: {one.id} has a wrong signature")

    def _check_ledger(self, block: Block) -> None:
        """Refuse before anything changes; within a block a sender spends only what it had before."""
        spent: defaultdict[str, int] = defaultdict(int)
        ahead: defaultdict[str, int] = defaultdict(int)
        claims: set[tuple[int, str]] = set()
        for one in block.transactions:
            sender = one.sender_public_key
            why = self.ledger.refusal(one, pending=spent[sender], ahead=ahead[sender])
            if why:
                raise LedgerBroken(f"{one.id}: {why}")
            spent[sender] += spent_by(one) + one.fee
            ahead[sender] += 1
            for claim in one_per_block(one):
                if claim in claims:
                    raise LedgerBroken(f"{one.id}: a second {claim} in one block")
                claims.add(claim)

    def _book(self, block: Block) -> None:
        header = block.header
        self.ledger.apply(header, block.transactions)
        self.last = block
        self._heights[bytes.fromhex(block.id)] = header.height
        self._forged[header.generator_public_key].append(header.height)
        for sequence, one in enumerate(block.transactions):
            self._place(one, position(header.height, sequence))
        if opens_round(header.height + 1, self.profile.delegates) or header.height == 1:
            self._open_round(header.height + 1)

    def _place(self, one: AnyTransaction, where: int) -> None:
        sender = own_address(one.sender_public_key)
        self._positions[bytes.fromhex(one.id or "")] = where
        self._all.append(where)
        self._by_type[one.type].append(where)
        self._sent[sender].append(where)
        for address in _recipients(one, sender):
            self._received[address].append(where)

    def _open_round(self, height: int) -> None:
        self.ledger.rank_delegates()
        ranked = self.ledger.ranked()[: self.profile.delegates]
        self.round_votes = [(one.public_key or "", one.vote_balance) for one in ranked]
        self.round_number = round_of(height, self.profile.delegates)
        self.round_order = shuffled([key for key, _ in self.round_votes], self.round_number)

    def _replay(self, *, checked: int) -> None:
        checked_from = len(self._log) - checked
        for number, record in enumerate(self._log):
            block = _from_record(record)
            honest = _UNSIGNED not in record
            self._check(block, signatures=honest and number >= checked_from, delegate=honest)
            self._book(block)

    def _keep(self, block: Block) -> None:
        self._kept[block.header.height] = block
        self._kept_weight += 1 + len(block.transactions)
        while self._kept_weight > _KEPT_WEIGHT:
            _, dropped = self._kept.popitem(last=False)
            self._kept_weight -= 1 + len(dropped.transactions)


def _recipients(one: AnyTransaction, sender: str) -> set[str]:
    """Whose receipts name a transaction. 2.5 shows the sender where there is no recipient."""
    if isinstance(one, TransactionV2):
        named = {each.recipient_id for each in one.payments}
        return named | ({one.recipient_id} if one.recipient_id else set())
    return {one.recipient_id or sender}


def _to_record(block: Block) -> dict[str, Any]:
    header = blocks.to_raw(block.header)
    # What the node shows twice is kept once.
    del header["previousBlockHex"], header["idHex"]
    raw: Iterable[dict[str, Any]] = (raw_form(one) for one in block.transactions)
    return {"block": header, "transactions": list(raw)}


def _from_record(record: dict[str, Any]) -> Block:
    return Block(
        blocks.from_json(record["block"]),
        tuple(from_form(one) for one in record["transactions"]),
    )
