"""What can happen to a chain besides growing: blocks undone, with the same or others after them.

As in the node's own fork recovery: one `block.reverted` per block, and its transactions go back to
the pool. 2.5 has no word for those; 3.x sends `transaction.reverted` for each.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from .chain import Block, Chain
from .faults.switches import Faults
from .forger import Forger
from .forms import AnyTransaction
from .pool import Pool

Then = Literal["nothing", "same", "other"]
SNAPSHOT_DEPTH = 5000


class Acts:
    """Rewrites the chain of one node."""

    def __init__(self, chain: Chain, pool: Pool, forger: Forger, faults: Faults) -> None:
        self._chain = chain
        self._pool = pool
        self._forger = forger
        self._faults = faults
        self.orphans: dict[int, Block] = {}
        """Undone blocks by height, the last one of each: what a cache may still answer."""

    def roll_back(
        self,
        count: int,
        *,
        then: Then = "nothing",
        lose: Collection[str] | Literal["all"] = (),
        silent: bool = False,
    ) -> list[Block]:
        """Undo the newest blocks (never the first one); return them, newest first.

        Then `nothing`, the `same` blocks again, or as many `other` blocks and one more, so that
        the new branch is the longer one. `lose` names transactions (or `all` that were undone)
        that do not go back to the pool: spent elsewhere, or expired. `silent`: no events.
        """
        silent = silent or self._faults.take("t08_silent_undo") is not None
        undone = self._chain.roll_back(count)
        for block in undone:
            self.orphans[block.header.height] = block
            if not silent:
                self._forger.tell_reverted(block)
            if then != "same" and self._chain.dialect == "2.5":
                self._pool.take_back(_kept(block, lose))
        if then == "same":
            self._forger.reapply(undone[::-1])
            return undone
        if self._chain.dialect != "2.5":
            # A sender's nonces must come back in their order.
            self._pool.take_back([one for block in undone[::-1] for one in _kept(block, lose)])
        self._forger.leave_behind(undone)
        if then == "other":
            self._forger.forge_on_demand(len(undone) + 1)
        return undone

    def restore_snapshot(self, count: int = SNAPSHOT_DEPTH) -> Sequence[Block]:
        """Go back as a node restored from an old copy does: no events, an empty pool."""
        undone = self._chain.roll_back(count)
        self.orphans |= {block.header.height: block for block in undone}
        self._forger.leave_behind(undone)
        self._pool.forget([str(one.id) for one in self._pool.ordered()])
        return undone


def _kept(block: Block, lose: Collection[str] | Literal["all"]) -> list[AnyTransaction]:
    if lose == "all":
        return []
    return [one for one in block.transactions if str(one.id) not in lose]
