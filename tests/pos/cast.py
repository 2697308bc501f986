"""A bar with a catalogue, an open till, and somebody behind it."""

from __future__ import annotations

import datetime
import itertools
from dataclasses import dataclass
from typing import Any

from pos.catalogue import publish_catalogue
from pos.models import Category, Product
from pos.operations import SaleWanted, TenderWanted
from pos.pricing import Wanted
from teraa.common.ids import uuid7
from teraa.fiscal.registers import open_register
from teraa.settlement.models import OsmRate
from teraa.settlement.osm.addresses import address_of_passphrase
from teraa.venues.authentication import StationSession
from teraa.venues.models import Payee, StaffMember, Station, VatClass, Venue
from tests import make

NOW = datetime.datetime(2026, 11, 19, 15, 30, tzinfo=datetime.UTC)
CENT_RATE_E10 = 200_000_000  # 0.02 € an OSM


@dataclass
class Bar:
    venue: Venue
    payee: Payee
    station: Station
    staff: StaffMember
    coffee: Product
    beer: Product
    session: StationSession

    def tenders(self, **kinds: int) -> list[TenderWanted]:
        return [TenderWanted(uuid7(), kind, cents) for kind, cents in kinds.items()]

    def wanted(self, **fields: Any) -> SaleWanted:
        """Two coffees in cash unless told otherwise."""
        given: dict[str, Any] = {
            "key": uuid7(),
            "catalogue_version": 1,
            "serving": "on_site",
            "receipt": "none",
            "lines": [Wanted(str(self.coffee.pk), 2)],
            "total_cents": 300,
            "tenders": self.tenders(cash=300),
        }
        return SaleWanted(**given | fields)


def bar(*, at: datetime.datetime = NOW, **venue_fields: Any) -> Bar:
    """Needs ``keys_dir``: opening a register makes its key."""
    venue = make.venue(**venue_fields)
    payee = make.payee(venue, osm_address=_address())
    station = make.station(venue, payee=payee)
    staff = make.staff(venue, pin="2468", role="manager")
    drinks = Category.objects.create(venue=venue, name="Boissons", colour="brown")
    coffee = Product.objects.create(
        venue=venue,
        category=drinks,
        label="Café",
        price_cents=150,
        vat_class=VatClass.SOFT_DRINK,
    )
    beer = Product.objects.create(
        venue=venue, category=drinks, label="Bière", price_cents=450, vat_class=VatClass.ALCOHOL
    )
    publish_catalogue(venue_id=venue.pk, at=at)
    open_register(
        venue_id=venue.pk,
        payee_id=payee.pk,
        station_id=station.pk,
        name=f"Caisse {station.name}",
        lane="till",
        training=False,
        at=at,
    )
    OsmRate.objects.create(
        venue=venue,
        rate_e10=CENT_RATE_E10,
        valid_from=at - datetime.timedelta(days=1),
        decided_by="Assemblée du lieu",
    )
    return Bar(
        venue, payee, station, staff, coffee, beer, StationSession(station, venue, staff, None)
    )


_numbers = itertools.count(1)


def _address() -> str:
    """An address of its own for each payee, made like any other."""
    return address_of_passphrase(f"test payee {next(_numbers)}", 115)
