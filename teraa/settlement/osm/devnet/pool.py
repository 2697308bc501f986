"""The pool: transactions that were accepted and wait for a block.

What it refuses, in which order and with which words is the node's (`ERR_…` types). It survives a
crash: a transaction is on the disk before the wallet is told that it was accepted.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Final

from teraa.settlement.osm.transactions_v2 import AnyTransaction, TransactionV2

from .chain import Block, Chain, one_per_block
from .events import (
    POOL_ADDED,
    POOL_REJECTED,
    POOL_REMOVED,
    TRANSACTION_EXPIRED,
    Events,
)
from .examination import EXCESS, MAX_AHEAD_SECONDS, Refused, Verdict, examined
from .forms import from_form, raw_form, spent_by
from .profiles import ADDRESS_BYTE, MAX_BLOCK_BYTES, MAX_BLOCK_TRANSACTIONS
from .storage import Lines, to_line

MAX_PER_REQUEST: Final = 40
MAX_WAITING: Final = 10_000
MAX_AGE_BLOCKS: Final = 2700
MAX_AGE_SECONDS: Final = 21_600
_REMEMBERED_IDS: Final = 10_000
_NEVER: Final = 2**32


class Pool:
    """Transactions waiting for a block. `now` gives the network's seconds."""

    def __init__(
        self, chain: Chain, log: Lines, events: Events, *, block_time: int, now: Callable[[], int]
    ) -> None:
        self._chain = chain
        self._log = log
        self._events = events
        self.now = now
        self.max_age = min(MAX_AGE_BLOCKS * block_time, MAX_AGE_SECONDS)
        self._waiting: dict[str, AnyTransaction] = {}
        self._oldest = _NEVER
        self._spent: defaultdict[str, int] = defaultdict(int)
        self._count: defaultdict[str, int] = defaultdict(int)
        self._claims: set[tuple[int, str]] = set()
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._came: dict[str, int] = {}
        self._restore()

    def __len__(self) -> int:
        self.purge_expired()
        return len(self._waiting)

    def find(self, transaction_id: str) -> AnyTransaction | None:
        """Return the waiting transaction of an id."""
        self.purge_expired()
        return self._waiting.get(transaction_id)

    def ordered(self) -> list[AnyTransaction]:
        """Return what waits, as it will be forged: highest fee first, then the oldest."""
        self.purge_expired()
        if self._chain.dialect == "2.5":
            return sorted(self._waiting.values(), key=lambda one: (-one.fee, _claimed(one)))
        return _by_nonce(sorted(self._waiting.values(), key=lambda one: -one.fee))

    def holds(self, transaction_id: str) -> bool:
        """Say whether a transaction waits."""
        return transaction_id in self._waiting

    def count_of(self, public_key: str) -> int:
        """Return how many transactions of a sender wait."""
        return self._count.get(public_key, 0)

    def spent_by(self, public_key: str) -> int:
        """Return what a sender's waiting transactions spend, fees included (units of 10^-8)."""
        return self._spent.get(public_key, 0)

    def claims(self, claim: tuple[int, str]) -> bool:
        """Say whether something waits that a block may hold once."""
        return claim in self._claims

    def next_nonce(self, public_key: str) -> int:
        """Return the nonce a sender's next transaction must have (3.x)."""
        return self._chain.ledger.nonce(public_key) + self.count_of(public_key) + 1

    def submit(self, posted: Iterable[dict[str, Any]]) -> Verdict:
        """Take a batch as posted (its schema was checked); return what was accepted and why not.

        An id that was seen lately, accepted or not, is refused as a duplicate until it is forged:
        the node's trap for wallets that post again after a refusal.
        """
        verdict = Verdict()
        fresh: list[dict[str, Any]] = []
        for data in posted:
            if data["id"] in self._seen and self._chain.dialect == "2.5":
                verdict.note(data["id"], "ERR_DUPLICATE", "Already in cache.")
            else:
                fresh.append(data)
        self._remember([data["id"] for data in fresh])
        added: dict[str, AnyTransaction] = {}
        for data in fresh:
            try:
                transaction = examined(data, self._chain, self)
                self._make_room(transaction)
            except Refused as refused:
                if refused.kind == EXCESS:
                    verdict.excess.append(data["id"])
                elif data["id"] not in added:
                    verdict.note(data["id"], refused.kind, refused.message)
                    self._tell_rejected(data)
                continue
            self._add(transaction)
            added[str(transaction.id)] = transaction
        if added:
            self._write_down(added.values())
            verdict.accept = list(added)
            self._tell_added(list(added.values()))
        return verdict

    def take_back(self, undone: Sequence[AnyTransaction]) -> list[AnyTransaction]:
        """Take in what undone blocks held, in the order given; return what still fits.

        What waits already of the same senders follows after it (version 2: their nonces do), or
        is dropped.
        """
        later = self._after(undone)
        for one in later:
            self._forget(one)
        added = []
        for one in undone:
            if self._may_wait(one):
                self._add(one)
                added.append(one)
        for one in later:
            if self._may_wait(one):
                self._add(one)
            else:
                self._events.emit(POOL_REMOVED, self._removal(one))
        if later:
            self._rewrite()
        elif added:
            self._write_down(added)
        if added:
            self._tell_added(added)
        return added

    def forget(self, transaction_ids: Collection[str]) -> None:
        """Forget what waits, without an event: as a node that lost its memory."""
        for one in [self._waiting.get(each) for each in transaction_ids]:
            if one is not None:
                self._forget(one)
                self._seen.pop(str(one.id), None)
        self._rewrite()

    def for_forging(self, timestamp: int) -> list[AnyTransaction]:
        """Return the transactions of the next block, dated `timestamp` (epoch seconds).

        What has become impossible since it was accepted is dropped, with an event.
        """
        self.purge_expired()
        chosen: list[AnyTransaction] = []
        size = 0
        spent: defaultdict[str, int] = defaultdict(int)
        ahead: defaultdict[str, int] = defaultdict(int)
        for one in self.ordered():
            if len(chosen) == MAX_BLOCK_TRANSACTIONS:
                break
            if _claimed(one) > timestamp + MAX_AHEAD_SECONDS:
                continue
            sender = one.sender_public_key
            if self._chain.has_transaction(str(one.id)) or self._chain.ledger.refusal(
                one, pending=spent[sender], ahead=ahead[sender]
            ):
                self._drop(one, POOL_REMOVED, self._removal(one))
                continue
            size += len(to_line(raw_form(one)))
            if size > MAX_BLOCK_BYTES:
                break
            spent[sender] += spent_by(one) + one.fee
            ahead[sender] += 1
            chosen.append(one)
        return chosen

    def accept_block(self, block: Block) -> None:
        """Forget what a block has taken, with an event for each."""
        for one in block.transactions:
            self._seen.pop(str(one.id), None)
            if str(one.id) not in self._waiting:
                continue
            if self._chain.dialect == "2.5":
                self._drop(one, POOL_REMOVED, one.id)
            else:
                # 3.x says nothing when a block takes what waited.
                self._forget(one)
        if block.transactions:
            self._rewrite()

    def purge_expired(self) -> None:
        """Forget what no block may hold any more: older than 2700 block times, or than six hours.

        (The node's pool knows the first limit and its blocks the second; where they differ its
        chain stands still, which is no use here.)
        """
        oldest = self.now() - self.max_age
        if self._oldest > oldest:
            return
        expired = [one for one in self._waiting.values() if self._entered(one) <= oldest]
        for one in expired:
            self._drop(one, TRANSACTION_EXPIRED, raw_form(one))
        self._oldest = min(map(self._entered, self._waiting.values()), default=_NEVER)
        if expired:
            self._rewrite()

    def _make_room(self, one: AnyTransaction) -> None:
        if len(self._waiting) < MAX_WAITING:
            return
        lowest = self.ordered()[-1]
        if lowest.fee >= one.fee:
            raise Refused(
                "ERR_POOL_FULL",
                f"Pool is full (has {len(self._waiting)} transactions) and this transaction's fee "
                f"{one.fee} is not higher than the lowest fee already in pool {lowest.fee}",
            )
        self._forget(lowest)

    def _after(self, undone: Sequence[AnyTransaction]) -> list[AnyTransaction]:
        """What waits with nonces above those of transactions that come back, in their order."""
        if self._chain.dialect == "2.5":
            return []
        senders = {one.sender_public_key for one in undone}
        return [one for one in self.ordered() if one.sender_public_key in senders]

    def _may_wait(self, one: AnyTransaction) -> bool:
        if str(one.id) in self._waiting or self._chain.has_transaction(str(one.id)):
            return False
        if self._entered(one) <= self.now() - self.max_age:
            return False
        sender = one.sender_public_key
        return not self._chain.ledger.refusal(
            one, pending=self._spent[sender], ahead=self._count[sender]
        )

    def _add(self, one: AnyTransaction) -> None:
        self._waiting[str(one.id)] = one
        if isinstance(one, TransactionV2):
            self._came.setdefault(str(one.id), self.now())
        self._oldest = min(self._oldest, self._entered(one))
        self._spent[one.sender_public_key] += spent_by(one) + one.fee
        self._count[one.sender_public_key] += 1
        self._claims.update(one_per_block(one))

    def _forget(self, one: AnyTransaction) -> None:
        del self._waiting[str(one.id)]
        self._came.pop(str(one.id), None)
        sender = one.sender_public_key
        self._spent[sender] -= spent_by(one) + one.fee
        self._count[sender] -= 1
        if not self._count[sender]:
            del self._count[sender], self._spent[sender]
        self._claims.difference_update(one_per_block(one))

    def _drop(self, one: AnyTransaction, event: str, payload: Any) -> None:
        self._forget(one)
        self._events.emit(event, payload)

    def _entered(self, one: AnyTransaction) -> int:
        """From when its age counts: the time it claims, or (version 2) the time it came."""
        if isinstance(one, TransactionV2):
            return self._came.get(str(one.id), self.now())
        return one.timestamp

    def _removal(self, one: AnyTransaction) -> Any:
        return one.id if self._chain.dialect == "2.5" else raw_form(one)

    def _tell_added(self, added: list[AnyTransaction]) -> None:
        if self._chain.dialect == "2.5":
            self._events.emit(POOL_ADDED, [_pool_json(one) for one in added])
            return
        for one in added:
            self._events.emit(POOL_ADDED, raw_form(one))

    def _tell_rejected(self, data: dict[str, Any]) -> None:
        # 2.5 declares the event and never sends it.
        if self._chain.dialect != "2.5":
            self._events.emit(POOL_REJECTED, data)

    def _write_down(self, added: Collection[AnyTransaction]) -> None:
        try:
            self._log.extend(raw_form(one) for one in added)
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
        self._log.replace(raw_form(one) for one in self._waiting.values())

    def _restore(self) -> None:
        """Take back what waited when the node stopped, save what has been forged or expired."""
        for data in self._log:
            one = from_form(data)
            if one.verifies() and self._may_wait(one):
                self._add(one)
        if len(self._waiting) != len(self._log):
            self._rewrite()


def _claimed(one: AnyTransaction) -> int:
    """The time a sender claims; version 2 claims none."""
    return 0 if isinstance(one, TransactionV2) else one.timestamp


def _by_nonce(ordered: list[AnyTransaction]) -> list[AnyTransaction]:
    """Keep the places that a sender's fees earned it, but fill them in the order of its nonces."""
    queues: defaultdict[str, deque[AnyTransaction]] = defaultdict(deque)
    for one in sorted(ordered, key=lambda one: getattr(one, "nonce", 0)):
        queues[one.sender_public_key].append(one)
    return [queues[one.sender_public_key].popleft() for one in ordered]


def _pool_json(one: AnyTransaction) -> dict[str, Any]:
    return {
        "data": raw_form(one),
        "serialized": {"type": "Buffer", "data": list(one.wire_bytes(version=ADDRESS_BYTE))},
        "isVerified": True,
    }
