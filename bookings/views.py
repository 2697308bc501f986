"""The public pages: load, check, one operation, answer. Everything works without JavaScript."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bookings import opening, queries, searching, wanting
from bookings.calendar_file import calendar_file
from bookings.cancelling import Promise
from bookings.confirming import FILE_NAME
from bookings.forms import GuestForm, SearchForm, fresh_key, length_words
from bookings.models import Booking, Offer
from bookings.operations import cancel_booking, hold_space, move_booking
from bookings.problems import NotBookable, PriceChanged, UnknownDiscount
from bookings.states import Attendance, PaysHow
from bookings.timetables import timetable_of
from bookings.wanting import Wanted
from teraa.common.clock import iso_utc, now
from teraa.common.problems import NotFound, Problem
from teraa.venues.models import Venue
from teraa.venues.public import venue_or_404

STRIP_DAYS = 7
AMOUNT_DIGITS = 12
CODE_LENGTH = 20
FARTHEST = datetime.timedelta(days=3660)


@require_safe
@never_cache
def book(request: HttpRequest, slug: str = "") -> HttpResponse:
    """Search by day, length and people; what is free with its price."""
    venue = venue_or_404(slug)
    at = now()
    today = at.astimezone(ZoneInfo(venue.zone)).date()
    offers = list(queries.offers_of(venue.pk))
    form = _search_form(request, offers, today)
    wanted = form.wanted()
    if abs(wanted.day - today) > FARTHEST:
        wanted = searching.Search(today, wanted.minutes, wanted.people, wanted.features)
    found = searching.search(venue=venue, wanted=wanted, at=at, slug=slug, offers=offers)
    return page_of(
        request,
        "bookings/book.html",
        {
            "venue": venue,
            "slug": slug,
            "form": form,
            "wanted": wanted,
            "length": length_words(wanted.minutes),
            "today": today,
            "also": _also(wanted),
            "days": _strip(wanted.day, today),
            "month": queries.page_address("book_month", slug=slug),
            "found": found,
        },
    )


@require_safe
@never_cache
def month(request: HttpRequest, slug: str = "") -> HttpResponse:
    """The days of a month on which something is free, for all that is let or one offer."""
    venue = venue_or_404(slug)
    at = now()
    today = at.astimezone(ZoneInfo(venue.zone)).date()
    offers = list(queries.offers_of(venue.pk))
    form = _search_form(request, offers, today)
    wanted = form.wanted()
    first = _month_in(request.GET.get("month", ""), today)
    typed = request.GET.get("offer", "")
    chosen = next((one.pk for one in offers if str(one.pk) == typed), None)
    days = searching.month_of(
        venue=venue,
        first=first,
        minutes=wanted.minutes,
        people=wanted.people,
        at=at,
        offer_id=chosen,
        features=wanted.features,
        offers=offers,
    )
    horizon = max((offer.horizon_days for offer in offers), default=0)
    last = today + horizon * datetime.timedelta(days=1)
    before, after = _next_month(first, -1), _next_month(first, 1)
    return page_of(
        request,
        "bookings/month.html",
        {
            "venue": venue,
            "slug": slug,
            "form": form,
            "wanted": searching.Search(max(first, today), wanted.minutes, wanted.people),
            "also": _also(wanted),
            "wanted_features": sorted(wanted.features),
            "today": today,
            "first": first,
            "weeks": _weeks(days),
            "offers": offers,
            "chosen": chosen,
            "before": before if before >= today.replace(day=1) else None,
            "after": after if after <= last else None,
            "back": queries.page_address("book", slug=slug),
        },
    )


def _search_form(request: HttpRequest, offers: list[Offer], today: datetime.date) -> SearchForm:
    """What can be looked for here: as long as anything is let, with what anything has."""
    return SearchForm(
        request.GET,
        today=today,
        longest=max((offer.max_minutes for offer in offers), default=0),
        features={one for offer in offers for one in offer.resource.features},
    )


def _also(wanted: searching.Search) -> str:
    """The features of a search, for the end of an address."""
    return "".join(f"&has={one}" for one in sorted(wanted.features))


def _month_in(typed: str, today: datetime.date) -> datetime.date:
    """The first day of ``2026-12``; of this month when it is none, or out of reach."""
    try:
        first = datetime.date.fromisoformat(f"{typed}-01")
    except ValueError:
        return today.replace(day=1)
    return first if abs(first - today) <= FARTHEST else today.replace(day=1)


def _next_month(first: datetime.date, step: int) -> datetime.date:
    months = first.year * 12 + first.month - 1 + step
    return datetime.date(months // 12, months % 12 + 1, 1)


def _weeks(days: list[searching.MonthDay]) -> list[list[searching.MonthDay]]:
    """Rows of seven from Monday on; days of other months fill up, open to nobody."""
    one_day = datetime.timedelta(days=1)
    first, last = days[0].day, days[-1].day
    padded = [
        *(
            searching.MonthDay(first - number * one_day, 0, 0)
            for number in range(first.weekday(), 0, -1)
        ),
        *days,
        *(
            searching.MonthDay(last + number * one_day, 0, 0)
            for number in range(1, 7 - last.weekday())
        ),
    ]
    return [padded[start : start + 7] for start in range(0, len(padded), 7)]


def page_of(
    request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """A page of ``context["venue"]``: whatever time it tells is that of the venue's clock."""
    with timezone.override(context["venue"].zone):
        return render(request, template, context, status=status)


