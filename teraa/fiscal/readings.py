"""The X reading: what the running period amounts to, as often as one likes, changing nothing."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import translation
from django.utils.translation import gettext as _

from teraa.common.clock import iso_utc
from teraa.common.money import format_cents, format_osm, format_rate
from teraa.common.paper import Block, Cell, Columns, Cut, Feed, Page, Rule, Text
from teraa.common.problems import NotFound
from teraa.fiscal.sealing import UnknownRegister
from teraa.fiscal.states import TenderKind
from teraa.fiscal.version import FISCAL_VERSION


@dataclass(frozen=True, slots=True)
class PeriodRead:
    id: UUID
    number: int
    business_date: datetime.date
    opened_at: datetime.datetime


@dataclass(frozen=True, slots=True)
class TenderTotal:
    """Payments of one kind: cents, and for OSM the units of 10⁻⁸ received (None otherwise)."""

    kind: str
    count: int
    amount_cents: int
    osm_units: int | None


@dataclass(frozen=True, slots=True)
class TaxTotal:
    """One VAT rate (basis points): the sum of what the documents say, never recomputed."""

    rate_bp: int
    base_cents: int
    vat_cents: int
    total_cents: int


@dataclass(frozen=True, slots=True)
class XReading:
    """Totals of one period of one register. ``period`` is None before the first sale of a day."""

    register_id: UUID
    register: str
    venue: str
    zone: str
    payee: str
    training: bool
    period: PeriodRead | None
    sales: int
    refunds: int
    first_sequence: int | None
    last_sequence: int | None
    total_cents: int
    tenders: tuple[TenderTotal, ...]
    taxes: tuple[TaxTotal, ...]
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
            "counts": {"sales": self.sales, "refunds": self.refunds},
            "tenders": [
                asdict(tender)
                | {"osm_units": None if tender.osm_units is None else str(tender.osm_units)}
                for tender in self.tenders
            ],
            "taxes": [asdict(tax) for tax in self.taxes],
            "total_cents": self.total_cents,
            "first_sequence": self.first_sequence,
            "last_sequence": self.last_sequence,
            "perpetual_real_cents": self.perpetual_real_cents,
            "perpetual_absolute_cents": self.perpetual_absolute_cents,
        }


# The perpetual totals are those after the period's last ticket; without one, the chain's own.
_PERIOD: Final = """
SELECT register.name, venue.name, venue.zone, payee.name, register.training,
       period.id, period.number, period.business_date, period.opened_at,
       coalesce(counted.sales, 0), coalesce(counted.refunds, 0),
       counted.first, counted.last, coalesce(counted.total, 0),
       coalesce(final.perpetual_real_cents, head.perpetual_real_cents),
       coalesce(final.perpetual_absolute_cents, head.perpetual_absolute_cents)
  FROM fiscal_register register
  JOIN fiscal_chain_head head ON head.register_id = register.id AND head.kind = 'TICKET'
  JOIN venues_venue venue ON venue.id = register.venue_id
  JOIN venues_payee payee ON payee.id = register.payee_id
  LEFT JOIN fiscal_period period
         ON period.register_id = register.id
        AND period.id = coalesce(%(period)s::uuid, head.period_id)
  LEFT JOIN LATERAL (
      SELECT count(*) FILTER (WHERE document.total_cents >= 0) AS sales,
             count(*) FILTER (WHERE document.total_cents < 0) AS refunds,
             min(document.sequence) AS first, max(document.sequence) AS last,
             sum(document.total_cents)::bigint AS total
        FROM fiscal_document document
       WHERE document.period_id = period.id AND document.kind = 'TICKET'
       ) AS counted ON true
  LEFT JOIN fiscal_document final
         ON final.register_id = register.id AND final.kind = 'TICKET'
        AND final.sequence = counted.last
 WHERE register.id = %(register)s
"""

_TENDERS: Final = """
SELECT tender.kind, count(*), sum(tender.amount_cents)::bigint, sum(tender.osm_units)::bigint
  FROM fiscal_document document
  JOIN fiscal_document_tender tender ON tender.document_id = document.id
 WHERE document.period_id = %s AND document.kind = 'TICKET'
 GROUP BY tender.kind
"""

_TAXES: Final = """
SELECT tax.rate_bp, sum(tax.base_cents)::bigint, sum(tax.vat_cents)::bigint,
       sum(tax.total_cents)::bigint
  FROM fiscal_document document
  JOIN fiscal_document_tax tax ON tax.document_id = document.id
 WHERE document.period_id = %s AND document.kind = 'TICKET'
 GROUP BY tax.rate_bp ORDER BY tax.rate_bp
