"""The rules every Cagette file shares: encoding, separator, quotes, stray marks (both ways).

Reading follows what Cagette itself accepts (UTF-8 or Latin-1, a separator guessed on the first
line, values trimmed, ``null`` is nothing) and goes further where people's files need it: quoted
line breaks, doubled quotes, and quotes that an export of Cagette left as they were.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

MAX_BYTES: Final = 4 * 1024 * 1024  # Cagette's own limit for an upload
MAX_ROWS: Final = 5_000
MAX_COLUMNS: Final = 60
MAX_RECORD_LINES: Final = 20  # lines one quoted value may run over

BOM: Final = "\ufeff"
NOTHING: Final = frozenset({"", "null", "NULL"})
# What a spreadsheet would take for a formula (OWASP's list of first characters).
FORMULA: Final = ("=", "+", "-", "@")

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BREAK = re.compile(r"[\t\n\r\x85\u2028\u2029]+")
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx/.ods and .xls


class NotATable(ValueError):
    """The bytes are no such file; ``reason`` is one of REASONS."""

    REASONS = ("empty", "too_large", "spreadsheet", "not_text", "too_many_rows", "too_many_columns")

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Row:
    """One record. ``line`` is where it begins in the file (1 is the header)."""

    line: int
    cells: tuple[str, ...]

    def cell(self, index: int) -> str:
        """The value in that column, "" where the row is too short."""
        return self.cells[index] if index < len(self.cells) else ""


@dataclass(frozen=True, slots=True)
class Table:
    """A file as read: ``header`` is there to recognise it by, never to find columns."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    separator: str
    encoding: str


