"""What the pages, gates and papers of ticketing show: one call feeds one screen."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import get_language, gettext

from teraa.common.clock import business_date, iso_utc
from teraa.common.money import format_cents
from teraa.common.problems import NotFound
from teraa.venues.models import PayeeIdentity, Venue
from teraa.venues.queries import identity_on
from ticketing import dates
from ticketing.models import Event, Operation, Order, Quota, Rate, Ticket
from ticketing.states import EventState, OperationKind, OrderState, TicketState


@dataclass(frozen=True)
class Offer:
    """One rate on the page of an event; ``left`` counts held places whose time is over as free."""

    rate: Rate
    left: int

    @property
    def price(self) -> str:
        return price_text(self.rate.price_cents)


def price_text(cents: int) -> str:
    """The price of an entry in the active language; what costs nothing is called free."""
    return format_cents(cents, get_language() or "fr") if cents else gettext("Free of charge")


def coming_events(*, venue: Venue, at: datetime.datetime) -> QuerySet[Event]:
    """What is on sale and not over, soonest first; ``from_cents`` the lowest price, ``left``."""
    places = (
        Quota.objects.filter(event=OuterRef("pk"))
        .values("event")
        .annotate(free=Sum(Greatest(F("capacity") - F("taken"), 0)))
        .values("free")
    )
    cheapest = (
        Rate.objects.filter(event=OuterRef("pk"), active=True)
        .order_by("price_cents")
        .values("price_cents")[:1]
    )
    return (
        Event.objects.filter(venue=venue, state=EventState.ON_SALE, ends_at__gt=at)
        .filter(Exists(Rate.objects.filter(event=OuterRef("pk"), active=True)))
        .annotate(left=Coalesce(places, 0), from_cents=cheapest)
        .select_related("payee")
        .order_by("starts_at", "title")
    )


def event_for(*, venue: Venue, slug: str) -> Event:
    """A public event of this venue: on sale or ended, never a draft. Raises NotFound."""
    event = (
        Event.objects.select_related("payee")
        .filter(venue=venue, slug=slug)
        .exclude(state=EventState.DRAFT)
        .first()
    )
    if event is None:
        raise NotFound
    event.venue = venue
    return event


def offers_of(event: Event, *, at: datetime.datetime) -> list[Offer]:
    """The rates on sale, in the order of the page, with what is left (two queries)."""
    over = (
        Order.objects.filter(event=event, state=OrderState.HOLD, hold_until__lte=at)
        .order_by()
        .values_list("lines", flat=True)
    )
    back: dict[str, int] = {}
    for lines in over:
        for line in lines:
            back[line["quota"]] = back.get(line["quota"], 0) + line["quantity"]
    rates = Rate.objects.filter(event=event, active=True).select_related("quota")
    return [
        Offer(
            rate,
            rate.quota.capacity - rate.quota.taken + back.get(str(rate.quota_id), 0),
        )
        for rate in rates.order_by("number")
    ]


def order_for(*, venue: Venue, secret: str) -> Order:
    """The order whose page this is. Raises NotFound."""
    order = (
        Order.objects.select_related("event__payee", "due")
        .filter(venue=venue, secret=secret)
        .first()
    )
    if order is None:
        raise NotFound
    order.venue = order.event.venue = venue
    return order


@dataclass(frozen=True)
class TicketView:
    """A ticket with everything the law wants on it (CGI ann. IV art. 50 sexies B)."""

    ticket: Ticket
    operation: int
    price: str
    sold: str
    typed: str

    @property
    def number(self) -> str:
        return f"{self.ticket.number:06d}"

    @property
    def is_cancelled(self) -> bool:
        return self.ticket.state == TicketState.CANCELLED

    @property
    def is_used(self) -> bool:
        return self.ticket.state == TicketState.ADMITTED


@dataclass(frozen=True)
class TicketsView:
    """The tickets of an order and what is common to them."""

    order: Order
    event: Event
    identity: PayeeIdentity
    when: str
    place: str
    tickets: list[TicketView]


def tickets_of(order: Order) -> TicketsView:
    """What the telephone's page and the PDF show of a confirmed order (two queries)."""
    event, venue = order.event, order.venue
    placed = (
        Operation.objects.filter(
            ticket__order=order, kind__in=(OperationKind.SALE, OperationKind.FREE)
        )
        .select_related("ticket")
        .order_by("number")
    )
    tickets = [
        TicketView(
            ticket=sale.ticket,
            operation=sale.number,
            price=price_text(sale.price_cents),
            sold=f"{dates.stamp(sale.at, venue.zone)} · {sale.sold_at}",
            typed=f"{sale.ticket.short_code[:5]}-{sale.ticket.short_code[5:]}",
        )
        for sale in placed
    ]
    day = business_date(order.placed_at, venue.zone, venue.day_cutoff)
    return TicketsView(
        order=order,
        event=event,
        identity=identity_on(event.payee_id, day),
        when=dates.long_moment(event.starts_at, venue.zone),
        place=place_of(event, venue),
        tickets=tickets,
    )


