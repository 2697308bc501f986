"""Following one node: what to read next, what it means when answers disagree with what we hold.

Near the tip, blocks are read by id, back from the newest (ids never lie, heights do: T10). Far
behind, headers come by closed ranges of heights (``catchup``). Either way the links decide: a block
is stored when it follows the one before.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor

from django.db import transaction

from teraa.settlement.osm.blocks import BlockHeader
from teraa.settlement.osm.ingest import rewrites, rows, store
from teraa.settlement.osm.ingest.catchup import WINDOW, CatchUp
from teraa.settlement.osm.ingest.leadership import Leadership
from teraa.settlement.osm.ingest.quorum import ALONE, Agreement
from teraa.settlement.osm.ingest.verify import (
    BlockCheck,
    BlockForged,
    BlockRefused,
    TransactionRefused,
    VerifiedBlock,
    verify_header,
    verify_links,
)
from teraa.settlement.osm.ingest.waiting import Elsewhere, Waiting
from teraa.settlement.osm.models import Block, BlockCursor, Network
from teraa.settlement.osm.node import NodeClient, Tip
from teraa.settlement.osm.states import CursorReason, CursorState

log = logging.getLogger(__name__)

NEAR = 12
"""Up to so many blocks behind we read by id, back from the tip."""
FETCHES_AHEAD = 4
RESCAN_DEPTH = 120
"""A node's own fork recovery removes up to 102 blocks (T9); deeper needs a person."""
SHORT_CHAIN = 1000
START_MARGIN = 10

