"""Do the books agree with the chain? For one address of a payee and a period of time.

Three tellings of the same coins: what nodes say the address held (``AddressBalance`` snapshots),
what the blocks we stored moved, and what we took each coin for. Units of 10⁻⁸ OSM throughout.

A node's balance at the edge of a period is that of its nearest snapshot, moved by what our own
blocks did in between; so a coin that a node saw and we did not (or the other way round) shows as
a difference between two snapshots, and the report names the hour and the transactions we hold.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from uuid import UUID

from django.db.models import Max, Q, QuerySet, Sum

from teraa.settlement.cases.models import Refund
from teraa.settlement.cases.states import RefundState
from teraa.settlement.models import Tender
from teraa.settlement.osm.models import (
    AddressBalance,
    Allocation,
    Block,
    BlockCursor,
    ChainTransaction,
    OsmRequest,
    Receipt,
    WatchedAddress,
)
from teraa.settlement.osm.states import AllocationKind, Direction, RequestState
from teraa.settlement.states import TenderState

SHUT = (RequestState.EXPIRED, RequestState.CANCELLED)
SENT = (RefundState.PAID, RefundState.CLOSED)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a node said an address held at a height."""

    peer_id: int
    url: str
    height: int
    block_id: str
    units: int
    read_at: datetime.datetime


@dataclass(frozen=True, slots=True)
class Movement:
    """What our blocks moved between two heights: in, out, and the fees the address paid."""

    units_in: int = 0
    units_out: int = 0
    fees: int = 0

    @property
    def net(self) -> int:
        return self.units_in - self.units_out - self.fees


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the books: what, how much, and the transactions behind it."""

    name: str
    units: int
    txids: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """Two tellings that differ by ``units``; ``txids`` are those we hold where it happened."""

    name: str
    units: int
    first_height: int
    last_height: int
    txids: Sequence[str] = ()
    url: str = ""


@dataclass(frozen=True, slots=True)
class NodeTelling:
    """One node's side. Without two snapshots it compares nothing, and says so."""

    url: str
    snapshots: int
    opening: int
    closing: int
    block_id: str
    height: int

    @property
    def compares(self) -> bool:
        return self.snapshots > 1


@dataclass(frozen=True, slots=True)
class Books:
    """What each coin was taken for; ``lines`` add up to what came, ``out`` to what left."""

    lines: list[Line]
    out: list[Line]

    @property
    def units_in(self) -> int:
        return sum(line.units for line in self.lines)

    @property
    def units_out(self) -> int:
        return sum(line.units for line in self.out)


@dataclass(frozen=True, slots=True)
class Report:
    """One address, one period."""

    watched: WatchedAddress
    start: datetime.datetime
    end: datetime.datetime
    first_height: int
    last_height: int
    last_block_id: str
    chain: Movement
    opening: int | None
    nodes: list[NodeTelling]
    books: Books
    differences: list[Difference] = field(default_factory=list)

    @property
    def closing(self) -> int | None:
        return None if self.opening is None else self.opening + self.chain.net

    @property
    def last_moment(self) -> datetime.datetime:
        """The end as people name it: a moment of the last day."""
        return self.end - datetime.timedelta(microseconds=1)

    @property
    def is_green(self) -> bool:
        """Zero difference, and at least one node that could have shown one."""
        return not self.differences and any(one.compares for one in self.nodes)

    @property
    def difference_units(self) -> int:
        return sum(abs(one.units) for one in self.differences)


def reconcile(
    *, watched: WatchedAddress, start: datetime.datetime, end: datetime.datetime
) -> Report:
    """The report of ``watched`` from ``start`` until before ``end``."""
    first, last, block_id = _heights(watched.network_id, start, end)
    chain = movement(watched, first, last)
    snapshots = snapshots_of(watched)
    nodes, differences = [], []
    for peer_id in dict.fromkeys(one.peer_id for one in snapshots):
        own = [one for one in snapshots if one.peer_id == peer_id]
        nodes.append(_telling(watched, own, first, last))
        differences += _node_differences(watched, own, first, last)
    books = _books(watched, first, last)
    differences += _book_differences(watched, books, chain, first, last)
    return Report(
        watched=watched,
        start=start,
        end=end,
        first_height=first,
        last_height=last,
        last_block_id=block_id,
        chain=chain,
        opening=nodes[0].opening if nodes else None,
        nodes=nodes,
        books=books,
        differences=differences,
    )


