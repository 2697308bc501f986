"""The back office's frame: its browser policy and its first page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse


class OfficePolicyMiddleware:
    """Unfold needs a looser browser policy; only /office/ gets it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith("/office/"):
            response._csp_replace = settings.OFFICE_CONTENT_SECURITY_POLICY  # type: ignore[attr-defined]
        return response


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's dashboard callback."""
    return context
