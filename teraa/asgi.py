"""Websockets only: ``granian --interface asgi teraa.asgi:application``. HTTP is teraa.wsgi's."""

from __future__ import annotations

import os
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "teraa.settings")
django.setup()

# Models may be imported from here on.
from channels.routing import URLRouter  # noqa: E402
from django.conf import settings  # noqa: E402
from django.urls import path, re_path  # noqa: E402

from teraa.live.consumers import TopicConsumer  # noqa: E402
from teraa.live.listener import Listener  # noqa: E402
from teraa.live.origins import OriginGuard, Receive, Send  # noqa: E402
from teraa.venues.channel_topics import topics_for  # noqa: E402

listener = Listener()


async def nowhere(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """No socket at this address."""
    await receive()
    await send({"type": "websocket.close", "code": 4404})


sockets = OriginGuard(
    URLRouter(
        [
            path("ws/", TopicConsumer.as_asgi(topics_for=topics_for)),
            re_path("", nowhere),  # type: ignore[arg-type]
        ]
    ),
    allowed_hosts=settings.ALLOWED_HOSTS,
    trusted_origins=settings.CSRF_TRUSTED_ORIGINS,
)


async def lifespan(receive: Receive, send: Send) -> None:
    """Listen from the server's start to its end."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            listener.start()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await listener.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return


async def refuse_http(receive: Receive, send: Send) -> None:
    """Pages are served next door."""
    await receive()
    await send(
        {
            "type": "http.response.start",
            "status": 404,
            "headers": [(b"content-type", b"text/plain; charset=utf-8")],
        }
    )
    await send({"type": "http.response.body", "body": b"Only websockets here.\n"})


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    match scope["type"]:
        case "websocket":
            listener.start()
            await sockets(scope, receive, send)
        case "lifespan":
            await lifespan(receive, send)
        case "http":
            await refuse_http(receive, send)
