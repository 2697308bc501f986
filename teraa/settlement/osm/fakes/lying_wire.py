"""A wire that changes what a node answers, so that a listener can be shown to notice.

    wire = LyingWire()
    node = Core2Node(url, transport=wire)
    with wire.lying("/transactions", without_last_row):
        ...

Every path that was asked for is kept in ``asked``, with what was sent along in ``sent``. Paths that
contain a key of ``invented`` are answered by its value, without asking anybody.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx

Twist = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Lie:
    """Answers to paths that contain ``part`` are passed through ``twist``."""

    part: str
    twist: Twist


class LyingWire(httpx.BaseTransport):
    """A transport whose answers can be changed, or withheld: over sockets, or over ``honest``."""

    def __init__(self, honest: httpx.BaseTransport | None = None) -> None:
        self.asked: list[str] = []
        self.sent: list[tuple[str, bytes]] = []
        self.silent = False
        self.status: int | None = None
        self.headers: dict[str, str] = {}
        self.cut_at: int | None = None
        self.invented: dict[str, dict[str, Any]] = {}
        self._lies: list[Lie] = []
        self._honest = honest or httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Ask the node, unless silent, and change its answer as told."""
        path = request.url.raw_path.decode()
        self.asked.append(f"{request.method} {path}")
        self.sent.append((path, request.read()))
        if self.silent:
            raise httpx.ConnectError("nobody answers", request=request)
        if self.status is not None:
            said = {"statusCode": self.status}
            return httpx.Response(self.status, json=said, headers=self.headers, request=request)
        for part, told in self.invented.items():
            if part in path:
                return httpx.Response(200, json=told, request=request)
        answer = self._honest.handle_request(request)
        content = answer.read()
        answer.close()
        lies = [lie for lie in self._lies if lie.part in path]
        if answer.status_code == HTTPStatus.OK and lies:
            told = json.loads(content)
            for lie in lies:
                told = lie.twist(copy.deepcopy(told))
            content = json.dumps(told).encode()
        if self.cut_at is not None:
            content = content[: self.cut_at]
        return httpx.Response(answer.status_code, content=content, request=request)

    def close(self) -> None:
        """Close the honest connections underneath."""
        self._honest.close()

    @contextmanager
    def lying(self, part: str, twist: Twist) -> Iterator[None]:
        """Lie about paths that contain ``part`` for the length of the block."""
        lie = Lie(part, twist)
        self._lies.append(lie)
        try:
            yield
        finally:
            self._lies.remove(lie)


def without_last_row(answer: dict[str, Any]) -> dict[str, Any]:
    """A page that was cut short."""
    answer["data"] = answer["data"][:-1]
    return answer


def without_rows(answer: dict[str, Any]) -> dict[str, Any]:
    """What a 2.5 node in trouble says: 200, and nothing (T11)."""
    answer["data"] = []
    answer["meta"] = {**answer["meta"], "count": 0, "totalCount": 0}
    return answer


def backwards(answer: dict[str, Any]) -> dict[str, Any]:
    """The rows of a node that ignored the order asked for (T23)."""
    answer["data"].reverse()
    return answer


def with_float_amounts(answer: dict[str, Any]) -> dict[str, Any]:
    """Amounts as JSON numbers with a fraction (T20)."""
    for row in answer["data"]:
        row["amount"] = float(row["amount"])
    return answer


def paid_to(address: str) -> Twist:
    """Every transfer redirected to ``address``, ids untouched."""

    def twist(answer: dict[str, Any]) -> dict[str, Any]:
        for row in answer["data"]:
            row["recipientId"] = address
        return answer

    return twist


def on_network(nethash: str) -> Twist:
    """The configuration of a node of another network (T22)."""

    def twist(answer: dict[str, Any]) -> dict[str, Any]:
        answer["data"]["nethash"] = nethash
        return answer

    return twist
