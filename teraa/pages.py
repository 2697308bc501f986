"""What every page knows: the language, where the sockets are, whether this is a demonstration."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def live_url(request: HttpRequest) -> str:
    """The websocket address for this visitor: same host, the live process's port."""
    if settings.TERAA_LIVE_URL:
        return f"{settings.TERAA_LIVE_URL.rstrip('/')}/ws/"
    scheme = "wss" if request.is_secure() or settings.TERAA_SCHEME == "https" else "ws"
    host = request.get_host().rsplit(":", 1)[0] if ":" in request.get_host() else request.get_host()
    return f"{scheme}://{host}:{settings.TERAA_LIVE_PORT}/ws/"


def page_context(request: HttpRequest) -> dict[str, Any]:
    """Template context processor."""
    return {"demo": settings.TERAA_DEMO, "live_url": live_url(request)}
