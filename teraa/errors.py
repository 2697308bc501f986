"""Pages and answers for what went wrong: what happened, why, what to do now.

Under /api/ the answer is a Problem in JSON, like every other refusal there.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from teraa.common.problems import Forbidden, Malformed, NotFound, Problem

API = "/api/"


class OurFault(Problem):
    code = "server_error"
    status = 500
    title = _("Something went wrong on our side.")
    advice = _("Try again in a moment. If it happens again, tell the people who run this place.")


class PageTooOld(Problem):
    code = "csrf_failed"
    status = 403
    title = _("This page has been open for too long.")
    advice = _("Go back, reload it and try again.")


def _answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    if request.path.startswith(API):
        return JsonResponse(problem.as_dict(), status=problem.status)
    return render(request, "error.html", {"problem": problem.as_dict()}, status=problem.status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, Malformed())


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, Forbidden())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, NotFound())


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _answer(request, PageTooOld())


def server_error(request: HttpRequest) -> HttpResponse:
    """Must not fail itself: no context processor runs and nothing is asked of the database."""
    problem = OurFault()
    if request.path.startswith(API):
        return JsonResponse(problem.as_dict(), status=problem.status)
    page = render_to_string("error.html", {"problem": problem.as_dict(), "bare": True})
    return HttpResponse(page, status=problem.status)
