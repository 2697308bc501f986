"""What the first venue lets: studios, a meeting room, desks, a projector, a practice, the hall."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from bookings.models import CancellationStep, DiscountCode, Offer, OfferHours
from bookings.states import OfferKind
from teraa.demo.palaiseau import GENESIS
from teraa.demo.shapes import DemoHours, DemoPayee, DemoVenue
from teraa.spaces.models import Atom, Resource, ResourceAtom
from teraa.spaces.states import Feature, ResourceKind
from teraa.venues.models import Payee, PayeeIdentity, PayeeKind, VatClass, Venue
from teraa.venues.vat_table import SINCE

PRACTITIONER = DemoPayee(
    name="Claire Vasseur, ostéopathe",
    kind=PayeeKind.PRACTITIONER,
    phrase="teraa development network merchant practitioner",
    legal_name="Claire Vasseur",
    legal_form="Entrepreneure individuelle",
    siret="85190267300013",
    address="18 avenue du 8-Mai-1945, 91120 Palaiseau",
)


def _clock(hour: int, minute: int = 0) -> datetime.time:
    return datetime.time(hour, minute)


WEEK = tuple(range(7))
EVENINGS = (
    DemoHours((0, 1, 2, 3, 6), _clock(9), _clock(23)),
    # Friday and Saturday nights go on: a session may pass midnight.
    DemoHours((4, 5), _clock(9), _clock(2)),
)
WORKDAYS = (DemoHours((0, 1, 2, 3, 4), _clock(8, 30), _clock(20)),)
WITH_SATURDAY = (*WORKDAYS, DemoHours((5,), _clock(10), _clock(18)))
CAFE = (
    DemoHours((0, 1, 2, 3, 4), _clock(8, 30), _clock(18, 30)),
    DemoHours((5,), _clock(10), _clock(18)),
)
PRACTICE = (DemoHours((0, 1, 3, 4), _clock(9), _clock(19)),)
ALL_DAY = (DemoHours(WEEK, _clock(9), _clock(1)),)

DAY_MIN = 24 * 60
# Everything back until a week before, half of it until two days before.
LADDER = ((7 * DAY_MIN, 100), (2 * DAY_MIN, 50))
# A desk or a projector finds somebody else sooner.
SHORT_LADDER = ((DAY_MIN, 100),)

# Each thing that only one party can have at a time.
ATOMS = (
    "Studio A",
    "Studio B",
    "Salle de réunion",
    *(f"Bureau {number}" for number in range(1, 13)),
    *(f"Table du café {number}" for number in range(1, 5)),
    "Vidéoprojecteur",
    "Cabinet",
    "Grande salle",
)


@dataclass(frozen=True)
class DemoSpace:
    """A space and the offer under which it is let. Prices in cents by hour, half-day and day."""

    name: str
    kind: OfferKind
    atoms: tuple[str, ...]
    capacity: int
    prices: tuple[int | None, int | None, int | None]
    hours: tuple[DemoHours, ...]
    summary: str
    is_choice: bool = False
    min_minutes: int = 60
    max_minutes: int = 600
    step_minutes: int = 30
    after_min: int = 0
    practitioner: bool = False
    ladder: tuple[tuple[int, int], ...] = LADDER
    features: tuple[Feature, ...] = ()
    vat_class: VatClass = VatClass.SERVICE


SPACES = (
    DemoSpace(
        "Studio A",
        OfferKind.STUDIO,
        ("Studio A",),
        4,
        (1800, 6000, 10_000),
        EVENINGS,
        "Prise de son et mixage : cabine traitée, micros, casques, table 16 voies.",
        features=(Feature.SOUND, Feature.QUIET),
    ),
    DemoSpace(
        "Studio B",
        OfferKind.STUDIO,
        ("Studio B",),
        6,
        (2200, 7500, 13_000),
        EVENINGS,
        "Tournage et photo : cyclorama blanc, éclairage, rideaux noirs.",
        features=(Feature.LIGHTS, Feature.STEP_FREE),
    ),
    DemoSpace(
        "Grand Studio",
        OfferKind.STUDIO,
        ("Studio A", "Studio B"),
        15,
        (3600, 12_500, 22_000),
        EVENINGS,
        "Les studios A et B, cloison ouverte : répétitions, captations, plateaux.",
    ),
    DemoSpace(
        "Salle de réunion",
        OfferKind.ROOM,
        ("Salle de réunion",),
        10,
        (1500, 5000, 9000),
        WITH_SATURDAY,
        "Dix places, grand écran, tableau blanc, vue sur le jardin.",
        features=(Feature.SCREEN, Feature.WHITEBOARD, Feature.DAYLIGHT, Feature.STEP_FREE),
    ),
    DemoSpace(
        "Bureau",
        OfferKind.DESK,
        ATOMS[3:15],
        1,
        (300, 1000, 1600),
        WORKDAYS,
        "Un bureau au calme à l’étage, écran et casier compris.",
        is_choice=True,
        min_minutes=30,
        ladder=SHORT_LADDER,
    ),
    DemoSpace(
        "Table du café",
        OfferKind.DESK,
        ATOMS[15:19],
        2,
        (0, None, None),
        CAFE,
        "Gratuite : une table avec une prise, parmi les autres, le temps d’un café ou deux.",
        is_choice=True,
        min_minutes=30,
        max_minutes=240,
        ladder=(),
    ),
    DemoSpace(
        "Vidéoprojecteur",
        OfferKind.EQUIPMENT,
        ("Vidéoprojecteur",),
        1,
        (500, 1500, 2500),
        EVENINGS,
        "À retirer au comptoir, câbles compris ; il reste dans le lieu.",
        ladder=SHORT_LADDER,
    ),
    DemoSpace(
        "Séance d’ostéopathie",
        OfferKind.PRACTICE,
        ("Cabinet",),
        1,
        (6000, None, None),
        PRACTICE,
        "Une heure avec Claire Vasseur, au cabinet du rez-de-jardin.",
        max_minutes=60,
        after_min=15,
        practitioner=True,
        vat_class=VatClass.OUT_OF_SCOPE,
    ),
    DemoSpace(
        "Grande salle",
        OfferKind.HALL,
        ("Grande salle",),
        120,
        (6000, 20_000, 35_000),
        ALL_DAY,
        "Concerts, assemblées, ateliers : scène, son et lumières, bar à côté.",
        features=(Feature.PIANO, Feature.SOUND, Feature.LIGHTS, Feature.STEP_FREE),
        min_minutes=120,
        max_minutes=960,
        step_minutes=60,
    ),
)


def load(demo: DemoVenue, at: datetime.datetime) -> bool:
    """Let the first demonstration venue's spaces; once."""
    venue = Venue.objects.get(slug=demo.slug)
    if demo.slug != GENESIS.slug or venue.offers.exists():
        return False
    house, practitioner = venue.payees.get(name=demo.payees[0].name), _practitioner(venue)
    atoms = {
        name: Atom.objects.get_or_create(venue=venue, name=name, defaults={"position": place})[0]
        for place, name in enumerate(ATOMS)
    }
    for place, space in enumerate(SPACES):
        resource = _resource(venue, space, atoms, place)
        _offer(venue, space, resource, practitioner if space.practitioner else house, place)
    code, name, percent = MEMBERS
    DiscountCode.objects.create(venue=venue, code=code, name=name, percent=percent)
    return True


