"""Hold places for somebody; let them go again."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import ngettext, override

from teraa.common.canonical import canonical_text, sha256_hex
from teraa.common.clock import business_date
from teraa.common.ids import check_character, crockford, is_uuid7
from teraa.common.prepared import Joined
from teraa.common.problems import Invalid, NotFound, Problem, SameKeyOtherBody
from teraa.common.rows import insert_once
from teraa.settlement import operations as settlement
from teraa.settlement.models import Due, TenderKind, TenderState
from teraa.settlement.problems import MoneyReceived, PaymentSeen
from teraa.settlement.queries import tender_views
from teraa.venues.models import Payee, Serving, Venue
from teraa.venues.queries import vat_rates_on
from ticketing.models import Event, Order, Quota, Rate
from ticketing.models.orders import page_secret
from ticketing.operations.issuing import confirm_free
from ticketing.operations.places import give_back_places, places_of, take_places
from ticketing.problems import (
    NotOnSale,
    OrderClosed,
    OrderTotalDiffers,
    RateWithoutVat,
    SoldOut,
    TooManyTickets,
    UnknownRate,
)
from ticketing.states import EventState, OrderState

SUBJECT = "ticketing.order"
BUYER = "buyer"
TIME = "time"
SWEPT_AT_ONCE = 200


@dataclass(frozen=True)
class LineWanted:
    """So many tickets at this rate."""

    rate: UUID
    quantity: int


@dataclass(frozen=True)
class OrderWanted:
    """The body of an order after validation of its shape. ``event`` is the word in its address."""

    key: UUID
    event: str
    name: str
    email: str
    lines: Sequence[LineWanted]
    total_cents: int

    def digest(self) -> str:
        """What makes two requests the same request (law 4)."""
        return sha256_hex(
            canonical_text(
                {
                    "event": self.event,
                    "name": self.name,
                    "email": self.email,
                    "lines": [[str(line.rate), line.quantity] for line in self.lines],
                    "total_cents": self.total_cents,
                }
            )
        )


@dataclass(frozen=True)
class Placed:
    """An order, and whether this very call made it."""

    order: Order
    is_new: bool


class _KeyUsed(Exception):
    """Rolls back what a repeated order had begun to take."""


def place_order(
    *,
    venue: Venue,
    wanted: OrderWanted,
    page_of: Callable[[str], str],
    language: str,
    at: datetime.datetime,
) -> Placed:
    """Hold places until they are paid; what is free is confirmed at once.

    ``page_of`` gives the absolute address of an order's page from its secret. The same key and
    body again returns the first order, whatever has become of it. Raises NotFound, NotOnSale,
    UnknownRate, TooManyTickets, RateWithoutVat, OrderTotalDiffers, SoldOut, SameKeyOtherBody,
    Invalid.
    """
    if not is_uuid7(wanted.key):
        raise Invalid(fields={"key": "UUIDv7"})
    try:
        order, event = _draft(venue, wanted, page_of, language, at)
        _refuse_when_full(event, order, at)
        return _hold(order, event, at)
    except _KeyUsed:
        return Placed(_the_first(venue, wanted), is_new=False)
    except Problem:
        # The first answer stays the answer, even when a new order would now be refused.
        if Order.objects.filter(venue=venue, key=wanted.key).exists():
            return Placed(_the_first(venue, wanted), is_new=False)
        raise


def _draft(
    venue: Venue,
    wanted: OrderWanted,
    page_of: Callable[[str], str],
    language: str,
    at: datetime.datetime,
) -> tuple[Order, Event]:
    rates = _rates(venue, wanted.event)
    if not rates:
        raise NotFound
    event = next(iter(rates.values())).event
    if event.state != EventState.ON_SALE or at >= event.ends_at:
        raise NotOnSale(event=event.title)
    event.venue = venue
    if len({line.rate for line in wanted.lines}) != len(wanted.lines):
        raise Invalid(fields={"lines": "each rate once"})
    places = sum(line.quantity for line in wanted.lines)
    if places < 1:
        raise Invalid(fields={"lines": "at least one ticket"})
    if places > event.most_per_order:
        raise TooManyTickets(most=event.most_per_order)
    lines = _price(venue, wanted.lines, rates, at)
    total = sum(line["total_cents"] for line in lines)
    if total != wanted.total_cents:
        raise OrderTotalDiffers(expected_cents=total)
    secret = page_secret()
    order = Order(
        venue=venue,
        event=event,
        key=wanted.key,
        request_sha256=wanted.digest(),
        secret=secret,
        page_url=page_of(secret),
        name=wanted.name,
        email=wanted.email,
        language=language,
        lines=lines,
        places=places,
        total_cents=total,
        state=OrderState.HOLD,
        placed_at=at,
        hold_until=at + datetime.timedelta(minutes=event.hold_minutes),
    )
    return order, event


_RATES = Joined(
    """
SELECT {columns} FROM ticketing_event e
  JOIN venues_payee p ON p.id = e.payee_id
  JOIN ticketing_rate r ON r.event_id = e.id
  JOIN ticketing_quota q ON q.id = r.quota_id
 WHERE e.venue_id = %(venue)s::uuid AND e.slug = %(slug)s::text
 ORDER BY r.number
