"""The only door to Channels: tell every socket that follows a topic. Messages may be lost (law 7)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from channels.layers import get_channel_layer

from teraa.live.topics import ACCESS_KEY

# Every socket of this process, whatever it follows.
EVERYONE = "everyone"


async def announce(topic: str, event: Mapping[str, Any]) -> None:
    """Send ``event`` (as JSON) to the sockets of this process that follow ``topic``."""
    layer = get_channel_layer()
    await layer.group_send(
        topic,
        {
            "type": "news",
            "text": json.dumps(event),
            "recheck": event.get("key") == ACCESS_KEY,
        },
    )


async def announce_to_everyone(event: Mapping[str, Any]) -> None:
    """Send ``event`` to every socket of this process."""
    await announce(EVERYONE, event)
