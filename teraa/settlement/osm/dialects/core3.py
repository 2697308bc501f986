"""ARK Core 3.9 as seen on 3.9.1: version-2 transactions, searches by GET, multi-payments.

Everything is read in its raw form. The transformed form of a block adds what its multi-payments
move to ``forged.amount``, which the header does not: no hash could be made of it.
"""

from __future__ import annotations

from typing import Any, Final

from teraa.settlement.osm import transactions_v2
from teraa.settlement.osm.blocks import BlockHeader
from teraa.settlement.osm.dialects.ark import CORE3, PAGE, ArkNode, header_of
from teraa.settlement.osm.dialects.http import text
from teraa.settlement.osm.node import Listed, NodeNonsense
from teraa.settlement.osm.transactions_v2 import AnyTransaction

NAME: Final = CORE3


class Core3Node(ArkNode):
    """A node of that dialect at ``url`` (without ``/api``); hooks live behind ``hooks_url``."""

    dialect = CORE3

    def header(self, block_id: str) -> BlockHeader:
        """A block by id. Raises NotThere, NodeTrouble."""
        header = header_of(self._data("GET", f"blocks/{block_id}?transform=false"))
        if header.id != block_id:
            raise NodeNonsense(f"asked for block {block_id}, got {header.id}")
        return header

    def genesis(self) -> BlockHeader:
        """The first block. Raises NodeTrouble."""
        return header_of(self._data("GET", "blocks/first?transform=false"))

    def headers(self, first: int, last: int) -> list[BlockHeader]:
        """Headers of a closed range of at most 100 heights (T24). Raises NodeTrouble."""
        if not 1 <= last - first + 1 <= PAGE:
            raise ValueError(f"{first} to {last} is no range of at most {PAGE} heights")
        asked = f"blocks?height.from={first}&height.to={last}&transform=false&limit={PAGE}"
        rows = self._rows(self._json("GET", asked))
        return sorted((header_of(row) for row in rows), key=lambda one: one.height)

    def listed(self, since: int, until: int, page: int) -> list[Listed]:
        """A page of transactions by the times of their blocks. Raises NodeTrouble."""
        asked = (
            f"transactions?timestamp.from={since}&timestamp.to={until}"
            f"&orderBy=timestamp:asc&transform=false&limit={PAGE}&page={page}"
        )
        rows = self._rows(self._json("GET", asked))
        try:
            return [Listed(text(row["blockId"]), self._read(row)) for row in rows]
        except (KeyError, TypeError) as error:
            raise NodeNonsense(f"transaction without a block: {error!r}") from error

    def _transaction(self, data: Any) -> AnyTransaction:
        # Raw rows always name the network; one that does not will not hash to its id.
        return transactions_v2.from_json(data, network=0)