def place_of(event: Event, venue: Venue) -> str:
    """Where one goes, in one line."""
    address = f"{venue.street}, {venue.postcode} {venue.city}".strip(" ,")
    return ", ".join(part for part in (event.place, venue.name, address) if part)


def order_view(order: Order) -> dict[str, Any]:
    """An order in the API (one query more when it is confirmed)."""
    tickets: list[dict[str, Any]] = []
    if order.state == OrderState.CONFIRMED:
        tickets = [
            {
                "number": ticket.number,
                "category": ticket.category,
                "price_cents": ticket.price_cents,
                "state": ticket.state,
                "qr": ticket.qr,
                "short_code": ticket.short_code,
            }
            for ticket in Ticket.objects.filter(order=order).order_by("number")
        ]
    return {
        "key": str(order.key),
        "code": order.code,
        "state": order.state,
        "event": order.event.slug,
        "page": order.page_url,
        "total_cents": order.total_cents,
        "placed_at": iso_utc(order.placed_at),
        "hold_until": iso_utc(order.hold_until) if order.state == OrderState.HOLD else None,
        "lines": [
            {
                "rate": line["rate"],
                "category": line["category"],
                "quantity": line["quantity"],
                "unit_price_cents": line["unit_price_cents"],
                "total_cents": line["total_cents"],
                "vat_rate_bp": line["vat_rate_bp"],
            }
            for line in order.lines
        ],
        "tickets": tickets,
    }


def event_view(event: Event, offers: list[Offer]) -> dict[str, Any]:
    """An event in the API."""
    return {
        "slug": event.slug,
        "title": event.title,
        "session": event.session,
        "place": event.place,
        "starts_at": iso_utc(event.starts_at),
        "ends_at": iso_utc(event.ends_at),
        "state": event.state,
        "organiser": event.payee.name,
        "most_per_order": event.most_per_order,
        "rates": [
            {
                "id": str(offer.rate.pk),
                "name": offer.rate.name,
                "price_cents": offer.rate.price_cents,
                "left": offer.left,
            }
            for offer in offers
        ],
    }


def gate_events(*, venue_id: UUID, at: datetime.datetime) -> list[dict[str, Any]]:
    """The sessions a gate may control: coming within two months, or over for at most half a day.

    One query, with how many are sold and how many are inside.
    """
    events = (
        Event.objects.filter(
            venue_id=venue_id,
            starts_at__lt=at + datetime.timedelta(days=60),
            ends_at__gt=at - datetime.timedelta(hours=12),
        )
        .exclude(state=EventState.DRAFT)
        .annotate(
            sold=Count("tickets", filter=~Q(tickets__state=TicketState.CANCELLED)),
            inside=Count("tickets", filter=Q(tickets__state=TicketState.ADMITTED)),
        )
        .order_by("starts_at", "title")
    )
    return [
        {
            "id": str(event.pk),
            "title": event.title,
            "session": event.session,
            "starts_at": iso_utc(event.starts_at),
            "entry_at": iso_utc(event.entry_at),
            "sold": event.sold,
            "inside": event.inside,
        }
        for event in events
    ]
