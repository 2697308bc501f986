"""Posts events to webhooks as the node does: once, 1.5 seconds at the most, whatever comes of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ssl import SSLContext, create_default_context
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from .webhooks import Webhooks

_log = logging.getLogger("osm.devnet")
TIMEOUT_SECONDS: Final = 1.5
USER_AGENT: Final = "got/9.6.0 (https://github.com/sindresorhus/got)"
_MOST_AT_ONCE: Final = 500
_UNIX: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Deliveries:
    """Posts each event to its hooks one after another; different events at the same time.

    A target that does not answer delays the next hook of the same event by its 1.5 seconds. No
    retry, no order between events, and nothing outlives the process.
    """

    def __init__(self, webhooks: Webhooks, clock: Callable[[], datetime]) -> None:
        self._webhooks = webhooks
        self._clock = clock
        self._running: set[asyncio.Task[None]] = set()

    def deliver(self, event: str, payload: Any) -> None:
        """Begin to post an event to the hooks that want it. Returns at once."""
        hooks = self._webhooks.wanting(event, payload)
        if not hooks:
            return
        if len(self._running) >= _MOST_AT_ONCE:
            _log.warning("%s is not posted: %s events are under way", event, _MOST_AT_ONCE)
            return
        task = asyncio.get_running_loop().create_task(self._post_all(hooks, event, payload))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def idle(self) -> None:
        """Wait until nothing is under way."""
        while self._running:
            await asyncio.gather(*self._running, return_exceptions=True)

    async def stop(self) -> None:
        """Give up what is under way."""
        for task in self._running:
            task.cancel()
        await self.idle()

    async def _post_all(self, hooks: list[dict[str, Any]], event: str, payload: Any) -> None:
        data = _json(payload)
        for hook in hooks:
            milliseconds = (self._clock() - _UNIX) // timedelta(milliseconds=1)
            body = b'{"timestamp":%d,"data":%s,"event":%s}' % (milliseconds, data, _json(event))
            try:
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    status = await _post(hook["target"], hook["token"], body)
            except (OSError, ValueError, TimeoutError, EOFError) as error:
                _log.info("webhook %s failed: %s %s", hook["id"], type(error).__name__, error)
            else:
                _log.debug("webhook %s: %s was answered with %s", hook["id"], event, status)


async def _post(target: str, token: str, body: bytes) -> int:
    """Post as got 9.6 did: these headers, in this order, then close. Return the status."""
    url = urlsplit(target)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ValueError(f"cannot post to {target}")
    reader, writer = await asyncio.open_connection(url.hostname, _port(url), ssl=_tls(url))
    try:
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        host = url.netloc.rpartition("@")[2]
        head = (
            f"POST {path} HTTP/1.1\r\n"
            f"user-agent: {USER_AGENT}\r\n"
            f"authorization: {token}\r\n"
            "content-type: application/json\r\n"
            "accept-encoding: gzip, deflate\r\n"
            f"content-length: {len(body)}\r\n"
            f"Host: {host}\r\n"
            "Connection: close\r\n\r\n"
        )
        writer.write(head.encode("ascii", "replace") + body)
        await writer.drain()
        status_line = await reader.readline()
        return int(status_line.split(b" ")[1])
    except IndexError as error:
        raise EOFError("no answer") from error
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def _port(url: SplitResult) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _tls(url: SplitResult) -> SSLContext | None:
    return create_default_context() if url.scheme == "https" else None


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
