"""Following one node: what to read next, what it means when answers disagree with what we hold.

Near the tip, blocks are read by id, back from the newest (ids never lie, heights do: T10). Far
behind, headers come by closed ranges of heights and only their transactions by id. Either way the
links decide: a block is stored when it follows the one before.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from django.db import transaction

from teraa.settlement.osm.blocks import BlockHeader
from teraa.settlement.osm.ingest import store
from teraa.settlement.osm.ingest.store import Leadership
from teraa.settlement.osm.ingest.verify import (
    BlockRefused,
    TransactionRefused,
    VerifiedBlock,
    verify_block,
    verify_header,
    verify_links,
    verify_transaction,
)
from teraa.settlement.osm.models import Block, BlockCursor, ChainTransaction, Network
from teraa.settlement.osm.node import MOST_OF_POOL, NodeClient, Tip
from teraa.settlement.osm.states import CursorReason, CursorState
from teraa.settlement.osm.transactions import TRANSFER

log = logging.getLogger(__name__)

NEAR = 12
"""Up to so many blocks behind we read by id, back from the tip."""
WINDOW = 100
FETCHES_AHEAD = 4
RESCAN_DEPTH = 120
"""A node's own fork recovery removes up to 102 blocks (T9); deeper needs a person."""
SHORT_CHAIN = 1000
START_MARGIN = 10
POOL_GRACE_SLOTS = 15
POOL_GRACE = datetime.timedelta(seconds=120)
MOST_REMEMBERED = 10_000


class NodeBehind(Exception):
    """The node shows an older block of our own chain: it is catching up itself."""


class DeepReorg(Exception):
    """The node's chain and ours part deeper than we follow by ourselves."""


def start_cursor(network: Network, node: NodeClient, *, at: datetime.datetime) -> BlockCursor:
    """The network's cursor; at first start a little behind the tip, or at genesis if that is near.

    (The genesis block itself pays nobody: it sets the stage.) Raises NodeTrouble, BlockRefused.
    """
    cursor = BlockCursor.objects.filter(network=network).first()
    if cursor is not None:
        return cursor
    tip = node.tip()
    if tip.height <= SHORT_CHAIN:
        header = node.genesis()
    else:
        header = node.header(tip.block_id)
        for _ in range(START_MARGIN):
            header = node.header(header.previous_block)
    block_id = verify_header(header)
    with transaction.atomic():
        Block.objects.bulk_create([store.block_row(network, header, at)], ignore_conflicts=True)
        BlockCursor.objects.bulk_create(
            [
                BlockCursor(
                    network=network,
                    height=header.height,
                    block_id=block_id,
                    state=CursorState.CATCHUP,
                    reason=CursorReason.STARTING,
                )
            ],
            ignore_conflicts=True,
        )
    return BlockCursor.objects.get(network=network)