def _strip(day: datetime.date, today: datetime.date) -> list[datetime.date]:
    """A week around ``day`` that does not begin in the past."""
    first = max(today, day - datetime.timedelta(days=2)) if day >= today else day
    return [first + number * datetime.timedelta(days=1) for number in range(STRIP_DAYS)]


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def offer(request: HttpRequest, offer: UUID, slug: str = "") -> HttpResponse:
    """GET: what a stay costs, and who books it. POST: hold it, then on to paying."""
    venue = venue_or_404(slug)
    at = now()
    try:
        chosen = queries.open_offer(venue=venue, offer_id=offer)
    except NotFound as error:
        raise Http404 from error
    search = SearchForm(request.GET, today=at.astimezone(ZoneInfo(venue.zone)).date()).wanted()
    back = queries.page_address("book", slug=slug)
    starts_at = _start_in(request, venue)
    if starts_at is None:
        return HttpResponseRedirect(back)
    typed = request.GET.get("code", "")[:CODE_LENGTH]
    stay: dict[str, Any] = {
        "starts_at": starts_at,
        "minutes": search.minutes,
        "people": search.people,
    }
    wrong_code: Problem | None = None
    try:
        try:
            quote = queries.quote_stay(venue=venue, offer=chosen, at=at, discount=typed, **stay)
        except UnknownDiscount as unknown:
            wrong_code = unknown
            quote = queries.quote_stay(venue=venue, offer=chosen, at=at, **stay)
    except NotBookable as refusal:
        return _refused(request, venue, refusal)
    form = GuestForm(
        request.POST or None, initial={"key": fresh_key(), "total_cents": quote.total_cents}
    )
    problem: Problem | None = None
    if request.method == "POST" and form.is_valid():
        try:
            held = hold_space(
                venue=venue,
                wanted=_wanted(form, quote, search),
                at=at,
                page=lambda secret: request.build_absolute_uri(
                    queries.page_address("booking", slug=slug, secret=secret)
                ),
            )
        except Problem as error:
            problem = error
            if isinstance(error, PriceChanged):
                form = _with_price(request, quote)
        else:
            return HttpResponseRedirect(_next_page(held.booking, slug))
    return page_of(
        request,
        "bookings/offer.html",
        {
            "venue": venue,
            "slug": slug,
            "offer": chosen,
            "quote": quote,
            "price_lines": [(wanting.words_of(one), one.total_cents) for one in quote.lines],
            "local_start": quote.starts_at.astimezone(ZoneInfo(venue.zone)),
            "local_end": quote.ends_at.astimezone(ZoneInfo(venue.zone)),
            "comes_back": _local_promises(quote.comes_back, ZoneInfo(venue.zone)),
            "length": length_words(search.minutes),
            "search": search,
            "form": form,
            "typed_code": typed,
            "wrong_code": wrong_code.as_dict() if wrong_code else None,
            "back": back,
            "problem": problem.as_dict() if problem else None,
            "nearest": _nearest(problem, venue),
        },
        status=problem.status if problem else 200,
    )


