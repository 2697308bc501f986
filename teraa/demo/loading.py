"""Putting a demonstration venue in place, room by room.

Each step is one transaction and does nothing where its room already holds something of the venue:
a second run adds nothing, and what people changed or removed since stays as they left it.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable

from django.conf import settings
from django.db import transaction

from pos.catalogue import publish_catalogue
from pos.models import Category, Product
from teraa.accounts.operations import office_user
from teraa.demo import baskets, festival, studios
from teraa.demo.shapes import DemoVenue
from teraa.devices.models import DriverName, Printer
from teraa.devices.profiles import Profile, profile_to_json
from teraa.fiscal.models import Register
from teraa.fiscal.registers import open_register
from teraa.fiscal.states import Lane
from teraa.settlement.models import OsmRate
from teraa.settlement.operations import decide_rate
from teraa.venues.models import (
    OpeningHours,
    Payee,
    PayeeIdentity,
    StaffMember,
    Station,
    StationKind,
    Venue,
)
from teraa.venues.operations import give_vat_table, set_pin
from teraa.venues.vat_table import SINCE

LOADER = "load_demo"
PRINTER_PORT_OFFSET = 5  # the supervisor's ports: web, sockets, –, node, hooks, printer
Step = Callable[[DemoVenue, datetime.datetime], bool]


def load_venue(demo: DemoVenue, *, at: datetime.datetime) -> list[str]:
    """Bring every room up to ``demo``. Returns the names of the rooms that were filled."""
    return [room for room, step in STEPS.items() if _in_one(step, demo, at)]


@transaction.atomic
def _in_one(step: Step, demo: DemoVenue, at: datetime.datetime) -> bool:
    return step(demo, at)


def _venue(demo: DemoVenue) -> Venue:
    return Venue.objects.get(slug=demo.slug)


def _place(demo: DemoVenue, at: datetime.datetime) -> bool:
    venue, is_new = Venue.objects.get_or_create(
        slug=demo.slug,
        defaults={
            "name": demo.name,
            "tagline": demo.tagline,
            "about": demo.about,
            "street": demo.street,
            "postcode": demo.postcode,
            "city": demo.city,
            "email": demo.email,
            "phone": demo.phone,
            "directions": demo.directions,
            "accent": demo.accent,
        },
    )
    if not is_new:
        return False
    OpeningHours.objects.bulk_create(
        OpeningHours(venue=venue, weekday=weekday, opens=hours.opens, closes=hours.closes)
        for hours in demo.hours
        for weekday in hours.weekdays
    )
    give_vat_table(venue=venue)
    for payee in demo.payees:
        PayeeIdentity.objects.create(
            payee=Payee.objects.create(
                venue=venue, kind=payee.kind, name=payee.name, osm_address=payee.osm_address
            ),
            valid_from=SINCE,
            legal_name=payee.legal_name,
            legal_form=payee.legal_form,
            siret=payee.siret,
            vat_id=payee.vat_id,
            address=payee.address,
        )
    return True


def _stations(demo: DemoVenue, at: datetime.datetime) -> bool:
    venue = _venue(demo)
    if venue.stations.exists():
        return False
    payee = venue.payees.get(name=demo.payees[0].name)
    for till in demo.tills:
        Station.objects.create(venue=venue, kind=StationKind.TILL, name=till.name, payee=payee)
    if demo.agent:
        Station.objects.create(venue=venue, kind=StationKind.AGENT, name=demo.agent)
    return True


def _registers(demo: DemoVenue, at: datetime.datetime) -> bool:
    venue = _venue(demo)
    if Register.objects.filter(venue=venue).exists():
        return False
    payee = venue.payees.get(name=demo.payees[0].name)
    # The web register first: it also keeps the events that belong to no till.
    open_register(
        venue_id=venue.pk,
        payee_id=payee.pk,
        station_id=None,
        name=demo.web_register,
        lane=Lane.WEB,
        at=at,
    )
    for till in demo.tills:
        open_register(
            venue_id=venue.pk,
            payee_id=payee.pk,
            station_id=venue.stations.get(name=till.name).pk,
            name=till.register,
            lane=Lane.TILL,
            at=at,
        )
    return True


def _people(demo: DemoVenue, at: datetime.datetime) -> bool:
    venue = _venue(demo)
    if venue.staff.exists():
        return False
    for person in demo.people:
        user = office_user(email=person.email, name=person.name) if person.email else None
        member = StaffMember.objects.create(
            venue=venue, user=user, name=person.name, role=person.role
        )
        if person.pin:
            set_pin(staff=member, pin=person.pin, at=at, by=LOADER)
    return True


def _rate(demo: DemoVenue, at: datetime.datetime) -> bool:
    venue = _venue(demo)
    if OsmRate.objects.filter(venue=venue).exists():
        return False
    decide_rate(
        venue_id=venue.pk,
        rate_e10=demo.osm_rate_e10,
        valid_from=at,
        decided_by=demo.decided_by,
        evidence=demo.evidence,
    )
    return True


def _catalogue(demo: DemoVenue, at: datetime.datetime) -> bool:
    venue = _venue(demo)
    if venue.categories.exists():
        return False
    for place, category in enumerate(demo.categories):
        made = Category.objects.create(
            venue=venue, name=category.name, colour=category.colour, position=place
        )
        Product.objects.bulk_create(
            Product(
                venue=venue,
                category=made,
                label=product.label,
                short_label=product.short,
                price_cents=product.price_cents,
                vat_class=product.vat_class,
                position=row,
            )
            for row, product in enumerate(category.products)
        )
    publish_catalogue(venue_id=venue.pk, at=at)
    return True


def _printer(demo: DemoVenue, at: datetime.datetime) -> bool:
    venue = _venue(demo)
    if not demo.printer or Printer.objects.filter(venue=venue).exists():
        return False
    Printer.objects.create(
        venue=venue,
        station=venue.stations.get(name=demo.agent),
        name=demo.printer,
        driver=DriverName.NETWORK,
        # The fake printer that runs beside us (teraa.devices.fakes.printer).
        target=f"127.0.0.1:{settings.TERAA_PORT + PRINTER_PORT_OFFSET}",
        profile=profile_to_json(Profile()),
        has_drawer=True,
        is_default=True,
    )
    return True


STEPS: dict[str, Step] = {
    "place": _place,
    "stations": _stations,
    "registers": _registers,
    "people": _people,
    "osm rate": _rate,
    "catalogue": _catalogue,
    "printer": _printer,
    "studios": studios.load,
    "festival": festival.load,
    "baskets": baskets.load,
}
