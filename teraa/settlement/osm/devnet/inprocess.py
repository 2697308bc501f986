"""A node without sockets, threads, files or waiting: for tests that try thousands of chains.

    node = InProcessNode(dialect="2.5")
    client = Core2Node(node.url, node.hooks_url, transport=node.transport())
    node.pay(address, 10**9, "OS-…")
    node.forge_now()
    node.faults.on("t11_empty_200", times=3)
    client.tip()

The answers are those of the very handlers that serve sockets, called straight away. Time is the
node's own `clock`, which goes on only when told to (and by what a fault makes a client wait).
What would be posted to webhooks is kept in `posted`.
"""

from __future__ import annotations

from collections.abc import Collection, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import httpx
from starlette.types import ASGIApp, Message, Scope

from teraa.settlement.osm.addresses import key_pair
from teraa.settlement.osm.blocks import BlockHeader

from .acts import Then
from .chain import Block
from .deliveries import body_of
from .faults.hooks import Post
from .faults.wire import PAUSE
from .http import api_application, hooks_application
from .machine import Machine
from .memory import MemoryDirectory, MemoryLog
from .profiles import DEMO_PHRASE, own_address
from .webhooks import Webhooks

START: Final = datetime(2026, 11, 22, tzinfo=UTC)
URL: Final = "http://node.invalid:4003"
HOOKS_URL: Final = "http://node.invalid:4004"


@dataclass(slots=True)
class ModelClock:
    """A clock that stands until it is moved."""

    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class Posted:
    """What would have been posted to a webhook, and when (the node's clock)."""

    target: str
    token: str
    event: str
    body: bytes
    at: datetime


@dataclass(slots=True)
class PostBox:
    """Keeps posts instead of sending them; those to a dead or slow hook come later."""

    webhooks: Webhooks
    clock: ModelClock
    posted: list[Posted] = field(default_factory=list)

    def deliver(self, post: Post) -> None:
        """Keep a post for every hook that wants it."""
        hooks = self.webhooks.wanting(post.event, post.payload, unconditional=post.unconditional)
        for place, hook in enumerate(hooks, start=1):
            at = self.clock() + timedelta(seconds=post.delay + place * post.lead)
            token = post.token or hook["token"]
            body = body_of(post, at)
            self.posted.append(Posted(hook["target"], token, post.event, body, at))


