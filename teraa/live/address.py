"""Where a visitor's page finds the sockets."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from teraa.live.origins import hostname


def live_url(request: HttpRequest) -> str:
    """The websocket address for this visitor: same host, the live process's port."""
    if settings.TERAA_LIVE_URL:
        return f"{settings.TERAA_LIVE_URL.rstrip('/')}/ws/"
    secure = request.is_secure() or settings.TERAA_SCHEME == "https"
    host = hostname(request.get_host())
    return f"{'wss' if secure else 'ws'}://{host}:{settings.TERAA_LIVE_PORT}/ws/"
