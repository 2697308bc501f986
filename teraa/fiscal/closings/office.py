"""What is to close, in the back office: every register, what to do next, and the button for it."""

from __future__ import annotations

import datetime
import re
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from teraa.common.clock import now
from teraa.common.money import format_osm
from teraa.common.problems import Malformed, NotFound, Problem
from teraa.fiscal.closings.days import close_days, close_past_days
from teraa.fiscal.closings.ending import By
from teraa.fiscal.closings.models import Closing
from teraa.fiscal.closings.queries import to_close
from teraa.fiscal.closings.spans import close_month, close_year
from teraa.fiscal.models import ChainHead, Register
from teraa.fiscal.office import language
from teraa.fiscal.papers import closing_title
from teraa.fiscal.states import ChainKind, ClosingLevel
from teraa.venues.office import venues_seen
from teraa.venues.permissions_table import CLOSE_BOOKS

_NUMBER = re.compile(r"^\d{1,9}$")
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_MONTH = re.compile(r"^\d{4}-\d{2}$")
FIRST_YEAR, LAST_YEAR = 2015, 2200


def coins(units: int | None) -> str:
    return "" if units is None else format_osm(units, language())


def closings_called(queryset: QuerySet[Closing], term: str) -> QuerySet[Closing] | None:
    """Closings by number, day, month or year; None when the term is none of these."""
    try:
        if _DAY.match(term):
            day = datetime.date.fromisoformat(term)
            return queryset.filter(first_day__lte=day, last_day__gte=day)
        if _MONTH.match(term):
            first = datetime.date.fromisoformat(f"{term}-01")
            return queryset.filter(first_day__year=first.year, first_day__month=first.month)
    except ValueError:
        return None
    if not _NUMBER.match(term):
        return None
    number = int(term)
    if FIRST_YEAR <= number <= LAST_YEAR:
        return queryset.filter(first_day__year=number)
    return queryset.filter(number=number)


def show_to_close(listed: Any, request: HttpRequest) -> HttpResponse:
    """Every register with what it has open; POST closes what its button names."""
    if not listed.has_view_permission(request):
        raise PermissionDenied
    if request.method == "POST":
        return _close(listed, request)
    seen = venues_seen(request)
    registers = to_close(venue_ids=seen, at=now())
    context = {
        **listed.admin_site.each_context(request),
        "title": _("What is to close"),
        "registers": [(one, listed.may(request, CLOSE_BOOKS, one.register)) for one in registers],
        "past": sum(len(one.past_days) for one in registers),
        "back": reverse("admin:fiscal_closing_changelist"),
    }
    return TemplateResponse(request, "fiscal/office_to_close.html", context)


def _close(listed: Any, request: HttpRequest) -> HttpResponse:
    register = _register(request)
    if register is None or not listed.may(request, CLOSE_BOOKS, register):
        raise PermissionDenied
    try:
        closing = _closed(request, register)
    except Problem as problem:
        said = problem.as_dict()
        messages.error(request, f"{said['title']} {said['advice']}")
        return HttpResponseRedirect(request.path)
    messages.success(
        request,
        _("{register}: {closing} is signed.").format(
            register=register.name, closing=closing_title(closing.level, closing.number)
        ),
    )
    return HttpResponseRedirect(request.path)


def _register(request: HttpRequest) -> Register | None:
    try:
        wanted = UUID(request.POST.get("register", ""))
    except ValueError:
        return None
    return Register.objects.select_related("venue").filter(pk=wanted).first()


def _closed(request: HttpRequest, register: Register) -> Closing:
    """Do what the form asks: a day by the period it showed, so that sent twice it closes one."""
    level, what = request.POST.get("level", ""), request.POST.get("what", "")
    at, operator = now(), str(request.user)
    try:
        match level:
            case ClosingLevel.DAY:
                return _day(register, int(what), at, operator)
            case ClosingLevel.MONTH:
                return close_month(
                    register_id=register.pk,
                    month=datetime.date.fromisoformat(f"{what}-01"),
                    at=at,
                    operator_label=operator,
                )
            case ClosingLevel.YEAR:
                return close_year(
                    register_id=register.pk, year=int(what), at=at, operator_label=operator
                )
    except (ValueError, OverflowError) as error:
        raise Malformed from error
    raise Malformed


def _day(register: Register, number: int, at: datetime.datetime, operator: str) -> Closing:
    closings = Closing.objects.filter(register=register, level=ClosingLevel.DAY, number=number)
    closed = closings.first()
    if closed is None:
        by = By(operator_label=operator)
        running = ChainHead.objects.get(register=register, kind=ChainKind.TICKET)
        if running.period_id is not None and running.period_number == number:
            close_days(register_ids=[register.pk], at=at, by=by)
        else:  # a day that is over: the one that runs goes on
            close_past_days(register_id=register.pk, at=at, by=by)
        closed = closings.first()
    if closed is None:
        raise NotFound
    return closed
