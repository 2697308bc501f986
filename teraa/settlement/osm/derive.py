"""What state an OSM request is in: a pure function of stored facts. No Django, no clock, no I/O.

The rules (research: settlement.md §3.3):

* ``settled`` is final, because settling is itself a stored fact (``settled_at``).
* A request is *closed* once it expired (a stored fact too) or somebody gave it up. What arrives
  afterwards is *late*: it is never credited by itself unless the policy or a person accepts it,
  and never lost: it shows as ``surplus_units``.
* Expiry is judged only while the cursor is live, and after an outage only when two minutes have
  passed in which a payment made meanwhile could be found.
* Order does not matter: receipts are summed, and confirmations are counted from heights.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

OPEN: Final = "open"
SEEN: Final = "seen"
CONFIRMING: Final = "confirming"
SETTLED: Final = "settled"
EXPIRED: Final = "expired"
CANCELLED: Final = "cancelled"

CANCEL: Final = "cancel"
ACCEPT_LATE: Final = "accept_late"
SETTLE: Final = "settle"

AFTER_OUTAGE: Final = datetime.timedelta(minutes=2)
LAST_SECOND: Final = datetime.timedelta(seconds=10)
"""A payment sent just before the end needs this long to be seen."""


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """What was asked, and the two facts that close a request. Units of 10⁻⁸ OSM."""

    units: int
    tolerance_units: int
    required_confirmations: int
    created_at: datetime.datetime
    expires_at: datetime.datetime
    expired_at: datetime.datetime | None = None
    settled_at: datetime.datetime | None = None


@dataclass(frozen=True, slots=True)
class ReceiptFact:
    """A transfer allocated to the request; ``height`` is None while it is in no block of ours.

    ``gone`` means that no pool holds it any more and no block ever did.
    """

    units: int
    first_seen_at: datetime.datetime
    height: int | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """A person's decision on the request: CANCEL, ACCEPT_LATE or SETTLE."""

    kind: str
    at: datetime.datetime


@dataclass(frozen=True, slots=True)
class Policy:
    """What a late payment does by itself: wait for a person, or be taken."""

    late: Literal["attention", "accept"] = "attention"


@dataclass(frozen=True, slots=True)
class Chain:
    """Where we stand: the cursor's height, since when it has been live (None: it is not), now."""

    tip: int
    live_since: datetime.datetime | None
    now: datetime.datetime


@dataclass(frozen=True, slots=True)
class Derived:
    """The request as it stands. ``credited_units + surplus_units == seen_units``, always."""

    state: str
    seen_units: int
    included_units: int
    confirmed_units: int
    credited_units: int
    surplus_units: int
    confirmations: int
    late: bool
    over: bool
    under: bool
    by_hand: bool
    next_height: int | None


def derive(
    request: RequestFacts,
    receipts: Iterable[ReceiptFact],
    acts: Sequence[Act],
    policy: Policy,
    chain: Chain,
) -> Derived:
    """Return what the stored facts say about ``request`` at ``chain.tip`` and ``chain.now``."""
    present = [receipt for receipt in receipts if not receipt.gone]
    seen = sum(receipt.units for receipt in present)
    included = sum(receipt.units for receipt in present if receipt.height is not None)
    deep = _deep_units(present, chain.tip, request.required_confirmations)
    confirmations = _confirmations(request, present, chain.tip)
    by_hand = any(act.kind == SETTLE for act in acts)
    closed_at = _closed_at(request, acts)
    taken_late = policy.late == "accept" or any(act.kind == ACCEPT_LATE for act in acts)
    late = closed_at is not None and any(one.first_seen_at > closed_at for one in present)

    progress = _progress(request, seen=seen, included=included, deep=deep)
    if request.settled_at is not None or by_hand:
        state = SETTLED
    elif closed_at is not None and not (taken_late and progress != OPEN):
        state = EXPIRED if request.expired_at is not None else CANCELLED
    elif progress == OPEN and _is_time_up(request, chain):
        state = EXPIRED
    else:
        state = progress

    shut = state in (EXPIRED, CANCELLED)
    credited = 0 if shut else min(seen, request.units)
    return Derived(
        state=state,
        seen_units=seen,
        included_units=included,
        confirmed_units=deep,
        credited_units=credited,
        surplus_units=seen - credited,
        confirmations=confirmations,
        late=late,
        over=not shut and seen > request.units,
        under=state != SETTLED and seen > 0 and not _is_enough(request, seen),
        by_hand=by_hand,
        next_height=_next_height(request, present, chain.tip),
    )


def _is_enough(request: RequestFacts, units: int) -> bool:
    # Something must have come: a tolerance as large as the sum asked for would settle by itself.
    return units >= max(1, request.units - request.tolerance_units)


def _progress(request: RequestFacts, *, seen: int, included: int, deep: int) -> str:
    if _is_enough(request, deep):
        return SETTLED
    if _is_enough(request, included):
        return CONFIRMING
    return SEEN if _is_enough(request, seen) else OPEN


def _depth(receipt: ReceiptFact, tip: int) -> int:
    """Confirmations: one in the newest block. Zero outside, and for what lies above the cursor."""
    return max(0, tip - receipt.height + 1) if receipt.height is not None else 0


def _deep_units(receipts: Iterable[ReceiptFact], tip: int, required: int) -> int:
    return sum(receipt.units for receipt in receipts if _depth(receipt, tip) >= required)


def _confirmations(request: RequestFacts, receipts: Sequence[ReceiptFact], tip: int) -> int:
    """The depth, at most the required one, at which enough money lies."""
    total = 0
    for receipt in sorted(receipts, key=lambda one: -_depth(one, tip)):
        total += receipt.units
        if _is_enough(request, total):
            return min(_depth(receipt, tip), request.required_confirmations)
    return 0


def _closed_at(request: RequestFacts, acts: Iterable[Act]) -> datetime.datetime | None:
    ends = [act.at for act in acts if act.kind == CANCEL]
    if request.expired_at is not None:
        ends.append(request.expired_at)
    return min(ends, default=None)


def _is_time_up(request: RequestFacts, chain: Chain) -> bool:
    if chain.live_since is None or chain.now < request.expires_at + LAST_SECOND:
        return False
    if chain.live_since <= request.created_at:
        return True
    return chain.now >= chain.live_since + AFTER_OUTAGE


def _next_height(request: RequestFacts, receipts: Iterable[ReceiptFact], tip: int) -> int | None:
    """The next height at which counting confirmations changes something, None when nothing will."""
    waiting = [
        receipt.height
        for receipt in receipts
        if receipt.height is not None and _depth(receipt, tip) < request.required_confirmations
    ]
    return max(tip + 1, min(waiting)) if waiting else None
