"""Product files, in the two dialects that share ten columns and mean different things by them.

A CAMAP file read by Cagette raises no error there: a kilogram becomes a piece and 5.5 % becomes
1 %. So the dialect is found by two independent marks, the header's words and the column in which
units stand; where these disagree, or say something else than the person chose, nothing is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pos.amap.cagette.names import PIECE, folded
from pos.amap.cagette.numbers import parse_basis_points, parse_cents, parse_milli
from pos.amap.cagette.tables import Row, read_table

CAGETTE: Final = "cagette"
CAMAP: Final = "camap"

# Dialect → column of each value.
COLUMNS: Final[dict[str, dict[str, int]]] = {
    CAGETTE: {
        "name": 0,
        "price": 1,
        "ref": 2,
        "description": 3,
        "size": 4,
        "unit": 5,
        "organic": 6,
        "vat": 8,
        "stock": 9,
    },
    CAMAP: {
        "name": 0,
        "price": 1,
        "ref": 2,
        "description": 3,
        "vat": 4,
        "size": 5,
        "unit": 6,
        "organic": 7,
        "bulk": 8,
        "variable_price": 9,
    },
}
UNIT_WORDS: Final = {
    "piece": PIECE,
    "pieces": PIECE,
    "kg": "Kilogram",
    "kilogram": "Kilogram",
    "g": "Gram",
    "gram": "Gram",
    "l": "Litre",
    "litre": "Litre",
    "cl": "Centilitre",
    "centilitre": "Centilitre",
    "ml": "Millilitre",
    "millilitre": "Millilitre",
}
YES: Final = frozenset({"1", "true", "vrai", "oui", "yes", "x"})
NO: Final = frozenset({"", "0", "false", "faux", "non", "no"})
LENGTHS: Final = {"name": 128, "ref": 32}


class DialectUnclear(ValueError):
    """Nothing in the file says which dialect it is, or its header and its units disagree."""

    def __init__(self, by_header: str | None, by_units: str | None) -> None:
        super().__init__(f"header {by_header}, units {by_units}")
        self.by_header, self.by_units = by_header, by_units


class OtherDialect(ValueError):
    """The person chose ``chosen``; the file is ``found``."""

    def __init__(self, chosen: str, found: str) -> None:
        super().__init__(f"{chosen} chosen, {found} found")
        self.chosen, self.found = chosen, found


class NotProducts(ValueError):
    """Ids or two header lines: a list that Cagette exports but does not read (E9, Pro)."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about a row. ``code`` is in FAULTS (the row cannot be taken) or NOTES."""

    FAULTS = ("bad_price", "bad_size", "bad_vat", "too_long", "twice")
    NOTES = ("unknown_unit", "organic_elsewhere", "no_vat", "no_name")
    code: str
    what: str = ""


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A product of a file: cents with VAT, basis points, thousandths; None where it says nothing."""

    line: int
    name: str
    price_cents: int
    ref: str
    description: str
    vat_bp: int | None
    size_milli: int | None
    unit: str
    organic: bool
    bulk: bool
    variable_price: bool
    stock_milli: int | None
    faults: tuple[Remark, ...] = ()
    notes: tuple[Remark, ...] = ()

    @property
    def identity(self) -> str:
        """By what it is found again in its catalogue: the reference, else the name."""
        return self.ref or self.name


@dataclass(frozen=True, slots=True)
class ProductFile:
    """``dialect`` and what gave it away."""

    dialect: str
    by_header: str | None
    by_units: str | None
    encoding: str
    separator: str
    products: tuple[ProductRow, ...]
    skipped: tuple[int, ...]  # lines without a name: passed over, as both programs do


def read_products(data: bytes, *, dialect: str | None = None) -> ProductFile:
    """Read a product file; ``dialect`` is what the person chose, None lets the file say it.

    Raises NotATable, NotProducts, DialectUnclear, OtherDialect.
    """
    table = read_table(data)
    by_header, by_units = _by_header(table.header), _by_units(table.rows)
    found = by_header or by_units
    if (by_header and by_units and by_header != by_units) or not (found or dialect):
        raise DialectUnclear(by_header, by_units)
    if dialect and found and dialect != found:
        raise OtherDialect(dialect, found)
    chosen = found or dialect or CAGETTE
    seen: dict[str, int] = {}
    named = [row for row in table.rows if row.cell(0)]
    products = [_product(row, chosen, seen) for row in named]
    skipped = tuple(row.line for row in table.rows if not row.cell(0))
    return ProductFile(
        chosen, by_header, by_units, table.encoding, table.separator, tuple(products), skipped
    )


def _by_header(header: Sequence[str]) -> str | None:
    """What the words of columns 5 to 7 say. Raises NotProducts."""
    words = [folded(word) for word in (*header, *[""] * 10)]
    if words[0] in ("id", "produits") or (len(header) >= 15 and "ht" in words[10].replace(".", "")):
        raise NotProducts
    if "tva" in words[4] and "quantite" in words[5] and "unit" in words[6]:
        return CAMAP
    if "quantite" in words[4] and "unit" in words[5]:
        return CAGETTE
    return None


def _by_units(rows: Sequence[Row]) -> str | None:
    """In which column words stand that are units."""
    found = {
        dialect: sum(folded(row.cell(columns["unit"])) in UNIT_WORDS for row in rows)
        for dialect, columns in COLUMNS.items()
    }
    if found[CAGETTE] == found[CAMAP]:
        return None
    return CAGETTE if found[CAGETTE] > found[CAMAP] else CAMAP


def _product(row: Row, dialect: str, seen: dict[str, int]) -> ProductRow:
    columns = COLUMNS[dialect]

    def cell(name: str) -> str:
        return row.cell(columns[name]) if name in columns else ""

    faults: list[Remark] = []
    notes: list[Remark] = []
    price = parse_cents(cell("price"))
    if price is None:
        faults.append(Remark("bad_price", cell("price")))
    size = parse_milli(cell("size"))
    if cell("size") and not size:
        faults.append(Remark("bad_size", cell("size")))
    vat = parse_basis_points(cell("vat"))
    if cell("vat") and vat is None:
        faults.append(Remark("bad_vat", cell("vat")))
    elif vat is None:
        notes.append(Remark("no_vat"))
    faults += [Remark("too_long", name) for name, most in LENGTHS.items() if len(cell(name)) > most]
    unit = UNIT_WORDS.get(folded(cell("unit")), PIECE)
    if cell("unit") and folded(cell("unit")) not in UNIT_WORDS:
        notes.append(Remark("unknown_unit", cell("unit")))
    identity = cell("ref") or cell("name")
    if seen.setdefault(identity, row.line) != row.line:
        faults.append(Remark("twice", f"{identity} ({seen[identity]})"))
    organic = cell("organic").casefold() not in NO
    if dialect == CAMAP:
        organic = cell("organic").casefold() in YES
    elif cell("organic") and not organic:
        # There, any text at all means organic: 0 as well.
        notes.append(Remark("organic_elsewhere", cell("organic")))
    return ProductRow(
        line=row.line,
        name=cell("name"),
        price_cents=price or 0,
        ref=cell("ref"),
        description=cell("description")[:2000],
        vat_bp=vat,
        size_milli=size,
        unit=unit,
        organic=organic,
        bulk=cell("bulk").casefold() in YES,
        variable_price=cell("variable_price").casefold() in YES,
        stock_milli=parse_milli(cell("stock")),
        faults=tuple(faults),
        notes=tuple(notes),
    )