""",
    e=Event,
    p=Payee,
    r=Rate,
    q=Quota,
)


def _rates(venue: Venue, slug: str) -> dict[UUID, Rate]:
    """The rates of an event with what they belong to, in their order (one query)."""
    rates: dict[UUID, Rate] = {}
    for row in _RATES.all(venue=venue.pk, slug=slug):
        rate: Rate = row["r"]
        rate.event, rate.quota, rate.event.payee = row["e"], row["q"], row["p"]
        rates[rate.pk] = rate
    return rates


def _price(
    venue: Venue, wanted: Sequence[LineWanted], rates: dict[UUID, Rate], at: datetime.datetime
) -> list[dict[str, Any]]:
    known = vat_rates_on(venue.pk, business_date(at, venue.zone, venue.day_cutoff))
    lines = []
    for want in wanted:
        rate = rates.get(want.rate)
        if rate is None or not rate.active:
            raise UnknownRate
        rate_bp = known.get((rate.vat_class, Serving.ON_SITE))
        if rate_bp is None:
            raise RateWithoutVat(rate=rate.name)
        lines.append(
            {
                "rate": str(rate.pk),
                "number": rate.number,
                "quota": str(rate.quota_id),
                "category": rate.name,
                "quantity": want.quantity,
                "unit_price_cents": rate.price_cents,
                "total_cents": rate.price_cents * want.quantity,
                "vat_class": rate.vat_class,
                "vat_rate_bp": rate_bp,
                "left": rate.quota.capacity - rate.quota.taken,
            }
        )
    return lines


def _refuse_when_full(event: Event, order: Order, at: datetime.datetime) -> None:
    """Say "full" from what was read anyway, before any lock is waited for. Raises SoldOut.

    Held places whose time has run out are freed first, each in a transaction of its own.
    """
    left = {UUID(line["quota"]): line.pop("left") for line in order.lines}
    short = [quota for quota, count in places_of(order.lines).items() if count > left[quota]]
    if short and not free_expired(event_id=event.pk, at=at):
        raise SoldOut(left=max(0, left[short[0]]))


def _hold(order: Order, event: Event, at: datetime.datetime) -> Placed:
    with transaction.atomic():
        if order.total_cents:
            with override(order.language):
                due = _open_due(order, event, at)
            order.due, order.code = due, due.code
        else:
            order.code = _new_code()
            order.state, order.closed_at = OrderState.CONFIRMED, at
        if not insert_once(order):
            raise _KeyUsed
        # Last: everybody who buys waits for this row, from here to the commit.
        if take_places(places_of(order.lines)) is not None:
            raise SoldOut(left=0)
        if order.due_id is None:
            confirm_free(order, at=at)
    return Placed(order, is_new=True)


def _open_due(order: Order, event: Event, at: datetime.datetime) -> Due:
    tickets = ngettext("{count} ticket", "{count} tickets", order.places)
    return settlement.open_due(
        venue_id=order.venue_id,
        payee_id=event.payee_id,
        subject=SUBJECT,
        amount_cents=order.total_cents,
        at=at,
        label=f"{event.title[:100]} · {tickets.format(count=order.places)}",
        person=order.name,
    )


def _new_code() -> str:
    """What people say aloud, of the same shape as the code of something to pay."""
    text = crockford(35)
    return text + check_character(text)


def _the_first(venue: Venue, wanted: OrderWanted) -> Order:
    first = Order.objects.select_related("event__payee", "due").get(venue=venue, key=wanted.key)
    if first.request_sha256 != wanted.digest():
        raise SameKeyOtherBody
    first.venue = venue
    return first


@transaction.atomic
def cancel_order(*, venue_id: UUID, secret: str, at: datetime.datetime) -> Order:
    """Give held places up. Doing it twice changes nothing.

    Raises NotFound, OrderClosed, PaymentSeen, MoneyReceived.
    """
    order = (
        Order.objects.select_for_update(of=("self",))
        .select_related("event")
        .filter(venue_id=venue_id, secret=secret)
        .first()
    )
    if order is None:
        raise NotFound
    if order.state == OrderState.CANCELLED:
        return order
    if order.state != OrderState.HOLD or order.due_id is None:
        raise OrderClosed
    settlement.cancel_due(due_id=order.due_id, by=BUYER, at=at)
    order.move(OrderState.CANCELLED, closed_at=at)
    give_back_places(places_of(order.lines))
    return order


def free_expired(*, at: datetime.datetime, event_id: UUID | None = None) -> int:
    """Let go of the places whose time has run out (of one event); returns how many orders."""
    held = Order.objects.filter(state=OrderState.HOLD, hold_until__lte=at)
    if event_id is not None:
        held = held.filter(event_id=event_id)
    found = list(held.order_by("hold_until", "pk").values_list("pk", flat=True)[:SWEPT_AT_ONCE])
    return sum(_expire(order_id, at) for order_id in found)


@transaction.atomic
def _expire(order_id: UUID, at: datetime.datetime) -> bool:
    # Whoever holds the row is confirming or expiring it right now.
    order = Order.objects.select_for_update(skip_locked=True).filter(pk=order_id).first()
    return order is not None and expire_if_over(order, at=at)


def expire_if_over(order: Order, *, at: datetime.datetime) -> bool:
    """Expire a locked order whose time is over, unless money may be on its way.

    An OSM request still open counts as such: a block not yet read may pay it. Once it has lapsed
    the due is left as it is, so that a late payment can still be taken for it.
    """
    if order.state != OrderState.HOLD or order.hold_until > at or order.due_id is None:
        return False
    tenders = tender_views(order.due_id)
    if any(one.state not in (TenderState.CANCELLED, TenderState.REFUSED) for one in tenders):
        return False
    if not any(one.kind == TenderKind.OSM for one in tenders):
        try:
            with transaction.atomic():
                settlement.cancel_due(due_id=order.due_id, by=TIME, at=at)
        except (MoneyReceived, PaymentSeen):
            return False
    order.move(OrderState.EXPIRED, closed_at=at)
    give_back_places(places_of(order.lines))
    return True
