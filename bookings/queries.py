"""What screens ask: what is free that day, one booking, the day of a house. One call a screen."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet
from django.urls import reverse

from bookings import opening, pricing, wanting
from bookings.models import Booking, Offer
from bookings.states import BookingState, OfferKind
from bookings.wanting import Wanted
from teraa.common.clock import iso_utc
from teraa.common.money import osm_units_for
from teraa.common.problems import NotFound
from teraa.settlement.models import DueState, OsmRate
from teraa.settlement.paying import pay_path
from teraa.spaces.fitting import Need, Shape, Taken, fit, free_count
from teraa.spaces.queries import shapes_of, taken_between
from teraa.venues.models import Venue

DAY = datetime.timedelta(days=1)
CONFIRMATIONS = 3
LOOK_AHEAD = 7  # days in which the next free time is looked for
NEAREST = 3


def page_address(name: str, *, slug: str = "", **values: Any) -> str:
    """A public page of this room: of the house's first venue, or of the one named ``slug``."""
    return reverse(name, kwargs={**values, "slug": slug} if slug else values)


def open_offer(*, venue_id: UUID, offer_id: UUID) -> Offer:
    """An offer of this venue that can be booked, with its space, payee and hours. Raises NotFound."""
    offer = _offers(venue_id).filter(pk=offer_id).first()
    if offer is None:
        raise NotFound
    return offer


def _offers(venue_id: UUID) -> QuerySet[Offer]:
    return (
        Offer.objects.filter(venue_id=venue_id, active=True, payee__active=True)
        .select_related("resource", "payee")
        .prefetch_related("hours")
        .order_by("position", "name")
    )


def rate_now(*, venue_id: UUID, at: datetime.datetime) -> int | None:
    """Euros × 10¹⁰ an OSM by the venue's decision in force; None without one (one query)."""
    decided = OsmRate.objects.filter(venue_id=venue_id, valid_from__lte=at)
    return decided.order_by("-valid_from").values_list("rate_e10", flat=True).first()


# -- searching ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Slot:
    """A free time of an offer. ``osm_units`` (10⁻⁸) is what the price is today, or None."""

    starts_at: datetime.datetime
    ends_at: datetime.datetime
    local: datetime.datetime
    total_cents: int
    osm_units: int | None
    free: int


@dataclass(frozen=True, slots=True)
class Found:
    """An offer that day. Without slots: ``closed`` that day, or else all taken."""

    offer: Offer
    count: int
    slots: list[Slot]
    closed: bool
    next_free: datetime.datetime | None
    address: str

    @property
    def cheapest(self) -> Slot | None:
        return min(self.slots, key=lambda slot: slot.total_cents, default=None)

    @property
    def one_price(self) -> bool:
        return len({slot.total_cents for slot in self.slots}) == 1


@dataclass(frozen=True, slots=True)
class Search:
    """What somebody looks for: a local day, a length in minutes, how many people."""

    day: datetime.date
    minutes: int
    people: int


@dataclass(slots=True)
class _Free:
    """What is free around a search, for every offer at once."""

    shapes: dict[UUID, Shape]
    taken: Taken

    def at(self, offer: Offer, count: int, start: datetime.datetime, end: datetime.datetime) -> int:
        """How many of the offer's space are free; 0 when fewer than ``count``."""
        shape = self.shapes.get(offer.resource_id)
        if shape is None:
            return 0
        needs = [Need(offer.resource_id, count)]
        fits = fit(shapes=self.shapes, needs=needs, starts_at=start, ends_at=end, taken=self.taken)
        if not fits:
            return 0
        return free_count(shape=shape, starts_at=start, ends_at=end, taken=self.taken)


def _free_around(
    venue: Venue, offers: Sequence[Offer], span: opening.Span, at: datetime.datetime
) -> _Free:
    shapes = shapes_of(venue_id=venue.pk, resource_ids={offer.resource_id for offer in offers})
    atoms = {atom for shape in shapes.values() for atom in shape.atoms}
    return _Free(shapes, taken_between(venue_id=venue.pk, atom_ids=atoms, span=span, at=at))


