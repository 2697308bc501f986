"""The pool: transactions that were accepted and wait for a block.

What it refuses, in which order and with which words is the node's (`ERR_…` types). It survives a
crash: a transaction is on the disk before the wallet is told that it was accepted.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from teraa.settlement.osm import transactions
from teraa.settlement.osm.transactions import NotATransaction, Transaction

from .chain import Block, Chain, one_per_block
from .events import POOL_ADDED, POOL_REMOVED, TRANSACTION_EXPIRED, Events
from .profiles import (
    ADDRESS_BYTE,
    FEE_ADDON_BYTES,
    FEE_PER_BYTE,
    MAX_BLOCK_BYTES,
    MAX_BLOCK_TRANSACTIONS,
)
from .storage import Lines, to_line

MAX_PER_REQUEST: Final = 40
MAX_PER_SENDER: Final = 300
MAX_WAITING: Final = 10_000
MAX_AGE_BLOCKS: Final = 2700
MAX_AGE_SECONDS: Final = 21_600
MAX_AHEAD_SECONDS: Final = 3600
_REMEMBERED_IDS: Final = 10_000
_NEVER: Final = 2**32
_MALFORMED: Final = "Failed to deserialize transaction, because the bytes are malformed."
_SUPPORTED: Final = {
    transactions.TRANSFER,
    transactions.DELEGATE_REGISTRATION,
    transactions.VOTE,
}
_TYPE_LABELS: Final = {
    transactions.DELEGATE_REGISTRATION: "DelegateRegistration",
    transactions.VOTE: "Vote",
}


class _Refused(Exception):
    """A transaction is not taken; carries the node's error type and sentence."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


