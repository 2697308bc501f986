"""An AMAP at a venue: producers with an address to be paid at, a till, somebody behind it."""

from __future__ import annotations

import datetime
import itertools
import zoneinfo
from dataclasses import dataclass, field
from typing import Any

from pos.amap.models import (
    AmapGroup,
    Basket,
    Catalog,
    Distribution,
    Household,
    ImportFile,
    OrderLine,
    Producer,
    Product,
)
from pos.amap.operations import bring_file, close_orders, freeze_line
from pos.amap.states import ImportKind
from teraa.common.clock import now
from teraa.settlement.osm.addresses import address_of_passphrase
from teraa.venues.authentication import StationSession
from teraa.venues.models import Payee, PayeeKind, Serving, VatClass, VatRate, Venue
from tests import make

NOW = datetime.datetime(2026, 12, 3, 16, 0, tzinfo=datetime.UTC)  # a Thursday, 17:00 in Paris
_numbers = itertools.count(1)


def noon_today() -> datetime.datetime:
    """Noon of the present day in a venue: a distribution begun by it is today's at any hour."""
    zone = zoneinfo.ZoneInfo("Europe/Paris")
    return datetime.datetime.combine(now().astimezone(zone), datetime.time(12), zone)


@dataclass
class Amap:
    venue: Venue
    payee: Payee
    group: AmapGroup
    catalog: Catalog
    basket_product: Product
    potatoes: Product
    distribution: Distribution
    session: StationSession
    households: list[Household] = field(default_factory=list)

    def till(self, **fields: Any) -> StationSession:
        """One more till, with somebody else behind it."""
        station = make.station(self.venue, payee=self.session.station.payee, **fields)
        return StationSession(station, self.venue, make.staff(self.venue), None)

    def household(self, first: str, last: str, **fields: Any) -> Household:
        number = next(_numbers)
        made = Household.objects.create(
            venue=self.venue,
            group=self.group,
            number=number,
            first_name=first,
            last_name=last,
            **{"email": f"membre{number}@example.org"} | fields,
        )
        self.households.append(made)
        return made

    def basket(self, household: Household, *lines: tuple[Product, int], **fields: Any) -> Basket:
        """What a household ordered, before orders close; quantities in thousandths."""
        basket = Basket.objects.create(
            venue=self.venue, distribution=self.distribution, household=household
        )
        for place, (product, milli) in enumerate(lines or ((self.basket_product, 1000),)):
            line = OrderLine(
                basket=basket, product=product, quantity_milli=milli, position=place, **fields
            )
            freeze_line(line).save()
        return basket

    def close(self, at: datetime.datetime = NOW) -> None:
        close_orders(distribution_id=self.distribution.pk, venue_id=self.venue.pk, at=at)
        self.distribution.refresh_from_db()

    def bring(self, kind: ImportKind, content: bytes, **fields: Any) -> ImportFile:
        given: dict[str, Any] = {"name": "fichier.csv", "by": "Maud", "at": NOW} | fields
        if kind == ImportKind.PRODUCTS:
            given.setdefault("catalog", self.catalog)
        if kind == ImportKind.ORDERS:
            given.setdefault("distribution", self.distribution)
        return bring_file(group=self.group, kind=kind, content=content, **given)


def amap(*, at: datetime.datetime = NOW, **venue_fields: Any) -> Amap:
    """Needs ``keys_dir`` once something is paid: a register then makes its key."""
    venue = make.venue(**venue_fields)
    VatRate.objects.create(
        venue=venue,
        vat_class=VatClass.GROCERY,
        serving=Serving.TAKEAWAY,
        rate_bp=550,
        valid_from=make.LONG_AGO,
    )
    cooperative = make.payee(venue)
    payee = make.payee(
        venue,
        kind=PayeeKind.PRODUCERS,
        name=f"Paysans {next(_numbers)}",
        osm_address=address_of_passphrase(f"farmers of tests {next(_numbers)}", 115),
    )
    group = AmapGroup.objects.create(venue=venue, payee=payee, name="AMAP Fictive")
    producer = Producer.objects.create(venue=venue, group=group, number=1, name="Ferme Fictive")
    catalog = Catalog.objects.create(
        venue=venue, group=group, producer=producer, number=1, name="Légumes"
    )

    def product(**fields: Any) -> Product:
        return Product.objects.create(venue=venue, catalog=catalog, **fields)

    till = make.station(venue, payee=cooperative)
    return Amap(
        venue=venue,
        payee=payee,
        group=group,
        catalog=catalog,
        basket_product=product(
            name="Panier de saison", ref="SAISON", price_cents=1500, size_milli=1000
        ),
        potatoes=product(
            name="Pommes", ref="POM", price_cents=190, size_milli=1000, unit="Kilogram"
        ),
        distribution=Distribution.objects.create(
            venue=venue,
            group=group,
            starts_at=at + datetime.timedelta(minutes=90),
            ends_at=at + datetime.timedelta(hours=3),
            place="Grande salle",
        ),
        session=StationSession(till, venue, make.staff(venue, name=f"Maud {next(_numbers)}"), None),
    )