def search(*, venue: Venue, wanted: Search, at: datetime.datetime, slug: str = "") -> list[Found]:
    """What suits, in the venue's order, with its free times that day (five queries).

    What is free comes before what is taken or closed. An offer too small for so many, or never let
    for so long, is left out.
    """
    offers = [
        offer
        for offer in _offers(venue.pk)
        if wanting.suits(offer, minutes=wanted.minutes, people=wanted.people)
    ]
    if not offers:
        return []
    lasts = datetime.timedelta(minutes=wanted.minutes)
    start, end = opening.day_span(wanted.day, venue.zone)
    free = _free_around(venue, offers, (start, end + LOOK_AHEAD * DAY + lasts), at)
    rate = rate_now(venue_id=venue.pk, at=at)
    found = [_found(venue, offer, wanted, free, rate, at, slug) for offer in offers]
    return sorted(found, key=lambda one: not one.slots)


def _found(
    venue: Venue,
    offer: Offer,
    wanted: Search,
    free: _Free,
    rate: int | None,
    at: datetime.datetime,
    slug: str,
) -> Found:
    shape = free.shapes.get(offer.resource_id)
    count = wanting.count_for(offer, wanted.people, is_choice=bool(shape and shape.is_choice))
    lasts = datetime.timedelta(minutes=wanted.minutes)
    prices: dict[tuple[int, ...], int] = {}
    slots = []
    starts = _starts(venue, offer, wanted.day, wanted.minutes, at)
    for start in starts:
        if free_units := free.at(offer, count, start, start + lasts):
            total = _total(venue, offer, start, start + lasts, count, prices)
            slots.append(_slot(venue, start, lasts, total, rate, free_units))
    return Found(
        offer=offer,
        count=count,
        slots=slots,
        closed=not _starts(venue, offer, wanted.day, wanted.minutes, None),
        next_free=None if slots else _next_free(venue, offer, wanted, count, free, at),
        address=page_address("book_offer", slug=slug, offer=offer.pk),
    )


def _starts(
    venue: Venue,
    offer: Offer,
    day: datetime.date,
    minutes: int,
    at: datetime.datetime | None,
) -> list[datetime.datetime]:
    """Times at which it is open, in the past too without ``at``; none beyond the offer's horizon."""
    if at is not None:
        today = at.astimezone(ZoneInfo(venue.zone)).date()
        if (day - today).days > offer.horizon_days:
            return []
    since = at or datetime.datetime.min.replace(tzinfo=datetime.UTC)
    return wanting.starts_of(offer, day=day, minutes=minutes, zone=venue.zone, at=since)


def _total(
    venue: Venue,
    offer: Offer,
    start: datetime.datetime,
    end: datetime.datetime,
    count: int,
    known: dict[tuple[int, ...], int],
) -> int:
    """The price of a stay; those that fall on their days alike cost the same and are priced once."""
    per_day = tuple(pricing.minutes_per_day(start, end, venue.zone))
    if per_day not in known:
        lines = wanting.price_of(offer, starts_at=start, ends_at=end, count=count, zone=venue.zone)
        known[per_day] = wanting.total_of(lines)
    return known[per_day]


def _slot(
    venue: Venue,
    start: datetime.datetime,
    lasts: datetime.timedelta,
    total: int,
    rate: int | None,
    free_units: int,
) -> Slot:
    return Slot(
        starts_at=start,
        ends_at=start + lasts,
        local=start.astimezone(ZoneInfo(venue.zone)),
        total_cents=total,
        osm_units=osm_units_for(total, rate) if rate and total else None,
        free=free_units,
    )


def _next_free(
    venue: Venue,
    offer: Offer,
    wanted: Search,
    count: int,
    free: _Free,
    at: datetime.datetime,
) -> datetime.datetime | None:
    lasts = datetime.timedelta(minutes=wanted.minutes)
    for later in range(1, LOOK_AHEAD + 1):
        for start in _starts(venue, offer, wanted.day + later * DAY, wanted.minutes, at):
            if free.at(offer, count, start, start + lasts):
                return start.astimezone(ZoneInfo(venue.zone))
    return None


