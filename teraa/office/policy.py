"""What a request to the back office is given: a browser policy and a clock of its own."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from teraa.venues.models import Venue

OFFICE = "/office/"
GetResponse = Callable[[HttpRequest], HttpResponse]


class OfficePolicyMiddleware:
    """Unfold needs a looser browser policy; only /office/ gets it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(OFFICE):
            response._csp_replace = settings.OFFICE_CONTENT_SECURITY_POLICY  # type: ignore[attr-defined]
        return response


class OfficeClockMiddleware:
    """Times in the back office are those of the venue one works for; stored are they in UTC."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(OFFICE) or not request.user.is_authenticated:
            return self.get_response(request)
        with timezone.override(ZoneInfo(zone_of(request))):
            return self.get_response(request)


def zone_of(request: HttpRequest) -> str:
    """The zone of the first venue the user works at; the house's first venue for others."""
    venues = Venue.objects.order_by("created_at").values_list("zone", flat=True)
    own = venues.filter(staff__user=request.user.pk, staff__active=True).first()
    return own or venues.first() or settings.TIME_ZONE
