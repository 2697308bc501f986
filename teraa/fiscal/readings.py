"""The X reading: what the running period amounts to, as often as one likes, changing nothing."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection

from teraa.common.clock import iso_utc
from teraa.common.problems import NotFound
from teraa.fiscal.figures import Figures, read_period
from teraa.fiscal.sealing import UnknownRegister
from teraa.fiscal.states import ChainKind


@dataclass(frozen=True, slots=True)
class PeriodShown:
    id: UUID
    number: int
    business_date: datetime.date
    opened_at: datetime.datetime


@dataclass(frozen=True, slots=True)
class XReading:
    """Totals of one period of one register. ``period`` is None before the first sale of a day."""

    register_id: UUID
    register: str
    venue: str
    zone: str
    payee: str
    training: bool
    period: PeriodShown | None
    first_sequence: int | None
    last_sequence: int | None
    figures: Figures
    perpetual_real_cents: int
    perpetual_absolute_cents: int

    def as_dict(self) -> dict[str, Any]:
        """JSON values: cents as integers, OSM units as decimal strings (law 3)."""
        period = self.period
        return {
            "register": self.register,
            "training": self.training,
            "period": period
            and {
                "number": period.number,
                "business_date": period.business_date.isoformat(),
                "opened_at": iso_utc(period.opened_at),
            },
            **figures_shown(self.figures),
            "first_sequence": self.first_sequence,
            "last_sequence": self.last_sequence,
            "perpetual_real_cents": self.perpetual_real_cents,
            "perpetual_absolute_cents": self.perpetual_absolute_cents,
        }


def figures_shown(figures: Figures) -> dict[str, Any]:
    """Figures as screens read them, of an X and of a closing alike."""
    values = figures.as_values()
    amounts = {name: value["cents"] for name, value in values.items() if isinstance(value, dict)}
    counts = {
        name: value["count"] if isinstance(value, dict) else value
        for name, value in values.items()
        if name not in ("total_cents", "tenders", "taxes")
    }
    return {
        "counts": counts,
        "amounts": amounts,
        "tenders": values["tenders"],
        "taxes": values["taxes"],
        "total_cents": values["total_cents"],
    }


_REGISTER: Final = """
SELECT register.name, venue.name, venue.zone, payee.name, register.training,
       head.perpetual_real_cents, head.perpetual_absolute_cents,
       period.id, period.number, period.business_date, period.opened_at,
       (said.chains->'TICKET'->>'sequence')::bigint
  FROM fiscal_register register
  JOIN fiscal_chain_head head ON head.register_id = register.id AND head.kind = 'TICKET'
  JOIN venues_venue venue ON venue.id = register.venue_id
  JOIN venues_payee payee ON payee.id = register.payee_id
  LEFT JOIN fiscal_period period
         ON period.register_id = register.id
        AND period.id = coalesce(%(period)s::uuid, head.period_id)
  LEFT JOIN fiscal_period_end said ON said.period_id = period.id
 WHERE register.id = %(register)s
"""

_PERPETUAL: Final = """
SELECT perpetual_real_cents, perpetual_absolute_cents FROM fiscal_document
 WHERE register_id = %s AND kind = 'TICKET' AND sequence = %s
"""


def x_reading(*, register_id: UUID, period_id: UUID | None = None) -> XReading:
    """Read the running period of a register, or ``period_id`` of the same register. ≤ 3 queries.

    The perpetual totals are those after the period's last ticket; without one, the chain's own.
    Raises UnknownRegister, NotFound (a period of another register).
    """
    with connection.cursor() as cursor:
        cursor.execute(_REGISTER, {"register": register_id, "period": period_id})
        row = cursor.fetchone()
        if row is None:
            raise UnknownRegister(register=register_id)
        period = PeriodShown(*row[7:11]) if row[7] is not None else None
        if period is None and period_id is not None:
            raise NotFound
        figures, tickets = Figures(), None
        if period is not None:
            read = read_period(period.id)
            figures, tickets = read.figures, read.ranges.get(ChainKind.TICKET)
        perpetual = row[5:7]
        last = tickets.last if tickets else row[11]
        if last is not None:
            cursor.execute(_PERPETUAL, [register_id, last])
            perpetual = cursor.fetchone() or (0, 0)
    return XReading(
        register_id=register_id,
        register=row[0],
        venue=row[1],
        zone=row[2],
        payee=row[3],
        training=row[4],
        period=period,
        first_sequence=tickets.first if tickets else None,
        last_sequence=tickets.last if tickets else None,
        figures=figures,
        perpetual_real_cents=perpetual[0],
        perpetual_absolute_cents=perpetual[1],
    )