"""


def x_reading(*, register_id: UUID, period_id: UUID | None = None) -> XReading:
    """Read the running period of a register, or ``period_id`` of the same register. ≤ 3 queries.

    Raises UnknownRegister, NotFound (a period of another register).
    """
    with connection.cursor() as cursor:
        cursor.execute(_PERIOD, {"register": register_id, "period": period_id})
        row = cursor.fetchone()
        if row is None:
            raise UnknownRegister(register=register_id)
        period = PeriodRead(*row[5:9]) if row[5] is not None else None
        if period is None and period_id is not None:
            raise NotFound
        tenders: Iterable[Any] = ()
        taxes: Iterable[Any] = ()
        if period is not None:
            cursor.execute(_TENDERS, [period.id])
            tenders = cursor.fetchall()
            cursor.execute(_TAXES, [period.id])
            taxes = cursor.fetchall()
    order = TenderKind.values
    return XReading(
        register_id=register_id,
        register=row[0],
        venue=row[1],
        zone=row[2],
        payee=row[3],
        training=row[4],
        period=period,
        sales=row[9],
        refunds=row[10],
        first_sequence=row[11],
        last_sequence=row[12],
        total_cents=row[13],
        tenders=tuple(
            sorted((TenderTotal(*t) for t in tenders), key=lambda t: order.index(t.kind))
        ),
        taxes=tuple(TaxTotal(*t) for t in taxes),
        perpetual_real_cents=row[14],
        perpetual_absolute_cents=row[15],
    )


def x_page(
    reading: XReading, *, at: datetime.datetime, language: str = "fr", width: int = 48
) -> Page:
    """The paper of an X reading, marked as no proof of payment (F15); training says so (F13)."""
    with translation.override(language):
        return Page(width, tuple(_blocks(reading, language, at)))


def _blocks(reading: XReading, language: str, at: datetime.datetime) -> list[Block]:
    zone = ZoneInfo(reading.zone)
    blocks: list[Block] = [
        Text(_("X reading"), align="center", bold=True, double=True),
        Text(_("Not a receipt"), align="center"),
    ]
    if reading.training:
        blocks.append(Text(_("TRAINING MODE – NOT VALID"), align="center", bold=True))
    blocks += [
        Text(reading.venue, align="center"),
        Text(reading.payee, align="center"),
        _pair(_("Register"), reading.register),
        _pair(_("Printed on"), f"{at.astimezone(zone):%d/%m/%Y %H:%M:%S}"),
    ]
    if reading.period is None:
        return [*blocks, Rule(), Text(_("No period is open: nothing sold yet.")), Feed(2), Cut()]
    blocks += [
        _pair(_("Period"), str(reading.period.number)),
        _pair(_("Business day"), f"{reading.period.business_date:%d/%m/%Y}"),
        _pair(_("Open since"), f"{reading.period.opened_at.astimezone(zone):%d/%m/%Y %H:%M}"),
        Rule(),
        _pair(_("Sales"), str(reading.sales)),
        _pair(_("Refunds"), str(reading.refunds)),
    ]
    if reading.first_sequence is not None:
        blocks.append(
            _pair(_("Tickets"), f"{reading.first_sequence} – {reading.last_sequence}"),
        )
    blocks += [_pair(_("TOTAL"), format_cents(reading.total_cents, language), bold=True), Rule()]
    for tender in reading.tenders:
        name = f"{TenderKind(tender.kind).label} ({tender.count})"
        blocks.append(_pair(name, format_cents(tender.amount_cents, language)))
        if tender.osm_units is not None:
            blocks.append(_pair("", format_osm(tender.osm_units, language)))
    blocks += [Rule(), *_tax_blocks(reading, language), Rule()]
    blocks += [
        _pair(_("Perpetual total"), format_cents(reading.perpetual_real_cents, language)),
        _pair(
            _("Perpetual total, absolute"),
            format_cents(reading.perpetual_absolute_cents, language),
        ),
        Text(_("Fiscal version {version}").format(version=FISCAL_VERSION), align="center"),
        Feed(2),
        Cut(),
    ]
    return blocks


def _tax_blocks(reading: XReading, language: str) -> list[Block]:
    def row(first: str, *amounts: str, bold: bool = False) -> Columns:
        return Columns((Cell(first, "left", 3), *(Cell(a, "right", 4) for a in amounts)), bold=bold)

    return [
        row(_("VAT rate"), _("Excl. VAT"), _("VAT"), _("Incl. VAT"), bold=True),
        *(
            row(
                format_rate(tax.rate_bp, language),
                format_cents(tax.base_cents, language),
                format_cents(tax.vat_cents, language),
                format_cents(tax.total_cents, language),
            )
            for tax in reading.taxes
        ),
    ]


def _pair(name: str, value: str, *, bold: bool = False) -> Columns:
    return Columns((Cell(name, "left", 3), Cell(value, "right", 2)), bold=bold)
