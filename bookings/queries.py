"""What screens ask: one stay before it is booked, one booking, the figures of a day."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet, prefetch_related_objects
from django.urls import reverse

from bookings import opening, pricing, wanting
from bookings.cancelling import Promise, promises
from bookings.models import Booking, DiscountCode, Offer, WaitingEntry
from bookings.problems import UnknownDiscount
from bookings.states import BookingState, WaitingState
from teraa.common.clock import iso_utc
from teraa.common.ids import normalise_code
from teraa.common.money import osm_units_for
from teraa.common.prepared import Joined
from teraa.common.problems import NotFound
from teraa.settlement.models import DueState, Payout, PayoutState
from teraa.settlement.operations.rates import rate_in_force
from teraa.settlement.paying import pay_path
from teraa.settlement.queries import is_being_confirmed
from teraa.spaces.models import Resource
from teraa.venues.models import Payee, Venue

CONFIRMATIONS = 3
# What says when an offer is open.
TIMES = ("hours", "venue__special_days")
# The same, and what says what it costs.
TIMES_AND_PRICES = (*TIMES, "peaks")


def page_address(name: str, *, slug: str = "", **values: Any) -> str:
    """A public page of this room: of the house's first venue, or of the one named ``slug``."""
    return reverse(name, kwargs={**values, "slug": slug} if slug else values)


_OFFER = Joined(
    """
SELECT {columns} FROM bookings_offer o
  JOIN spaces_resource r ON r.id = o.resource_id
  JOIN venues_payee p ON p.id = o.payee_id
 WHERE o.venue_id = %(venue)s::uuid AND o.id = %(offer)s::uuid AND o.active AND p.active
""",
    o=Offer,
    r=Resource,
    p=Payee,
)


def open_offer(*, venue: Venue, offer_id: UUID) -> Offer:
    """An offer of this venue that can be booked, with its space, payee and hours (three queries).

    Raises NotFound.
    """
    found = _OFFER.first(venue=venue.pk, offer=offer_id)
    if found is None:
        raise NotFound
    offer: Offer = found["o"]
    offer.venue, offer.resource, offer.payee = venue, found["r"], found["p"]
    prefetch_related_objects([offer], *TIMES)
    return offer


def offers_of(venue_id: UUID) -> QuerySet[Offer]:
    """What a venue lets, in its own order, with spaces, payees, times and prices (four queries)."""
    return (
        Offer.objects.filter(venue_id=venue_id, active=True, payee__active=True)
        .select_related("venue", "resource", "payee")
        .prefetch_related(*TIMES_AND_PRICES)
        .order_by("position", "name")
    )


def rate_now(*, venue_id: UUID, at: datetime.datetime) -> int | None:
    """Euros × 10¹⁰ an OSM by the rate in force; None without one (one query)."""
    in_force = rate_in_force(venue_id=venue_id, at=at)
    return in_force.rate_e10 if in_force else None


# -- one stay that somebody thinks of -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Quote:
    """A stay before it is booked: its price, and in OSM as of today."""

    offer: Offer
    starts_at: datetime.datetime
    ends_at: datetime.datetime
    count: int
    lines: list[pricing.PricedLine]
    total_cents: int
    osm_units: int | None
    comes_back: list[Promise]
    full_cents: int = 0
    discount: DiscountCode | None = None

    @property
    def off_cents(self) -> int:
        return self.full_cents - self.total_cents


def quote_stay(
    *,
    venue: Venue,
    offer: Offer,
    starts_at: datetime.datetime,
    minutes: int,
    people: int,
    at: datetime.datetime,
    discount: str = "",
) -> Quote:
    """What a stay would cost (four queries at most). Raises NotBookable, UnknownDiscount."""
    ends_at = starts_at + datetime.timedelta(minutes=minutes)
    is_choice = offer.resource.kind == "choice"
    count = wanting.count_for(offer, people, is_choice=is_choice)
    lines = wanting.price_of(
        offer, starts_at=starts_at, ends_at=ends_at, count=count, zone=venue.zone
    )
    total = wanting.total_of(lines)
    found = discount_for(discount, offer=offer, at=at) if discount else None
    full = total
    if found is not None:
        total = wanting.discounted(total, found.percent)
    rate = rate_now(venue_id=venue.pk, at=at)
    units = osm_units_for(total, rate) if rate and total else None
    back = promises(
        [step.rung for step in offer.cancellation_steps.all()],
        starts_at=starts_at,
        cents=total,
        at=at,
    )
    return Quote(
        offer,
        starts_at,
        ends_at,
        count,
        lines,
        total,
        units,
        back if total else [],
        full_cents=full,
        discount=found,
    )


