"""The AMAP of the first venue: twelve invented households, two farms, a distribution this evening."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from pos.amap.models import (
    AmapGroup,
    Basket,
    Catalog,
    Distribution,
    Household,
    OrderLine,
    Producer,
    Product,
)
from pos.amap.operations import close_orders, freeze_line
from pos.amap.operations.settling import seal_if_settled
from pos.amap.states import Unit
from teraa.common.ids import uuid7
from teraa.demo.palaiseau import FARMERS, GENESIS
from teraa.demo.shapes import DemoVenue
from teraa.settlement.operations import collect
from teraa.settlement.states import TenderKind
from teraa.venues.models import Venue

BEGINS, ENDS = datetime.time(18, 30), datetime.time(20, 0)
HALL = "Grande salle"


@dataclass(frozen=True)
class DemoHousehold:
    first: str
    last: str
    first2: str = ""
    last2: str = ""


@dataclass(frozen=True)
class DemoFarmProduct:
    """``size_milli`` in thousandths of the unit."""

    ref: str
    name: str
    price_cents: int
    size_milli: int
    unit: str = Unit.PIECE
    organic: bool = True


HOUSEHOLDS = (
    DemoHousehold("Aline", "BRUYÈRE", "Samir", "HADDAD"),
    DemoHousehold("Benoît", "CASTELLAN"),
    DemoHousehold("Chloé", "DESMARETS"),
    DemoHousehold("David", "ETCHEVERRY", "Louise", "ETCHEVERRY"),
    DemoHousehold("Emma", "FONTANEL"),
    DemoHousehold("Farid", "GHANEM", "Julie", "MOREL-GHANEM"),
    DemoHousehold("Gaëlle", "HERVIEU"),
    DemoHousehold("Hugo", "ISNARD"),
    DemoHousehold("Isabelle", "JOUBERT"),
    DemoHousehold("Kenza", "LAHLOU"),
    DemoHousehold("Léa", "MONTÉGUT", "Paul", "ŒUVRARD"),
    DemoHousehold("Nathan", "PELLERIN"),
)
VEGETABLES = (
    "Légumes d’hiver",
    "La Ferme aux Trois Chênes",
    (
        DemoFarmProduct("PANIER", "Panier de légumes", 1500, 1000),
        DemoFarmProduct("DEMI", "Demi-panier de légumes", 900, 1000),
        DemoFarmProduct("PDT2", "Pommes de terre", 380, 2000, Unit.KILOGRAM),
        DemoFarmProduct("COURGE", "Potimarron", 290, 1000),
    ),
)
EGGS = (
    "Œufs et volailles",
    "Le Poulailler des Lilas",
    (
        DemoFarmProduct("OEUF6", "Œufs", 240, 6000),
        DemoFarmProduct("OEUF12", "Œufs", 460, 12000),
        DemoFarmProduct("MIEL", "Miel de tilleul", 690, 500_000, Unit.GRAM, organic=False),
    ),
)
# Household by its place above → what it takes, in thousandths.
ORDERS: dict[int, dict[str, int]] = {
    0: {"PANIER": 1000, "OEUF6": 2000},
    1: {"DEMI": 1000},
    2: {"DEMI": 1000, "PDT2": 1000, "MIEL": 1000},
    3: {"PANIER": 1000, "COURGE": 2000, "OEUF12": 1000},
    4: {"PANIER": 1000},
    5: {"PANIER": 2000, "OEUF12": 1000},
    6: {"DEMI": 1000, "OEUF6": 1000},
    7: {"PANIER": 1000, "PDT2": 2000},
    8: {"COURGE": 1000, "OEUF6": 1000},
    9: {"PANIER": 1000, "MIEL": 2000},
    10: {"PANIER": 1000, "PDT2": 1000, "OEUF6": 1000},
}
PAID_ALREADY = (1, 4, 8)


def load(demo: DemoVenue, at: datetime.datetime) -> bool:
    """Give the first venue its AMAP. Does nothing where there is one already."""
    venue = Venue.objects.get(slug=demo.slug)
    if demo.slug != GENESIS.slug or venue.amap_groups.exists():
        return False
    group = AmapGroup.objects.create(
        venue=venue,
        payee=venue.payees.get(name=FARMERS.name),
        name="AMAP de l’Yvette",
        about=(
            "Deux fermes du plateau, une centaine de paniers par mois, payés d’avance ou le soir "
            "même à la caisse du lieu. Venez avec vos cabas."
        ),
        sheet_note="Merci de rapporter les cageots et les boîtes à œufs.",
    )
    households = [_household(group, place, one) for place, one in enumerate(HOUSEHOLDS, start=1)]
    products = _products(group)
    this_evening = _distribution(group, at, days=0)
    for place, taken in ORDERS.items():
        _basket(this_evening, households[place], products, taken)
    close_orders(distribution_id=this_evening.pk, venue_id=venue.pk, at=at)
    for place in PAID_ALREADY:
        _pay(this_evening.baskets.get(household=households[place]), at)
    # Next week's is still being ordered.
    next_week = _distribution(group, at, days=7)
    _basket(next_week, households[11], products, {"PANIER": 1000})
    return True


def _household(group: AmapGroup, number: int, one: DemoHousehold) -> Household:
    return Household.objects.create(
        venue=group.venue,
        group=group,
        number=number,
        first_name=one.first,
        last_name=one.last,
        email=f"foyer{number}@example.org",
        phone=f"01990018{number:02d}",
        first_name2=one.first2,
        last_name2=one.last2,
        email2=f"foyer{number}b@example.org" if one.first2 else "",
        city=group.venue.city[:25],
        zip_code=group.venue.postcode,
    )


def _products(group: AmapGroup) -> dict[str, Product]:
    made = {}
    for number, (name, producer, products) in enumerate((VEGETABLES, EGGS), start=1):
        catalog = Catalog.objects.create(
            venue=group.venue,
            group=group,
            number=number,
            name=name,
            producer=Producer.objects.create(
                venue=group.venue, group=group, number=number, name=producer
            ),
        )
        for one in products:
            made[one.ref] = Product.objects.create(
                venue=group.venue,
                catalog=catalog,
                ref=one.ref,
                name=one.name,
                price_cents=one.price_cents,
                size_milli=one.size_milli,
                unit=one.unit,
                organic=one.organic,
            )
    return made


def _distribution(group: AmapGroup, at: datetime.datetime, *, days: int) -> Distribution:
    zone = ZoneInfo(group.venue.zone)
    day = at.astimezone(zone).date() + datetime.timedelta(days=days)
    return Distribution.objects.create(
        venue=group.venue,
        group=group,
        starts_at=datetime.datetime.combine(day, BEGINS, zone),
        ends_at=datetime.datetime.combine(day, ENDS, zone),
        place=HALL,
        float_cents=5000,
    )


def _basket(
    distribution: Distribution,
    household: Household,
    products: dict[str, Product],
    taken: dict[str, int],
) -> None:
    basket = Basket.objects.create(
        venue=distribution.venue, distribution=distribution, household=household
    )
    for place, (ref, milli) in enumerate(taken.items(), start=1):
        line = OrderLine(basket=basket, product=products[ref], quantity_milli=milli, position=place)
        freeze_line(line).save()


def _pay(basket: Basket, at: datetime.datetime) -> None:
    """Cash at the bar, a moment ago; its ticket is sealed as the effects would seal it."""
    assert basket.due_id is not None  # noqa: S101  closing opened it
    till = basket.venue.stations.filter(kind="till").order_by("pk")[0]
    collect(
        key=uuid7(),
        venue_id=basket.venue_id,
        due_ids=[basket.due_id],
        kind=TenderKind.CASH,
        station_id=till.pk,
        operator="Camille",
        at=at,
    )
    seal_if_settled(basket, at=at)
