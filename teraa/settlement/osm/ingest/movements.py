"""Who gets what by a transaction, and whom it concerns. Pure; both versions of transactions."""

from __future__ import annotations

from collections.abc import Collection

from teraa.settlement.osm.transactions import TRANSFER, NotATransaction, Transaction
from teraa.settlement.osm.transactions_v2 import (
    CORE_GROUP,
    HTLC_CLAIM,
    HTLC_LOCK,
    HTLC_REFUND,
    AnyTransaction,
    Payment,
)

GROUP_STEP = 1000
LARGEST_TYPE = 32_767
LOCKS = (HTLC_LOCK, HTLC_CLAIM, HTLC_REFUND)


def payments_of(transaction: AnyTransaction) -> tuple[Payment, ...]:
    """What moves at once, in the transaction's own order; the place is the ``out_index``.

    A transfer of version 1 or 2, or every line of a multi-payment. Whatever else names a
    recipient names somebody who gets nothing, often the sender (T15). Nothing for lines that
    cannot be read.
    """
    if isinstance(transaction, Transaction):
        if transaction.type != TRANSFER or transaction.recipient_id is None:
            return ()
        return (Payment(transaction.recipient_id, transaction.amount),)
    try:
        return transaction.payments
    except NotATransaction:
        return ()


def addresses_of(transaction: AnyTransaction, sender: str) -> set[str]:
    """Every address whose coins it touches."""
    found = {sender, *(one.recipient_id for one in payments_of(transaction))}
    if is_lock(transaction) and transaction.recipient_id:
        found.add(transaction.recipient_id)
    return found


def concerns(transaction: AnyTransaction, sender: str, addresses: Collection[str]) -> bool:
    """Whether it spends from, pays to, or locks coins for one of ``addresses``."""
    return any(one in addresses for one in addresses_of(transaction, sender))


def is_lock(transaction: AnyTransaction) -> bool:
    """Whether it locks coins for somebody, or opens such a lock.

    No receipt is made of it: who gets the coins, and when, is for a person to look up. The stored
    transaction without a receipt is the fact that a case starts from.
    """
    return (
        not isinstance(transaction, Transaction)
        and transaction.type_group == CORE_GROUP
        and transaction.type in LOCKS
    )


def spent_units(transaction: AnyTransaction) -> int:
    """What it takes from its sender besides the fee, in units of 10⁻⁸."""
    if isinstance(transaction, Transaction):
        return transaction.amount
    return sum(one.amount for one in payments_of(transaction)) or transaction.amount


def stored_type(transaction: AnyTransaction) -> int:
    """The number we keep for its type: a plug-in's types begin at a thousand times its group.

    (A plug-in's type 0 is no transfer, whatever it looks like.)
    """
    if isinstance(transaction, Transaction) or transaction.type_group == CORE_GROUP:
        return transaction.type
    return min(GROUP_STEP * transaction.type_group + transaction.type, LARGEST_TYPE)
