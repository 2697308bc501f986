"""The page behind an enrolment link: looking at it spends nothing, pressing its button does."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from teraa.common.clock import now
from teraa.common.problems import Problem
from teraa.venues import tries
from teraa.venues.api import keep_station
from teraa.venues.models import StationKind

AFTER_ENROLMENT = {StationKind.GATE: "/gate/"}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def enter_till(request: HttpRequest, code: str) -> HttpResponse:
    """GET says what the button will do (a link preview presses none); POST enrols this browser."""
    if request.method != "POST":
        return render(request, "venues/enter_till.html", {"code": code})
    try:
        station, token = tries.enrol_from(
            address=tries.visitor_address(request), code=code, at=now(), by_agent=False
        )
    except Problem as problem:
        context = {"code": code, "problem": problem.as_dict()}
        return render(request, "venues/enter_till.html", context, status=problem.status)
    response = HttpResponseRedirect(AFTER_ENROLMENT.get(StationKind(station.kind), "/till/"))
    keep_station(request, response, token)
    return response
