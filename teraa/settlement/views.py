"""The page on which a due is paid from afar. Who has its address may pay; nothing else opens."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from teraa.common.clock import now
from teraa.common.problems import Problem
from teraa.settlement.paying import ask_for_osm, payment_of, read_invitation
from teraa.settlement.problems import DueClosed


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows how to pay and what has come; POST asks for the coins, once."""
    problem: Problem | None = None
    try:
        invitation = read_invitation(token)
        if request.method == "POST":
            try:
                ask_for_osm(invitation=invitation, at=now())
            except DueClosed:
                pass  # paid or given up meanwhile: the page says so
            except Problem as error:
                problem = error
            if problem is None:
                return HttpResponseRedirect(request.path)
        payment = payment_of(invitation=invitation, at=now())
    except Problem as error:
        return render(request, "error.html", {"problem": error.as_dict()}, status=error.status)
    context = {
        "payment": payment,
        "invitation": invitation,
        "venue": payment.due.venue,
        "problem": problem.as_dict() if problem else None,
    }
    answer = render(
        request, "settlement/pay.html", context, status=problem.status if problem else 200
    )
    answer["X-Robots-Tag"] = "noindex"
    answer["Referrer-Policy"] = "same-origin"
    return answer


@never_cache
@require_safe
def pay_state(request: HttpRequest, token: str) -> JsonResponse:
    """What the page asks for every second: whether to look again, and whether it is paid."""
    try:
        payment = payment_of(invitation=read_invitation(token), at=now())
    except Problem as error:
        return JsonResponse(error.as_dict(), status=error.status)
    return JsonResponse({"stamp": payment.stamp, "stage": payment.stage})
