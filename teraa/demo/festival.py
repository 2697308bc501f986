"""A day of the summer festival, now, and a concert in the hall, soon; two gates to look at tickets."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from teraa.demo.palaiseau import GENESIS
from teraa.demo.shapes import DemoPayee, DemoVenue
from teraa.spaces.models import Resource
from teraa.venues.models import Payee, PayeeIdentity, PayeeKind, Station, StationKind, Venue
from teraa.venues.vat_table import SINCE
from ticketing.models import Event, Quota, Rate
from ticketing.operations import put_on_sale

ORGANISER = DemoPayee(
    name="Les Nuits du Plateau",
    kind=PayeeKind.ORGANISER,
    phrase="teraa development network merchant festival",
    legal_name="Les Nuits du Plateau",
    legal_form="Association loi 1901",
    siret="79284610300015",
    address="Maison des associations, 91120 Palaiseau",
)
LICENCE = "PLATESV-R-2025-000000"
GATES = ("Entrée jardin", "Entrée avenue")
HALL = "Grande salle"


@dataclass(frozen=True)
class DemoEvent:
    """One session. Prices in cents; free is 0."""

    slug: str
    title: str
    about: str
    place: str
    capacity: int
    rates: tuple[tuple[str, int], ...]
    hall: bool = False


FESTIVAL = DemoEvent(
    slug="festival",
    title="Les Nuits du Plateau : la journée",
    about=(
        "Trois scènes dans le jardin et la cour, un marché de producteurs, des ateliers pour les "
        "enfants. On entre et on reste : la journée commence maintenant et finit tard."
    ),
    place="Jardin et cour",
    capacity=400,
    rates=(("Plein tarif", 2400), ("Tarif solidaire", 1200)),
)
CONCERT = DemoEvent(
    slug="cordes-du-plateau",
    title="Les Cordes du Plateau",
    about="Violon, alto, violoncelle et une pédale de boucle. Assis, une heure et demie.",
    place=HALL,
    capacity=120,
    rates=(("Plein tarif", 1800), ("Moins de 12 ans", 0)),
    hall=True,
)


def load(demo: DemoVenue, at: datetime.datetime) -> bool:
    """The organiser, two events on sale and two gates; nothing where the venue has events."""
    venue = Venue.objects.get(slug=demo.slug)
    if demo.slug != GENESIS.slug or venue.events.exists():
        return False
    organiser = _organiser(venue)
    here = at.astimezone(ZoneInfo(venue.zone))
    today = here.replace(minute=0, second=0, microsecond=0)
    # The Saturday after next: nobody has the hall yet.
    days = (5 - here.weekday()) % 7 + 7
    saturday = (today + datetime.timedelta(days=days)).replace(hour=20, minute=30)
    _event(venue, organiser, FESTIVAL, starts_at=today, hours=14, at=at)
    _event(venue, organiser, CONCERT, starts_at=saturday, hours=3, at=at)
    for name in GATES:
        Station.objects.get_or_create(venue=venue, name=name, defaults={"kind": StationKind.GATE})
    return True


def _organiser(venue: Venue) -> Payee:
    payee, is_new = Payee.objects.get_or_create(
        venue=venue,
        name=ORGANISER.name,
        defaults={"kind": ORGANISER.kind, "osm_address": ORGANISER.osm_address},
    )
    if is_new:
        PayeeIdentity.objects.create(
            payee=payee,
            valid_from=SINCE,
            legal_name=ORGANISER.legal_name,
            legal_form=ORGANISER.legal_form,
            siret=ORGANISER.siret,
            address=ORGANISER.address,
        )
    return payee


def _event(
    venue: Venue,
    organiser: Payee,
    demo: DemoEvent,
    *,
    starts_at: datetime.datetime,
    hours: int,
    at: datetime.datetime,
) -> None:
    event = Event.objects.create(
        venue=venue,
        payee=organiser,
        slug=demo.slug,
        title=demo.title,
        about=demo.about,
        place=demo.place,
        licence=LICENCE,
        resource=Resource.objects.filter(venue=venue, name=HALL).first() if demo.hall else None,
        starts_at=starts_at,
        ends_at=starts_at + datetime.timedelta(hours=hours),
    )
    quota = Quota.objects.create(venue=venue, event=event, name=demo.place, capacity=demo.capacity)
    Rate.objects.bulk_create(
        Rate(
            venue=venue, event=event, quota=quota, number=number, name=name, price_cents=price_cents
        )
        for number, (name, price_cents) in enumerate(demo.rates, start=1)
    )
    put_on_sale(event_id=event.pk, venue_id=venue.pk, at=at)
