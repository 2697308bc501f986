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

from .faults.hooks import Post
from .webhooks import Webhooks

_log = logging.getLogger("osm.devnet")
TIMEOUT_SECONDS: Final = 1.5
USER_AGENT: Final = "got/9.6.0 (https://github.com/sindresorhus/got)"
_MOST_AT_ONCE: Final = 500
_UNIX: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Deliveries:
    """Posts each event to its hooks one after another; different events at the same time.

    A target that does not answer delays the next hook of the same event by its 1.5 seconds, save
    when `parallel`, as 3.x is. No retry, no order between events, and nothing outlives the process.
    """

    def __init__(
        self, webhooks: Webhooks, clock: Callable[[], datetime], *, parallel: bool = False
    ) -> None:
        self._webhooks = webhooks
        self._clock = clock
        self._parallel = parallel
        self._running: set[asyncio.Task[None]] = set()

    def deliver(self, post: Post) -> None:
        """Begin to post an event to the hooks that want it. Returns at once."""
        hooks = self._webhooks.wanting(post.event, post.payload, unconditional=post.unconditional)
        if not hooks:
            return
        if len(self._running) >= _MOST_AT_ONCE:
            _log.warning("%s is not posted: %s events are under way", post.event, _MOST_AT_ONCE)
            return
        task = asyncio.get_running_loop().create_task(self._post_all(hooks, post))
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

    async def _post_all(self, hooks: list[dict[str, Any]], post: Post) -> None:
        if post.delay:
            await asyncio.sleep(post.delay)
        if self._parallel:
            await asyncio.gather(*(self._post_one(hook, post) for hook in hooks))
            return
        for hook in hooks:
            await self._post_one(hook, post)

    async def _post_one(self, hook: dict[str, Any], post: Post) -> None:
        if post.lead:
            await asyncio.sleep(post.lead)
        body = body_of(post, self._clock())
        token = post.token or hook["token"]
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                status = await _post(hook["target"], self._head(token, body), body)
        except (OSError, ValueError, TimeoutError, EOFError) as error:
            _log.info("webhook %s failed: %s %s", hook["id"], type(error).__name__, error)
        else:
            _log.debug("webhook %s: %s was answered with %s", hook["id"], post.event, status)

    def _head(self, token: str, body: bytes) -> str:
        """Return the headers, in the order recorded of the version, `{host}` to be filled in."""
        if self._parallel:
            return (
                f"Authorization: {token}\r\n"
                "Host: {host}\r\n"
                "content-type: application/json\r\n"
                f"content-length: {len(body)}\r\n"
                "Connection: close\r\n\r\n"
            )
        return (
            f"user-agent: {USER_AGENT}\r\n"
            f"authorization: {token}\r\n"
            "content-type: application/json\r\n"
            "accept-encoding: gzip, deflate\r\n"
            f"content-length: {len(body)}\r\n"
            "Host: {host}\r\n"
            "Connection: close\r\n\r\n"
        )


def body_of(post: Post, at: datetime) -> bytes:
    """Return what is posted: `{timestamp, data, event}`, the time in milliseconds."""
    milliseconds = (at - _UNIX) // timedelta(milliseconds=1)
    data, event = _json(post.payload), _json(post.event)
    return b'{"timestamp":%d,"data":%s,"event":%s}' % (milliseconds, data, event)


async def _post(target: str, head: str, body: bytes) -> int:
    """Post, then close. Return the status."""
    url = urlsplit(target)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ValueError(f"cannot post to {target}")
    reader, writer = await asyncio.open_connection(url.hostname, _port(url), ssl=_tls(url))
    try:
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        host = url.netloc.rpartition("@")[2]
        whole = f"POST {path} HTTP/1.1\r\n" + head.replace("{host}", host)
        writer.write(whole.encode("ascii", "replace") + body)
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
