"""The till's page: a frame; everything else is /api/pos/."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe


@require_safe
@never_cache
@ensure_csrf_cookie
def till(request: HttpRequest) -> HttpResponse:
    """Served to anyone: it shows nothing before a station is enrolled and a PIN is typed."""
    return render(request, "pos/till.html")