def decode(data: bytes) -> tuple[str, str]:
    """Text and the encoding it was in. Raises NotATable.

    Cagette takes what is not UTF-8 for Latin-1. Windows-1252 is the same but for 27 characters
    that no text in Latin-1 uses, œ and € among them: it is tried first.
    """
    if len(data) > MAX_BYTES:
        raise NotATable("too_large")
    if data.startswith(_SPREADSHEETS):
        raise NotATable("spreadsheet")
    for encoding in ("utf-8", "cp1252", "latin-1"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        break
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip(BOM + "\n")
    if _CONTROL.search(text):
        raise NotATable("not_text")
    if not text.strip():
        raise NotATable("empty")
    return text, encoding


def guess_separator(first_line: str) -> str:
    """``;`` if the line has more of them than commas, else ``,`` (a tie is a comma)."""
    return ";" if first_line.count(";") > first_line.count(",") else ","


def read_table(data: bytes) -> Table:
    """Read a whole file. Raises NotATable.

    Rows of one column or of nothing but nothing are dropped, as Cagette drops them.
    """
    text, encoding = decode(data)
    lines = text.split("\n")
    separator = guess_separator(lines[0])
    records = list(_records(lines, separator))
    header = records[0].cells
    kept = [row for row in records[1:] if len(row.cells) > 1 and any(row.cells)]
    if len(kept) > MAX_ROWS:
        raise NotATable("too_many_rows")
    if any(len(row.cells) > MAX_COLUMNS for row in [records[0], *kept]):
        raise NotATable("too_many_columns")
    return Table(header, tuple(kept), separator, encoding)


def _records(lines: Sequence[str], separator: str) -> Iterator[Row]:
    """Each record with the line it begins on.

    A record that is not well-formed CSV was written by Cagette, which escapes nothing: it is then
    cut at ``";"``, and lines are joined until there are as many values as in the header.
    """
    expected, index = 0, 0
    while index < len(lines):
        if not lines[index].strip(BOM + " "):
            index += 1
            continue
        cells, used = _well_formed(lines, index, separator)
        if cells is None or (expected and len(cells) < expected and '"' in lines[index]):
            rough, taken = _as_exported(lines, index, separator, expected)
            if cells is None or len(rough) == expected:
                cells, used = rough, taken
        yield Row(index + 1, tuple(_clean(cell) for cell in cells))
        expected = expected or len(cells)
        index += used


def _well_formed(lines: Sequence[str], start: int, separator: str) -> tuple[list[str] | None, int]:
    """The record at ``start`` by the rules of CSV, or None when it breaks them."""
    for count in range(1, MAX_RECORD_LINES + 1):
        if start + count > len(lines):
            break
        record = "\n".join(lines[start : start + count])
        try:
            return next(csv.reader([record], delimiter=separator, strict=True)), count
        except csv.Error as error:
            if "end of data" not in str(error):
                break
    return None, 1


def _as_exported(
    lines: Sequence[str], start: int, separator: str, expected: int
) -> tuple[list[str], int]:
    first: list[str] = []
    for count in range(1, MAX_RECORD_LINES + 1):
        if start + count > len(lines):
            break
        cells = _cut("\n".join(lines[start : start + count]), separator)
        first = first or cells
        if not expected or len(cells) == expected:
            return cells, count
        if len(cells) > expected:
            break
    return first, 1


def _cut(record: str, separator: str) -> list[str]:
    record = record.strip(BOM + " ")
    if len(record) > 1 and record.startswith('"') and record.endswith('"'):
        return record[1:-1].split(f'"{separator}"')
    return record.split(separator)


def _clean(cell: str) -> str:
    text = " ".join(cell.strip(BOM).split())
    return "" if text in NOTHING else text


def split_as_cagette(data: bytes) -> list[list[str]]:
    """The rows of a member file as Cagette 2021 splits them: for checking what we write.

    Its splitter is no CSV parser: a quoted line break splits the row, doubled quotes vanish, and
    a ``|`` inside quotes becomes the separator.
    """
    text, _encoding = decode(data)
    lines = text.split("\n")
    separator = guess_separator(lines[0])
    rows = []
    for line in lines[1:]:
        parts = line.split('"')
        parts[1::2] = [part.replace(separator, "|") for part in parts[1::2]]
        joined = "".join(parts)
        cells = [cell.replace("|", separator).strip() for cell in joined.split(separator)]
        if len(cells) > 1 and any(cell not in NOTHING for cell in cells):
            rows.append(["" if cell in NOTHING else cell for cell in cells])
    return rows


@dataclass(frozen=True, slots=True)
class Note:
    """A value that could not be written as it is: where, and what became of it."""

    line: int
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class Written:
    """A file to download."""

    name: str
    data: bytes
    notes: tuple[Note, ...] = ()


class Writer:
    """Lines of one file, exactly as Cagette writes them or so that Excel opens them well.

    Exactly: header bare, values quoted, nothing escaped, no BOM, LF. A quote or a line break
    would make the file unreadable to everybody, so it is replaced and noted. For Excel: with a
    BOM, quotes doubled, and what looks like a formula neutralised with an apostrophe, and noted.
    """

    def __init__(self, *, excel: bool = False) -> None:
        self._excel = excel
        self._lines: list[str] = []
        self._notes: list[Note] = []

    def bare(self, *words: str) -> None:
        """A line without quotes: the header; with no word an empty line."""
        self._lines.append(";".join(words))

    def values(self, *values: str) -> None:
        """A line of quoted values."""
        self._lines.append(";".join(f'"{self._value(value)}"' for value in values))

    def _value(self, value: str) -> str:
        written = _BREAK.sub(" ", _CONTROL.sub("", value))
        if self._excel:
            if written.startswith(FORMULA):
                written = f"'{written}"
        else:
            written = written.replace('"', "'")
        if written != value:
            self._notes.append(Note(len(self._lines) + 1, value, written))
        return written.replace('"', '""') if self._excel else written

    def written(self, name: str) -> Written:
        """The file so far under ``name``."""
        text = "".join(f"{line}\n" for line in self._lines)
        return Written(name, ((BOM if self._excel else "") + text).encode(), tuple(self._notes))
