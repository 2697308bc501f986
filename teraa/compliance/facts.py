"""What the papers for the administration state, read from the system that runs."""

from __future__ import annotations

import datetime
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

import teraa
from teraa.common.clock import business_date
from teraa.fiscal.models import Archive, Document, Register, Task
from teraa.fiscal.sources import CoreVersion, core_files, core_version
from teraa.fiscal.states import ChainKind, TaskKind, TaskState
from teraa.venues.models import PayeeIdentity, Station, StationKind, Venue

NAME = "TERAA"
LICENCE = "AGPL-3.0-or-later"


@dataclass(frozen=True)
class Software:
    """The program and the machine it runs on."""

    version: str
    core: CoreVersion
    core_files: int
    system: str
    python: str
    postgresql: str


@dataclass(frozen=True)
class RegisterFacts:
    """A register, how far its tickets go, and the key in force (hexadecimal, Ed25519)."""

    register: Register
    tickets: int
    public_key: str


@dataclass(frozen=True)
class VenueFacts:
    """Who uses the program, where, since when, and how it was last found to hold together."""

    venue: Venue
    identities: Sequence[PayeeIdentity]
    registers: Sequence[RegisterFacts]
    stations: dict[str, int]
    first: Document | None
    verified: Task | None
    archived: Archive | None


def software() -> Software:
    """One query."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (postgresql,) = cursor.fetchone()
    return Software(
        version=teraa.__version__,
        core=core_version(),
        core_files=len(core_files()),
        system=_system(),
        python=platform.python_version(),
        postgresql=str(postgresql),
    )


def _system() -> str:
    try:
        name = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        name = ""
    return f"{name or platform.system()} ({platform.machine()})"


def venue_facts(venue: Venue, *, at: datetime.datetime) -> VenueFacts:
    """Of this venue alone, as things stand at ``at``. Nine queries."""
    registers = list(
        Register.objects.filter(venue=venue, training=False)
        .select_related("payee")
        .prefetch_related("heads", "keys")
        .order_by("name")
    )
    return VenueFacts(
        venue=venue,
        identities=_identities(venue, business_date(at, venue.zone, venue.day_cutoff)),
        registers=[RegisterFacts(one, _last_number(one), _key_in_force(one)) for one in registers],
        stations=_stations(venue),
        first=Document.objects.filter(
            register__venue=venue, register__training=False, kind=ChainKind.TICKET
        )
        .order_by("issued_at")
        .first(),
        verified=Task.objects.filter(
            venue=venue,
            register=None,
            since=None,
            until=None,
            kind=TaskKind.VERIFICATION,
            state=TaskState.DONE,
        )
        .order_by("-pk")
        .first(),
        archived=Archive.objects.filter(venue=venue).order_by("-pk").first(),
    )


def _last_number(register: Register) -> int:
    heads = {head.kind: head.sequence for head in register.heads.all()}
    return heads.get(ChainKind.TICKET, 0)


def _key_in_force(register: Register) -> str:
    """Keys follow one another; the register's own column names the first."""
    return max(register.keys.all(), key=lambda key: key.number).public_key


def _identities(venue: Venue, day: datetime.date) -> list[PayeeIdentity]:
    """Of each payee the identity that holds on ``day``, the cooperative first."""
    found: dict[UUID, PayeeIdentity] = {}
    rows = PayeeIdentity.objects.filter(payee__venue=venue, payee__active=True, valid_from__lte=day)
    for identity in rows.select_related("payee").order_by("payee__kind", "payee", "valid_from"):
        found[identity.payee_id] = identity
    return list(found.values())


def _stations(venue: Venue) -> dict[str, int]:
    kinds = list(
        Station.objects.filter(venue=venue, revoked_at=None).values_list("kind", flat=True)
    )
    return {str(StationKind(kind).label): kinds.count(kind) for kind in dict.fromkeys(kinds)}
