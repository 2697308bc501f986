"""An organiser with a concert on sale, buyers, and a gate with somebody at it."""

from __future__ import annotations

import datetime
import itertools
from dataclasses import dataclass
from typing import Any

from teraa.common.ids import uuid7
from teraa.settlement import effects
from teraa.settlement import operations as settlement
from teraa.settlement.osm.addresses import address_of_passphrase
from teraa.venues.authentication import StationSession
from teraa.venues.models import (
    Payee,
    PayeeKind,
    Role,
    Serving,
    StationKind,
    VatClass,
    VatRate,
    Venue,
)
from tests import make
from ticketing.models import Event, Order, Quota, Rate, Scan, Ticket
from ticketing.operations import (
    LineWanted,
    OrderWanted,
    ScanWanted,
    admit,
    place_order,
    put_on_sale,
)

_numbers = itertools.count(1)
MINUTE = datetime.timedelta(minutes=1)


@dataclass
class Show:
    """One event on sale: full price 1800, reduced 1200, free 0, out of one quota."""

    venue: Venue
    payee: Payee
    event: Event
    quota: Quota
    full: Rate
    reduced: Rate
    free: Rate

    def wanted(self, *counts: int, **fields: Any) -> OrderWanted:
        """So many at full price, reduced, free; one at full price unless told otherwise."""
        rates = (self.full, self.reduced, self.free)
        asked = list(zip(rates, counts or (1,), strict=False))
        given: dict[str, Any] = {
            "key": uuid7(),
            "event": self.event.slug,
            "name": "Ada Lovelace",
            "email": "ada@example.org",
            "lines": [LineWanted(rate.pk, count) for rate, count in asked if count],
            "total_cents": sum(rate.price_cents * count for rate, count in asked),
        }
        return OrderWanted(**given | fields)

    def order(self, *counts: int, at: datetime.datetime, **fields: Any) -> Order:
        return place_order(
            venue=self.venue,
            wanted=self.wanted(*counts, **fields),
            page_of=page_of,
            language="fr",
            at=at,
        ).order

    def sell(self, *counts: int, at: datetime.datetime, **fields: Any) -> list[Ticket]:
        """An order, paid in cash from nowhere in particular, and its tickets."""
        order = self.order(*counts, at=at, **fields)
        if order.due_id:
            pay(order, at=at)
        return list(order.tickets.order_by("number"))

    def left(self) -> int:
        self.quota.refresh_from_db()
        return self.quota.capacity - self.quota.taken


def page_of(secret: str) -> str:
    return f"https://genesis.example/events/o/{secret}/"


def pay(order: Order, *, at: datetime.datetime, **fields: Any) -> None:
    """Cash for all of an order, and the news of it delivered."""
    settlement.add_tender(
        **{
            "key": uuid7(),
            "due_id": order.due_id,
            "kind": "cash",
            "amount_cents": order.total_cents,
            "at": at,
        }
        | fields
    )
    effects.deliver_all(at=at)
    order.refresh_from_db()


def show(
    *, at: datetime.datetime, capacity: int = 100, venue: Venue | None = None, **fields: Any
) -> Show:
    """Needs ``keys_dir``: putting an event on sale makes the venue's ticket key."""
    number = next(_numbers)
    venue = venue or _venue()
    payee = fields.pop("payee", None) or make.payee(
        venue,
        kind=PayeeKind.ORGANISER,
        name=f"Festival {number}",
        osm_address=address_of_passphrase(f"organiser of tests {number}", 115),
    )
    is_draft = fields.pop("draft", False)
    event = Event.objects.create(
        **{
            "venue": venue,
            "payee": payee,
            "slug": f"concert-{number}",
            "title": f"Concert {number}",
            "place": "Grande salle",
            "licence": "PLATESV-R-2022-000001",
            "starts_at": at + 60 * MINUTE,
            "ends_at": at + 180 * MINUTE,
        }
        | fields
    )
    quota = Quota.objects.create(venue=venue, event=event, name="Salle", capacity=capacity)

    def rate(number: int, name: str, cents: int) -> Rate:
        return Rate.objects.create(
            venue=venue, event=event, quota=quota, number=number, name=name, price_cents=cents
        )

    made = Show(
        venue,
        payee,
        event,
        quota,
        rate(1, "Plein tarif", 1800),
        rate(2, "Tarif réduit", 1200),
        rate(3, "Moins de 12 ans", 0),
    )
    if not is_draft:
        made.event = put_on_sale(event_id=event.pk, venue_id=venue.pk, at=at)
    return made


def _venue() -> Venue:
    venue = make.venue()
    for serving in Serving.values:
        VatRate.objects.create(
            venue=venue,
            vat_class=VatClass.SHOW,
            serving=serving,
            rate_bp=550,
            valid_from=make.LONG_AGO,
        )
    return venue


def gate(venue: Venue, **fields: Any) -> StationSession:
    """A gate with somebody signed on."""
    number = next(_numbers)
    station = make.station(venue, **{"kind": StationKind.GATE, "name": f"Porte {number}"} | fields)
    staff = make.staff(venue, role=Role.GATE, pin="2468")
    return StationSession(station, venue, staff, None)


def scan(
    session: StationSession, event: Event, code: str, *, at: datetime.datetime, key: Any = None
) -> Scan:
    return admit(session=session, wanted=ScanWanted(key or uuid7(), event.pk, code), at=at)
