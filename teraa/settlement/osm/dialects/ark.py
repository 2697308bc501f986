"""What Core 2.5 and 3.9 say in the same words. The dialects add where they differ.

No link of a page is followed: pages are asked for until one is short (T12).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from teraa.settlement.osm import blocks
from teraa.settlement.osm.amounts import NotAnAmount, read_units
from teraa.settlement.osm.blocks import BlockHeader, NotABlock
from teraa.settlement.osm.dialects.http import HttpNode, text, whole
from teraa.settlement.osm.moments import parse_epoch
from teraa.settlement.osm.node import (
    MOST_OF_POOL,
    Configuration,
    Hook,
    NodeNonsense,
    NotThere,
    Tip,
)
from teraa.settlement.osm.transactions import NotATransaction
from teraa.settlement.osm.transactions_v2 import AnyTransaction

CORE2: Final = "core2"
CORE3: Final = "core3"
PAGE: Final = 100
MOST_PAGES: Final = 200
MOST_DELEGATES: Final = 1000


class OtherDialect(NodeNonsense):
    """The node speaks, in another dialect than we took it for: it was brought up to date."""


class ArkNode(HttpNode):
    """A node of the ARK Core family; ``dialect`` says which."""

    dialect: str

    def configuration(self) -> Configuration:
        """What network this is, at the node's present height. Raises NodeTrouble, OtherDialect."""
        # Settings we do not read may hold fractions; Decimal keeps them out of the way.
        data = self._data("GET", "node/configuration", parse_float=Decimal)
        spoken = dialect_of(data)
        if spoken != self.dialect:
            raise OtherDialect(f"{self.url} speaks {spoken}, not {self.dialect}")
        try:
            constants = data["constants"]
            return Configuration(
                nethash=text(data["nethash"]),
                token=text(data["token"]),
                symbol=text(data["symbol"]),
                address_version=whole(data["version"]),
                dialect=self.dialect,
                block_seconds=whole(constants["blocktime"]),
                fee_units=read_units(constants["fees"]["staticFees"]["transfer"]),
                memo_bytes=whole(constants["vendorFieldLength"]),
                delegates=whole(constants["activeDelegates"]),
                epoch=parse_epoch(text(constants["epoch"])),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise NodeNonsense(f"configuration: {error!r}") from error

    def tip(self) -> Tip:
        """The newest block. Raises NodeTrouble."""
        data = self._data("GET", "node/syncing")
        try:
            return Tip(
                height=whole(data["height"]),
                block_id=text(data["id"]),
                syncing=bool(data["syncing"]),
            )
        except (KeyError, TypeError) as error:
            raise NodeNonsense(f"syncing: {error!r}") from error

    def clock(self) -> int:
        """The node's time in seconds since the network's epoch. Raises NodeTrouble."""
        data = self._data("GET", "node/status")
        try:
            return whole(data["timestamp"])
        except (KeyError, TypeError) as error:
            raise NodeNonsense(f"status: {error!r}") from error

    def pool(self) -> list[AnyTransaction]:
        """What waits in the pool, at most MOST_OF_POOL. Raises NodeTrouble."""
        return self._paged("transactions/unconfirmed?transform=false", expected=MOST_OF_POOL)

    def waits(self, txid: str) -> bool:
        """Whether a transaction waits in the pool. Raises NodeTrouble."""
        try:
            self._data("GET", f"transactions/unconfirmed/{txid}")
        except NotThere:
            return False
        return True

    def transactions(self, block_id: str, count: int) -> list[AnyTransaction]:
        """All transactions of a block, in block order (T23), with the memo's bytes.

        Raises NotThere, NodeTrouble. Whether they are complete is the caller's to check.
        """
        return self._paged(
            f"blocks/{block_id}/transactions?orderBy=sequence:asc&transform=false", expected=count
        )

    def balance(self, address: str) -> int:
        """What an address holds, in units of 10⁻⁸. Raises NodeTrouble.

        A public 2.5 answers from a cache of eight seconds (T10).
        """
        try:
            return read_units(self._data("GET", f"wallets/{address}")["balance"])
        except NotThere:
            return 0
        except (KeyError, NotAnAmount) as error:
            raise NodeNonsense(f"wallet: {error!r}") from error

    def delegates(self, count: int) -> list[str]:
        """The public keys of those who forge. Raises NodeTrouble."""
        found: list[tuple[int, str]] = []
        for number in range(1, MOST_DELEGATES // PAGE + 1):
            path = f"delegates?limit={PAGE}&page={number}"
            rows = self._rows(self._json("GET", path, parse_float=Decimal))
            try:
                found += [(whole(row["rank"]), text(row["publicKey"])) for row in rows]
            except (KeyError, TypeError) as error:
                raise NodeNonsense(f"delegates: {error!r}") from error
            if len(rows) < PAGE:
                break
        return [key for _rank, key in sorted(found)[:count]]

    def hooks(self) -> list[Hook]:
        """The webhooks the node knows. Raises NodeTrouble."""
        rows = self._rows(self._json("GET", "webhooks", base=self.hooks_url))
        return [_hook(row) for row in rows]

    def create_hook(self, *, event: str, target: str) -> Hook:
        """Make a webhook without conditions. Raises NodeTrouble."""
        body = {"event": event, "target": target, "enabled": True, "conditions": []}
        answer = self._json("POST", "webhooks", base=self.hooks_url, body=body)
        return _hook(answer.get("data"))

    def delete_hook(self, hook_id: str) -> None:
        """Make the node forget a webhook. Raises NodeTrouble."""
        try:
            self._send("DELETE", f"{self.hooks_url}/api/webhooks/{hook_id}")
        except NotThere:
            return

    def _transaction(self, data: Any) -> AnyTransaction:
        raise NotImplementedError

    def _read(self, data: Any) -> AnyTransaction:
        try:
            return self._transaction(data)
        except (NotATransaction, NotAnAmount, AttributeError, TypeError) as error:
            raise NodeNonsense(f"transaction: {error}") from error

    def _paged(self, path: str, *, expected: int = 0) -> list[AnyTransaction]:
        found: list[AnyTransaction] = []
        for number in range(1, MOST_PAGES + 1):
            rows = self._rows(self._json("GET", f"{path}&limit={PAGE}&page={number}"))
            found += [self._read(row) for row in rows]
            # A full page may be followed by another whatever `next` says; one that completes
            # what was promised (or is enough) need not be asked about.
            if len(rows) < PAGE or len(found) == expected:
                return found
        raise NodeNonsense(f"{path}: more than {MOST_PAGES} pages")


def dialect_of(configuration: Mapping[str, Any]) -> str:
    """Which dialect a node speaks, by its answer to ``node/configuration``. Raises NodeNonsense.

    Only 3.x names its version there. A 2.6 or 2.7, which has neither the transactions of 2.5 nor
    the searches of 3.9, is told by the milestone that changed the transactions.
    """
    said, constants = configuration.get("core"), configuration.get("constants")
    release = str(said.get("version", "")) if isinstance(said, dict) else ""
    if release:
        if release.partition(".")[0] == "3":
            return CORE3
        raise NodeNonsense(f"Core {release} is not a dialect we know")
    if isinstance(constants, dict) and constants.get("aip11"):
        raise NodeNonsense("Core 2.6 and 2.7 with version-2 transactions is no dialect we know")
    return CORE2


def header_of(data: Any) -> BlockHeader:
    """A block header from the node's JSON. Raises NodeNonsense."""
    try:
        return blocks.from_json(data)
    except (NotABlock, TypeError) as error:
        raise NodeNonsense(f"block: {error}") from error


def _hook(data: Any) -> Hook:
    try:
        return Hook(
            id=text(data["id"]),
            event=text(data["event"]),
            target=text(data["target"]),
            token=text(data.get("token", "")),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise NodeNonsense(f"webhook: {error!r}") from error