def nearest_starts(
    *, venue: Venue, offer: Offer, wanted: Wanted, at: datetime.datetime
) -> list[dict[str, str]]:
    """Up to three free times of the offer around a wish that was just taken, the closest first."""
    day = wanted.starts_at.astimezone(ZoneInfo(venue.zone)).date()
    free = _free_around(
        venue,
        [offer],
        (wanted.starts_at - 2 * DAY, wanted.starts_at + wanted.lasts + (LOOK_AHEAD + 1) * DAY),
        at,
    )
    shape = free.shapes.get(offer.resource_id)
    count = wanting.count_for(offer, wanted.people, is_choice=bool(shape and shape.is_choice))
    starts = [
        start
        for number in range(-1, LOOK_AHEAD + 1)
        for start in _starts(venue, offer, day + number * DAY, wanted.minutes, at)
        if free.at(offer, count, start, start + wanted.lasts)
    ]
    closest = sorted(starts, key=lambda start: (abs(start - wanted.starts_at), start))[:NEAREST]
    return [
        {"starts_at": iso_utc(start), "ends_at": iso_utc(start + wanted.lasts)} for start in closest
    ]


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


def quote_stay(
    *,
    venue: Venue,
    offer: Offer,
    starts_at: datetime.datetime,
    minutes: int,
    people: int,
    at: datetime.datetime,
) -> Quote:
    """What a stay would cost (one query). Raises NotBookable."""
    ends_at = starts_at + datetime.timedelta(minutes=minutes)
    is_choice = offer.resource.kind == "choice"
    count = wanting.count_for(offer, people, is_choice=is_choice)
    lines = wanting.price_of(
        offer, starts_at=starts_at, ends_at=ends_at, count=count, zone=venue.zone
    )
    total = wanting.total_of(lines)
    rate = rate_now(venue_id=venue.pk, at=at)
    units = osm_units_for(total, rate) if rate and total else None
    return Quote(offer, starts_at, ends_at, count, lines, total, units)


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


def stage_of(booking: Booking, *, at: datetime.datetime) -> str:
    """What its page shows: the state, or ``paying`` and ``overdue`` for a hold that is about to
    change although nobody has looked yet.
    """
    if booking.state != BookingState.HOLD:
        return str(booking.state)
    if booking.due is not None and booking.due.state == DueState.SETTLED:
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
                "total_cents": line["total_cents"],
                "vat_rate_bp": line["vat_rate_bp"],
            }
            for line in booking.lines
        ],
        "total_cents": booking.total_cents,
        "expires_at": iso_utc(booking.expires_at) if booking.expires_at else None,
        "due_code": booking.due.spoken_code if booking.due and booking.state == "hold" else None,
        "page": page,
        "pay": pay_address(booking, back=page) or None,
        "calendar": page_address("booking_calendar", slug=slug, secret=booking.secret),
    }


def found_view(found: Iterable[Found]) -> list[dict[str, Any]]:
    """What was found, as the API answers it."""
    return [
        {
            "offer": str(one.offer.pk),
            "name": one.offer.name,
            "kind": one.offer.kind,
            "summary": one.offer.summary,
            "capacity": None
            if one.offer.kind == OfferKind.EQUIPMENT
            else one.offer.resource.capacity,
            "payee": one.offer.payee.name,
            "count": one.count,
            "closed": one.closed,
            "next_free": iso_utc(one.next_free) if one.next_free else None,
            "slots": [
                {
                    "starts_at": iso_utc(slot.starts_at),
                    "ends_at": iso_utc(slot.ends_at),
                    "total_cents": slot.total_cents,
                    "osm_units": str(slot.osm_units) if slot.osm_units is not None else None,
                    "free": slot.free,
                }
                for slot in one.slots
            ],
        }
        for one in found
    ]


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
