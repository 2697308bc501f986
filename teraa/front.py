"""The front door: a venue's page, its opening hours, and the doors that open today."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.dates import WEEKDAYS
from django.utils.formats import time_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from teraa.common.clock import now
from teraa.venues.models import OpeningHours, Venue


@dataclass(frozen=True)
class Door:
    """Something that can be done here. ``url`` is None while the room behind it is being built."""

    title: str | Promise
    text: str | Promise
    url: str | None


@dataclass(frozen=True)
class Day:
    """One weekday as the page shows it; no range means closed."""

    weekday: str | Promise
    ranges: list[str]
    today: bool


# What a venue offers, in the order people ask for it. A door opens by itself when its room exists.
_DOORS = (
    (
        "book",
        _("Book a studio or a desk"),
        _("See what is free, what it costs, and pay in OSM, in cash or by card."),
    ),
    ("events", _("Events and tickets"), _("Concerts, workshops and the summer festival.")),
    ("amap", _("Farm baskets"), _("Order and collect your basket on distribution day.")),
    ("me", _("My space"), _("Your bookings, tickets and receipts in one place.")),
    ("demo", _("Demonstration wallet"), _("Pay a till with play money and look at its paper.")),
    ("till", _("The till"), _("For the team: ring up, take payments, print on request.")),
    ("admin:index", _("The back office"), _("For the team: catalogue, sales, money, equipment.")),
)


def doors() -> list[Door]:
    """What can be done here: open doors first, then what is being built."""
    found = [Door(title, text, _address(route)) for route, title, text in _DOORS if _shown(route)]
    return sorted(found, key=lambda door: door.url is None)


def _shown(route: str) -> bool:
    return route != "demo" or settings.TERAA_DEMO


def _address(route: str) -> str | None:
    try:
        return reverse(route)
    except NoReverseMatch:
        return None


def week(hours: Sequence[OpeningHours], *, today: int) -> list[Day]:
    """The seven days, Monday first; ``today`` is a weekday from 0."""
    ranges: dict[int, list[str]] = {weekday: [] for weekday in WEEKDAYS}
    for row in sorted(hours, key=lambda row: (row.weekday, row.opens)):
        ranges[row.weekday].append(f"{time_format(row.opens)} – {time_format(row.closes)}")
    return [Day(name, ranges[weekday], weekday == today) for weekday, name in WEEKDAYS.items()]


def is_open(hours: Sequence[OpeningHours], local: datetime.datetime) -> bool:
    """Whether the doors are open at ``local`` (the venue's own time).

    Hours that close at or before they open end on the next day.
    """
    clock, weekday = local.time(), local.weekday()
    yesterday = (weekday - 1) % 7
    for row in hours:
        past_midnight = row.closes <= row.opens
        if row.weekday == weekday and row.opens <= clock and (past_midnight or clock < row.closes):
            return True
        if row.weekday == yesterday and past_midnight and clock < row.closes:
            return True
    return False


@require_safe
def front_door(request: HttpRequest, slug: str = "") -> HttpResponse:
    """The page of a venue: the first one of this house, or the one named in the address."""
    venues = Venue.objects.prefetch_related("opening_hours").order_by("created_at")
    venue = venues.filter(slug=slug).first() if slug else venues.first()
    if venue is None:
        if slug:
            raise Http404
        return render(request, "venues/no_venue.html")
    hours = list(venue.opening_hours.all())
    local = now().astimezone(ZoneInfo(venue.zone))
    return render(
        request,
        "venues/venue.html",
        {
            "venue": venue,
            "opening": week(hours, today=local.weekday()),
            "open_now": is_open(hours, local),
            "doors": doors(),
            "payees": venue.payees.filter(active=True).order_by("pk"),
        },
    )