def _local_promises(given: list[Promise], zone: ZoneInfo) -> list[Promise]:
    return [replace(one, until=one.until.astimezone(zone)) for one in given]


def _start_in(request: HttpRequest, venue: Venue) -> datetime.datetime | None:
    return instant_in(request.GET.get("start", ""), venue)


def instant_in(text: str, venue: Venue) -> datetime.datetime | None:
    """``2026-12-03T18:00:00Z``, or a wall time of the venue; None when it is no time."""
    try:
        start = datetime.datetime.fromisoformat(text)
        if start.tzinfo is None:
            start = opening.instant(start, venue.zone)
        start = start.astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        return None
    return start if abs(start - now()) <= FARTHEST else None


def _wanted(form: GuestForm, quote: queries.Quote, search: searching.Search) -> Wanted:
    given = form.cleaned_data
    return Wanted(
        key=given["key"],
        offer=quote.offer.pk,
        starts_at=quote.starts_at,
        minutes=search.minutes,
        people=search.people,
        name=given["name"],
        email=given["email"],
        total_cents=given["total_cents"],
        pays=given["pays"],
        language=get_language() or "fr",
        discount=quote.discount.code if quote.discount else "",
    )


def _with_price(request: HttpRequest, quote: queries.Quote) -> GuestForm:
    """The same form for another try, with the price of now and a key of its own."""
    return GuestForm({**request.POST.dict(), "total_cents": quote.total_cents, "key": fresh_key()})


def _nearest(problem: Problem | None, venue: Venue) -> list[dict[str, Any]]:
    if problem is None or "nearest" not in problem.context:
        return []
    zone = ZoneInfo(venue.zone)
    return [
        {
            "start": one["starts_at"],
            "local": datetime.datetime.fromisoformat(one["starts_at"]).astimezone(zone),
        }
        for one in problem.context["nearest"]
    ]


def _next_page(booking: Booking, slug: str) -> str:
    """To paying at once, unless there is nothing to pay or it is paid at the bar."""
    page = queries.page_address("booking", slug=slug, secret=booking.secret)
    if booking.pays == PaysHow.OSM:
        return queries.pay_address(booking, back=page) or page
    return page


def _refused(request: HttpRequest, venue: Venue, problem: Problem) -> HttpResponse:
    return render(
        request,
        "error.html",
        {"venue": venue, "problem": problem.as_dict()},
        status=problem.status,
    )


# -- one's own booking ----------------------------------------------------------------------------------


@require_safe
@never_cache
def booking(request: HttpRequest, secret: str, slug: str = "") -> HttpResponse:
    """The guest's page: what, when, how it stands, how to pay or to let it go."""
    venue = venue_or_404(slug)
    return _booking_page(request, _own(venue, secret), slug)