def snapshots_of(watched: WatchedAddress) -> list[Snapshot]:
    """Every balance that nodes told of an address, by node and height (one query)."""
    rows = AddressBalance.objects.filter(watched=watched).select_related("peer")
    return [
        Snapshot(
            row.peer_id, row.peer.url, row.height, row.block_id, row.balance_units, row.read_at
        )
        for row in rows.order_by("peer", "height", "pk")
    ]


def movement(watched: WatchedAddress, after: int, until: int) -> Movement:
    """What blocks above height ``after`` up to ``until`` moved (two queries)."""
    if until <= after:
        return Movement()
    sums = _receipts(watched, after, until).aggregate(
        came=Sum("amount_units", filter=Q(direction=Direction.IN)),
        left=Sum("amount_units", filter=Q(direction=Direction.OUT)),
    )
    fees = _sent_by(watched, after, until).aggregate(fees=Sum("fee_units"))["fees"]
    return Movement(int(sums["came"] or 0), int(sums["left"] or 0), int(fees or 0))


def _receipts(watched: WatchedAddress, after: int, until: int) -> QuerySet[Receipt]:
    return Receipt.objects.filter(
        watched=watched,
        transaction__block__canonical=True,
        transaction__block__height__gt=after,
        transaction__block__height__lte=until,
    )


def _sent_by(watched: WatchedAddress, after: int, until: int) -> QuerySet[ChainTransaction]:
    """Every transaction of the address, votes included: each costs its fee."""
    return ChainTransaction.objects.filter(
        network=watched.network_id,
        sender=watched.address,
        block__canonical=True,
        block__height__gt=after,
        block__height__lte=until,
    )


def _heights(
    network_id: int, start: datetime.datetime, end: datetime.datetime
) -> tuple[int, int, str]:
    """The last heights before the period begins and before it ends, and the block of the latter."""
    blocks = Block.objects.filter(network=network_id, canonical=True)
    found = blocks.aggregate(
        first=Max("height", filter=Q(forged_at__lt=start)),
        last=Max("height", filter=Q(forged_at__lt=end)),
    )
    first = found["first"] or 0
    last = found["last"] or first
    tip = BlockCursor.objects.filter(network=network_id).values_list("height", flat=True).first()
    if tip is not None:
        last = min(last, max(tip, first))
    block_id = blocks.filter(height=last).values_list("block_id", flat=True).first() or ""
    return first, last, block_id


def _telling(
    watched: WatchedAddress, snapshots: list[Snapshot], first: int, last: int
) -> NodeTelling:
    opening = _nearest(snapshots, first)
    closing = _nearest(snapshots, last)
    return NodeTelling(
        url=closing.url,
        snapshots=len({opening.height, closing.height}),
        opening=_rolled(watched, opening, first),
        closing=_rolled(watched, closing, last),
        block_id=closing.block_id,
        height=closing.height,
    )


def _nearest(snapshots: list[Snapshot], height: int) -> Snapshot:
    return min(snapshots, key=lambda one: (abs(one.height - height), one.height))


def _rolled(watched: WatchedAddress, snapshot: Snapshot, height: int) -> int:
    """The balance at ``height``: the snapshot's, moved by what our blocks did in between."""
    if snapshot.height <= height:
        return snapshot.units + movement(watched, snapshot.height, height).net
    return snapshot.units - movement(watched, height, snapshot.height).net


def _node_differences(
    watched: WatchedAddress, snapshots: list[Snapshot], first: int, last: int
) -> list[Difference]:
    """Between two snapshots of a node the balance must move as our blocks say."""
    opening, closing = _nearest(snapshots, first), _nearest(snapshots, last)
    within = [one for one in snapshots if opening.height <= one.height <= closing.height]
    found = []
    for before, after in pairwise(within):
        moved = movement(watched, before.height, after.height).net
        missing = after.units - before.units - moved
        if missing:
            found.append(
                Difference(
                    name="node",
                    units=missing,
                    first_height=before.height,
                    last_height=after.height,
                    txids=_txids(watched, before.height, after.height),
                    url=after.url,
                )
            )
    return found


def _txids(watched: WatchedAddress, after: int, until: int) -> list[str]:
    received = _receipts(watched, after, until).values_list("transaction__txid", flat=True)
    sent = _sent_by(watched, after, until).values_list("txid", flat=True)
    return sorted({*received, *sent})


