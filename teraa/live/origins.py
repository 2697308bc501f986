"""Which pages may open a socket: our own, also when they come from the neighbouring port."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.http.request import validate_host

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]


def hostname(address: str) -> str:
    """The host of ``host:port`` or of an origin, in lower case; ``""`` when there is none."""
    try:
        found = urlsplit(address if "//" in address else f"//{address}").hostname or ""
    except ValueError:
        return ""
    return f"[{found}]" if ":" in found else found


def may_open(
    *,
    origin: str | None,
    host: str,
    allowed_hosts: Sequence[str],
    trusted_origins: Sequence[str] = (),
) -> bool:
    """Whether a page of ``origin`` may open a socket at ``host``.

    The host must be one we serve (or any name could be pointed at us), and the page must come
    from that same host, whatever its port, or from an origin the operator trusts. A client that
    is no browser sends no origin; it proves itself by its token.
    """
    served = hostname(host)
    if not served or not validate_host(served, list(allowed_hosts)):
        return False
    if origin is None:
        return True
    return hostname(origin) == served or origin in trusted_origins


class OriginGuard:
    """ASGI: refuses the handshake (403) of a page that is not ours."""

    def __init__(
        self,
        application: Application,
        *,
        allowed_hosts: Sequence[str],
        trusted_origins: Sequence[str] = (),
    ) -> None:
        self.application = application
        self.allowed_hosts = allowed_hosts
        self.trusted_origins = trusted_origins

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        if may_open(
            origin=headers.get(b"origin"),
            host=headers.get(b"host", ""),
            allowed_hosts=self.allowed_hosts,
            trusted_origins=self.trusted_origins,
        ):
            await self.application(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 4403})
