"""What a due's tenders make of it. Pure: no database, no clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from teraa.settlement.states import DueState, TenderState


@dataclass(frozen=True, slots=True)
class TenderFact:
    """One tender, oldest first. ``lapsed``: its OSM request expired (nobody gave it up)."""

    state: str
    amount_cents: int
    lapsed: bool = False


@dataclass(frozen=True, slots=True)
class Balance:
    """Cents settled, cents on their way, and the state these mean."""

    state: str
    paid_cents: int
    pending_cents: int


def balance(*, state: str, amount_cents: int, tenders: Iterable[TenderFact]) -> Balance:
    """Return what ``tenders`` (oldest first) make of a due of ``amount_cents`` now in ``state``.

    Settled and given up are final. A due expires when its last tender was a request that lapsed
    and no cent is held by any other; the next tender opens it again.
    """
    facts = list(tenders)
    paid = _held(facts, TenderState.SETTLED)
    promised = _held(facts, TenderState.ACCEPTED)
    waiting = _held(facts, TenderState.PENDING) + _held(facts, TenderState.UNKNOWN)
    if state in (DueState.SETTLED, DueState.CANCELLED):
        following: str = state
    elif paid == amount_cents:
        following = DueState.SETTLED
    elif promised and paid + promised == amount_cents:
        following = DueState.ACCEPTED
    elif paid + promised + waiting:
        following = DueState.OPEN
    elif facts and facts[-1].lapsed:
        following = DueState.EXPIRED
    else:
        following = DueState.OPEN
    return Balance(state=following, paid_cents=paid, pending_cents=promised + waiting)


def _held(facts: Iterable[TenderFact], state: TenderState) -> int:
    return sum(fact.amount_cents for fact in facts if fact.state == state)
