"""ARK Core 2.x as seen on 2.5.19: version-1 transactions, POST searches, amounts as strings.

Nothing is believed that a float touched, and no link of a page is followed: pages are asked for
until one is short (T12).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final

import httpx

from teraa.settlement.osm import blocks, transactions
from teraa.settlement.osm.amounts import NotAnAmount, read_units
from teraa.settlement.osm.blocks import BlockHeader, NotABlock
from teraa.settlement.osm.moments import parse_epoch
from teraa.settlement.osm.node import (
    MOST_OF_POOL,
    Configuration,
    Hook,
    NodeNonsense,
    NodeSilent,
    NotThere,
    Tip,
)
from teraa.settlement.osm.transactions import NotATransaction, Transaction

NAME: Final = "core2"
PAGE: Final = 100
MOST_PAGES: Final = 200
LARGEST_ANSWER: Final = 16 * 1024 * 1024
TIMEOUT: Final = httpx.Timeout(5.0, connect=2.0)


class Core2Node:
    """A node of that dialect at ``url`` (without ``/api``); hooks live behind ``hooks_url``."""

    def __init__(
        self,
        url: str,
        hooks_url: str = "",
        *,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self.hooks_url = hooks_url.rstrip("/")
        self._client = httpx.Client(
            timeout=TIMEOUT,
            transport=transport,
            trust_env=False,
            headers={"Accept": "application/json"},
            limits=httpx.Limits(max_connections=8, max_keepalive_connections=8),
        )

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def configuration(self) -> Configuration:
        """What network this is, at the node's present height. Raises NodeTrouble."""
        # Settings we do not read may hold fractions; Decimal keeps them out of the way.
        data = self._data("GET", "node/configuration", parse_float=Decimal)
        try:
            constants = data["constants"]
            return Configuration(
                nethash=_text(data["nethash"]),
                token=_text(data["token"]),
                symbol=_text(data["symbol"]),
                address_version=_whole(data["version"]),
                dialect=NAME,
                block_seconds=_whole(constants["blocktime"]),
                fee_units=read_units(constants["fees"]["staticFees"]["transfer"]),
                memo_bytes=_whole(constants["vendorFieldLength"]),
                delegates=_whole(constants["activeDelegates"]),
                epoch=parse_epoch(_text(constants["epoch"])),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise NodeNonsense(f"configuration: {error!r}") from error

    def tip(self) -> Tip:
        """The newest block. Raises NodeTrouble."""
        data = self._data("GET", "node/syncing")
        try:
            return Tip(
                height=_whole(data["height"]),
                block_id=_text(data["id"]),
                syncing=bool(data["syncing"]),
            )
        except (KeyError, TypeError) as error:
            raise NodeNonsense(f"syncing: {error!r}") from error

    def header(self, block_id: str) -> BlockHeader:
        """A block by id. Raises NotThere, NodeTrouble."""
        header = _header(self._data("GET", f"blocks/{block_id}"))
        if header.id != block_id:
            raise NodeNonsense(f"asked for block {block_id}, got {header.id}")
        return header

    def genesis(self) -> BlockHeader:
        """The first block. Raises NodeTrouble."""
        return _header(self._data("GET", "blocks/first"))

    def headers(self, first: int, last: int) -> list[BlockHeader]:
        """Headers of a closed range of at most 100 heights (T24). Raises NodeTrouble."""
        if not 1 <= last - first + 1 <= PAGE:
            raise ValueError(f"{first} to {last} is no range of at most {PAGE} heights")
        body = {"height": {"from": first, "to": last}}
        rows = self._rows(self._json("POST", f"blocks/search?limit={PAGE}", body=body))
        return sorted((_header(row) for row in rows), key=lambda one: one.height)

    def transactions(self, block_id: str, count: int) -> list[Transaction]:
        """All transactions of a block, in block order (T23), with the memo's bytes.

        Raises NotThere, NodeTrouble. Whether they are complete is the caller's to check.
        """
        return self._paged(
            f"blocks/{block_id}/transactions?orderBy=sequence:asc&transform=false", expected=count
        )

    def pool(self) -> list[Transaction]:
        """What waits in the pool, at most MOST_OF_POOL. Raises NodeTrouble."""
        return self._paged("transactions/unconfirmed?transform=false", expected=MOST_OF_POOL)

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

    def _paged(self, path: str, *, expected: int = 0) -> list[Transaction]:
        found: list[Transaction] = []
        for number in range(1, MOST_PAGES + 1):
            rows = self._rows(self._json("GET", f"{path}&limit={PAGE}&page={number}"))
            found += [_transaction(row) for row in rows]
            # A full page may be followed by another whatever `next` says; one that completes
            # what was promised (or is enough) need not be asked about.
            if len(rows) < PAGE or len(found) == expected:
                return found
        raise NodeNonsense(f"{path}: more than {MOST_PAGES} pages")

    def _data(self, method: str, path: str, **options: Any) -> Any:
        answer = self._json(method, path, **options)
        if not isinstance(answer.get("data"), dict):
            raise NodeNonsense(f"{path}: no data")
        return answer["data"]

    def _rows(self, answer: Mapping[str, Any]) -> list[Any]:
        rows = answer.get("data")
        if not isinstance(rows, list):
            raise NodeNonsense("no list of data")
        return rows

    def _json(
        self,
        method: str,
        path: str,
        *,
        base: str = "",
        body: Any = None,
        parse_float: Any = None,
    ) -> Mapping[str, Any]:
        content = self._send(method, f"{base or self.url}/api/{path}", body)
        try:
            answer = json.loads(
                content, parse_float=parse_float or _refuse_float, parse_constant=_refuse_float
            )
        except (ValueError, RecursionError) as error:
            raise NodeNonsense(f"{path}: {error}") from error
        if not isinstance(answer, dict):
            raise NodeNonsense(f"{path}: not an object")
        return answer

    def _send(self, method: str, url: str, body: Any = None) -> bytes:
        try:
            with self._client.stream(method, url, json=body) as answer:
                content = b""
                for piece in answer.iter_bytes():
                    content += piece
                    if len(content) > LARGEST_ANSWER:
                        raise NodeNonsense(f"{url}: an answer beyond {LARGEST_ANSWER} bytes")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NodeSilent(f"{url}: {type(error).__name__} {error}") from error
        if answer.status_code == HTTPStatus.NOT_FOUND:
            raise NotThere(url)
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS or answer.is_server_error:
            raise NodeSilent(f"{url}: {answer.status_code}")
        if not answer.is_success:
            raise NodeNonsense(f"{url}: {answer.status_code} {content[:200]!r}")
        return content


def _refuse_float(text: str) -> Any:
    raise ValueError(f"a float in an answer: {text}")


def _header(data: Any) -> BlockHeader:
    try:
        return blocks.from_json(data)
    except (NotABlock, TypeError) as error:
        raise NodeNonsense(f"block: {error}") from error


def _transaction(data: Any) -> Transaction:
    try:
        return transactions.from_json(data)
    except (NotATransaction, NotAnAmount, AttributeError, TypeError) as error:
        raise NodeNonsense(f"transaction: {error}") from error


def _hook(data: Any) -> Hook:
    try:
        return Hook(
            id=_text(data["id"]),
            event=_text(data["event"]),
            target=_text(data["target"]),
            token=_text(data.get("token", "")),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise NodeNonsense(f"webhook: {error!r}") from error


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not text: {value!r}")
    return value


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"not a whole number: {value!r}")
    return value
