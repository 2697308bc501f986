"""Opening registers, and finding the one to seal in."""

from __future__ import annotations

import datetime
from contextlib import suppress
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from teraa.common import journal_codes
from teraa.common.ids import uuid7
from teraa.common.problems import NotFound, Problem
from teraa.fiscal import keys
from teraa.fiscal.models import ChainHead, Register, RegisterKey
from teraa.fiscal.sealing import PayeeUnidentified, seal_event
from teraa.fiscal.sources import core_version
from teraa.fiscal.states import ChainKind, Lane
from teraa.fiscal.versions import core_values
from teraa.venues.models import Payee, Station

NAME_LENGTH = 40


class NoRegister(Problem):
    code = "no_register"
    status = 409
    title = _("Nothing was recorded here yet.")
    advice = _(
        "Say in the back office who sells: name, address and SIRET. The first sale opens the register."
    )


class RegisterExists(Problem):
    code = "register_exists"
    status = 409
    title = _("This till already has a register for this payee, or the name is taken.")
    advice = _("Use the one that is open, or choose another name.")


class LaneMismatch(Problem):
    code = "register_lane"
    status = 422
    title = _("A till’s register belongs to a station; a web register to none.")
    advice = _("Choose the station, or the web lane.")


def open_register(
    *,
    venue_id: UUID,
    payee_id: UUID,
    station_id: UUID | None,
    name: str,
    lane: str,
    at: datetime.datetime,
    training: bool = False,
) -> Register:
    """Open a register: its key, one head per chain, and the first event of its journal (260).

    Raises RegisterExists, LaneMismatch, PayeeUnidentified, NotFound (payee or station of another
    venue), KeysUnavailable. A rollback leaves at most a key file that no register names.
    """
    if (station_id is None) != (lane == Lane.WEB):
        raise LaneMismatch
    payee = Payee.objects.filter(pk=payee_id, venue_id=venue_id).first()
    if payee is None:
        raise NotFound
    station = None
    if station_id is not None:
        station = Station.objects.filter(pk=station_id, venue_id=venue_id).first()
        if station is None:
            raise NotFound
    if not payee.identities.exists():
        raise PayeeUnidentified(payee=payee.name)
    register_id = uuid7()
    with transaction.atomic():
        key = keys.create_key(register_id)
        register = Register(
            id=register_id,
            venue_id=venue_id,
            payee_id=payee_id,
            station_id=station_id,
            lane=lane,
            name=name,
            training=training,
            key_id=key.key_id,
            public_key=key.hexadecimal,
            opened_at=at,
        )
        try:
            with transaction.atomic():
                register.save(force_insert=True)
        except IntegrityError as error:
            raise RegisterExists(name=name) from error
        RegisterKey.objects.create(
            venue_id=venue_id,
            register_id=register_id,
            number=1,
            key_id=key.key_id,
            public_key=key.hexadecimal,
            begun_at=at,
        )
        ChainHead.objects.bulk_create(
            ChainHead(venue_id=venue_id, register_id=register_id, kind=kind, key_id=key.key_id)
            for kind in ChainKind.values
        )
        seal_event(
            register_id=register_id,
            code=journal_codes.JOURNAL_STARTED,
            values={
                "register": name,
                "lane": str(lane),
                "training": training,
                "public_key": key.hexadecimal,
                **core_values(core_version()),
            },
            at=at,
            station_label=station.name if station else "",
        )
    return register


def ensure_register(
    *,
    venue_id: UUID,
    payee_id: UUID,
    station_id: UUID | None,
    at: datetime.datetime,
    training: bool = False,
) -> UUID:
    """The register of this station for this payee (without a station: the payee's web lane).

    Opened when there is none: whoever collects for a payee for the first time need not know of
    registers. Raises NotFound, PayeeUnidentified, KeysUnavailable.
    """
    with suppress(NoRegister):
        return register_for(station_id=station_id, payee_id=payee_id, training=training)
    payee = Payee.objects.filter(pk=payee_id, venue_id=venue_id).first()
    stations = Station.objects.filter(venue_id=venue_id)
    station = stations.filter(pk=station_id).first() if station_id else None
    if payee is None or (station is None and station_id is not None):
        raise NotFound
    place = station.name if station else "web"
    if training:
        place = f"T {place}"
    # The second name is for two payees that begin alike.
    for name in (_name(payee, place), _name(payee, f"{place} {payee.pk.hex[-4:]}")):
        try:
            with transaction.atomic():
                return open_register(
                    venue_id=venue_id,
                    payee_id=payee_id,
                    station_id=station_id,
                    name=name,
                    lane=Lane.TILL if station else Lane.WEB,
                    at=at,
                    training=training,
                ).pk
        except RegisterExists:
            with suppress(NoRegister):  # another was quicker
                return register_for(station_id=station_id, payee_id=payee_id, training=training)
    raise NoRegister(station=station_id, payee=payee_id)


def _name(payee: Payee, place: str) -> str:
    place = place[: NAME_LENGTH // 2]
    return f"{payee.name[: NAME_LENGTH - len(place) - 3]} · {place}"


# A register never changes hands and is never removed: what was found once stays true.
_known: dict[tuple[UUID | None, UUID, bool], UUID] = {}


def register_for(*, station_id: UUID | None, payee_id: UUID, training: bool = False) -> UUID:
    """The id of the register of this till for this payee; without a station, the payee's web one.

    One query the first time in a process, none afterwards. Raises NoRegister.
    """
    asked = (station_id, payee_id, training)
    known = _known.get(asked)
    if known is not None:
        return known
    registers = Register.objects.filter(payee_id=payee_id, training=training)
    if station_id is None:
        registers = registers.filter(lane=Lane.WEB)
    else:
        registers = registers.filter(station_id=station_id)
    register_id = registers.values_list("pk", flat=True).first()
    if register_id is None:
        raise NoRegister(station=station_id, payee=payee_id)
    found = register_id
    # Only once it is committed: a register opened in this transaction may yet be rolled back.
    transaction.on_commit(lambda: _known.__setitem__(asked, found))
    return found
