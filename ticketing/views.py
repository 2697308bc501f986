"""The public pages of ticketing, and the page that is a gate."""

from __future__ import annotations

import datetime

from csp.decorators import csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from teraa.common.clock import now
from teraa.common.money import format_cents
from teraa.common.problems import NotFound, Problem
from teraa.common.static_files import late_modules
from teraa.settlement.queries import is_being_confirmed
from teraa.venues import tries
from teraa.venues.api import keep_station
from teraa.venues.models import StationKind, Venue
from teraa.venues.public import venue_or_404
from ticketing import dates, queries
from ticketing.addresses import order_path, page_of, payment_of, public_path
from ticketing.forms import OrderForm
from ticketing.models import Order
from ticketing.operations import cancel_order, make_file, place_order
from ticketing.paper import file_name
from ticketing.states import EventState, OrderState
from ticketing.words import WORDS


def _private(answer: HttpResponse) -> HttpResponse:
    """Whoever has this address has the tickets: not for search engines, not for other sites."""
    answer["X-Robots-Tag"] = "noindex"
    answer["Referrer-Policy"] = "same-origin"
    return answer


def _refused(request: HttpRequest, problem: Problem, venue: Venue) -> HttpResponse:
    if isinstance(problem, NotFound):
        # The house's own page: it says nothing of a venue in which one guesses.
        raise Http404
    context = {"problem": problem.as_dict(), "venue": venue}
    return render(request, "error.html", context, status=problem.status)


@require_safe
def events(request: HttpRequest, slug: str = "") -> HttpResponse:
    """What is on sale here."""
    venue = venue_or_404(slug)
    shown = [
        {
            "event": event,
            "day": dates.long_day(event.starts_at, venue.zone),
            "hour": dates.hour(event.starts_at, venue.zone),
            # An amount even where it is nothing: “from Free of charge” is no sentence.
            "from": format_cents(event.from_cents or 0, get_language() or "fr"),  # type: ignore[attr-defined]
            "left": event.left,  # type: ignore[attr-defined]
            "url": public_path("event", slug=slug, event=event.slug),
        }
        for event in queries.coming_events(venue=venue, at=now())
    ]
    return render(request, "ticketing/events.html", {"venue": venue, "shown": shown})


@require_http_methods(["GET", "HEAD", "POST"])
def event(request: HttpRequest, event: str, slug: str = "") -> HttpResponse:
    """One event: its rates, and the order form."""
    venue, at = venue_or_404(slug), now()
    try:
        found = queries.event_for(venue=venue, slug=event)
    except NotFound as refusal:
        return _refused(request, refusal, venue)
    offers = queries.offers_of(found, at=at)
    form = OrderForm(found, offers, request.POST if request.method == "POST" else None)
    problem: Problem | None = None
    if request.method == "POST" and form.is_valid():
        try:
            placed = place_order(
                venue=venue,
                wanted=form.wanted(),
                page_of=page_of(request, venue),
                language=get_language() or "fr",
                at=at,
            )
        except Problem as refusal:
            problem = refusal
            form.offers = queries.offers_of(found, at=at)
        else:
            return HttpResponseRedirect(payment_of(placed.order) or order_path(placed.order))
    on_sale = found.state == EventState.ON_SALE and at < found.ends_at
    context = {
        "venue": venue,
        "event": found,
        "when": dates.long_moment(found.starts_at, venue.zone),
        "ends": dates.hour(found.ends_at, venue.zone),
        "entry": dates.hour(found.entry_at, venue.zone),
        "place": queries.place_of(found, venue),
        "form": form,
        "on_sale": on_sale,
        "sold_out": on_sale and not any(offer.left > 0 for offer in offers),
        "problem": problem.as_dict() if problem else None,
        "list_url": public_path("events", slug=slug),
    }
    status = problem.status if problem else 422 if form.is_bound else 200
    return render(request, "ticketing/event.html", context, status=status)


@never_cache
@require_safe
def order(request: HttpRequest, secret: str, slug: str = "") -> HttpResponse:
    """An order's own page: what is to be paid, or the tickets."""
    venue, at = venue_or_404(slug), now()
    try:
        found = queries.order_for(venue=venue, secret=secret)
    except NotFound as problem:
        return _refused(request, problem, venue)
    return _private(render(request, "ticketing/order.html", _order_context(found, slug, at)))


def _order_context(found: Order, slug: str, at: datetime.datetime) -> dict[str, object]:
    venue = found.venue
    return {
        "venue": venue,
        "order": found,
        "event": found.event,
        "when": dates.long_moment(found.event.starts_at, venue.zone),
        "place": queries.place_of(found.event, venue),
        "shown": queries.tickets_of(found) if found.state == OrderState.CONFIRMED else None,
        "pay": payment_of(found),
        "is_coming": found.state == OrderState.HOLD
        and found.due is not None
        and is_being_confirmed(found.due),
        "held_until": dates.hour(found.hold_until, venue.zone),
        "seconds_left": max(0, int((found.hold_until - at).total_seconds())),
        "state_url": f"/api/ticketing/{venue.slug}/orders/{found.secret}/",
        "cancel_url": public_path("ticket_order_cancel", slug=slug, secret=found.secret),
        "pdf_url": public_path("ticket_order_pdf", slug=slug, secret=found.secret),
        "event_url": public_path("event", slug=slug, event=found.event.slug),
    }


@never_cache
@require_POST
def cancel(request: HttpRequest, secret: str, slug: str = "") -> HttpResponse:
    """Give held places up, then show what became of the order."""
    venue = venue_or_404(slug)
    try:
        cancel_order(venue_id=venue.pk, secret=secret, at=now())
    except Problem as problem:
        return _refused(request, problem, venue)
    return HttpResponseRedirect(public_path("ticket_order", slug=slug, secret=secret))


@never_cache
@require_safe
def pdf(request: HttpRequest, secret: str, slug: str = "") -> HttpResponse:
    """The tickets as PDF: what the job has drawn, or drawn now for somebody quicker than the job."""
    venue, at = venue_or_404(slug), now()
    try:
        found = queries.order_for(venue=venue, secret=secret)
        content = make_file(order_id=found.pk, at=at)
    except Problem as problem:
        return _refused(request, problem, venue)
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{file_name(found, at)}"'
    return _private(answer)


@require_safe
@never_cache
@csp_update(settings.GATE_CONTENT_SECURITY_POLICY)
@ensure_csrf_cookie
def gate(request: HttpRequest) -> HttpResponse:
    """Served to anyone: it shows nothing before a station is enrolled and a PIN is typed."""
    words = {key: str(text) for key, text in WORDS.items()}
    reader = late_modules()["zxing-wasm/reader"]
    return render(request, "ticketing/gate.html", {"words": words, "reader": reader})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def enter_gate(request: HttpRequest, code: str) -> HttpResponse:
    """GET says what the button will do (a link preview presses none); POST enrols this browser."""
    if request.method != "POST":
        return render(request, "ticketing/enter_gate.html", {"code": code})
    try:
        station, token = tries.enrol_from(
            address=tries.visitor_address(request), code=code, at=now(), by_agent=False
        )
    except Problem as problem:
        context = {"code": code, "problem": problem.as_dict()}
        return render(request, "ticketing/enter_gate.html", context, status=problem.status)
    response = HttpResponseRedirect("/gate/" if station.kind == StationKind.GATE else "/till/")
    keep_station(request, response, token)
    return response
