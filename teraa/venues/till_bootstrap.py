"""The first thing a till asks: where am I, who works here, who is signed on? Rooms above add more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from teraa.venues.authentication import StationSession
from teraa.venues.models import StaffMember
from teraa.venues.permissions_table import ROLE_PERMISSIONS

Provider = Callable[[StationSession], dict[str, Any]]

CURRENCY = "EUR"

_providers: list[Provider] = []


def register(provider: Provider) -> None:
    """Merge ``provider(session)`` into the answer; twice counts once."""
    if provider not in _providers:
        _providers.append(provider)


def bootstrap(session: StationSession) -> dict[str, Any]:
    """Everything registered, in JSON values; one query here besides the providers' own."""
    venue, station = session.venue, session.station
    facts: dict[str, Any] = {
        "venue": {
            "id": str(venue.pk),
            "name": venue.name,
            "zone": venue.zone,
            "language": venue.language,
            "accent": venue.accent,
            "currency": CURRENCY,
        },
        "station": {"id": str(station.pk), "name": station.name, "kind": station.kind},
        "staff": [
            {"id": str(person.pk), "name": person.name, "role": person.role}
            for person in StaffMember.objects.filter(venue=venue, active=True)
            .exclude(pin_hash="")
            .order_by("name")
        ],
        "signed_on": signed_on(session.staff),
    }
    for provider in _providers:
        facts |= provider(session)
    return facts


def signed_on(staff: StaffMember | None) -> dict[str, Any] | None:
    """Who works at the station now and what they may do."""
    if staff is None:
        return None
    return {
        "id": str(staff.pk),
        "name": staff.name,
        "role": staff.role,
        "permissions": sorted(ROLE_PERMISSIONS.get(staff.role, frozenset())),
    }
