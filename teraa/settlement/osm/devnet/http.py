"""The two web applications of a node and the loopback servers that carry them."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections import OrderedDict
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from ipaddress import ip_address
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .api import blocks, delegates, hooks, locks, node, transactions, wallets
from .api.answers import JsonAnswer, Refused, refusal
from .faults.wire import FaultyAnswers
from .machine import Machine

_log = logging.getLogger("osm.devnet")
MARK: Final = (b"x-teraa-development-node", b"1")
REQUESTS_PER_MINUTE: Final = {"2.5": 300, "3.9": 100}
_MOST_ADDRESSES: Final = 1000
_MINUTE: Final = 60.0


class NotLoopback(ValueError):
    """The address to listen on is not this machine's own."""


def loopback(host: str) -> str:
    """Return the address to bind, `localhost` spelt out. Raises NotLoopback for any other."""
    address = "127.0.0.1" if host == "localhost" else host
    try:
        if ip_address(address).is_loopback:
            return address
    except ValueError:
        pass
    raise NotLoopback(
        f"a development node listens on loopback only, not on {host}: "
        "its keys are public and anyone may spend its coins"
    )


def listening_socket(host: str, port: int) -> socket.socket:
    """Return a bound loopback socket (port 0: any free one). Raises OSError when it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named in full: asyncio switches Nagle off only on sockets that say they are TCP.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((loopback(host), port))
    except BaseException:
        listener.close()
        raise
    return listener


def api_application(machine: Machine, *, rate_limited: bool = False) -> ASGIApp:
    """Return the public API: under `/api` and, in 2.5, under `/api/v2` too."""
    old = machine.dialect == "2.5"
    routes = [
        Route("/", _hello),
        *blocks.routes(machine.dialect),
        *delegates.ROUTES,
        *node.ROUTES,
        *transactions.routes(machine.dialect),
        *wallets.routes(machine.dialect),
        *([] if old else locks.ROUTES),
    ]
    application: ASGIApp = _application(routes)
    application.state.node = machine.state  # type: ignore[attr-defined]
    if rate_limited:
        limit = REQUESTS_PER_MINUTE[machine.dialect]
        application = _RateLimited(application, limit, dialect=machine.dialect)
    if old:
        application = _OldPaths(application)
    return _Marked(FaultyAnswers(application, machine), machine)


def hooks_application(machine: Machine) -> ASGIApp:
    """Return the webhooks API, which has a port of its own and no rate limit."""
    application = _application(hooks.ROUTES)
    application.state.webhooks = machine.webhooks
    application.state.node = machine.state
    inner: ASGIApp = _OldPaths(application) if machine.dialect == "2.5" else application
    return _Marked(FaultyAnswers(inner, machine, named=True), machine)


class _CuttingProtocol(HttpToolsProtocol):
    """Ends the connection after every answer, whatever was announced: as 3.9.1 does."""

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.transport.close()


class LoopbackServer(uvicorn.Server):
    """A server that sleeps until it is asked or stopped, and leaves signals to the process."""

    def __init__(
        self, application: ASGIApp, listener: socket.socket, *, cuts: bool = False
    ) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                http=_CuttingProtocol if cuts else HttpToolsProtocol,
                lifespan="off",
                ws="none",
                access_log=False,
                log_config=None,
                log_level="warning",
                date_header=False,
                server_header=False,
                timeout_graceful_shutdown=1,
            )
        )
        self.listener = listener
        self._stopped = asyncio.Event()

    async def run_until_stopped(self) -> None:
        """Serve until `stop`."""
        await self.serve(sockets=[self.listener])

    def stop(self) -> None:
        """End `run_until_stopped`; answers under way have a second."""
        self.should_exit = True
        self._stopped.set()

    async def main_loop(self) -> None:
        # uvicorn's own loop wakes ten times a second to renew the Date header, which is off.
        await self._stopped.wait()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class _Marked:
    """Says on every answer that this is a development node; in 3.x its height too."""

    def __init__(self, application: ASGIApp, machine: Machine) -> None:
        self._application = application
        self._machine = machine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *self._told(),
                    *message["headers"],
                    (b"cache-control", b"no-cache"),
                    MARK,
                ]
            await send(message)

        await self._application(scope, receive, marked)

    def _told(self) -> list[tuple[bytes, bytes]]:
        if self._machine.dialect == "2.5":
            return []
        height = str(self._machine.chain.height).encode()
        # Announced, and not kept: see _CuttingProtocol.
        alive = [(b"connection", b"keep-alive"), (b"keep-alive", b"timeout=5")]
        return [(b"x-block-height", height), *alive]


class _OldPaths:
    """Accepts `/v2` in a path and a slash at its end, as 2.5 does."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = scope["path"].replace("/v2", "", 1)
            path = path.rstrip("/") or "/"
            scope = {**scope, "path": path, "raw_path": path.encode()}
        await self._application(scope, receive, send)


class _RateLimited:
    """At most so many requests a minute from an address, told in the headers of the dialect."""

    def __init__(self, application: ASGIApp, limit: int, *, dialect: str) -> None:
        self._application = application
        self._limit = limit
        self._dialect = dialect
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope["client"][0] if scope.get("client") else ""
        began, count = self._seen.get(client, (time.monotonic(), 0))
        if time.monotonic() - began >= _MINUTE:
            began, count = time.monotonic(), 0
        self._seen[client] = (began, count + 1)
        while len(self._seen) > _MOST_ADDRESSES:
            self._seen.popitem(last=False)
        left = self._limit - count - 1
        headers = self._told(left, began + _MINUTE - time.monotonic())

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*headers, *message["headers"]]
            await send(message)

        old = self._dialect == "2.5"
        refused = refusal(429, "Rate limit exceeded" if old else "Too Many Requests")
        await (refused if left < 0 else self._application)(scope, receive, told)

    def _told(self, left: int, seconds: float) -> list[tuple[bytes, bytes]]:
        if self._dialect == "2.5":
            reset = str(int((time.time() + seconds) * 1000))
            return _headers(
                {
                    "x-ratelimit-userlimit": str(self._limit),
                    "x-ratelimit-userremaining": str(left),
                    "x-ratelimit-userreset": reset,
                }
            )
        told = {
            "x-ratelimit-limit": str(self._limit),
            "x-ratelimit-remaining": str(max(0, left)),
            "x-ratelimit-reset": formatdate(time.time() + seconds, usegmt=True),
        }
        # Seconds with a fraction, as recorded: not what HTTP allows.
        return _headers(told | ({"retry-after": f"{seconds:.3f}"} if left < 0 else {}))


def _headers(told: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in told.items()]


def _application(routes: list[Route]) -> Starlette:
    return Starlette(
        routes=routes,
        exception_handlers={
            Refused: _answer_refused,
            HTTPException: _answer_unrouted,
            Exception: _answer_failure,
        },
    )


async def _hello(request: Request) -> Response:
    return JsonAnswer({"data": "Hello World!"})


async def _answer_refused(request: Request, error: Exception) -> Response:
    refused: Any = error
    return refusal(refused.status, refused.message)


async def _answer_unrouted(request: Request, error: Exception) -> Response:
    # A known path with a wrong method is simply not found, as at the node.
    return refusal(404, "Not Found")


async def _answer_failure(request: Request, error: Exception) -> Response:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return refusal(500, "An internal server error occurred")