def _practitioner(venue: Venue) -> Payee:
    payee, is_new = Payee.objects.get_or_create(
        venue=venue,
        name=PRACTITIONER.name,
        defaults={"kind": PRACTITIONER.kind, "osm_address": PRACTITIONER.osm_address},
    )
    if is_new:
        PayeeIdentity.objects.create(
            payee=payee,
            valid_from=SINCE,
            legal_name=PRACTITIONER.legal_name,
            legal_form=PRACTITIONER.legal_form,
            siret=PRACTITIONER.siret,
            vat_id=PRACTITIONER.vat_id,
            address=PRACTITIONER.address,
        )
    return payee


def _resource(venue: Venue, space: DemoSpace, atoms: dict[str, Atom], place: int) -> Resource:
    resource, is_new = Resource.objects.get_or_create(
        venue=venue,
        name=space.name,
        defaults={
            "kind": ResourceKind.CHOICE if space.is_choice else ResourceKind.SET,
            "capacity": space.capacity,
            "features": [one.value for one in space.features],
            "buffer_after_min": space.after_min,
            "position": place,
        },
    )
    if is_new:
        ResourceAtom.objects.bulk_create(
            ResourceAtom(venue=venue, resource=resource, atom=atoms[name]) for name in space.atoms
        )
    return resource


MEMBERS = ("ADHERENT", "Adhérents", 20)


def _offer(venue: Venue, space: DemoSpace, resource: Resource, payee: Payee, place: int) -> None:
    hour_cents, half_day_cents, day_cents = space.prices
    offer = Offer.objects.create(
        venue=venue,
        resource=resource,
        payee=payee,
        name=space.name,
        kind=space.kind,
        summary=space.summary,
        position=place,
        hour_cents=hour_cents,
        half_day_cents=half_day_cents,
        day_cents=day_cents,
        vat_class=space.vat_class,
        min_minutes=space.min_minutes,
        max_minutes=space.max_minutes,
        step_minutes=space.step_minutes,
    )
    OfferHours.objects.bulk_create(
        OfferHours(
            venue=venue, offer=offer, weekday=weekday, opens=hours.opens, closes=hours.closes
        )
        for hours in space.hours
        for weekday in hours.weekdays
    )
    CancellationStep.objects.bulk_create(
        CancellationStep(venue=venue, offer=offer, minutes_before=minutes, percent=percent)
        for minutes, percent in space.ladder
    )
