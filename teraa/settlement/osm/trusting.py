"""Whether a payment that is in no block yet may be believed for a while (0-conf). Pure.

All conditions of settlement.md §3.7, and none may be missing: a pool proves little, for the same
balance can be handed to two nodes in two transactions. That our payee asked for it, up to how much
and how much in all, is looked at by who calls this, as is who is not believed any more.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from teraa.settlement.osm.transactions import TRANSFER

NODES: Final = 2
"""So many must hold the payment, and say what its sender has."""
OLDEST: Final = datetime.timedelta(minutes=10)
NEWEST: Final = datetime.timedelta(minutes=1)
SLOTS: Final = 4
"""In so many blocks' time it should be in one; then the till warns, the customer still near."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the request wants, and the network's fee. Units of 10⁻⁸."""

    units: int
    reference: str
    fee_units: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """The one transaction that pays, as we verified and stored it. Units of 10⁻⁸."""

    type: int
    units: int
    fee_units: int
    memo: str
    sender_time: datetime.datetime
    first_seen_at: datetime.datetime


@dataclass(frozen=True, slots=True)
class Word:
    """What one node says: whether the payment waits there, and what its sender holds in blocks."""

    node: str
    waits: bool
    balance_units: int | None


def why_not_asked(asked: Asked, paid: Waiting) -> str:
    """Why nodes need not even be asked; "" when the payment itself is as it should be."""
    if paid.type != TRANSFER:
        return "not a plain transfer"
    if paid.memo.strip() != asked.reference:
        return "more or less than the reference is written on it"
    if paid.units < asked.units:
        return "less than asked for"
    if paid.fee_units < asked.fee_units:
        return "a fee that may not be enough"
    age = paid.first_seen_at - paid.sender_time
    if not -NEWEST <= age <= OLDEST:
        return "its sender's clock is off"
    return ""


def why_not_believed(words: Sequence[Word], *, spending_units: int) -> str:
    """Why nodes' words are not enough; "" when they are.

    ``spending_units``: what all waiting payments of the sender take, this one and fees included.
    """
    if sum(one.waits for one in words) < NODES:
        return f"fewer than {NODES} nodes hold it"
    balances = [one.balance_units for one in words if one.balance_units is not None]
    if len(balances) < NODES:
        return f"fewer than {NODES} nodes say what its sender holds"
    if min(balances) < spending_units:
        return "its sender does not hold enough"
    return ""
