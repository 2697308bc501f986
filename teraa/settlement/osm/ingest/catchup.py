"""Reading many blocks behind the tip: headers by ranges of heights, transactions by lists.

What is stored of a block that does not concern us is its header, whose transactions were counted;
what concerns us was read by the block's id and hashes to it, as near the tip.
"""

from __future__ import annotations

import datetime
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future

from teraa.settlement.osm.blocks import BlockHeader
from teraa.settlement.osm.ingest.bulk import Lists
from teraa.settlement.osm.ingest.movements import concerns
from teraa.settlement.osm.ingest.verify import (
    BlockForged,
    BlockRefused,
    TransactionRefused,
    VerifiedBlock,
    verify_block,
    verify_transaction,
)
from teraa.settlement.osm.models import Block, Network, WatchedAddress
from teraa.settlement.osm.node import NodeClient
from teraa.settlement.osm.transactions_v2 import AnyTransaction

WINDOW = 100
WINDOWS_AHEAD = 3
LISTS_FROM = 1000
"""So many blocks behind, lists of transactions are cheaper than a question for every block."""
SPAN = 5400
"""Blocks read with one set of lists: half a day at 8 s. Long enough that the hours on both sides
(T14) weigh little, short enough that pages stay few."""
CLAIMED = datetime.timedelta(hours=7, minutes=10)


class CatchUp:
    """One climb towards the tip of one node; kept between two turns."""

    def __init__(self, network: Network, node: NodeClient, executor: Executor) -> None:
        self.node = node
        self._network = network
        self._version = network.address_version
        self._executor = executor
        self._lists: Lists | None = None
        self._next = 0
        self._ahead: deque[tuple[int, int, Future[list[BlockHeader]]]] = deque()

    def windows(self, height: int, last: int) -> Iterator[list[BlockHeader]]:
        """Headers above ``height`` up to ``last`` by closed ranges, some fetched ahead.

        Raises NodeTrouble, BlockRefused.
        """
        if self._next != height + 1:
            self.close()
            self._next = height + 1
        while self._next <= last:
            self._fetch_ahead(last)
            first, until, coming = self._ahead.popleft()
            try:
                headers = coming.result()
            except BaseException:
                self.close()
                raise
            if [one.height for one in headers] != list(range(first, until + 1)):
                self.close()
                raise BlockRefused(f"heights {first} to {until}: {len(headers)} blocks came")
            self._next = until + 1
            yield headers

    def verified(self, headers: Sequence[BlockHeader], *, last: int) -> list[VerifiedBlock]:
        """The blocks with those of their transactions that concern us, proven.

        ``last`` is the height we climb to. The headers were verified. Raises NodeTrouble,
        BlockRefused.
        """
        if last - headers[0].height < LISTS_FROM and self._lists is None:
            return self.all_by_id(headers)
        watched = set(
            WatchedAddress.objects.filter(network=self._network).values_list("address", flat=True)
        )
        blocks: list[VerifiedBlock | None] = []
        for header in headers:
            blocks.append(self._by_lists(header, watched, last))
        asked = [header for header, block in zip(headers, blocks, strict=True) if block is None]
        found = iter(self.all_by_id(asked))
        return [block if block is not None else next(found) for block in blocks]

    def all_by_id(self, headers: Sequence[BlockHeader]) -> list[VerifiedBlock]:
        """Blocks with all their transactions, several at once. Raises NodeTrouble, BlockRefused."""
        if len(headers) == 1:  # as nearly always: no thread need wake for it
            return [self.by_id(headers[0])]
        return list(self._executor.map(self.by_id, headers))

    def by_id(self, header: BlockHeader) -> VerifiedBlock:
        """A block with all its transactions, by its own id. Raises NodeTrouble, BlockRefused."""
        count = header.number_of_transactions
        found = self.node.transactions(str(header.id), count) if count else []
        return verify_block(header, found, version=self._version)

    def close(self) -> None:
        """Let go of what is being fetched."""
        for _first, _until, coming in self._ahead:
            coming.cancel()
        self._ahead.clear()
        self._next = 0
        if self._lists is not None:
            self._lists.close()
            self._lists = None

    def _fetch_ahead(self, last: int) -> None:
        first = self._ahead[-1][1] + 1 if self._ahead else self._next
        while first <= last and len(self._ahead) < WINDOWS_AHEAD:
            until = min(first + WINDOW - 1, last)
            coming = self._executor.submit(self.node.headers, first, until)
            self._ahead.append((first, until, coming))
            first = until + 1

    def _by_lists(self, header: BlockHeader, watched: set[str], last: int) -> VerifiedBlock | None:
        """The block as the lists show it; None when it concerns us or they are not enough."""
        if not header.number_of_transactions:
            return verify_block(header, [], version=self._version)
        if self._lists is None or header.height > self._lists.last:
            self._lists = self._open_lists(header, last)
        found = self._lists.of(header)
        if found is None or any(self._may_concern(one, watched) for one in found):
            return None
        return VerifiedBlock(header, str(header.id), ())

    def _may_concern(self, one: AnyTransaction, watched: set[str]) -> bool:
        try:
            proven = verify_transaction(one, version=self._version)
        except TransactionRefused:
            return True  # a memo that is no text, or worse: its block is read by id
        return concerns(one, proven.sender, watched)

    def _open_lists(self, header: BlockHeader, last: int) -> Lists:
        if self._lists is not None:
            self._lists.close()
        last = min(header.height + SPAN, last)
        found = self.node.headers(last, last)
        if not found or (end := found[0]).timestamp < header.timestamp:
            raise BlockForged(f"height {last} is no later than {header.height}")
        since = datetime.timedelta(seconds=header.timestamp) - CLAIMED
        held = Block.objects.filter(
            network=self._network, canonical=True, forged_at__gte=self._network.epoch + since
        )
        return Lists(
            self.node,
            self._executor,
            since=header.timestamp,
            until=end.timestamp,
            last=last,
            known=set(held.values_list("block_id", flat=True)),
        )
