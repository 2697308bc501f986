"""What every page knows: the language, where the sockets are, whether this is a demonstration."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from teraa.live.address import live_url


def page_context(request: HttpRequest) -> dict[str, Any]:
    """Template context processor."""
    return {"demo": settings.TERAA_DEMO, "live_url": live_url(request)}