class InProcessNode(Machine):
    """A node in memory. `seed` decides what chance decides; the genesis block is always the same."""

    def __init__(
        self,
        *,
        profile: str = "published",
        dialect: str = "2.5",
        clock: ModelClock | None = None,
        seed: int = 0,
        rate_limited: bool = False,
        locks: bool = False,
    ) -> None:
        self.model_clock = clock or ModelClock()
        super().__init__(
            profile=profile,
            dialect=dialect,
            block_log=MemoryLog(),
            pool_log=MemoryLog(),
            files=MemoryDirectory(),
            clock=self.model_clock,
            locks=locks,
            seed=seed,
        )
        self.url, self.hooks_url = URL, HOOKS_URL
        self._box = PostBox(self.webhooks, self.model_clock)
        self.gate.deliverer = self._box
        self._rate_limited = rate_limited
        self.asked: list[str] = []

    @cached_property
    def _api(self) -> ASGIApp:
        return api_application(self, rate_limited=self._rate_limited)

    @cached_property
    def _hooks_api(self) -> ASGIApp:
        return hooks_application(self)

    @property
    def height(self) -> int:
        """The height of the newest block."""
        return self.chain.height

    def forge_now(self, count: int = 1) -> BlockHeader:
        """Let `count` slots pass, each with a block; return the newest header."""
        for _ in range(count):
            self.model_clock.advance(self.block_time)
            made = self.forger.forge_on_demand()[-1].header
        return made

    def skip_slot(self, count: int = 1) -> None:
        """Let slots pass without a block."""
        self.model_clock.advance(count * self.block_time)

    def pay(
        self,
        address: str,
        units: int,
        memo: str = "",
        *,
        phrase: str = DEMO_PHRASE,
        claimed_seconds_ago: int = 0,
        forge: bool = False,
    ) -> str:
        """Pay `units` (10^-8) out of a phrase's wallet; return the id. Raises payments.NotPaid."""
        paid = self.payments.pay(
            address, units, memo, phrase=phrase, claimed_seconds_ago=claimed_seconds_ago
        )
        if forge:
            self.forge_now()
        return paid

    def roll_back(
        self,
        count: int,
        then: Then = "nothing",
        *,
        lose: Collection[str] | Literal["all"] = (),
        silent: bool = False,
    ) -> list[Block]:
        """Undo the newest blocks (acts.Acts.roll_back)."""
        return self.acts.roll_back(count, then=then, lose=lose, silent=silent)

    def restore_snapshot(self, count: int) -> Sequence[Block]:
        """Go back as a node restored from an old copy does (acts.Acts.restore_snapshot)."""
        return self.acts.restore_snapshot(count)

    def sync_from(self, other: InProcessNode) -> None:
        """Take over the chain of another node of the network: fork, then its blocks."""
        common = min(self.height, other.height)
        while self._id_at(common) != other._id_at(common):
            common -= 1
        if self.height > common:
            self.acts.roll_back(self.height - common)
        missing = [other.chain.at(height) for height in range(common + 1, other.height + 1)]
        self.forger.reapply([block for block in missing if block is not None])

    def address(self, phrase: str) -> str:
        """Return the address of a phrase on this network."""
        return own_address(key_pair(phrase).public_key)

    def take_posted(self) -> list[Posted]:
        """Return what was posted since the last time, in the order it would arrive."""
        self.gate.release()
        posted, self._box.posted = self._box.posted, []
        return sorted(posted, key=lambda one: one.at)

    def transport(self) -> InProcessWire:
        """Return what an httpx client is given to talk to this node."""
        return InProcessWire(self)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer a request to the API or the webhooks API, by its port.

        Raises httpx.ReadTimeout when a fault would keep the client longer than it waits, and
        httpx.RemoteProtocolError when an answer ends before its announced length.
        """
        self.asked.append(f"{request.method} {request.url.raw_path.decode()}")
        hooks = urlsplit(str(request.url)).port == urlsplit(HOOKS_URL).port
        patience = (request.extensions.get("timeout") or {}).get("read")
        exchange = _Exchange(request, self.model_clock, patience)
        run(exchange.served_by(self._hooks_api if hooks else self._api))
        return exchange.response()

    def _id_at(self, height: int) -> str:
        block = self.chain.at(height)
        return block.id if block else ""


class InProcessWire(httpx.BaseTransport):
    """Carries requests to an in-process node. `silent`: nobody is there."""

    def __init__(self, node: InProcessNode) -> None:
        self.node = node
        self.silent = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer at once. Raises httpx.ConnectError when silent."""
        if self.silent:
            raise httpx.ConnectError("nobody answers", request=request)
        return self.node.answer(request)


class _Exchange:
    """One request and its answer, without a loop."""

    def __init__(self, request: httpx.Request, clock: ModelClock, patience: float | None) -> None:
        self._request = request
        self._clock = clock
        self._patience = patience
        self._status = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._body = b""

    async def served_by(self, application: ASGIApp) -> None:
        """Have an application answer."""
        await application(self._scope(), self._receive, self._send)

    def response(self) -> httpx.Response:
        """Return the answer. Raises httpx.RemoteProtocolError when it is shorter than announced."""
        announced = dict(self._headers).get(b"content-length")
        if announced is not None and int(announced) > len(self._body):
            raise httpx.RemoteProtocolError("the body ended early", request=self._request)
        return httpx.Response(
            self._status, headers=self._headers, content=self._body, request=self._request
        )

    def _scope(self) -> Scope:
        url = self._request.url
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": self._request.method,
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.raw_path.partition(b"?")[0],
            "query_string": url.query,
            "root_path": "",
            "headers": [(name.lower(), value) for name, value in self._request.headers.raw],
            "client": ("127.0.0.1", 0),
            "server": (url.host, url.port),
            "extensions": {PAUSE: self._pause},
        }

    def _pause(self, seconds: float) -> None:
        self._clock.advance(seconds)
        if self._patience is not None and seconds >= self._patience:
            raise httpx.ReadTimeout("the node takes too long", request=self._request)

    async def _receive(self) -> Message:
        return {"type": "http.request", "body": self._request.read(), "more_body": False}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status, self._headers = message["status"], list(message["headers"])
        else:
            self._body += message.get("body", b"")


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never has to wait. Raises RuntimeError when it does."""
    try:
        work.send(None)
    except StopIteration:
        return
    work.close()
    raise RuntimeError("a handler waited for something: it cannot run in-process")
