"""The page behind a sign-in link: looking at it spends nothing, pressing its button does."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from teraa.accounts import operations
from teraa.common.clock import now
from teraa.common.problems import Problem

BACKEND = "django.contrib.auth.backends.ModelBackend"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest, secret: str) -> HttpResponse:
    """GET shows a button (a mail program's preview presses none); POST signs in and goes on."""
    if request.method != "POST":
        return render(request, "accounts/enter.html")
    try:
        link = operations.use_sign_in_link(secret, at=now())
    except Problem as problem:
        context = {"problem": problem.as_dict()}
        return render(request, "accounts/enter.html", context, status=problem.status)
    login(request, link.user, backend=BACKEND)
    response = HttpResponseRedirect(link.next_path)
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, link.user.language, samesite="Lax")
    return response