@dataclass(slots=True)
class Verdict:
    """What became of a posted batch, in the node's terms."""

    accept: list[str] = field(default_factory=list)
    excess: list[str] = field(default_factory=list)
    errors: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the answer to the POST; `errors` is left out when there is none."""
        answer: dict[str, Any] = {
            "data": {
                "accept": self.accept,
                "broadcast": list(self.accept),
                "excess": self.excess,
                "invalid": list(self.errors),
            }
        }
        if self.errors:
            answer["errors"] = self.errors
        return answer


def least_fee(transaction: Transaction) -> int:
    """Return the lowest fee the pool takes, in units: 3000 a byte of half the wire form, and more."""
    name = transactions.TYPE_NAMES[transaction.type]
    halves = 2 * FEE_ADDON_BYTES[name] + len(transaction.wire_bytes(version=ADDRESS_BYTE))
    return FEE_PER_BYTE * halves // 2


class Pool:
    """Transactions waiting for a block. `now` gives the network's seconds."""

    def __init__(
        self, chain: Chain, log: Lines, events: Events, *, block_time: int, now: Callable[[], int]
    ) -> None:
        self._chain = chain
        self._log = log
        self._events = events
        self._now = now
        self.max_age = min(MAX_AGE_BLOCKS * block_time, MAX_AGE_SECONDS)
        self._waiting: dict[str, Transaction] = {}
        self._oldest = _NEVER
        self._spent: defaultdict[str, int] = defaultdict(int)
        self._count: defaultdict[str, int] = defaultdict(int)
        self._claims: set[tuple[int, str]] = set()
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._restore()

    def __len__(self) -> int:
        self.purge_expired()
        return len(self._waiting)

    def find(self, transaction_id: str) -> Transaction | None:
        """Return the waiting transaction of an id."""
        self.purge_expired()
        return self._waiting.get(transaction_id)

    def ordered(self) -> list[Transaction]:
        """Return what waits, as it will be forged: highest fee first, then the oldest."""
        self.purge_expired()
        return sorted(self._waiting.values(), key=lambda one: (-one.fee, one.timestamp))

    def submit(self, posted: Iterable[dict[str, Any]]) -> Verdict:
        """Take a batch as posted (its schema was checked); return what was accepted and why not.

        An id that was seen lately, accepted or not, is refused as a duplicate until it is forged:
        the node's trap for wallets that post again after a refusal.
        """
        verdict = Verdict()
        fresh: list[dict[str, Any]] = []
        for data in posted:
            if data["id"] in self._seen:
                _note(verdict, data["id"], "ERR_DUPLICATE", "Already in cache.")
            else:
                fresh.append(data)
        self._remember([data["id"] for data in fresh])
        added: dict[str, Transaction] = {}
        for data in fresh:
            try:
                transaction = self._examined(data)
            except _Refused as refused:
                if refused.kind == "EXCESS":
                    verdict.excess.append(data["id"])
                elif data["id"] not in added:
                    _note(verdict, data["id"], refused.kind, refused.message)
                continue
            self._add(transaction)
            added[str(transaction.id)] = transaction
        if added:
            self._write_down(added.values())
            verdict.accept = list(added)
            self._events.emit(POOL_ADDED, [_pool_json(one) for one in added.values()])
        return verdict

    def take_back(self, undone: Iterable[Transaction]) -> list[Transaction]:
        """Take in what an undone block held; return what still fits, told in one event."""
        added = []
        for one in undone:
            if self._may_wait(one):
                self._add(one)
                added.append(one)
        if added:
            self._write_down(added)
            self._events.emit(POOL_ADDED, [_pool_json(one) for one in added])
        return added

    def forget(self, transaction_ids: Collection[str]) -> None:
        """Forget what waits, without an event: as a node that lost its memory."""
        for one in [self._waiting.get(each) for each in transaction_ids]:
            if one is not None:
                self._forget(one)
                self._seen.pop(str(one.id), None)
        self._rewrite()

    def for_forging(self, timestamp: int) -> list[Transaction]:
        """Return the transactions of the next block, dated `timestamp` (epoch seconds).

        What has become impossible since it was accepted is dropped, with an event.
        """
        self.purge_expired()
        chosen: list[Transaction] = []
        size = 0
        spent: defaultdict[str, int] = defaultdict(int)
        for one in self.ordered():
            if len(chosen) == MAX_BLOCK_TRANSACTIONS:
                break
            if one.timestamp > timestamp + MAX_AHEAD_SECONDS:
                continue
            if self._chain.has_transaction(str(one.id)) or self._chain.ledger.refusal(
                one, pending=spent[one.sender_public_key]
            ):
                self._drop(one, POOL_REMOVED, one.id)
                continue
            size += len(to_line(transactions.to_raw(one, version=ADDRESS_BYTE)))
            if size > MAX_BLOCK_BYTES:
                break
            spent[one.sender_public_key] += one.amount + one.fee
            chosen.append(one)
        return chosen

    def accept_block(self, block: Block) -> None:
        """Forget what a block has taken, with an event for each."""
        for one in block.transactions:
            self._seen.pop(str(one.id), None)
            if str(one.id) in self._waiting:
                self._drop(one, POOL_REMOVED, one.id)
        if block.transactions:
            self._rewrite()

    def purge_expired(self) -> None:
        """Forget what no block may hold any more: older than 2700 block times, or than six hours.

        (The node's pool knows the first limit and its blocks the second; where they differ its
        chain stands still, which is no use here.)
        """
        oldest = self._now() - self.max_age
        if self._oldest > oldest:
            return
        expired = [one for one in self._waiting.values() if one.timestamp <= oldest]
        for one in expired:
            self._drop(one, TRANSACTION_EXPIRED, transactions.to_raw(one, version=ADDRESS_BYTE))
        self._oldest = min((one.timestamp for one in self._waiting.values()), default=_NEVER)
        if expired:
            self._rewrite()

    def _examined(self, data: dict[str, Any]) -> Transaction:
        """Return the transaction of a posted element, or raise _Refused; in the node's order."""
        received = str(data["id"])
        now = self._now()
        if received in self._waiting:
            raise _Refused("ERR_DUPLICATE", f"Duplicate transaction {received}")
        if self._count[data["senderPublicKey"]] >= MAX_PER_SENDER:
            raise _Refused("EXCESS", "")
        if data["timestamp"] > now + MAX_AHEAD_SECONDS:
            ahead = data["timestamp"] - now
            raise _Refused(
                "ERR_FROM_FUTURE", f"Transaction {received} is {ahead} seconds in the future"
            )
        height = self._chain.height
        if 0 < (data.get("expiration") or 0) <= height + 1:
            since = height - data["expiration"]
            raise _Refused(
                "ERR_EXPIRED", f"Transaction {received} is expired since {since} blocks."
            )
        if data.get("version", 1) != 1:
            raise _Refused("ERR_UNKNOWN", f"Version {data['version']} not supported.")
        try:
            transaction = transactions.from_json(data)
            self._check_place(transaction)
            computed = transaction.computed_id()
            verified = transaction.verifies()
        except (NotATransaction, ValueError) as error:
            raise _Refused("ERR_UNKNOWN", _MALFORMED) from error
        if not _is_der(transaction.signature or ""):
            raise _Refused("ERR_UNKNOWN", _MALFORMED)
        if not verified:
            raise _Refused("ERR_BAD_DATA", "Transaction didn't pass the verification process.")
        transaction = transactions.from_json({**data, "id": computed})
        if computed in self._waiting:
            raise _Refused("ERR_DUPLICATE", f"Duplicate transaction {computed}")
        self._check_ledger(transaction)
        if transaction.fee < least_fee(transaction):
            raise _Refused(
                "ERR_LOW_FEE", "The fee is too low to broadcast and accept the transaction"
            )
        if self._chain.has_transaction(computed):
            raise _Refused("ERR_FORGED", "Already forged.")
        self._make_room(transaction)
        return transaction

    def _check_place(self, one: Transaction) -> None:
        if one.type not in _SUPPORTED:
            name = transactions.TYPE_NAMES.get(one.type, str(one.type))
            raise _Refused(
                "ERR_UNSUPPORTED",
                f"Invalidating transaction of unsupported type '{name[0].upper()}{name[1:]}'",
            )
        for kind, subject in one_per_block(one):
            if (kind, subject) not in self._claims:
                continue
            if subject == one.sender_public_key:
                raise _Refused(
                    "ERR_PENDING",
                    f"Sender {subject} already has a transaction of type "
                    f"'{_TYPE_LABELS[one.type]}' in the pool",
                )
            raise _Refused(
                "ERR_PENDING", f'Delegate registration for "{subject}" already in the pool'
            )

    def _check_ledger(self, one: Transaction) -> None:
        why = self._chain.ledger.refusal(one, pending=self._spent[one.sender_public_key])
        if why:
            # The node wraps the sentence in a JSON list, as text.
            raise _Refused("ERR_APPLY", f'["{why}"]')

    def _make_room(self, one: Transaction) -> None:
        if len(self._waiting) < MAX_WAITING:
            return
        lowest = self.ordered()[-1]
        if lowest.fee >= one.fee:
            raise _Refused(
                "ERR_POOL_FULL",
                f"Pool is full (has {len(self._waiting)} transactions) and this transaction's fee "
                f"{one.fee} is not higher than the lowest fee already in pool {lowest.fee}",
            )
        self._forget(lowest)

    def _may_wait(self, one: Transaction) -> bool:
        if str(one.id) in self._waiting or self._chain.has_transaction(str(one.id)):
            return False
        if one.timestamp <= self._now() - self.max_age:
            return False
        return not self._chain.ledger.refusal(one, pending=self._spent[one.sender_public_key])

    def _add(self, one: Transaction) -> None:
        self._waiting[str(one.id)] = one
        self._oldest = min(self._oldest, one.timestamp)
        self._spent[one.sender_public_key] += one.amount + one.fee
        self._count[one.sender_public_key] += 1
        self._claims.update(one_per_block(one))

    def _forget(self, one: Transaction) -> None:
        del self._waiting[str(one.id)]
        sender = one.sender_public_key
        self._spent[sender] -= one.amount + one.fee
        self._count[sender] -= 1
        if not self._count[sender]:
            del self._count[sender], self._spent[sender]
        self._claims.difference_update(one_per_block(one))

    def _drop(self, one: Transaction, event: str, payload: Any) -> None:
        self._forget(one)
        self._events.emit(event, payload)

    def _write_down(self, added: Collection[Transaction]) -> None:
        try:
            self._log.extend(transactions.to_raw(one, version=ADDRESS_BYTE) for one in added)
        except OSError:
            for one in added:
                self._forget(one)
                self._seen.pop(str(one.id), None)
            raise

    def _remember(self, ids: Iterable[str]) -> None:
        for one in ids:
            self._seen[one] = None
        while len(self._seen) > _REMEMBERED_IDS:
            self._seen.popitem(last=False)

    def _rewrite(self) -> None:
        self._log.replace(
            transactions.to_raw(one, version=ADDRESS_BYTE) for one in self._waiting.values()
        )

    def _restore(self) -> None:
        """Take back what waited when the node stopped, save what has been forged or expired."""
        for data in self._log:
            one = transactions.from_json(data)
            if one.verifies() and self._may_wait(one):
                self._add(one)
        if len(self._waiting) != len(self._log):
            self._rewrite()


def _is_der(signature: str) -> bool:
    """Say whether the second byte tells the length of the rest, by which the node cuts its bytes."""
    try:
        content = bytes.fromhex(signature)
    except ValueError:
        return False
    return len(content) > 2 and content[1] == len(content) - 2


def _note(verdict: Verdict, transaction_id: str, kind: str, message: str) -> None:
    verdict.errors.setdefault(transaction_id, []).append({"type": kind, "message": message})


def _pool_json(one: Transaction) -> dict[str, Any]:
    return {
        "data": transactions.to_raw(one, version=ADDRESS_BYTE),
        "serialized": {"type": "Buffer", "data": list(one.wire_bytes(version=ADDRESS_BYTE))},
        "isVerified": True,
    }
