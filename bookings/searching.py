"""What is free on a day, at which price: the answer to "two of us, Thursday, two hours"."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import prefetch_related_objects

from bookings import opening, pricing, wanting
from bookings.models import Booking, Offer
from bookings.queries import TIMES, offers_of, page_address, rate_now
from bookings.states import OfferKind
from bookings.timetables import timetable_of
from bookings.wanting import Wanted
from teraa.common.clock import iso_utc
from teraa.common.money import osm_units_for
from teraa.spaces.fitting import Gaps, Shape, Taken
from teraa.spaces.queries import shapes_of, taken_between
from teraa.venues.models import Venue

DAY = datetime.timedelta(days=1)
LOOK_AHEAD = 7  # days in which the next free time is looked for
NEAREST = 3


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
    """An offer that day. Without slots: ``closed`` that day (``why``, when it is special), or else
    all taken."""

    offer: Offer
    count: int
    slots: list[Slot]
    closed: bool
    why_closed: str
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
    """What somebody looks for: a local day, a length in minutes, how many people, with what."""

    day: datetime.date
    minutes: int
    people: int
    features: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Free:
    """What is free around a search, for every offer at once."""

    shapes: dict[UUID, Shape]
    taken: Taken
    gaps: dict[UUID, Gaps] = field(default_factory=dict)

    def at(self, offer: Offer, count: int, start: datetime.datetime, end: datetime.datetime) -> int:
        """How many of the offer's space are free; 0 when fewer than ``count``."""
        shape = self.shapes.get(offer.resource_id)
        if shape is None:
            return 0
        if offer.resource_id not in self.gaps:
            self.gaps[offer.resource_id] = Gaps(shape, self.taken)
        free = self.gaps[offer.resource_id].free_count(start, end)
        return free if free >= (count if shape.is_choice else 1) else 0


def _free_around(
    venue: Venue,
    offers: Sequence[Offer],
    span: opening.Span,
    at: datetime.datetime,
    holder: str = "",
) -> _Free:
    """``holder``: whose own claims stand in nobody's way."""
    shapes = shapes_of(venue_id=venue.pk, resource_ids={offer.resource_id for offer in offers})
    atoms = {atom for shape in shapes.values() for atom in shape.atoms}
    taken = taken_between(venue_id=venue.pk, atom_ids=atoms, span=span, at=at, holder=holder)
    return _Free(shapes, taken)


