"""The public page of the AMAP: when and where next, and what is in season."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from pos.amap import queries
from teraa.common.clock import now
from teraa.venues.public import venue_or_404


@require_safe
def amap(request: HttpRequest, slug: str = "") -> HttpResponse:
    """For members and neighbours alike; nobody's name is on it."""
    venue = venue_or_404(slug)
    with timezone.override(ZoneInfo(venue.zone)):
        facts = queries.public_facts(venue=venue, at=now())
        return render(request, "amap/amap.html", {"venue": venue, "groups": facts})
