"""Public pages of the waiting list: ask to wait, see where one stands, give it up."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bookings import queries, searching
from bookings.forms import SearchForm, WaitingForm, fresh_key, length_words
from bookings.models import Offer, WaitingEntry
from bookings.operations import WaitingWanted, give_up_waiting, join_waiting_list
from bookings.problems import StillFree
from bookings.views import instant_in, page_of
from bookings.wanting import minutes_in_words
from teraa.common.clock import now
from teraa.common.problems import NotFound, Problem
from teraa.venues.models import Venue
from teraa.venues.public import venue_or_404


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def wait(request: HttpRequest, offer: UUID, slug: str = "") -> HttpResponse:
    """GET: who waits, and for what. POST: onto the list; what turns out free is booked instead."""
    venue = venue_or_404(slug)
    at = now()
    try:
        chosen = queries.open_offer(venue=venue, offer_id=offer)
    except NotFound as error:
        raise Http404 from error
    zone = ZoneInfo(venue.zone)
    search = SearchForm(request.GET, today=at.astimezone(zone).date()).wanted()
    starts_at = instant_in(request.GET.get("start", ""), venue)
    if starts_at is not None:
        day = starts_at.astimezone(zone).date()
        search = searching.Search(day, search.minutes, search.people)
    form = WaitingForm(request.POST or None, initial={"key": fresh_key()})
    problem: Problem | None = None
    if request.method == "POST" and form.is_valid():
        try:
            listed = join_waiting_list(
                venue=venue,
                wanted=_wanted(form, chosen, search, starts_at),
                at=at,
                page=_address(request, slug, "waiting"),
                booking_page=_address(request, slug, "booking"),
            )
        except StillFree as free:
            return HttpResponseRedirect(_book_it(chosen, search, free, slug))
        except Problem as error:
            problem = error
        else:
            secret = listed.entry.secret
            return HttpResponseRedirect(queries.page_address("waiting", slug=slug, secret=secret))
    return page_of(
        request,
        "bookings/wait.html",
        {
            "venue": venue,
            "slug": slug,
            "offer": chosen,
            "search": search,
            "local_start": starts_at.astimezone(zone) if starts_at else None,
            "length": length_words(search.minutes),
            "hold": minutes_in_words(chosen.waiting_hold_minutes),
            "form": form,
            "back": queries.page_address("book", slug=slug),
            "problem": problem.as_dict() if problem else None,
        },
        status=problem.status if problem else 200,
    )


def _wanted(
    form: WaitingForm,
    offer: Offer,
    search: searching.Search,
    starts_at: datetime.datetime | None,
) -> WaitingWanted:
    given = form.cleaned_data
    return WaitingWanted(
        key=given["key"],
        offer=offer.pk,
        day=search.day,
        starts_at=starts_at,
        minutes=search.minutes,
        people=search.people,
        name=given["name"],
        email=given["email"],
        language=get_language() or "fr",
    )


def _address(request: HttpRequest, slug: str, name: str) -> Callable[[str], str]:
    return lambda secret: request.build_absolute_uri(
        queries.page_address(name, slug=slug, secret=secret)
    )


def _book_it(offer: Offer, search: searching.Search, free: StillFree, slug: str) -> str:
    """The form that books what is free after all."""
    page = queries.page_address("book_offer", slug=slug, offer=offer.pk)
    start = free.context["starts_at"]
    return f"{page}?start={start}&minutes={search.minutes}&people={search.people}"


@require_safe
@never_cache
def waiting(request: HttpRequest, secret: str, slug: str = "") -> HttpResponse:
    """How it stands: so many before, or what was offered."""
    venue = venue_or_404(slug)
    return _page(request, _own(venue, secret), slug)


@require_POST
def give_up(request: HttpRequest, secret: str, slug: str = "") -> HttpResponse:
    """Wait no longer."""
    venue = venue_or_404(slug)
    found = _own(venue, secret)
    try:
        give_up_waiting(venue=venue, secret=secret, at=now())
    except Problem as problem:
        return _page(request, found, slug, problem)
    return HttpResponseRedirect(queries.page_address("waiting", slug=slug, secret=secret))


def _own(venue: Venue, secret: str) -> WaitingEntry:
    try:
        return queries.waiting_of(venue_id=venue.pk, secret=secret)
    except NotFound as error:
        raise Http404 from error


def _page(
    request: HttpRequest, entry: WaitingEntry, slug: str, problem: Problem | None = None
) -> HttpResponse:
    zone = ZoneInfo(entry.venue.zone)
    booking = entry.booking
    answer = page_of(
        request,
        "bookings/waiting.html",
        {
            "venue": entry.venue,
            "slug": slug,
            "entry": entry,
            "before": queries.before_in_line(entry) if entry.state == "waiting" else 0,
            "local_start": entry.starts_at.astimezone(zone) if entry.starts_at else None,
            "length": length_words(entry.minutes),
            "booking_page": booking
            and queries.page_address("booking", slug=slug, secret=booking.secret),
            "problem": problem.as_dict() if problem else None,
        },
        status=problem.status if problem else 200,
    )
    answer["X-Robots-Tag"] = "noindex"
    answer["Referrer-Policy"] = "same-origin"
    return answer