def quote_view(quote: Quote) -> dict[str, Any]:
    """A quote as the API answers it."""
    return {
        "offer": str(quote.offer.pk),
        "starts_at": iso_utc(quote.starts_at),
        "ends_at": iso_utc(quote.ends_at),
        "count": quote.count,
        "lines": [line.as_dict() for line in quote.lines],
        "full_cents": quote.full_cents,
        "discount": quote.discount.name if quote.discount else None,
        "total_cents": quote.total_cents,
        "osm_units": str(quote.osm_units) if quote.osm_units is not None else None,
        "comes_back": [
            {"until": iso_utc(one.until), "percent": one.percent, "cents": one.cents}
            for one in quote.comes_back
        ],
    }


def discount_for(typed: str, *, offer: Offer, at: datetime.datetime) -> DiscountCode:
    """What a typed code gives on an offer today (one query). Raises UnknownDiscount."""
    code = "".join(typed.split()).upper()
    found = DiscountCode.objects.filter(venue=offer.venue, code=code).first()
    day = at.astimezone(ZoneInfo(offer.venue.zone)).date()
    if found is None or not found.holds_for(offer, day):
        raise UnknownDiscount
    return found


# -- one booking ----------------------------------------------------------------------------------------


def booking_of(*, venue_id: UUID, secret: str) -> Booking:
    """The booking whose guest knows ``secret`` (one query). Raises NotFound."""
    booking = (
        Booking.objects.select_related("venue", "offer__resource", "payee", "due")
        .filter(venue_id=venue_id, secret=secret)
        .first()
    )
    if booking is None:
        raise NotFound
    return booking


def waiting_of(*, venue_id: UUID, secret: str) -> WaitingEntry:
    """The place on the waiting list of whoever knows ``secret`` (one query). Raises NotFound."""
    found = (
        WaitingEntry.objects.select_related(
            "venue", "offer__resource", "booking__payee", "booking__due"
        )
        .filter(venue_id=venue_id, secret=secret)
        .first()
    )
    if found is None:
        raise NotFound
    return found


def before_in_line(entry: WaitingEntry) -> int:
    """How many asked earlier for the same offer and day and still wait (one query)."""
    return WaitingEntry.objects.filter(
        Q(created_at__lt=entry.created_at) | Q(created_at=entry.created_at, pk__lt=entry.pk),
        offer=entry.offer_id,
        day=entry.day,
        state=WaitingState.WAITING,
    ).count()


def waiting_view(entry: WaitingEntry, *, slug: str, at: datetime.datetime) -> dict[str, Any]:
    """A place on the list as the API answers it: only who waits knows its secret."""
    return {
        "key": str(entry.key),
        "secret": entry.secret,
        "state": entry.state,
        "offer": str(entry.offer_id),
        "day": entry.day.isoformat(),
        "starts_at": iso_utc(entry.starts_at) if entry.starts_at else None,
        "minutes": entry.minutes,
        "people": entry.people,
        "name": entry.guest_name,
        "before": before_in_line(entry) if entry.state == WaitingState.WAITING else None,
        "page": page_address("waiting", slug=slug, secret=entry.secret),
        "booking": booking_view(entry.booking, slug=slug, at=at) if entry.booking else None,
    }


def stage_of(booking: Booking, *, at: datetime.datetime) -> str:
    """What its page shows: the state, or for a hold ``paying`` when its money is there or on its
    way, and ``overdue`` when nobody has looked yet. One query for a hold.
    """
    if booking.state != BookingState.HOLD:
        return str(booking.state)
    due = booking.due
    if due is not None and (due.state == DueState.SETTLED or is_being_confirmed(due)):
        return "paying"
    if booking.expires_at is not None and at >= booking.expires_at:
        return "overdue"
    return "hold"


def pay_address(booking: Booking, *, back: str) -> str:
    """Where a held booking is paid; empty when there is nothing to pay."""
    if booking.state != BookingState.HOLD or booking.due is None or booking.expires_at is None:
        return ""
    return pay_path(
        due=booking.due, back=back, confirmations=CONFIRMATIONS, until=booking.expires_at
    )


