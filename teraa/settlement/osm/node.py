"""The port to a node: what we ask, what it may answer, how it may fail. Dialects implement it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Final, Protocol

from teraa.settlement.osm.blocks import BlockHeader
from teraa.settlement.osm.transactions_v2 import AnyTransaction

MOST_OF_POOL: Final = 1000
"""A pool is asked every second: the rest of a very full one is seen when a block takes it."""


class NodeTrouble(Exception):
    """The node did not give a usable answer; asking again later may help."""


class NodeSilent(NodeTrouble):
    """No answer: refused connection, timeout, 5xx, or told to wait (429)."""


class NodeNonsense(NodeTrouble):
    """An answer that cannot be true: broken JSON, a wrong shape, a float where money is."""


class NotThere(NodeTrouble):
    """The node does not have what was asked for (404): not yet, or no more."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """The network as its node describes it at its present height. Fee in units of 10⁻⁸."""

    nethash: str
    token: str
    symbol: str
    address_version: int
    dialect: str
    block_seconds: int
    fee_units: int
    memo_bytes: int
    delegates: int
    epoch: datetime.datetime


@dataclass(frozen=True, slots=True)
class Tip:
    """The newest block of a node, and whether the node says it is still catching up itself."""

    height: int
    block_id: str
    syncing: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """A transaction as long lists show it: in which block it is said to be, its bytes unproven."""

    block_id: str
    transaction: AnyTransaction


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook as the node lists it; ``token`` only right after it was made (64 hex)."""

    id: str
    event: str
    target: str
    token: str = ""


class NodeClient(Protocol):
    """One node. Every call is one or a few HTTP requests; all raise NodeTrouble."""

    dialect: str

    def configuration(self) -> Configuration:
        """What network this is."""

    def tip(self) -> Tip:
        """The newest block: never cached by the node (T10)."""

    def header(self, block_id: str) -> BlockHeader:
        """A block by id, never by height: heights keep answering with orphans (T10). NotThere."""

    def genesis(self) -> BlockHeader:
        """The first block: no fork ever changes it."""

    def headers(self, first: int, last: int) -> list[BlockHeader]:
        """Headers of a closed range of at most 100 heights, by height. Gaps are the caller's."""

    def transactions(self, block_id: str, count: int) -> list[AnyTransaction]:
        """All transactions of a block in block order; ``count`` says how many to expect."""

    def pool(self) -> list[AnyTransaction]:
        """What waits to be put in a block; of a very full pool only the first MOST_OF_POOL."""

    def waits(self, txid: str) -> bool:
        """Whether a transaction waits in the node's pool."""

    def listed(self, since: int, until: int, page: int) -> list[Listed]:
        """A page of 100 of what blocks of that time may hold, in the order of the chain.

        ``since`` and ``until`` are the times of the first and the last block, in seconds since
        the network's epoch. More may come than those blocks hold, never less; short at the end.
        """

    def balance(self, address: str) -> int:
        """What an address holds, in units of 10⁻⁸; nothing for one the chain never saw."""

    def delegates(self, count: int) -> list[str]:
        """The public keys of the ``count`` delegates with the most votes: those who forge."""

    def clock(self) -> int:
        """The node's own time, in whole seconds since the network's epoch."""

    def hooks(self) -> list[Hook]:
        """The webhooks the node knows."""

    def create_hook(self, *, event: str, target: str) -> Hook:
        """Make a webhook without conditions (T4); its whole token is shown this once."""

    def delete_hook(self, hook_id: str) -> None:
        """Make the node forget a webhook; one it does not know is fine."""

    def close(self) -> None:
        """Close its connections."""
