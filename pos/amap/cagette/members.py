"""Member files: the 12 columns Cagette imports, and the two lists that Cagette and CAMAP export."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from pos.amap.cagette.names import folded
from pos.amap.cagette.numbers import parse_id
from pos.amap.cagette.tables import Row, Table, Writer, Written, read_table

# Our names, in the order of Cagette's import; the lengths are those of its database.
FIELDS: Final[dict[str, int]] = {
    "first_name": 32,
    "last_name": 32,
    "email": 64,
    "phone": 19,
    "first_name2": 32,
    "last_name2": 32,
    "email2": 64,
    "phone2": 19,
    "address1": 64,
    "address2": 64,
    "zip_code": 32,
    "city": 25,
}
LABELS: Final = (
    *("prénom", "nom", "E-mail", "téléphone portable"),
    *("prénom conjoint", "nom conjoint", "E-mail conjoint", "téléphone portable conjoint"),
    *("adresse1", "adresse2", "code postal", "ville"),
)
_IMPORT = tuple(FIELDS)
_E7 = ("number", *_IMPORT)
_E8 = (
    *("number", "first_name", "last_name", "first_name2", "last_name2", "city", "zip_code"),
    *("address1", "address2", "email", "phone", "email2", "phone2"),
)
# Shape → what stands in each column.
SHAPES: Final[dict[str, tuple[str, ...]]] = {"import": _IMPORT, "cagette": _E7, "camap": _E8}
REQUIRED: Final = ("first_name", "last_name", "email")

_EMAIL = re.compile(r"[^@\s<>,;\"']+@[^@\s<>,;\"']+\.[^@\s.<>,;\"']{2,}")


class UnknownShape(ValueError):
    """The header begins with an id, but is neither Cagette's nor CAMAP's list."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row cannot be taken: ``code`` is one of CODES, ``what`` the field or value meant."""

    CODES = ("missing", "bad_email", "too_long", "twice")
    code: str
    what: str


@dataclass(frozen=True, slots=True)
class Member:
    """A household as a row has it. ``number`` is its id over there, when the file has ids."""

    line: int
    number: int | None
    values: dict[str, str]
    faults: tuple[Fault, ...] = ()

    @property
    def emails(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.values["email"], self.values["email2"])))


@dataclass(frozen=True, slots=True)
class MemberFile:
    """``shape`` is a key of SHAPES: how the columns were understood."""

    shape: str
    encoding: str
    separator: str
    members: tuple[Member, ...] = field(default_factory=tuple)


def read_members(data: bytes) -> MemberFile:
    """Read a member file of any of the three shapes. Raises NotATable, UnknownShape."""
    table = read_table(data)
    shape = recognise(table)
    seen: dict[str, int] = {}
    members = [_member(row, SHAPES[shape], seen) for row in table.rows]
    return MemberFile(shape, table.encoding, table.separator, tuple(members))


def recognise(table: Table) -> str:
    """Which shape it is: ids come first in the exported lists. Raises UnknownShape.

    Without an id the twelve columns stand in their places whatever their header says; a
    thirteenth (the demonstration workbook has remarks there) is passed over.
    """
    words = [folded(word) for word in table.header]
    if words[0] != "id":
        return "import"
    if len(words) >= 13 and words[1] == "firstname":
        return "cagette"
    if len(words) >= 13 and words[3] == "prenom partenaire":
        return "camap"
    raise UnknownShape


def _member(row: Row, columns: tuple[str, ...], seen: dict[str, int]) -> Member:
    values = dict.fromkeys(FIELDS, "")
    number = None
    for index, name in enumerate(columns):
        if name == "number":
            number = parse_id(row.cell(index))
        else:
            values[name] = normalised(name, row.cell(index))
    faults = [Fault("missing", name) for name in REQUIRED if not values[name]]
    faults += [Fault("too_long", name) for name, most in FIELDS.items() if len(values[name]) > most]
    for name in ("email", "email2"):
        address = values[name]
        if not address:
            continue
        if not _EMAIL.fullmatch(address):
            faults.append(Fault("bad_email", address))
        elif seen.setdefault(address, row.line) != row.line:
            faults.append(Fault("twice", f"{address} ({seen[address]})"))
    return Member(row.line, number, values, tuple(faults))


def normalised(name: str, value: str) -> str:
    """``value`` as both programs keep it: capitals, small letters, phones without spaces."""
    if name in ("last_name", "last_name2"):
        return value.upper()
    if name in ("first_name", "first_name2"):
        return value[:1].upper() + value[1:]
    if name in ("email", "email2"):
        return value.lower()
    if name in ("phone", "phone2"):
        return _phone(value)
    return value


def _phone(value: str) -> str:
    """Spaces and dots go; a spreadsheet that took it for a number also took its first zero."""
    joined = re.sub(r"[\s.\-]+", "", value)
    return f"0{joined}" if len(joined) == 9 and joined.isdigit() else joined


def write_members(rows: Iterable[dict[str, str]], *, name: str, excel: bool = False) -> Written:
    """The 12 columns that Cagette and CAMAP import.

    A ``|`` would become a separator over there, so it is replaced like a quote.
    """
    writer = Writer(excel=excel)
    writer.bare(*LABELS)
    for row in rows:
        writer.values(*(row[field].replace("|", "/") for field in FIELDS))
    return writer.written(name)
