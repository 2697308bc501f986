"""What a span of documents amounts to: the same figures for an X, a Z, a month and a year.

Amounts are euro cents, VAT included; OSM in units of 10⁻⁸. Figures are added, never averaged and
never rounded again: VAT is the sum of what the documents say.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection

from teraa.common import journal_codes
from teraa.fiscal.states import ChainKind, LineKind, TenderKind


@dataclass(frozen=True, slots=True)
class Counted:
    """How many there were, and what they come to (cents)."""

    count: int
    cents: int


NOTHING: Final = Counted(0, 0)


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
class Figures:
    """Totals and counts. ``total_cents`` = ``sales.cents`` + ``refunds.cents`` (negative).

    ``discounts``: lines whose price was reduced; ``offered``: lines given for nothing, at what they
    would have cost. ``voids``: sales given up before payment (event 320); ``returned_items``: event
    190; ``drawer_openings``: without a sale (event 930).
    """

    sales: Counted = NOTHING
    refunds: Counted = NOTHING
    discounts: Counted = NOTHING
    offered: Counted = NOTHING
    voids: int = 0
    returned_items: int = 0
    drawer_openings: int = 0
    duplicates: int = 0
    tenders: tuple[TenderTotal, ...] = ()
    taxes: tuple[TaxTotal, ...] = ()

    @property
    def total_cents(self) -> int:
        return self.sales.cents + self.refunds.cents

    def as_values(self) -> dict[str, Any]:
        """As a closing signs them: integers, OSM units as decimal strings (law 3)."""
        return {
            "total_cents": self.total_cents,
            **{name: asdict(getattr(self, name)) for name in _COUNTED},
            **{name: getattr(self, name) for name in _COUNTS},
            "tenders": [
                {
                    "kind": tender.kind,
                    "count": tender.count,
                    "amount_cents": tender.amount_cents,
                    "osm_units": None if tender.osm_units is None else str(tender.osm_units),
                }
                for tender in self.tenders
            ],
            "taxes": [
                {
                    "rate_bp": tax.rate_bp,
                    "base_cents": tax.base_cents,
                    "vat_cents": tax.vat_cents,
                    "total_cents": tax.total_cents,
                }
                for tax in self.taxes
            ],
        }

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Figures:
        """Read back what ``as_values`` wrote. Raises KeyError, TypeError, ValueError."""
        counts: dict[str, Any] = {name: Counted(**values[name]) for name in _COUNTED}
        counts |= {name: int(values[name]) for name in _COUNTS}
        return cls(
            **counts,
            tenders=tuple(
                TenderTotal(
                    one["kind"],
                    one["count"],
                    one["amount_cents"],
                    None if one["osm_units"] is None else int(one["osm_units"]),
                )
                for one in values["tenders"]
            ),
            taxes=tuple(TaxTotal(**one) for one in values["taxes"]),
        )


_COUNTED: Final = ("sales", "refunds", "discounts", "offered")
_COUNTS: Final = ("voids", "returned_items", "drawer_openings", "duplicates")
_ORDER: Final = TenderKind.values

# Codes of the journal that are counted, and under which name.
EVENTS_COUNTED: Final[dict[int, str]] = {
    journal_codes.SALE_CANCELLED: "voids",
    journal_codes.ITEM_RETURN: "returned_items",
    journal_codes.DRAWER_OPENED: "drawer_openings",
}


class Tally:
    """Adds up documents one by one, or whole figures. Small, however many it has seen."""

    def __init__(self) -> None:
        self._counted = {name: [0, 0] for name in _COUNTED}
        self._counts = dict.fromkeys(_COUNTS, 0)
        self._tenders: dict[str, list[int]] = {}
        self._taxes: dict[int, list[int]] = {}

    def figures(self) -> Figures:
        counts: dict[str, Any] = {name: Counted(*pair) for name, pair in self._counted.items()}
        counts |= self._counts
        return Figures(
            **counts,
            tenders=tuple(
                TenderTotal(kind, count, cents, units if kind == TenderKind.OSM else None)
                for kind, (count, cents, units) in sorted(
                    self._tenders.items(), key=lambda one: _ORDER.index(one[0])
                )
            ),
            taxes=tuple(TaxTotal(rate, *sums) for rate, sums in sorted(self._taxes.items())),
        )

    def add_figures(self, figures: Figures) -> None:
        for name in _COUNTED:
            counted = getattr(figures, name)
            self._count(name, counted.count, counted.cents)
        for name in _COUNTS:
            self._counts[name] += getattr(figures, name)
        for tender in figures.tenders:
            self._tender(tender.kind, tender.count, tender.amount_cents, tender.osm_units)
        for tax in figures.taxes:
            self._tax(tax.rate_bp, tax.base_cents, tax.vat_cents, tax.total_cents)

    def add_document(self, kind: str, values: Mapping[str, Any]) -> None:
        """Count a signed document, from its payload."""
        if kind == ChainKind.TICKET:
            self._add_ticket(values)
        elif kind == ChainKind.DUPLICATE:
            self._counts["duplicates"] += 1
        elif kind == ChainKind.EVENT and values["code"] in EVENTS_COUNTED:
            self._counts[EVENTS_COUNTED[values["code"]]] += 1

    def _add_ticket(self, values: Mapping[str, Any]) -> None:
        total = values["total_cents"]
        is_refund = total < 0 or values["corrects"] is not None
        self._count("refunds" if is_refund else "sales", 1, total)
        # What comes back is a refund, not a discount less; what is kept of it was counted before.
        gives_back = any(line["corrects_document"] is not None for line in values["lines"])
        for line in () if gives_back else values["lines"]:
            if line["kind"] == LineKind.DISCOUNT:
                self._count("discounts", 1, -line["total_cents"])
            elif line["discount_cents"]:
                name = "discounts" if line["total_cents"] else "offered"
                self._count(name, 1, line["discount_cents"])
        for tender in values["tenders"]:
            units = tender["osm_units"]
            self._tender(
                tender["kind"], 1, tender["amount_cents"], None if units is None else int(units)
            )
        for tax in values["taxes"]:
            self._tax(tax["rate_bp"], tax["base_cents"], tax["vat_cents"], tax["total_cents"])

    def _count(self, name: str, count: int, cents: int) -> None:
        pair = self._counted[name]
        pair[0] += count
        pair[1] += cents

    def _tender(self, kind: str, count: int, cents: int, units: int | None) -> None:
        sums = self._tenders.setdefault(kind, [0, 0, 0])
        sums[0] += count
        sums[1] += cents
        sums[2] += units or 0

    def _tax(self, rate_bp: int, base: int, vat: int, total: int) -> None:
        sums = self._taxes.setdefault(rate_bp, [0, 0, 0])
        sums[0] += base
        sums[1] += vat
        sums[2] += total


def sum_of(many: Iterable[Figures]) -> Figures:
    """The figures of several spans together."""
    tally = Tally()
    for figures in many:
        tally.add_figures(figures)
    return tally.figures()


# -- the same, by the database -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChainRange:
    """Which documents of one chain: all from ``first`` to ``last``, ``count`` of them."""

    first: int
    last: int
    count: int


class PeriodRead(NamedTuple):
    """One period, read at one instant: which documents it has so far, and what they come to."""

    ranges: dict[str, ChainRange]
    figures: Figures


# One statement sees one instant: a sale that comes meanwhile is in all of it or in none of it.
_READ_PERIOD: Final = """
WITH documents AS MATERIALIZED (
    SELECT id, kind, sequence, event_code, total_cents,
           total_cents < 0 OR corrects_id IS NOT NULL AS is_refund
      FROM fiscal_document
     WHERE period_id = %(period)s AND kind <> 'CLOSING'
), tickets AS (
    SELECT * FROM documents WHERE kind = 'TICKET'
), reduced AS (
    SELECT line.kind = 'discount' OR line.total_cents <> 0 AS is_discount,
           CASE line.kind WHEN 'discount' THEN -line.total_cents ELSE line.discount_cents END AS cents
      FROM tickets
      JOIN fiscal_document_line line ON line.document_id = tickets.id
     WHERE (line.kind = 'discount' OR line.discount_cents <> 0)
       AND NOT EXISTS (SELECT 1 FROM fiscal_document_line back
                        WHERE back.document_id = line.document_id
                          AND back.corrects_document_id IS NOT NULL)
)
SELECT (SELECT jsonb_agg(jsonb_build_array(kind, first, last, count))
          FROM (SELECT kind, min(sequence) AS first, max(sequence) AS last, count(*) AS count
                  FROM documents GROUP BY kind) AS chains),
       (SELECT jsonb_agg(jsonb_build_array(is_refund, count, cents))
          FROM (SELECT is_refund, count(*) AS count, sum(total_cents) AS cents
                  FROM tickets GROUP BY is_refund) AS sold),
       (SELECT jsonb_agg(jsonb_build_array(is_discount, count, cents))
          FROM (SELECT is_discount, count(*) AS count, sum(cents) AS cents
                  FROM reduced GROUP BY is_discount) AS given),
       (SELECT jsonb_agg(jsonb_build_array(kind, count, cents, units))
          FROM (SELECT tender.kind, count(*) AS count, sum(tender.amount_cents) AS cents,
                       sum(tender.osm_units) AS units
                  FROM tickets JOIN fiscal_document_tender tender ON tender.document_id = tickets.id
                 GROUP BY tender.kind) AS paid),
       (SELECT jsonb_agg(jsonb_build_array(rate_bp, base, vat, total))
          FROM (SELECT tax.rate_bp, sum(tax.base_cents) AS base, sum(tax.vat_cents) AS vat,
                       sum(tax.total_cents) AS total
                  FROM tickets JOIN fiscal_document_tax tax ON tax.document_id = tickets.id
                 GROUP BY tax.rate_bp) AS taxed),
       (SELECT jsonb_agg(jsonb_build_array(event_code, count))
          FROM (SELECT event_code, count(*) AS count
                  FROM documents WHERE event_code = ANY(%(codes)s) GROUP BY event_code) AS noted)
