"""The sink of the journal port: an event finds its register by itself."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from teraa.common.journal import Kept
from teraa.fiscal import keys
from teraa.fiscal.registers import NoRegister, ensure_register
from teraa.fiscal.sealing import PayeeUnidentified, seal_event
from teraa.venues.models import Payee, PayeeKind, Station, StationKind

# The station's own register (that of the payee it sells for, before any other); otherwise the web
# register of the venue's first cooperative, or another of its registers where nothing is sold on the
# web. Training registers keep only what is sealed there.
_FIND_REGISTER: Final = """
SELECT register.id, coalesce(station.name, '')
  FROM fiscal_register register
  JOIN venues_payee payee ON payee.id = register.payee_id
  LEFT JOIN venues_station station ON station.id = %(station)s AND station.venue_id = %(venue)s
 WHERE register.venue_id = %(venue)s
   AND NOT register.training
   AND (register.station_id = station.id OR payee.kind = 'cooperative')
 ORDER BY (register.station_id = station.id) IS TRUE DESC,
          (register.payee_id = station.payee_id) IS TRUE DESC,
          (register.lane = 'web') DESC,
          register.id
 LIMIT 1
"""


def keep_event(
    *,
    code: int,
    venue_id: UUID,
    at: datetime.datetime,
    values: Mapping[str, Any],
    station_id: UUID | None,
    operator: str,
) -> Kept:
    """Seal an event of any room; the first one opens the register that holds it.

    Raises NoRegister while nobody is entered who sells.
    """
    with transaction.atomic():
        register_id, station_label = _register_for(venue_id, station_id, at)
        sealed = seal_event(
            register_id=register_id,
            code=code,
            values=values,
            at=at,
            operator_label=operator,
            station_label=station_label,
        )
    public_key = keys.public_half(register_id, sealed.values["key_id"])
    return Kept(sealed.number, sealed.payload, sealed.signature, public_key)


def _register_for(
    venue_id: UUID, station_id: UUID | None, at: datetime.datetime
) -> tuple[UUID, str]:
    """The register and the station's name."""
    asked = {"station": station_id, "venue": venue_id}
    for _again in range(2):
        with connection.cursor() as cursor:
            cursor.execute(_FIND_REGISTER, asked)
            found = cursor.fetchone()
        if found is not None:
            return found[0], found[1]
        _open_first(venue_id, station_id, at)
    raise NoRegister(venue=venue_id)


def _open_first(venue_id: UUID, station_id: UUID | None, at: datetime.datetime) -> None:
    """A till's own register; what happens elsewhere is kept in the web register."""
    payee_id: UUID | None = None
    if station_id is not None:
        tills = Station.objects.filter(pk=station_id, venue=venue_id, kind=StationKind.TILL)
        payee_id = tills.values_list("payee", flat=True).first()
    if payee_id is None:
        station_id = None
        payees = Payee.objects.filter(venue=venue_id, kind=PayeeKind.COOPERATIVE, active=True)
        payee_id = payees.values_list("pk", flat=True).first()
    if payee_id is None:
        raise NoRegister(venue=venue_id)
    try:
        ensure_register(
            venue_id=venue_id,
            payee_id=payee_id,
            station_id=station_id,
            at=at,
        )
    except PayeeUnidentified as error:
        raise NoRegister(venue=venue_id) from error