def search(
    *,
    venue: Venue,
    wanted: Search,
    at: datetime.datetime,
    slug: str = "",
    offers: Iterable[Offer] | None = None,
) -> list[Found]:
    """What suits, in the venue's order, with its free times that day (seven queries).

    What is free comes before what is taken or closed. An offer too small for so many, or never let
    for so long, is left out.
    """
    suited = [
        offer
        for offer in (offers_of(venue.pk) if offers is None else offers)
        if wanting.suits(
            offer, minutes=wanted.minutes, people=wanted.people, features=wanted.features
        )
    ]
    if not suited:
        return []
    lasts = datetime.timedelta(minutes=wanted.minutes)
    start, end = opening.day_span(wanted.day, venue.zone)
    free = _free_around(venue, suited, (start, end + LOOK_AHEAD * DAY + lasts), at)
    rate = rate_now(venue_id=venue.pk, at=at)
    found = [_found(venue, offer, wanted, free, rate, at, slug) for offer in suited]
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
    prices = _Prices(venue, offer, count)
    slots = []
    for start in _starts(venue, offer, wanted.day, wanted.minutes, at):
        if free_units := free.at(offer, count, start, start + lasts):
            total = prices.of(start, start + lasts)
            slots.append(_slot(venue, start, lasts, total, rate, free_units))
    closed = not slots and not _starts(venue, offer, wanted.day, wanted.minutes, None)
    return Found(
        offer=offer,
        count=count,
        slots=slots,
        closed=closed,
        why_closed=timetable_of(offer)(wanted.day).why if closed else "",
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
    since = at or wanting.BEGINNING
    return wanting.starts_of(offer, day=day, minutes=minutes, zone=venue.zone, at=since)


class _Prices:
    """What stays of one offer cost: those that fall on days and peaks alike are priced once."""

    def __init__(self, venue: Venue, offer: Offer, count: int) -> None:
        self._venue, self._offer, self._count = venue, offer, count
        self._peaks = [row.peak for row in offer.peaks.all()]
        self._known: dict[tuple[tuple[int, ...], ...], int] = {}

    def of(self, start: datetime.datetime, end: datetime.datetime) -> int:
        zone = self._venue.zone
        alike = (
            tuple(pricing.minutes_per_day(start, end, zone)),
            tuple(pricing.peak_minutes(peak, start, end, zone) for peak in self._peaks),
        )
        if alike not in self._known:
            lines = wanting.price_of(
                self._offer, starts_at=start, ends_at=end, count=self._count, zone=zone
            )
            self._known[alike] = wanting.total_of(lines)
        return self._known[alike]


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


def refuse_with_nearest(
    reasons: Sequence[wanting.Reason],
    *,
    venue: Venue,
    offer: Offer,
    wanted: Wanted,
    at: datetime.datetime,
) -> None:
    """Raises NotBookable when there are reasons; with free times where another time would do."""
    if not reasons:
        return
    if {code for code, _text in reasons} <= wanting.TIME_REASONS:
        nearest = nearest_starts(venue=venue, offer=offer, wanted=wanted, at=at)
        wanting.refuse(reasons, nearest=nearest)
    wanting.refuse(reasons)


def starts_to_move_to(
    booking: Booking, *, day: datetime.date, at: datetime.datetime
) -> list[datetime.datetime]:
    """Free times on ``day`` at which the stay would cost the same (four queries)."""
    venue, offer = booking.venue, booking.offer
    offer.venue = venue
    prefetch_related_objects([offer], *TIMES)
    lasts = booking.ends_at - booking.starts_at
    start, end = opening.day_span(day, venue.zone)
    free = _free_around(venue, [offer], (start, end + lasts), at, holder=booking.holder)
    return [
        one
        for one in _starts(venue, offer, day, int(lasts.total_seconds()) // 60, at)
        if one != booking.starts_at
        and free.at(offer, booking.count, one, one + lasts)
        and wanting.is_same_price(booking, one)
    ]


@dataclass(frozen=True, slots=True)
class MonthDay:
    """A day of a month: of the offers that suit, how many are open and how many have a free time."""

    day: datetime.date
    open: int
    free: int


def month_of(
    *,
    venue: Venue,
    first: datetime.date,
    minutes: int,
    people: int,
    at: datetime.datetime,
    offer_id: UUID | None = None,
    features: frozenset[str] = frozenset(),
    offers: Iterable[Offer] | None = None,
) -> list[MonthDay]:
    """Every day of the month that begins on ``first``, for all offers that suit or for one.

    Six queries, however much is let and taken.
    """
    suited = [
        offer
        for offer in (offers_of(venue.pk) if offers is None else offers)
        if offer_id in (None, offer.pk)
        and wanting.suits(offer, minutes=minutes, people=people, features=features)
    ]
    days = [
        first + number * DAY for number in range(31) if (first + number * DAY).month == first.month
    ]
    lasts = datetime.timedelta(minutes=minutes)
    span = (
        opening.day_span(days[0], venue.zone)[0],
        opening.day_span(days[-1], venue.zone)[1] + lasts,
    )
    free = _free_around(venue, suited, span, at)
    opened, had = Counter[datetime.date](), Counter[datetime.date]()
    for offer in suited:
        shape = free.shapes.get(offer.resource_id)
        count = wanting.count_for(offer, people, is_choice=bool(shape and shape.is_choice))
        plan = timetable_of(offer)
        soonest = at + datetime.timedelta(minutes=offer.notice_minutes)
        last_day = at.astimezone(ZoneInfo(venue.zone)).date() + offer.horizon_days * DAY
        for day in days:
            starts = [
                one
                for one in wanting.starts_by(offer, plan, day=day, minutes=minutes, zone=venue.zone)
                if one >= soonest and day <= last_day
            ]
            opened[day] += bool(starts)
            had[day] += any(free.at(offer, count, one, one + lasts) for one in starts)
    return [MonthDay(day, opened[day], had[day]) for day in days]


def first_free(
    *,
    offer: Offer,
    day: datetime.date,
    minutes: int,
    people: int,
    at: datetime.datetime,
    starts_at: datetime.datetime | None = None,
) -> datetime.datetime | None:
    """The first time of a day at which such a stay is free, or ``starts_at`` if it is (two queries)."""
    venue = offer.venue
    lasts = datetime.timedelta(minutes=minutes)
    begins, ends = opening.day_span(day, venue.zone)
    first = starts_at or begins
    free = _free_around(venue, [offer], (min(first, begins), max(first, ends) + lasts), at)
    shape = free.shapes.get(offer.resource_id)
    count = wanting.count_for(offer, people, is_choice=bool(shape and shape.is_choice))
    wanted = [starts_at] if starts_at else _starts(venue, offer, day, minutes, at)
    return next((one for one in wanted if free.at(offer, count, one, one + lasts)), None)


def nearest_starts(
    *, venue: Venue, offer: Offer, wanted: Wanted, at: datetime.datetime
) -> list[dict[str, str]]:
    """Up to three free times of the offer around a wish that was just taken, the closest first.

    Days are looked at from the wish's own outwards, and no longer than a closer time may be found
    (two queries).
    """
    wish = wanted.starts_at
    day = wish.astimezone(ZoneInfo(venue.zone)).date()
    free = _free_around(
        venue, [offer], (wish - 2 * DAY, wish + wanted.lasts + (LOOK_AHEAD + 1) * DAY), at
    )
    shape = free.shapes.get(offer.resource_id)
    count = wanting.count_for(offer, wanted.people, is_choice=bool(shape and shape.is_choice))
    away = {
        day + number * DAY: _distance(day + number * DAY, venue.zone, wish)
        for number in range(-1, LOOK_AHEAD + 1)
    }
    closest: list[tuple[datetime.timedelta, datetime.datetime]] = []
    for one in sorted(away, key=lambda day: away[day]):
        if len(closest) == NEAREST and closest[-1][0] < away[one]:
            break
        closest += [
            (abs(start - wish), start)
            for start in _starts(venue, offer, one, wanted.minutes, at)
            if free.at(offer, count, start, start + wanted.lasts)
        ]
        closest = sorted(closest)[:NEAREST]
    return [
        {"starts_at": iso_utc(start), "ends_at": iso_utc(start + wanted.lasts)}
        for _away, start in closest
    ]


def _distance(day: datetime.date, zone: str, wish: datetime.datetime) -> datetime.timedelta:
    """How far from ``wish`` the closest moment of a local day is; nothing on its own day."""
    begins, ends = opening.day_span(day, zone)
    return max(begins - wish, wish - ends, datetime.timedelta())


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
            "features": sorted(one.offer.resource.features),
            "payee": one.offer.payee.name,
            "count": one.count,
            "closed": one.closed,
            "why_closed": one.why_closed,
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