"""


def read_period(period_id: UUID) -> PeriodRead:
    """What one period amounts to just now: one query, whatever the number of documents."""
    with connection.cursor() as cursor:
        cursor.execute(_READ_PERIOD, {"period": period_id, "codes": list(EVENTS_COUNTED)})
        found = [json.loads(column) if column else [] for column in cursor.fetchone() or [""] * 6]
    chains, sold, given, paid, taxed, noted = found
    ranges = {kind: ChainRange(*rest) for kind, *rest in chains}
    of_sales = {bool(is_refund): Counted(*rest) for is_refund, *rest in sold}
    of_prices = {bool(is_discount): Counted(*rest) for is_discount, *rest in given}
    counts: dict[str, Any] = dict.fromkeys(_COUNTS, 0)
    counts |= {EVENTS_COUNTED[code]: count for code, count in noted}
    if ChainKind.DUPLICATE in ranges:
        counts["duplicates"] = ranges[ChainKind.DUPLICATE].count
    figures = Figures(
        sales=of_sales.get(False, NOTHING),
        refunds=of_sales.get(True, NOTHING),
        discounts=of_prices.get(True, NOTHING),
        offered=of_prices.get(False, NOTHING),
        **counts,
        tenders=tuple(
            TenderTotal(*one) for one in sorted(paid, key=lambda one: _ORDER.index(one[0]))
        ),
        taxes=tuple(TaxTotal(*one) for one in sorted(taxed)),
    )
    return PeriodRead(ranges, figures)
