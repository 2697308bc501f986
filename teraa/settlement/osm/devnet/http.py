"""The two web applications of a node and the loopback servers that carry them."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections import OrderedDict
from collections.abc import Generator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .api import blocks, delegates, hooks, node, transactions, wallets
from .api.answers import JsonAnswer, Refused, refusal
from .api.node_state import NodeState
from .webhooks import Webhooks

_log = logging.getLogger("osm.devnet")
MARK: Final = (b"x-teraa-development-node", b"1")
REQUESTS_PER_MINUTE: Final = 300
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


def api_application(state: NodeState, *, rate_limited: bool) -> ASGIApp:
    """Return the public API: under `/api` and, as on 2.x, under `/api/v2`."""
    routes = [
        Route("/", _hello),
        *blocks.ROUTES,
        *delegates.ROUTES,
        *node.ROUTES,
        *transactions.ROUTES,
        *wallets.ROUTES,
    ]
    application = _application(routes)
    application.state.node = state
    limited = _RateLimited(application) if rate_limited else application
    return _Marked(_OldPaths(limited))


def hooks_application(webhooks: Webhooks) -> ASGIApp:
    """Return the webhooks API, which has a port of its own and no rate limit."""
    application = _application(hooks.ROUTES)
    application.state.webhooks = webhooks
    return _Marked(_OldPaths(application))


class LoopbackServer(uvicorn.Server):
    """A server that sleeps until it is asked or stopped, and leaves signals to the process."""

    def __init__(self, application: ASGIApp, listener: socket.socket) -> None:
        super().__init__(
            uvicorn.Config(
                application,
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
    """Says on every answer that this is a development node."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    (b"cache-control", b"no-cache"),
                    MARK,
                ]
            await send(message)

        await self._application(scope, receive, marked)


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
    """At most 300 requests a minute from an address, told in the headers of 2.5."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope["client"][0] if scope.get("client") else ""
        began, count = self._seen.get(client, (time.monotonic(), 0))
        if time.monotonic() - began >= _MINUTE:
            began, count = time.monotonic(), 0
        self._seen[client] = (began, count + 1)
        while len(self._seen) > _MOST_ADDRESSES:
            self._seen.popitem(last=False)
        left = REQUESTS_PER_MINUTE - count - 1
        reset = int((time.time() + began + _MINUTE - time.monotonic()) * 1000)

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    (b"x-ratelimit-userlimit", str(REQUESTS_PER_MINUTE).encode()),
                    (b"x-ratelimit-userremaining", str(left).encode()),
                    (b"x-ratelimit-userreset", str(reset).encode()),
                    *message["headers"],
                ]
            await send(message)

        refused = refusal(429, "Rate limit exceeded")
        await (refused if left < 0 else self._application)(scope, receive, told)


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
