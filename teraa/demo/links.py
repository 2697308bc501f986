"""Fresh one-time links into the demonstration, for the block that ends a start."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib.auth.hashers import check_password
from django.urls import reverse

from teraa.accounts.models import User
from teraa.accounts.operations import make_sign_in_link
from teraa.demo.shapes import DemoPerson, DemoVenue
from teraa.venues.models import Role, StaffMember, Station, StationKind, Venue
from teraa.venues.operations import make_enrolment_code

# Somebody who starts the house in the morning may open a till in the evening.
LASTING = datetime.timedelta(hours=24)
MINUTES = LASTING // datetime.timedelta(minutes=1)


def demo_links(demo: DemoVenue, *, at: datetime.datetime) -> dict[str, Any]:
    """Paths and PINs of ``demo`` in JSON values; links made before no longer enrol anything.

    A PIN that somebody changed since is not shown: what is printed here opens.
    Raises Venue.DoesNotExist before ``load_demo``.
    """
    venue = Venue.objects.get(slug=demo.slug)
    tills = [
        {"name": till.name, "url": _door("venues:enter_till", till, at)}
        for till in venue.stations.filter(kind=StationKind.TILL, revoked_at=None).order_by("pk")
    ]
    gates = [
        {"name": gate.name, "url": _door("enter_gate", gate, at)}
        for gate in venue.stations.filter(kind=StationKind.GATE, revoked_at=None).order_by("pk")
    ]
    staff = [
        {"name": member.name, "role": str(Role(member.role).label), "pin": person.pin}
        for person in demo.people
        if (member := _still(venue, person)) is not None
    ]
    links: dict[str, Any] = {
        "venue": reverse("front"),
        "tills": tills,
        "gates": gates,
        "pins": {one["name"]: one["pin"] for one in staff},
        "staff": staff,
        "demo": reverse("demo"),
    }
    if tills:
        links["till"] = tills[0]["url"]
    if gates:
        links["gate"] = gates[0]["url"]
    manager = _manager(venue)
    if manager is not None:
        secret = make_sign_in_link(user=manager, at=at, minutes=MINUTES)
        links["office"] = reverse("accounts:enter", args=[secret])
    return links


def _door(name: str, station: Station, at: datetime.datetime) -> str:
    """The one-time link that makes a browser this station."""
    return reverse(name, args=[make_enrolment_code(station=station, at=at, minutes=MINUTES)])


def _still(venue: Venue, person: DemoPerson) -> StaffMember | None:
    """Who this person is today, if their PIN is still the one we know."""
    member = venue.staff.filter(name=person.name, active=True).first()
    if member is None or not person.pin or not check_password(person.pin, member.pin_hash):
        return None
    return member


def _manager(venue: Venue) -> User | None:
    managers = venue.staff.filter(role=Role.MANAGER, active=True, user__is_active=True)
    member = managers.select_related("user").order_by("pk").first()
    return member.user if member else None
