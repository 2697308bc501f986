"""The demonstration page and what it asks for. Without TERAA_DEMO none of it exists."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_POST, require_safe

from teraa.common.problems import Malformed, Problem
from teraa.demo.queries import demo_state, paper_path
from teraa.demo.wallet import demo_wallet

LONGEST_LINK = 2000

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def demo_only(view: View[P]) -> View[P]:
    """404 unless this house runs as a demonstration; a Problem becomes its JSON."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not settings.TERAA_DEMO:
            raise Http404
        try:
            return view(request, *args, **kwargs)
        except Problem as problem:
            return JsonResponse(problem.as_dict(), status=problem.status)

    return guarded


@require_safe
@never_cache
@ensure_csrf_cookie
@demo_only
def page(request: HttpRequest) -> HttpResponse:
    """The page; it reads ``state.json`` again and again."""
    return render(request, "demo/demo.html")


@require_safe
@never_cache
@demo_only
def state(request: HttpRequest) -> HttpResponse:
    """Wallet, waiting sales, paper, mail and chain."""
    return JsonResponse(demo_state())


@require_POST
@demo_only
def pay(request: HttpRequest) -> HttpResponse:
    """``{"uri": "ark:…"}`` → ``{"txid": …}``: signed here, taken by the development node."""
    try:
        body = json.loads(request.body)
    except ValueError as error:
        raise Malformed from error
    link = body.get("uri") if isinstance(body, dict) else None
    if not isinstance(link, str) or len(link) > LONGEST_LINK:
        raise Malformed
    return JsonResponse({"txid": demo_wallet().pay(link)})


@require_safe
@never_cache
@demo_only
def paper(request: HttpRequest, name: str) -> HttpResponseBase:
    """One picture of paper that came out of the fake printer."""
    path = paper_path(name)
    if path is None:
        raise Http404
    return FileResponse(path.open("rb"), content_type="image/png")
