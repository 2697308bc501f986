"""Transactions of thousands of blocks by long lists, instead of a question for every block.

The lists are only used to see whom a block concerns. They lose the order inside a block, may show
a row twice or skip one (T12, T13), and a sender's clock decides where a row stands (T14). So a block
counts as listed only when its rows are as many, and sum up to as much, as its header says, and
each hashes to its id; every block that concerns us, or does not add up, is read by its own id.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import Executor, Future

from teraa.settlement.osm.blocks import BlockHeader
from teraa.settlement.osm.node import Listed, NodeClient
from teraa.settlement.osm.transactions_v2 import AnyTransaction

PAGE = 100
PAGES_AHEAD = 3
MOST_HELD = 20_000
"""Rows kept for blocks whose turn has not come; beyond it the lists are given up."""


class Lists:
    """The lists over a closed range of heights, read once, front to back."""

    def __init__(
        self,
        node: NodeClient,
        executor: Executor,
        *,
        since: int,
        until: int,
        last: int,
        known: Collection[str] = (),
    ) -> None:
        """``since`` and ``until``: times of the first and the last block; ``last``: its height.

        Rows of blocks that are ``known`` already are passed over.
        """
        self.last = last
        self._known = known
        self._ask: Callable[[int], Future[list[Listed]]] = lambda page: executor.submit(
            node.listed, since, until, page
        )
        self._ahead: list[Future[list[Listed]]] = []
        self._asked = 0
        self._blocks: dict[str, dict[str, AnyTransaction]] = {}
        self._rows = 0
        self._at_end = False

    def of(self, header: BlockHeader) -> list[AnyTransaction] | None:
        """The transactions of a block, in no order; None when the lists do not account for them.

        Raises NodeTrouble.
        """
        block_id, wanted = str(header.id), header.number_of_transactions
        while len(self._blocks.get(block_id, ())) < wanted and not self._at_end:
            if self._rows > MOST_HELD:
                self.close()
                break
            self._read()
        found = list(self._blocks.pop(block_id, {}).values())
        self._rows -= len(found)
        accounted = (
            len(found) == wanted
            and sum(one.amount for one in found) == header.total_amount
            and sum(one.fee for one in found) == header.total_fee
        )
        return found if accounted else None

    def close(self) -> None:
        """Ask for nothing more."""
        self._at_end = True
        for page in self._ahead:
            page.cancel()
        self._ahead.clear()

    def _read(self) -> None:
        while len(self._ahead) < PAGES_AHEAD:
            self._asked += 1
            self._ahead.append(self._ask(self._asked))
        try:
            rows = self._ahead[0].result()
        except BaseException:
            # The page is asked for again: none may be left out.
            self._asked -= len(self._ahead)
            for page in self._ahead:
                page.cancel()
            self._ahead.clear()
            raise
        del self._ahead[0]
        for row in rows:
            if row.block_id in self._known:
                continue
            held = self._blocks.setdefault(row.block_id, {})
            if str(row.transaction.id) not in held:
                held[str(row.transaction.id)] = row.transaction
                self._rows += 1
        if len(rows) < PAGE:
            self.close()
