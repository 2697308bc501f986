"""A house that lets two studios, both together, and some desks."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from bookings.models import Booking, Offer, OfferHours
from bookings.operations import Held, hold_space
from bookings.wanting import Wanted
from teraa.common.ids import uuid7
from teraa.settlement import effects
from teraa.settlement import operations as settlement
from teraa.settlement.operations.progress import bring_up_to_date
from teraa.settlement.osm.models import OsmRequest
from teraa.spaces.models import Resource
from teraa.venues.models import Payee, Serving, VatClass, VatRate, Venue
from tests import make
from tests.settlement import cast as money
from tests.settlement.osm.chain_facts import receive
from tests.spaces import cast as space_cast

HOUR = datetime.timedelta(hours=1)
EVERY_DAY = range(7)


@dataclass
class House:
    venue: Venue
    payee: Payee
    a: Offer
    b: Offer
    grand: Offer
    desk: Offer
    spaces: space_cast.Spaces

    def wanted(self, offer: Offer | None = None, **fields: Any) -> Wanted:
        """Two hours of Studio A next Thursday at 19:00 unless told otherwise, at the right price."""
        offer = offer or self.a
        minutes = fields.get("minutes", 120)
        hour = offer.hour_cents or 0
        return Wanted(
            **{
                "key": uuid7(),
                "offer": offer.pk,
                # 26 November 2026, 19:00 in Paris
                "starts_at": datetime.datetime(2026, 11, 26, 18, tzinfo=datetime.UTC),
                "minutes": minutes,
                "people": 1,
                "name": "Nora Petit",
                "email": "nora@example.org",
                "total_cents": hour * minutes // 60,
                "pays": "osm",
                "language": "fr",
            }
            | fields
        )

    def hold(self, at: datetime.datetime, offer: Offer | None = None, **fields: Any) -> Held:
        return hold_space(
            venue=self.venue,
            wanted=self.wanted(offer, **fields),
            at=at,
            page=lambda secret: f"https://lieu.example/book/b/{secret}/",
        )


def offer(resource: Resource, payee: Payee, **fields: Any) -> Offer:
    """Let every day from 9:00 to 23:00, by the hour, half-day and day."""
    made = Offer.objects.create(
        **{
            "venue": resource.venue,
            "resource": resource,
            "payee": payee,
            "name": resource.name,
            "kind": "studio",
            "hour_cents": 2000,
            "half_day_cents": 7000,
            "day_cents": 12_000,
            "vat_class": VatClass.SERVICE,
        }
        | fields
    )
    OfferHours.objects.bulk_create(
        OfferHours(
            venue=resource.venue,
            offer=made,
            weekday=weekday,
            opens=datetime.time(9),
            closes=datetime.time(23),
        )
        for weekday in EVERY_DAY
    )
    return made


def house(venue: Venue | None = None, **venue_fields: Any) -> House:
    """Needs ``keys_dir`` where something is paid: the payee's register is opened by itself."""
    venue = venue or make.venue(**venue_fields)
    VatRate.objects.create(
        venue=venue,
        vat_class=VatClass.SERVICE,
        serving=Serving.ON_SITE,
        rate_bp=2000,
        valid_from=make.LONG_AGO,
    )
    payee = money.payee(venue)
    spaces = space_cast.spaces(venue)
    free = {"hour_cents": 0, "half_day_cents": None, "day_cents": None}
    return House(
        venue=venue,
        payee=payee,
        a=offer(spaces.a, payee),
        b=offer(spaces.b, payee),
        grand=offer(spaces.grand, payee, hour_cents=3500, half_day_cents=None, day_cents=None),
        desk=offer(spaces.desk, payee, name="Bureau au café", kind="desk", **free),
        spaces=spaces,
    )


def pay_in_cash(booking: Booking, at: datetime.datetime, **fields: Any) -> None:
    """What a till does with the due of a booking."""
    settlement.collect(
        key=uuid7(),
        venue_id=booking.venue_id,
        due_ids=[booking.due_id],
        kind="cash",
        at=at,
        **fields,
    )


def deliver(at: datetime.datetime) -> Any:
    """Let settlement's news reach the bookings, as the effects loop does."""
    return effects.deliver_all(at=at)


def see_coins(request: OsmRequest, at: datetime.datetime) -> None:
    """The coins of a request are in the pool, and everybody has heard of it."""
    receive(request, request.units, at=at)
    bring_up_to_date(request_ids=[request.pk], at=at)
    deliver(at)


def again(booking: Booking) -> Booking:
    return Booking.objects.select_related("venue", "offer__resource", "payee", "due").get(
        pk=booking.pk
    )


def in_three_days(at: datetime.datetime) -> datetime.datetime:
    """Noon in Paris, three days after the day of ``at``."""
    local = at.astimezone(ZoneInfo("Europe/Paris")) + datetime.timedelta(days=3)
    return local.replace(hour=12, minute=0, second=0, microsecond=0).astimezone(datetime.UTC)