class Follower:
    """Reads one node and writes under one leadership. Not for two threads at once."""

    def __init__(
        self,
        leadership: Leadership,
        node: NodeClient,
        *,
        may_go_on: Callable[[], bool] = lambda: True,
    ) -> None:
        """``may_go_on`` is asked between two batches of a catch-up: a turn should be short."""
        self.leadership = leadership
        self.node = node
        self._may_go_on = may_go_on
        self._version = leadership.network.address_version
        self._pool_seen: dict[str, bool] = {}
        self._missing_since: dict[str, datetime.datetime] = {}
        self._executor = ThreadPoolExecutor(FETCHES_AHEAD, thread_name_prefix="ingest-fetch")
        self.height: int
        self.block_id: str
        self._read_cursor()

    def close(self) -> None:
        """Give up what is being fetched."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def is_behind(self, tip: Tip) -> bool:
        """Whether there are more blocks to read than one look near the tip does."""
        return tip.height - self.height > NEAR

    def advance(self, tip: Tip, *, at: datetime.datetime) -> int:
        """Store what separates us from ``tip``, or as much as one turn should; return what moved.

        Raises NodeTrouble, BlockRefused, NodeBehind, DeepReorg, store.LeadershipLost.
        """
        if tip.block_id == self.block_id:
            return 0
        try:
            if self.is_behind(tip):
                return self._catch_up(tip, at)
            return self._read_near(tip, at)
        except store.CursorMoved:
            self._read_cursor()
            raise
        except TransactionRefused as error:
            raise BlockRefused(str(error)) from error

    def read_pool(self, *, at: datetime.datetime) -> int:
        """Store what waits in the pool and concerns us; forget what has vanished from it.

        Returns how many requests moved. Raises NodeTrouble, store.LeadershipLost.
        """
        pool = self.node.pool()
        waiting = [one for one in pool if one.type == TRANSFER and one.id]
        fresh = []
        for one in waiting:
            if one.id in self._pool_seen:
                continue
            try:
                fresh.append(verify_transaction(one, version=self._version))
            except TransactionRefused as error:
                log.warning("the pool holds %s", error)
            self._remember(str(one.id))
        moved = store.store_pool(self.leadership, fresh, at=at) if fresh else 0
        if len(pool) >= MOST_OF_POOL:
            return moved  # there is more than we were shown: nothing can be said to be missing
        return moved + self._forget_missing({str(one.id) for one in waiting}, at)

    def _read_near(self, tip: Tip, at: datetime.datetime) -> int:
        headers, ancestor = self._back_to_ours(tip)
        moved = 0
        if ancestor != (self.height, self.block_id):
            moved += self._unwind(*ancestor, at=at)
        for header in headers:
            moved += self._store([self._verified(header)], at)
        return moved

    def _back_to_ours(self, tip: Tip) -> tuple[list[BlockHeader], tuple[int, str]]:
        """Headers from the tip back to a block we hold (lowest first), and that block."""
        if tip.height == self.height + 1:
            header = self.node.header(tip.block_id)
            if header.previous_block == self.block_id:  # as nearly always
                return [header], (self.height, self.block_id)
        held = self._held()
        if held.get(tip.height) == tip.block_id or tip.height < self.height - RESCAN_DEPTH:
            raise NodeBehind(f"the node is at {tip.height}, we are at {self.height}")
        header = self.node.header(tip.block_id)
        headers = [header]
        while True:
            verify_header(header)
            below = header.height - 1
            if held.get(below) == header.previous_block:
                headers.reverse()
                return headers, (below, header.previous_block)
            if below <= min(held, default=0):
                raise DeepReorg(f"no common block above {below}")
            header = self._linked(header)
            headers.append(header)

    def _linked(self, header: BlockHeader) -> BlockHeader:
        previous = self.node.header(header.previous_block)
        if previous.height != header.height - 1:
            raise BlockRefused(f"{previous.id} cannot come before height {header.height}")
        return previous

    def _catch_up(self, tip: Tip, at: datetime.datetime) -> int:
        moved = 0
        for headers in self._windows(tip):
            if headers[0].previous_block != self.block_id:
                return moved + self._find_fork(at)
            verify_links(headers, height=self.height, block_id=self.block_id)
            moved += self._store(self._verified_many(headers), at)
            if not self._may_go_on():
                break
        return moved

    def _windows(self, tip: Tip) -> Iterator[list[BlockHeader]]:
        """Closed ranges below the tip, the next one being fetched while one is stored."""
        last = tip.height - NEAR // 2
        ahead: Future[list[BlockHeader]] | None = None
        first = self.height + 1
        while first <= last:
            until = min(first + WINDOW - 1, last)
            headers = ahead.result() if ahead else self.node.headers(first, until)
            if [one.height for one in headers] != list(range(first, until + 1)):
                raise BlockRefused(f"heights {first} to {until}: {len(headers)} blocks came")
            first = until + 1
            ahead = None
            if first <= last:
                until = min(first + WINDOW - 1, last)
                ahead = self._executor.submit(self.node.headers, first, until)
            yield headers

    def _find_fork(self, at: datetime.datetime) -> int:
        """Far behind, and the next block does not follow ours: find the last one we share."""
        held = self._held()
        first = min(held)
        theirs: list[BlockHeader] = []
        for start in range(first, self.height + 1, WINDOW):
            theirs += self.node.headers(start, min(start + WINDOW - 1, self.height))
        for header in reversed(theirs):
            if held.get(header.height) == header.id:
                if header.height == self.height:
                    # The node still shows our block there: an answer from its cache (T10, T24).
                    raise BlockRefused(f"two blocks claim to follow height {self.height}")
                return self._unwind(header.height, str(header.id), at=at)
        raise DeepReorg(f"no common block from {first} to {self.height}")

    def _unwind(self, height: int, block_id: str, *, at: datetime.datetime) -> int:
        log.warning("the chain was rewritten: from %s back to %s", self.height, height)
        moved = store.unwind(self.leadership, height=height, block_id=block_id, at=at)
        self.height, self.block_id = height, block_id
        self._pool_seen.clear()
        return moved

    def _verified_many(self, headers: Sequence[BlockHeader]) -> list[VerifiedBlock]:
        return list(self._executor.map(self._verified, headers))

    def _verified(self, header: BlockHeader) -> VerifiedBlock:
        count = header.number_of_transactions
        found = self.node.transactions(str(header.id), count) if count else []
        return verify_block(header, found, version=self._version)

    def _store(self, blocks: Sequence[VerifiedBlock], at: datetime.datetime) -> int:
        moved = store.store_blocks(self.leadership, blocks, at=at)
        self.height, self.block_id = blocks[-1].header.height, blocks[-1].block_id
        for block in blocks:
            for one in block.transactions:
                self._missing_since.pop(one.txid, None)
        return moved

    def _forget_missing(self, present: set[str], at: datetime.datetime) -> int:
        """Ours that are in no block and no longer in the pool are gone after a grace period."""
        network = self.leadership.network
        grace = max(
            POOL_GRACE, datetime.timedelta(seconds=POOL_GRACE_SLOTS * network.block_seconds)
        )
        moved = store.end_limbo(self.leadership, before=at - grace, present=present, at=at)
        waiting = set(
            ChainTransaction.objects.filter(
                network=network,
                block__isnull=True,
                gone_at__isnull=True,
                limbo_since__isnull=True,
            ).values_list("txid", flat=True)
        )
        missing = waiting - present
        for txid in [*self._missing_since]:
            if txid not in missing:
                del self._missing_since[txid]
        for txid in missing:
            self._missing_since.setdefault(txid, at)
        gone = [txid for txid in missing if at - self._missing_since[txid] >= grace]
        if not gone:
            return moved
        for txid in gone:
            del self._missing_since[txid]
            self._pool_seen.pop(txid, None)
        return moved + store.mark_gone(self.leadership, gone, at=at)

    def _remember(self, txid: str) -> None:
        self._pool_seen[txid] = True
        if len(self._pool_seen) > MOST_REMEMBERED:
            self._pool_seen.pop(next(iter(self._pool_seen)))

    def _held(self) -> dict[int, str]:
        """Ids of our chain's newest blocks, by height, as deep as we would ever go back."""
        rows = Block.objects.filter(
            network=self.leadership.network,
            canonical=True,
            height__gte=self.height - RESCAN_DEPTH,
            height__lte=self.height,
        )
        return dict(rows.values_list("height", "block_id"))

    def _read_cursor(self) -> None:
        cursor = BlockCursor.objects.get(network=self.leadership.network)
        self.height, self.block_id = cursor.height, cursor.block_id
