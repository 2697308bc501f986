"""The page on which a customer says where a refund goes. Works without any script."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from teraa.common.clock import now
from teraa.common.problems import Problem
from teraa.settlement.cases.models import RefundClaim
from teraa.settlement.cases.operations.claims import give_address, is_open, read_claim
from teraa.settlement.cases.operations.refunds import checked_address
from teraa.settlement.cases.states import RefundState

SHOWN = 6
LONGEST = 100


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def refund_claim(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks for an address; POST shows its ends, and with ``sure`` sends the refund there."""
    problem: Problem | None = None
    typed = checked = ""
    try:
        claim = read_claim(token)
        if request.method == "POST":
            typed = request.POST.get("address", "")[:LONGEST]
            try:
                if request.POST.get("sure"):
                    give_address(claim_id=claim.pk, address=typed, at=now())
                    return HttpResponseRedirect(request.path)
                checked = checked_address(typed, network=claim.refund.network)
            except Problem as error:
                problem = error
    except Problem as error:
        return render(request, "error.html", {"problem": error.as_dict()}, status=error.status)
    answer = render(
        request,
        "cases/refund_claim.html",
        _context(claim, typed=typed, checked=checked, problem=problem),
        status=problem.status if problem else 200,
    )
    answer["X-Robots-Tag"] = "noindex"
    answer["Referrer-Policy"] = "same-origin"
    return answer


def _context(
    claim: RefundClaim, *, typed: str, checked: str, problem: Problem | None
) -> dict[str, Any]:
    refund = claim.refund
    if refund.state == RefundState.CANCELLED or (
        claim.used_at is None and not is_open(claim, at=now())
    ):
        stage = "over"
    elif claim.used_at is not None:
        stage = "sent" if refund.state in (RefundState.PAID, RefundState.CLOSED) else "given"
    else:
        stage = "confirm" if checked else "ask"
    shown = checked or claim.address
    return {
        "venue": claim.venue,
        "claim": claim,
        "refund": refund,
        "stage": stage,
        "typed": typed,
        "address": checked,
        "first": shown[:SHOWN],
        "middle": shown[SHOWN:-SHOWN],
        "last": shown[-SHOWN:],
        "problem": problem.as_dict() if problem else None,
    }
