"""A socket that follows topics. It is told what it may follow; it has nothing to say."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

from channels.consumer import AsyncConsumer
from channels.exceptions import ChannelFull, StopConsumer
from django.db import DatabaseError, InterfaceError

from teraa.common.clock import iso_utc, now
from teraa.live.announce import EVERYONE

log = logging.getLogger(__name__)

Scope = dict[str, Any]
TopicsFor = Callable[[Scope], Awaitable[list[str]]]

PING_EVERY = 15.0
# Every so many pings the socket's rights are looked at again, and its memberships renewed before
# the channel layer forgets them (it does after a day).
PINGS_PER_CHECK = 40
LONGEST_MESSAGE = 4096

NOT_ALLOWED = 4401
TRY_LATER = 1013
TOO_LONG = 1009


class TopicConsumer(AsyncConsumer):  # type: ignore[misc]
    """``topics_for(scope)``, given by whoever knows people and stations, says what may be heard."""

    def __init__(self, *, topics_for: TopicsFor) -> None:
        self._topics_for = topics_for
        self._topics: set[str] = set()
        self._closing: int | None = None

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Serve one socket from its handshake to its end, however it ends.

        Our own goodbye is sent here, once nothing waits to receive any more: granian holds a
        close back for as long as something does.
        """
        pinging = asyncio.create_task(self._ping())
        try:
            await super().__call__(scope, receive, send)
        finally:
            pinging.cancel()
            for group in (*self._topics, EVERYONE):
                await self.channel_layer.group_discard(group, self.channel_name)
        if self._closing is not None:
            with contextlib.suppress(StopConsumer):
                await self._send({"type": "websocket.close", "code": self._closing})

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Call the handler at once: Channels would hop to the database thread every time."""
        handlers = {
            "websocket.connect": self._connect,
            "websocket.receive": self._receive,
            "websocket.disconnect": self._disconnect,
            "news": self._news,
            "ping": self._pinged,
        }
        await handlers[message["type"]](message)

    async def _connect(self, message: dict[str, Any]) -> None:
        # Accepted first, so that a browser can read the reason when it is shown the door.
        await self._send({"type": "websocket.accept"})
        await self._check()

    async def _receive(self, message: dict[str, Any]) -> None:
        # Nothing a client says matters here; only a flood of it is answered.
        if len(message.get("text") or message.get("bytes") or "") > LONGEST_MESSAGE:
            self._hang_up(TOO_LONG)

    async def _disconnect(self, message: dict[str, Any]) -> None:
        raise StopConsumer()

    async def _news(self, message: dict[str, Any]) -> None:
        await self._send({"type": "websocket.send", "text": message["text"]})
        if message["recheck"]:
            await self._check()

    async def _pinged(self, message: dict[str, Any]) -> None:
        await self._say({"type": "ping", "at": iso_utc(now())})
        if message["check"]:
            await self._check()

    async def _check(self) -> None:
        """Follow what may be followed now and say so; hang up when that is nothing."""
        try:
            topics = set(await self._topics_for(self.scope))
        except (DatabaseError, InterfaceError) as error:
            log.warning("a socket could not be checked: %s", error)
            self._hang_up(TRY_LATER)
        if not topics:
            self._hang_up(NOT_ALLOWED)
        for gone in self._topics - topics:
            await self.channel_layer.group_discard(gone, self.channel_name)
        for group in (*topics, EVERYONE):
            await self.channel_layer.group_add(group, self.channel_name)
        if topics != self._topics:
            # Said once everything is followed: what the client reads next, it will not miss.
            self._topics = topics
            await self._say({"type": "hello", "topics": sorted(topics)})

    async def _ping(self) -> None:
        # Sent through the layer, so that only one thing at a time is said or decided.
        for number in itertools.count(1):
            await asyncio.sleep(PING_EVERY)
            ping = {"type": "ping", "check": number % PINGS_PER_CHECK == 0}
            with contextlib.suppress(ChannelFull):
                await self.channel_layer.send(self.channel_name, ping)

    def _hang_up(self, code: int) -> NoReturn:
        self._closing = code
        raise StopConsumer()

    async def _say(self, event: dict[str, Any]) -> None:
        await self._send({"type": "websocket.send", "text": json.dumps(event)})

    async def _send(self, message: dict[str, Any]) -> None:
        try:
            await self.send(message)
        except (OSError, RuntimeError) as error:
            # The socket went away between two messages: no news to anybody.
            raise StopConsumer() from error
