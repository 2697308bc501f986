"""What waits in pools and concerns us: seen, counted, and given up when it is nowhere any more."""

from __future__ import annotations

import datetime
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from teraa.settlement.osm.ingest import store
from teraa.settlement.osm.ingest.leadership import Leadership
from teraa.settlement.osm.ingest.movements import payments_of, spent_units
from teraa.settlement.osm.ingest.verify import TransactionRefused, verify_transaction
from teraa.settlement.osm.models import ChainTransaction
from teraa.settlement.osm.node import MOST_OF_POOL, NodeClient
from teraa.settlement.osm.transactions_v2 import AnyTransaction

log = logging.getLogger(__name__)

GRACE_SLOTS = 15
GRACE = datetime.timedelta(seconds=120)
MOST_REMEMBERED = 10_000

Elsewhere = Callable[[Iterable[str]], set[str]]


class Waiting:
    """The pool of the node that is followed, and what vanished from it.

    ``outflows``: what waiting transactions take (10⁻⁸), by their sender's public key; None when
    the pool was too full to be shown whole.
    """

    def __init__(self, leadership: Leadership, elsewhere: Elsewhere) -> None:
        """``elsewhere`` says which of some transactions wait in the pool of another node."""
        self._leadership = leadership
        self._elsewhere = elsewhere
        self._version = leadership.network.address_version
        self._seen: dict[str, bool] = {}
        self.outflows: dict[str, int] | None = None
        self._missing_since: dict[str, datetime.datetime] = {}
        slots = datetime.timedelta(seconds=GRACE_SLOTS * leadership.network.block_seconds)
        self._grace = max(GRACE, slots)

    def read(self, node: NodeClient, *, at: datetime.datetime) -> int:
        """Store what waits in the pool and concerns us; forget what has vanished from it.

        Returns how many requests moved. Raises NodeTrouble, LeadershipLost.
        """
        pool = node.pool()
        self.outflows = _outflows(pool) if len(pool) < MOST_OF_POOL else None
        waiting = [one for one in pool if one.id and payments_of(one)]
        fresh = []
        for one in waiting:
            if one.id in self._seen:
                continue
            try:
                fresh.append(verify_transaction(one, version=self._version))
            except TransactionRefused as error:
                log.warning("the pool holds %s", error)
            self._remember(str(one.id))
        moved = store.store_pool(self._leadership, fresh, at=at) if fresh else 0
        if len(pool) >= MOST_OF_POOL:
            return moved  # there is more than we were shown: nothing can be said to be missing
        return moved + self._forget_missing({str(one.id) for one in waiting}, at)

    def look_again(self) -> None:
        """After blocks were taken back, what they held may be in the pool again."""
        self._seen.clear()

    def found(self, txids: Iterable[str]) -> None:
        """These are in a block."""
        for txid in txids:
            self._missing_since.pop(txid, None)

    def _forget_missing(self, present: set[str], at: datetime.datetime) -> int:
        """Ours that are in no block and in no pool are gone after a grace period."""
        limbo_since = self._outside()
        moved = self._end_limbo(limbo_since, present, at)
        waiting = {txid for txid, since in limbo_since.items() if since is None}
        missing = waiting - present
        for txid in [*self._missing_since]:
            if txid not in missing:
                del self._missing_since[txid]
        for txid in missing:
            self._missing_since.setdefault(txid, at)
        over = [txid for txid in missing if at - self._missing_since[txid] >= self._grace]
        gone = self._nowhere(over)
        if not gone:
            return moved
        for txid in gone:
            del self._missing_since[txid]
            self._seen.pop(txid, None)
        return moved + store.mark_gone(self._leadership, gone, at=at)

    def _outside(self) -> dict[str, datetime.datetime | None]:
        """Ours that are in no block and not gone; since when those that a fork took out wait."""
        rows = ChainTransaction.objects.filter(
            network=self._leadership.network, block__isnull=True, gone_at__isnull=True
        )
        return dict(rows.values_list("txid", "limbo_since"))

    def _end_limbo(
        self,
        limbo_since: Mapping[str, datetime.datetime | None],
        present: set[str],
        at: datetime.datetime,
    ) -> int:
        """What a fork took out of its block, and no block took since: the grace is over."""
        before = at - self._grace
        over = {
            txid for txid, since in limbo_since.items() if since is not None and since <= before
        }
        if not over:
            return 0
        somewhere = present | (over - present - set(self._nowhere(over - present)))
        return store.end_limbo(self._leadership, before=before, present=somewhere, at=at)

    def _nowhere(self, txids: Iterable[str]) -> list[str]:
        """Those that no other node's pool holds either."""
        asked = list(txids)
        if not asked:
            return []
        somewhere = self._elsewhere(asked)
        for txid in somewhere & self._missing_since.keys():
            del self._missing_since[txid]  # another grace period before we ask again
        return [txid for txid in asked if txid not in somewhere]

    def _remember(self, txid: str) -> None:
        self._seen[txid] = True
        if len(self._seen) > MOST_REMEMBERED:
            self._seen.pop(next(iter(self._seen)))


def _outflows(pool: Iterable[AnyTransaction]) -> dict[str, int]:
    taken: dict[str, int] = defaultdict(int)
    for one in pool:
        taken[one.sender_public_key] += spent_units(one) + one.fee
    return taken
