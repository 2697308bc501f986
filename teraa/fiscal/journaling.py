"""The sink of the journal port: an event finds its register by itself."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from teraa.common.journal import Kept
from teraa.fiscal import keys
from teraa.fiscal.registers import NoRegister
from teraa.fiscal.sealing import seal_event

# The station's own register (that of the payee it sells for, before any other); otherwise the
# web register of the venue's first cooperative. Training registers keep only what is sealed there.
_FIND_REGISTER: Final = """
SELECT register.id, coalesce(station.name, '')
  FROM fiscal_register register
  JOIN venues_payee payee ON payee.id = register.payee_id
  LEFT JOIN venues_station station ON station.id = %(station)s AND station.venue_id = %(venue)s
 WHERE register.venue_id = %(venue)s
   AND NOT register.training
   AND (register.station_id = station.id OR (register.lane = 'web' AND payee.kind = 'cooperative'))
 ORDER BY (register.station_id = station.id) IS TRUE DESC,
          (register.payee_id = station.payee_id) IS TRUE DESC,
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
    """Seal an event of any room. Raises NoRegister when the venue has no register to hold it."""
    with connection.cursor() as cursor:
        cursor.execute(_FIND_REGISTER, {"station": station_id, "venue": venue_id})
        row = cursor.fetchone()
    if row is None:
        raise NoRegister(venue=venue_id)
    register_id, station_label = row
    with transaction.atomic():
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