def _books(watched: WatchedAddress, first: int, last: int) -> Books:
    lines: dict[str, list[tuple[int, str]]] = {
        name: [] for name in ("dues", "waiting", "surplus", "kept", "unknown", "ignored")
    }
    in_period = _receipts(watched, first, last).filter(direction=Direction.IN)
    period_ids = set(in_period.values_list("pk", flat=True))
    allocations = list(
        Allocation.objects.filter(receipt__in=period_ids, reversed_at__isnull=True)
        .select_related("receipt__transaction")
        .order_by("receipt__transaction__block__height", "receipt__transaction__position", "pk")
    )
    names = {
        AllocationKind.SURPLUS: "kept",
        AllocationKind.UNKNOWN: "unknown",
        AllocationKind.IGNORED: "ignored",
    }
    for one in allocations:
        if name := names.get(AllocationKind(one.kind)):
            lines[name].append((one.amount_units, one.receipt.transaction.txid))
    paying = {one.request_id for one in allocations if one.kind == AllocationKind.REQUEST}
    for name, units, receipt_id, txid in _of_requests({one for one in paying if one}):
        if receipt_id in period_ids:
            lines[name].append((units, txid))
    return Books(
        lines=[_line(name, rows) for name, rows in lines.items()],
        out=_out(watched, first, last),
    )


def _of_requests(request_ids: set[UUID]) -> Iterable[tuple[str, int, int, str]]:
    """What each receipt of these requests was taken for: what came first is credited first."""
    requests = OsmRequest.objects.in_bulk(request_ids)
    with_money = set(
        Tender.objects.filter(
            request__in=request_ids, state__in=(TenderState.SETTLED, TenderState.ACCEPTED)
        ).values_list("request_id", flat=True)
    )
    credited: dict[UUID, int] = {}
    rows = (
        Allocation.objects.filter(
            request__in=request_ids,
            kind=AllocationKind.REQUEST,
            reversed_at__isnull=True,
            receipt__transaction__block__canonical=True,
        )
        .select_related("receipt__transaction")
        .order_by("receipt__transaction__block__height", "receipt__transaction__position", "pk")
    )
    for row in rows:
        assert row.request_id is not None  # noqa: S101  filtered by it
        request = requests[row.request_id]
        is_settled = request.state == RequestState.SETTLED
        capacity = request.units - credited.get(request.pk, 0)
        if request.state in SHUT or (is_settled and request.pk not in with_money):
            capacity = 0
        part = max(0, min(capacity, row.amount_units))
        credited[request.pk] = credited.get(request.pk, 0) + part
        txid = row.receipt.transaction.txid
        if part:
            yield "dues" if is_settled else "waiting", part, row.receipt_id, txid
        if row.amount_units > part:
            yield "surplus", row.amount_units - part, row.receipt_id, txid


def _out(watched: WatchedAddress, first: int, last: int) -> list[Line]:
    outgoing = list(
        _receipts(watched, first, last)
        .filter(direction=Direction.OUT)
        .select_related("transaction")
        .order_by("transaction__block__height", "transaction__position")
    )
    refunds = set(
        Refund.objects.filter(out_receipt__in=outgoing, state__in=SENT).values_list(
            "out_receipt_id", flat=True
        )
    )
    rows: dict[str, list[tuple[int, str]]] = {"refunds": [], "unexplained": []}
    for one in outgoing:
        name = "refunds" if one.pk in refunds else "unexplained"
        rows[name].append((one.amount_units, one.transaction.txid))
    fees = [(one.fee_units, one.txid) for one in _sent_by(watched, first, last).order_by("pk")]
    return [*(_line(name, found) for name, found in rows.items()), _line("fees", fees)]


def _line(name: str, rows: list[tuple[int, str]]) -> Line:
    return Line(name, sum(units for units, _ in rows), [txid for _, txid in rows])


def _book_differences(
    watched: WatchedAddress, books: Books, chain: Movement, first: int, last: int
) -> list[Difference]:
    """Every coin that came is taken for something; every one that left is written down."""
    found = []
    if books.units_in != chain.units_in:
        given = (
            _receipts(watched, first, last)
            .filter(direction=Direction.IN)
            .annotate(
                given=Sum(
                    "allocations__amount_units", filter=Q(allocations__reversed_at__isnull=True)
                )
            )
        )
        txids = [
            txid
            for txid, units, given_units in given.values_list(
                "transaction__txid", "amount_units", "given"
            )
            if units != (given_units or 0)
        ]
        found.append(
            Difference("books_in", chain.units_in - books.units_in, first, last, sorted(txids))
        )
    left = chain.units_out + chain.fees
    if books.units_out != left:
        found.append(
            Difference(
                "books_out", books.units_out - left, first, last, _txids(watched, first, last)
            )
        )
    return found
