"""Coins locked until somebody shows a secret, or until time is up (HTLC, 3.x)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from teraa.settlement.osm.blocks import BlockHeader
from teraa.settlement.osm.transactions_v2 import (
    HTLC_CLAIM,
    HTLC_LOCK,
    HTLC_REFUND,
    Payment,
    TransactionV2,
)

from .profiles import own_address

BY_TIME: Final = 1
BY_HEIGHT: Final = 2
_BECAUSE: Final = "Failed to apply transaction, because "
NO_LOCK: Final = _BECAUSE + "the associated HTLC lock transaction could not be found."
WRONG_SECRET: Final = (
    _BECAUSE + "the secret provided does not match the associated HTLC lock transaction secret."
)
NOT_EXPIRED: Final = _BECAUSE + "the associated HTLC lock transaction did not expire yet."
EXPIRED: Final = _BECAUSE + "the associated HTLC lock transaction expired."


@dataclass(frozen=True, slots=True)
class Lock:
    """Coins that have left `owner` and are nobody's: `amount` in units of 10^-8."""

    owner: str
    recipient_id: str
    amount: int
    secret_hash: str
    kind: int
    value: int

    def expired(self, last: BlockHeader | None) -> bool:
        """Say whether the time (epoch seconds) or height of the lock has come."""
        if last is None:
            return False
        return self.value <= (last.timestamp if self.kind == BY_TIME else last.height)


class Locks:
    """The open locks of a chain, by the id of the transaction that made them."""

    def __init__(self) -> None:
        self._open: dict[str, Lock] = {}

    def open(self) -> Iterator[tuple[str, Lock]]:
        """Return the open locks with the ids of their transactions, oldest first."""
        return iter(self._open.items())

    def refusal(self, one: TransactionV2, last: BlockHeader | None) -> str | None:
        """Say, in the node's words, why a lock, claim or refund cannot be applied, or None."""
        if one.type == HTLC_LOCK:
            return EXPIRED if _lock_of(one).expired(last) else None
        if one.type not in (HTLC_CLAIM, HTLC_REFUND):
            return None
        lock = self._open.get(_named(one))
        if lock is None:
            return NO_LOCK
        if one.type == HTLC_REFUND:
            return None if lock.expired(last) else NOT_EXPIRED
        if lock.expired(last):
            return EXPIRED
        secret = bytes.fromhex(str((one.asset or {})["claim"]["unlockSecret"]))
        return None if hashlib.sha256(secret).hexdigest() == lock.secret_hash else WRONG_SECRET

    def apply(self, one: TransactionV2) -> list[Payment]:
        """Book a transaction; return who gets coins by it. Whoever claims, the recipient is paid."""
        if one.type == HTLC_LOCK:
            self._open[str(one.id)] = _lock_of(one)
        if one.type not in (HTLC_CLAIM, HTLC_REFUND):
            return []
        lock = self._open.pop(_named(one))
        gets = lock.recipient_id if one.type == HTLC_CLAIM else lock.owner
        return [Payment(gets, lock.amount)]


def _named(one: TransactionV2) -> str:
    asset = (one.asset or {})["claim" if one.type == HTLC_CLAIM else "refund"]
    return str(asset["lockTransactionId"])


def _lock_of(one: TransactionV2) -> Lock:
    lock = (one.asset or {})["lock"]
    return Lock(
        owner=own_address(one.sender_public_key),
        recipient_id=str(one.recipient_id),
        amount=one.amount,
        secret_hash=str(lock["secretHash"]),
        kind=int(lock["expiration"]["type"]),
        value=int(lock["expiration"]["value"]),
    )