Agreeing = Callable[[Sequence[tuple[int, str]]], Agreement]


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
        Block.objects.bulk_create([rows.block_row(network, header, at)], ignore_conflicts=True)
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
    """Reads one node at a time and writes under one leadership. Not for two threads at once."""

    def __init__(
        self,
        leadership: Leadership,
        node: NodeClient,
        *,
        check: BlockCheck = BlockCheck.SIGNATURES,
        agreeing: Agreeing = lambda blocks: ALONE,
        elsewhere: Elsewhere = lambda txids: set(),
        unwound: Callable[[int], None] = lambda height: None,
        may_go_on: Callable[[], bool] = lambda: True,
    ) -> None:
        """``may_go_on`` is asked between two batches of a catch-up: a turn should be short.

        ``floor`` is a height below which the present node may not take us back: two had agreed.
        ``agreeing`` says up to where nodes agree once blocks are ours, ``elsewhere`` which
        transactions wait in other nodes' pools; ``unwound`` hears how far we went back.
        """
        self.leadership = leadership
        self.node = node
        self.check = check
        self.delegates: Collection[str] = ()
        self.floor: int | None = None
        self._agreeing = agreeing
        self._unwound = unwound
        self._may_go_on = may_go_on
        self._waiting = Waiting(leadership, elsewhere)
        self._executor = ThreadPoolExecutor(FETCHES_AHEAD, thread_name_prefix="ingest-fetch")
        self._climb: CatchUp | None = None
        self.height: int
        self.block_id: str
        self._read_cursor()

    def close(self) -> None:
        """Give up what is being fetched."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def is_behind(self, tip: Tip) -> bool:
        """Whether there are more blocks to read than one look near the tip does."""
        return tip.height - self.height > NEAR

    def advance(self, tip: Tip, *, at: datetime.datetime, frozen: bool = False) -> int:
        """Store what separates us from ``tip``, or as much as one turn should; return what moved.

        While ``frozen`` nothing is added to the chain we hold; but blocks that the node itself
        has given up go. Raises NodeTrouble, BlockRefused, NodeBehind, DeepReorg,
        LeadershipLost.
        """
        if tip.block_id == self.block_id:
            if tip.height != self.height:
                raise BlockForged(f"our block {self.height} is said to stand at {tip.height}")
            return 0
        try:
            if self.is_behind(tip):
                return self._catch_up(tip, at, frozen=frozen)
            return self._read_near(tip, at, frozen=frozen)
        except store.CursorMoved:
            self._read_cursor()
            raise
        except TransactionRefused as error:
            raise BlockForged(str(error)) from error

    def read_pool(self, *, at: datetime.datetime) -> int:
        """Store what waits in the pool and concerns us; forget what has vanished from it.

        Returns how many requests moved. Raises NodeTrouble, LeadershipLost.
        """
        return self._waiting.read(self.node, at=at)

    @property
    def outflows(self) -> dict[str, int] | None:
        """What the pool last read takes from its senders, see ``Waiting``."""
        return self._waiting.outflows

    def rescan(self, *, at: datetime.datetime) -> int:
        """Compare the newest blocks we hold, ids and links, with what the node holds there.

        A node whose tip is ours holds what we hold, by the links; so a difference means that our
        own rows are damaged (then they are read again), or that the node contradicts itself.
        Raises BlockRefused, NodeTrouble, DeepReorg.
        """
        held = self._held()
        broken = rewrites.first_broken_link(self.leadership.network, from_height=min(held))
        if broken is not None:
            log.error("our own blocks do not link at height %s: reading them again", broken)
            whole = max(height for height in held if height < broken)
            return self._unwind(whole, held[whole], at=at)
        # Ranges end below the tip, where a node's cache may still show something older (T24).
        last = self.height - NEAR // 2
        for start in range(min(held), last + 1, WINDOW):
            for header in self.node.headers(start, min(start + WINDOW - 1, last)):
                verify_header(header, BlockCheck.IDS)
                if held.get(header.height) != header.id:
                    raise BlockRefused(f"another block at height {header.height}, below our own")
        return 0

    def fork_height(self) -> int | None:
        """However deep, the highest block that we and the node share. Raises NodeTrouble."""
        return rewrites.common_height(self.leadership.network, self.node, below=self.height)

    def go_back(self, height: int, *, at: datetime.datetime) -> int:
        """Leave all blocks above ``height``, as a person allowed; return what moved."""
        kept = Block.objects.get(
            network=self.leadership.network, canonical=True, height=height
        ).block_id
        return self._unwind(height, kept, at=at)

    def held(self) -> dict[int, str]:
        """Ids of our chain's newest blocks, by height, as deep as we would ever go back."""
        return self._held()

    def _read_near(self, tip: Tip, at: datetime.datetime, *, frozen: bool) -> int:
        headers, ancestor = self._back_to_ours(tip)
        moved = 0
        if ancestor != (self.height, self.block_id):
            moved += self._unwind(*ancestor, at=at)
        elif frozen:
            return 0
        reading = CatchUp(self.leadership.network, self.node, self._executor)
        for header in headers:
            verify_header(header, self.check, delegates=self.delegates)
        # As nearly always, this is one block. After a fork it may be a hundred full ones: a few
        # are fetched at once, so that as many are in memory.
        for first in range(0, len(headers), FETCHES_AHEAD):
            near = headers[first : first + FETCHES_AHEAD]
            moved += self._store(reading.all_by_id(near), at)
        return moved

    def _back_to_ours(self, tip: Tip) -> tuple[list[BlockHeader], tuple[int, str]]:
        """Headers from the tip back to a block we hold (lowest first), and that block."""
        if tip.height == self.height + 1:
            header = self._header(tip.block_id, tip.height)
            if header.previous_block == self.block_id:  # as nearly always
                return [header], (self.height, self.block_id)
        held = self._held()
        if held.get(tip.height) == tip.block_id or tip.height < self.height - RESCAN_DEPTH:
            raise NodeBehind(f"the node is at {tip.height}, we are at {self.height}")
        header = self._header(tip.block_id, tip.height)
        headers = [header]
        while True:
            verify_header(header, self.check)
            below = header.height - 1
            if held.get(below) == header.previous_block:
                headers.reverse()
                return headers, (below, header.previous_block)
            if below <= min(held, default=0):
                raise DeepReorg(f"no common block above {below}")
            header = self._header(header.previous_block, below)
            headers.append(header)

    def _header(self, block_id: str, height: int) -> BlockHeader:
        """A block that was said to stand at ``height``."""
        header = self.node.header(block_id)
        if header.height != height:
            raise BlockForged(f"{block_id} stands at height {header.height}, not at {height}")
        return header

    def _catch_up(self, tip: Tip, at: datetime.datetime, *, frozen: bool) -> int:
        moved = 0
        last = tip.height - NEAR // 2
        if self._climb is None or self._climb.node is not self.node:
            self._end_climb()
            self._climb = CatchUp(self.leadership.network, self.node, self._executor)
        for headers in self._climb.windows(self.height, last):
            if headers[0].previous_block != self.block_id:
                self._end_climb()
                return moved + self._find_fork(at)
            if frozen:
                self._end_climb()
                return moved
            verify_links(headers, height=self.height, block_id=self.block_id, check=self.check)
            moved += self._store(self._climb.verified(headers, last=last), at)
            if not self._may_go_on():
                return moved
        self._end_climb()
        return moved

    def _end_climb(self) -> None:
        if self._climb is not None:
            self._climb.close()
            self._climb = None

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
        if self.floor is not None and height < self.floor:
            raise BlockRefused(f"back to {height}, but nodes had agreed up to {self.floor}")
        log.warning("the chain was rewritten: from %s back to %s", self.height, height)
        moved = store.unwind(self.leadership, height=height, block_id=block_id, at=at)
        self.height, self.block_id = height, block_id
        self._waiting.look_again()
        self._end_climb()
        self._unwound(height)
        return moved

    def _store(self, blocks: Sequence[VerifiedBlock], at: datetime.datetime) -> int:
        agreement = self._agreeing([(one.header.height, one.block_id) for one in blocks])
        moved = store.store_blocks(self.leadership, blocks, at=at, agreement=agreement)
        self.height, self.block_id = blocks[-1].header.height, blocks[-1].block_id
        self._waiting.found(one.txid for block in blocks for one in block.transactions)
        return moved

    def _held(self) -> dict[int, str]:
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
