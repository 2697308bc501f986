"""A house with two studios and the wall between them taken out, some desks, a projector."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from teraa.spaces.models import Atom, Resource, ResourceAtom
from teraa.spaces.operations import Need, claim_spaces
from teraa.spaces.states import ResourceKind
from teraa.venues.models import Venue
from tests import make

HOUR = datetime.timedelta(hours=1)


def resource(venue: Venue, name: str, atoms: list[Atom], **fields: Any) -> Resource:
    """A space made of ``atoms``."""
    made = Resource.objects.create(**{"venue": venue, "name": name} | fields)
    ResourceAtom.objects.bulk_create(
        ResourceAtom(venue=venue, resource=made, atom=atom) for atom in atoms
    )
    return made


def atoms(venue: Venue, *names: str) -> list[Atom]:
    return [
        Atom.objects.create(venue=venue, name=name, position=place)
        for place, name in enumerate(names)
    ]


@dataclass
class Spaces:
    venue: Venue
    a: Resource
    b: Resource
    grand: Resource
    desk: Resource


def spaces(venue: Venue | None = None, desks: int = 3, **studio: Any) -> Spaces:
    """Studio A, Studio B, both together, and ``desks`` desks; ``studio``: fields of the studios."""
    venue = venue or make.venue()
    a, b = atoms(venue, "Studio A", "Studio B")
    return Spaces(
        venue=venue,
        a=resource(venue, "Studio A", [a], capacity=4, **studio),
        b=resource(venue, "Studio B", [b], capacity=4, **studio),
        grand=resource(venue, "Grand Studio", [a, b], capacity=10, **studio),
        desk=resource(
            venue,
            "Bureau",
            atoms(venue, *(f"Bureau {number + 1}" for number in range(desks))),
            kind=ResourceKind.CHOICE,
        ),
    )


def claim(what: Resource, starts_at: datetime.datetime, holder: str, **fields: Any) -> Any:
    """Two hours of ``what``, taken an hour before they begin."""
    count = fields.pop("count", 1)
    return claim_spaces(
        **{
            "venue_id": what.venue_id,
            "holder": holder,
            "needs": [Need(what.pk, count)],
            "starts_at": starts_at,
            "ends_at": starts_at + 2 * HOUR,
            "at": starts_at - HOUR,
        }
        | fields
    )
