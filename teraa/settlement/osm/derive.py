"""What state an OSM request is in: a pure function of stored facts. No Django, no clock, no I/O.

The rules (research: settlement.md §3.3):

* ``settled`` is final, because settling is itself a stored fact (``settled_at``).
* A request is *closed* once it expired (a stored fact too) or somebody gave it up. What arrives
  afterwards is *late*: it is never credited by itself unless the policy or a person accepts it,
  and never lost: it shows as ``surplus_units``.
* Expiry is judged only while the cursor is live, and after an outage only when two minutes have
  passed in which a payment made meanwhile could be found.
* Order does not matter: receipts are summed, and confirmations are counted from heights.
* What a fork took out of its block is *in limbo*: it counts as included, without depth, until the
  grace period is over (the listener says so). Most of it returns; nobody's screen flickers.
* Three confirmations or more count only as deep as several nodes agree.
* Who was trusted before any block (0-conf) stays ``accepted`` until settled, or ``broken`` when the
  coins vanish. What was settled and is gone for good is ``reorged``: settled still, for a person.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

OPEN: Final = "open"
SEEN: Final = "seen"
ACCEPTED: Final = "accepted"
CONFIRMING: Final = "confirming"
SETTLED: Final = "settled"
EXPIRED: Final = "expired"
CANCELLED: Final = "cancelled"

CANCEL: Final = "cancel"
ACCEPT_LATE: Final = "accept_late"
ACCEPT_SHORT: Final = "accept_short"
SETTLE: Final = "settle"

AFTER_OUTAGE: Final = datetime.timedelta(minutes=2)
LAST_SECOND: Final = datetime.timedelta(seconds=10)
"""A payment sent just before the end needs this long to be seen."""
QUORUM_FROM: Final = 3
"""So many confirmations are only believed when several nodes agree on the block."""
ALL_FROM: Final = 42
"""And so many when every healthy node does."""


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
    accepted_at: datetime.datetime | None = None


@dataclass(frozen=True, slots=True)
class ReceiptFact:
    """A transfer allocated to the request; ``height`` is None while it is in no block of ours.

    ``gone`` means that no pool holds it any more and no block does; ``limbo`` that a fork took it
    out of its block and its grace period is not over.
    """

    units: int
    first_seen_at: datetime.datetime
    height: int | None = None
    gone: bool = False
    limbo: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """A decision on the request: CANCEL, ACCEPT_LATE, ACCEPT_SHORT or SETTLE."""

    kind: str
    at: datetime.datetime


@dataclass(frozen=True, slots=True)
class Chain:
    """Where we stand: the cursor's height, since when it has been live (None: it is not), now.

    ``vouched`` is the height for which a node of our own or a trusted one speaks (or two others),
    ``agreed`` that on which several nodes agree, ``unanimous`` that on which all do. None: we know
    one node, and it is enough.
    """

    tip: int
    live_since: datetime.datetime | None
    now: datetime.datetime
    agreed: int | None = None
    vouched: int | None = None
    unanimous: int | None = None

    def tip_for(self, required_confirmations: int) -> int:
        """The height from which so many confirmations are counted back."""
        if required_confirmations >= ALL_FROM:
            believed = self.unanimous
        elif required_confirmations >= QUORUM_FROM:
            believed = self.agreed
        else:
            believed = self.vouched
        return self.tip if believed is None else min(self.tip, believed)


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
    duplicate: bool
    limbo: bool
    reorged: bool
    broken: bool
    next_height: int | None


def derive(
    request: RequestFacts,
    receipts: Iterable[ReceiptFact],
    acts: Sequence[Act],
    chain: Chain,
) -> Derived:
    """Return what the stored facts say about ``request`` at ``chain.tip`` and ``chain.now``."""
    present = [receipt for receipt in receipts if not receipt.gone]
    tip = chain.tip_for(request.required_confirmations)
    seen = sum(receipt.units for receipt in present)
    included = sum(
        receipt.units for receipt in present if receipt.height is not None or receipt.limbo
    )
    deep = _deep_units(present, tip, request.required_confirmations)
    enough = _least_units(request, acts)
    by_hand = any(act.kind == SETTLE for act in acts)
    closed_at = _closed_at(request, acts)
    taken = any(act.kind in (ACCEPT_LATE, ACCEPT_SHORT) for act in acts)
    late = closed_at is not None and any(one.first_seen_at > closed_at for one in present)

    progress = _progress(request, enough, seen=seen, included=included, deep=deep)
    if request.settled_at is not None or by_hand:
        state = SETTLED
    elif closed_at is not None and not (taken and progress != OPEN):
        state = EXPIRED if request.expired_at is not None else CANCELLED
    elif progress == OPEN and _is_time_up(request, chain):
        state = EXPIRED
    else:
        state = progress

    shut = state in (EXPIRED, CANCELLED)
    settled = state == SETTLED
    credited = 0 if shut else min(seen, request.units)
    over = not shut and seen > request.units
    return Derived(
        state=state,
        seen_units=seen,
        included_units=included,
        confirmed_units=deep,
        credited_units=credited,
        surplus_units=seen - credited,
        confirmations=_confirmations(request, present, tip, enough),
        late=late,
        over=over,
        under=not settled and 0 < seen < enough,
        by_hand=by_hand,
        duplicate=over and len(present) > 1 and seen - request.units >= enough,
        limbo=not shut and any(one.limbo and one.height is None for one in present),
        reorged=settled and not by_hand and seen < enough,
        broken=request.accepted_at is not None and not settled and seen < enough,
        next_height=_next_height(request, present, tip),
    )


def _least_units(request: RequestFacts, acts: Sequence[Act]) -> int:
    """What is enough. Something must have come: a large tolerance would settle by itself."""
    if any(act.kind == ACCEPT_SHORT for act in acts):
        return 1
    return max(1, request.units - request.tolerance_units)


def _progress(request: RequestFacts, enough: int, *, seen: int, included: int, deep: int) -> str:
    if deep >= enough:
        return SETTLED
    if seen >= enough and request.accepted_at is not None:
        return ACCEPTED
    if included >= enough:
        return CONFIRMING
    return SEEN if seen >= enough else OPEN


def _depth(receipt: ReceiptFact, tip: int) -> int:
    """Confirmations: one in the newest block. Zero outside, and for what lies above the cursor."""
    return max(0, tip - receipt.height + 1) if receipt.height is not None else 0


def _deep_units(receipts: Iterable[ReceiptFact], tip: int, required: int) -> int:
    return sum(receipt.units for receipt in receipts if _depth(receipt, tip) >= required)


def _confirmations(
    request: RequestFacts, receipts: Sequence[ReceiptFact], tip: int, enough: int
) -> int:
    """The depth, at most the required one, at which enough money lies."""
    total = 0
    for receipt in sorted(receipts, key=lambda one: -_depth(one, tip)):
        total += receipt.units
        if total >= enough:
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