@require_POST
def cancel(request: HttpRequest, secret: str, slug: str = "") -> HttpResponse:
    """Let a booking go; the form says how much was promised back."""
    venue = venue_or_404(slug)
    found = _own(venue, secret)
    promised = request.POST.get("least_cents", "")
    least = int(promised) if promised.isdecimal() and len(promised) <= AMOUNT_DIGITS else None
    try:
        cancel_booking(booking_id=found.pk, at=now(), least_cents=least)
    except Problem as problem:
        return _booking_page(request, _own(venue, secret), slug, problem)
    return HttpResponseRedirect(queries.page_address("booking", slug=slug, secret=secret))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def move(request: HttpRequest, secret: str, slug: str = "") -> HttpResponse:
    """GET: the free times of a day to which a booking may go. POST: go there."""
    venue = venue_or_404(slug)
    found = _own(venue, secret)
    at = now()
    problem: Problem | None = None
    page = queries.page_address("booking", slug=slug, secret=secret)
    if request.method == "POST":
        starts_at = instant_in(request.POST.get("start", ""), venue)
        if starts_at is not None:
            try:
                move_booking(venue=venue, booking_id=found.pk, starts_at=starts_at, at=at)
            except Problem as error:
                problem = error
            else:
                return HttpResponseRedirect(page)
    elif not found.may_be_moved(at):
        return HttpResponseRedirect(page)
    zone = ZoneInfo(venue.zone)
    today = at.astimezone(zone).date()
    day = SearchForm(request.GET, today=found.starts_at.astimezone(zone).date()).wanted().day
    day = min(max(day, today), today + FARTHEST)
    starts = searching.starts_to_move_to(found, day=day, at=at)
    answer = page_of(
        request,
        "bookings/move.html",
        {
            "venue": venue,
            "slug": slug,
            "booking": found,
            "local_start": found.starts_at.astimezone(zone),
            "local_end": found.ends_at.astimezone(zone),
            "day": day,
            "today": today,
            "days": _strip(day, today),
            "starts": [one.astimezone(zone) for one in starts],
            "why_closed": "" if starts else timetable_of(found.offer)(day).why,
            "back": page,
            "problem": problem.as_dict() if problem else None,
            "nearest": _nearest(problem, venue),
        },
        status=problem.status if problem else 200,
    )
    answer["X-Robots-Tag"] = "noindex"
    answer["Referrer-Policy"] = "same-origin"
    return answer


@require_safe
@never_cache
def calendar(request: HttpRequest, secret: str, slug: str = "") -> HttpResponse:
    """The booking for one's own calendar."""
    venue = venue_or_404(slug)
    answer = HttpResponse(
        calendar_file(_own(venue, secret), at=now()), content_type="text/calendar; charset=utf-8"
    )
    answer["Content-Disposition"] = f'attachment; filename="{FILE_NAME}"'
    answer["X-Robots-Tag"] = "noindex"
    return answer


def _own(venue: Venue, secret: str) -> Booking:
    try:
        return queries.booking_of(venue_id=venue.pk, secret=secret)
    except NotFound as error:
        raise Http404 from error


def _booking_page(
    request: HttpRequest, found: Booking, slug: str, problem: Problem | None = None
) -> HttpResponse:
    at = now()
    zone = ZoneInfo(found.venue.zone)
    page = queries.page_address("booking", slug=slug, secret=found.secret)
    expires_at = found.expires_at
    held_until = expires_at.astimezone(zone) if expires_at else None
    stage = queries.stage_of(found, at=at)
    answer = page_of(
        request,
        "bookings/booking.html",
        {
            "venue": found.venue,
            "slug": slug,
            "booking": found,
            "stage": stage,
            "stamp": f"{found.version}-{found.state}-{stage}",
            "local_start": found.starts_at.astimezone(zone),
            "local_end": found.ends_at.astimezone(zone),
            "length": length_words(int((found.ends_at - found.starts_at).total_seconds()) // 60),
            "held_until": held_until,
            "held_today": held_until is not None
            and held_until.date() == at.astimezone(zone).date(),
            "seconds_left": max(0, int((expires_at - at).total_seconds())) if expires_at else 0,
            "pay": queries.pay_address(found, back=page),
            "may_arrive": found.attendance == Attendance.EXPECTED and at < found.ends_at,
            "may_move": stage in ("hold", "confirmed") and found.may_be_moved(at),
            "may_cancel": stage in ("hold", "confirmed") and found.may_be_cancelled(at),
            "comes_back": _local_promises(found.promises_from(at), zone),
            "back_now": found.comes_back(at) if stage == "confirmed" else 0,
            "owed_back": queries.owed_back(found),
            "begins": iso_utc(found.starts_at),
            "problem": problem.as_dict() if problem else None,
        },
        status=problem.status if problem else 200,
    )
    answer["X-Robots-Tag"] = "noindex"
    answer["Referrer-Policy"] = "same-origin"
    return answer