def booking_view(booking: Booking, *, slug: str, at: datetime.datetime) -> dict[str, Any]:
    """A booking as the API answers it. It holds the secret: only its guest is given it."""
    page = page_address("booking", slug=slug, secret=booking.secret)
    return {
        "key": str(booking.key),
        "secret": booking.secret,
        "code": booking.spoken_code,
        "state": booking.state,
        "version": booking.version,
        "offer": str(booking.offer_id),
        "label": booking.label,
        "payee": booking.payee.name,
        "name": booking.guest_name,
        "people": booking.people,
        "count": booking.count,
        "starts_at": iso_utc(booking.starts_at),
        "ends_at": iso_utc(booking.ends_at),
        "lines": [
            {
                "label": line["label"],
                "unit": line["unit"],
                "quantity_milli": line["quantity_milli"],
                "unit_price_cents": line["unit_price_cents"],
                "discount_cents": line.get("discount_cents", 0),
                "total_cents": line["total_cents"],
                "vat_rate_bp": line["vat_rate_bp"],
            }
            for line in booking.lines
        ],
        "total_cents": booking.total_cents,
        "comes_back": [
            {"until": iso_utc(one.until), "percent": one.percent, "cents": one.cents}
            for one in booking.promises_from(at)
            if booking.may_be_cancelled(at)
        ],
        "refund_cents": booking.refund_cents,
        "payout_code": _payout_code(booking),
        "expires_at": iso_utc(booking.expires_at) if booking.expires_at else None,
        "due_code": booking.due.spoken_code if booking.due and booking.state == "hold" else None,
        "page": page,
        "pay": pay_address(booking, back=page) or None,
        "calendar": page_address("booking_calendar", slug=slug, secret=booking.secret),
    }


def owed_back(booking: Booking) -> Payout | None:
    """What a guest who cancelled gets, or got, at the till (one query for what was paid)."""
    if booking.state != BookingState.CANCELLED or not booking.refund_cents:
        return None
    return Payout.objects.filter(due=booking.due).order_by("-owed_at").first()


def _payout_code(booking: Booking) -> str | None:
    payout = owed_back(booking)
    return payout.spoken_code if payout and payout.state == PayoutState.OWED else None


MOST_ARRIVALS = 200
SHORTEST_TEXT = 2
CODE_LENGTH = 8


def arrivals(*, venue: Venue, text: str, at: datetime.datetime) -> list[Booking]:
    """Today's stays by their beginning, those under way first found too; or those a text finds.

    A code finds its booking whatever its day, a name the stays of today (one query).
    """
    stays = Booking.objects.filter(venue=venue).select_related("venue", "offer", "due")
    code, word = normalise_code(text), text.strip()
    if len(code) == CODE_LENGTH and (exact := list(stays.filter(code=code))):
        return exact
    day = opening.day_span(at.astimezone(ZoneInfo(venue.zone)).date(), venue.zone)
    today = stays.filter(
        state__in=(BookingState.CONFIRMED, BookingState.HOLD),
        starts_at__lt=day[1],
        ends_at__gt=min(at, day[1]) - datetime.timedelta(hours=2),
    )
    if len(word) >= SHORTEST_TEXT:
        today = today.filter(Q(guest_name__icontains=word) | Q(label__icontains=word))
    return list(today.order_by("starts_at", "pk")[:MOST_ARRIVALS])


def arrival_view(booking: Booking) -> dict[str, Any]:
    """A stay as the till shows it; its secret stays with its guest."""
    owes = booking.state == BookingState.HOLD and booking.due is not None
    return {
        "id": str(booking.pk),
        "code": booking.spoken_code,
        "name": booking.guest_name,
        "space": booking.offer.name,
        "people": booking.people,
        "count": booking.count,
        "starts_at": iso_utc(booking.starts_at),
        "ends_at": iso_utc(booking.ends_at),
        "state": booking.state,
        "attendance": booking.attendance,
        "attended_at": iso_utc(booking.attended_at) if booking.attended_at else None,
        "due_code": booking.due.spoken_code if owes and booking.due else None,
        "owed_cents": booking.due.amount_cents - booking.due.paid_cents
        if owes and booking.due
        else 0,
    }


@dataclass(frozen=True, slots=True)
class DayFigures:
    """How many stays begin on a day, how many of them wait for money, and what needs a refund."""

    stays: int
    unpaid: int
    lost: int


def figures_of(*, venue_id: UUID, day: opening.Span) -> DayFigures | None:
    """The figures of ``day``; None for a venue that lets nothing (two queries).

    ``lost`` counts every booking paid when its place was gone, of whatever day.
    """
    if not Offer.objects.filter(venue_id=venue_id).exists():
        return None
    begins = Q(starts_at__gte=day[0], starts_at__lt=day[1])
    kept = Q(state__in=(BookingState.CONFIRMED, BookingState.HOLD))
    counted = Booking.objects.filter(venue_id=venue_id).aggregate(
        stays=Count("pk", filter=begins & kept),
        unpaid=Count("pk", filter=begins & Q(state=BookingState.HOLD)),
        lost=Count("pk", filter=Q(state=BookingState.PAID_WITHOUT_PLACE)),
    )
    return DayFigures(**counted)
