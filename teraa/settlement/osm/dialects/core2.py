"""ARK Core 2.x as seen on 2.5.19: version-1 transactions, POST searches, amounts as strings."""

from __future__ import annotations

from typing import Any, Final

from teraa.settlement.osm import transactions
from teraa.settlement.osm.blocks import BlockHeader
from teraa.settlement.osm.dialects.ark import CORE2, PAGE, ArkNode, header_of
from teraa.settlement.osm.dialects.http import text
from teraa.settlement.osm.node import Listed, NodeNonsense
from teraa.settlement.osm.transactions import Transaction

NAME: Final = CORE2
CLAIMED_BEFORE: Final = 6 * 3600
CLAIMED_AFTER: Final = 70 * 60
"""Seconds by which a sender's clock may be off the block's: six hours old, an hour ahead (T14)."""


class Core2Node(ArkNode):
    """A node of that dialect at ``url`` (without ``/api``); hooks live behind ``hooks_url``."""

    dialect = CORE2

    def header(self, block_id: str) -> BlockHeader:
        """A block by id. Raises NotThere, NodeTrouble."""
        header = header_of(self._data("GET", f"blocks/{block_id}"))
        if header.id != block_id:
            raise NodeNonsense(f"asked for block {block_id}, got {header.id}")
        return header

    def genesis(self) -> BlockHeader:
        """The first block. Raises NodeTrouble."""
        return header_of(self._data("GET", "blocks/first"))

    def headers(self, first: int, last: int) -> list[BlockHeader]:
        """Headers of a closed range of at most 100 heights (T24). Raises NodeTrouble."""
        if not 1 <= last - first + 1 <= PAGE:
            raise ValueError(f"{first} to {last} is no range of at most {PAGE} heights")
        body = {"height": {"from": first, "to": last}}
        rows = self._rows(self._json("POST", f"blocks/search?limit={PAGE}", body=body))
        return sorted((header_of(row) for row in rows), key=lambda one: one.height)

    def listed(self, since: int, until: int, page: int) -> list[Listed]:
        """A page of transactions by what their senders claim to be the time (T14).

        In the transformed form: only that one names the block. Raises NodeTrouble.
        """
        body = {
            "orderBy": "timestamp:asc",
            "timestamp": {"from": max(0, since - CLAIMED_BEFORE), "to": until + CLAIMED_AFTER},
        }
        answer = self._json("POST", f"transactions/search?limit={PAGE}&page={page}", body=body)
        try:
            return [Listed(text(row["blockId"]), self._read(row)) for row in self._rows(answer)]
        except (KeyError, TypeError) as error:
            raise NodeNonsense(f"transaction without a block: {error!r}") from error

    def _transaction(self, data: Any) -> Transaction:
        return transactions.from_json(data)
