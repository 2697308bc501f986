"""What a printed page says: words, amounts, a QR, a cut, a drawer. How it is spelt is the devices' business.

A page is a value: frozen, comparable, with a JSON form free of floats, so that it can be stored in
a row, hashed, sent to an agent on another machine and read back equal.
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, NamedTuple, cast

Align = Literal["left", "center", "right"]

WIDTHS: Final = (32, 42, 48)  # columns of font A: 58 mm, 80 mm at 42, 80 mm paper
ALIGNS: Final = ("left", "center", "right")
DRAWER_PINS: Final = (2, 5)
FORM: Final = 1  # number of the JSON form written by page_to_json
COLUMN_GAP: Final = 1

MAX_BLOCKS: Final = 2_000
MAX_TEXT: Final = 4_000
MAX_CELLS: Final = 8
MAX_WEIGHT: Final = 1_000
MAX_FEED: Final = 20
MAX_QR_BYTES: Final = 1_200
MAX_QR_SIZE: Final = 16
NO_BREAK_SPACE: Final = "\u00a0"


class PageError(ValueError):
    """A page, or its JSON form, says something no printer can be asked for."""


def _whole(value: object, name: str, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise PageError(f"{name} must be a whole number from {low} to {high}, not {value!r}")
    return value


def _flag(value: object, name: str) -> bool:
    if not isinstance(value, bool):
        raise PageError(f"{name} must be true or false, not {value!r}")
    return value


def _align(value: object) -> Align:
    if value not in ALIGNS:
        raise PageError(f"alignment must be one of {', '.join(ALIGNS)}, not {value!r}")
    return value


def _clean(value: object, name: str, *, lines: bool = False) -> str:
    """Compose accents and take out what a printer would obey instead of printing.

    A label typed by a person must never become a command: an escape byte in a product's name
    could open a drawer. Newlines stay only where a block may hold several lines.
    """
    if not isinstance(value, str):
        raise PageError(f"{name} must be text, not {type(value).__name__}")
    if len(value) > MAX_TEXT:
        raise PageError(f"{name} is longer than {MAX_TEXT} characters")
    kept: list[str] = []
    for character in unicodedata.normalize("NFC", value.replace("\r\n", "\n")):
        if character == "\n" and lines:
            kept.append(character)
        elif character in "\t\n\r\v\f\u2028\u2029":
            kept.append(" ")
        elif unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn"}:
            kept.append(character)
    # Taking a character out may have brought two together that compose.
    return unicodedata.normalize("NFC", "".join(kept))


class Cell(NamedTuple):
    """One column of a line: its text, its side, and its share of the width."""

    text: str
    align: Align = "left"
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph, wrapped to the paper; a newline in it begins a new line."""

    text: str
    align: Align = "left"
    bold: bool = False
    double: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", _clean(self.text, "text", lines=True))
        _align(self.align)
        _flag(self.bold, "bold")
        _flag(self.double, "double")


@dataclass(frozen=True, slots=True)
class Columns:
    """A line of cells side by side, as a label and its amount; `double` is twice as large."""

    cells: tuple[Cell, ...]
    bold: bool = False
    double: bool = False

    def __post_init__(self) -> None:
        if (
            isinstance(self.cells, str)
            or not isinstance(self.cells, Sequence)
            or not 1 <= len(self.cells) <= MAX_CELLS
        ):
            raise PageError(f"a line has from 1 to {MAX_CELLS} cells")
        cells = []
        for cell in self.cells:
            if not isinstance(cell, Sequence) or isinstance(cell, str) or not 1 <= len(cell) <= 3:
                raise PageError(f"a cell is (text, align, weight), not {cell!r}")
            given = Cell(*cell)
            cells.append(
                Cell(
                    _clean(given.text, "cell"),
                    _align(given.align),
                    _whole(given.weight, "weight", 1, MAX_WEIGHT),
                )
            )
        object.__setattr__(self, "cells", tuple(cells))
        _flag(self.bold, "bold")
        _flag(self.double, "double")


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across the paper."""


@dataclass(frozen=True, slots=True)
class Qr:
    """A QR code, centred; `size` is the side of one module in printer dots (about 1/8 mm)."""

    data: str
    size: int = 6

    def __post_init__(self) -> None:
        if not isinstance(self.data, str) or not self.data:
            raise PageError("a QR code needs something to say")
        if "\0" in self.data:  # no database column of text can keep it
            raise PageError("a QR code cannot hold a null character")
        try:
            length = len(self.data.encode())
        except UnicodeEncodeError as error:
            raise PageError("a QR code holds text that cannot be written in UTF-8") from error
        if length > MAX_QR_BYTES:
            raise PageError(f"a QR code holds at most {MAX_QR_BYTES} bytes, not {length}")
        _whole(self.size, "size", 1, MAX_QR_SIZE)


@dataclass(frozen=True, slots=True)
class Feed:
    """Blank lines."""

    lines: int = 1

    def __post_init__(self) -> None:
        _whole(self.lines, "lines", 1, MAX_FEED)


@dataclass(frozen=True, slots=True)
class Cut:
    """The knife; a partial cut leaves the paper hanging by a point."""

    partial: bool = True

    def __post_init__(self) -> None:
        _flag(self.partial, "partial")


@dataclass(frozen=True, slots=True)
class Drawer:
    """A pulse that opens the cash drawer wired to the printer, on connector pin 2 or 5."""

    pin: int = 2

    def __post_init__(self) -> None:
        if type(self.pin) is not int or self.pin not in DRAWER_PINS:
            raise PageError(f"a drawer hangs on pin 2 or 5, not {self.pin!r}")


Block = Text | Columns | Rule | Qr | Feed | Cut | Drawer


@dataclass(frozen=True, slots=True)
class Page:
    """Everything one job puts on paper, composed for `width_columns` (32, 42 or 48)."""

    width_columns: int
    blocks: tuple[Block, ...]

    def __post_init__(self) -> None:
        if type(self.width_columns) is not int or self.width_columns not in WIDTHS:
            raise PageError(f"paper is 32, 42 or 48 columns wide, not {self.width_columns!r}")
        blocks = tuple(self.blocks)
        if len(blocks) > MAX_BLOCKS:
            raise PageError(f"a page has at most {MAX_BLOCKS} blocks, not {len(blocks)}")
        for block in blocks:
            if not isinstance(block, Block):
                raise PageError(f"{block!r} is not a block of a page")
        object.__setattr__(self, "blocks", blocks)


def marked(page: Page, mark: str) -> Page:
    """Return the page as printed a second time: `mark` on top, and the drawer left shut."""
    banner = (Text(mark, align="center", bold=True), Rule())
    return replace(page, blocks=banner + tuple(b for b in page.blocks if not isinstance(b, Drawer)))


# The JSON form


def _block_to_json(block: Block) -> dict[str, Any]:
    match block:
        case Text(text, align, bold, double):
            return {"t": "text", "text": text, "align": align, "bold": bold, "double": double}
        case Columns(cells, bold, double):
            return {
                "t": "columns",
                "cells": [list(cell) for cell in cells],
                "bold": bold,
                "double": double,
            }
        case Rule():
            return {"t": "rule"}
        case Qr(data, size):
            return {"t": "qr", "data": data, "size": size}
        case Feed(lines):
            return {"t": "feed", "lines": lines}
        case Cut(partial):
            return {"t": "cut", "partial": partial}
        case Drawer(pin):
            return {"t": "drawer", "pin": pin}


def page_to_json(page: Page) -> dict[str, Any]:
    """Return the page as plain JSON values: text, whole numbers, booleans, lists, objects."""
    return {
        "form": FORM,
        "width": page.width_columns,
        "blocks": [_block_to_json(block) for block in page.blocks],
    }


_READERS: Final[dict[str, tuple[Callable[..., Block], frozenset[str]]]] = {
    "text": (Text, frozenset({"text", "align", "bold", "double"})),
    "columns": (Columns, frozenset({"cells", "bold", "double"})),
    "rule": (Rule, frozenset()),
    "qr": (Qr, frozenset({"data", "size"})),
    "feed": (Feed, frozenset({"lines"})),
    "cut": (Cut, frozenset({"partial"})),
    "drawer": (Drawer, frozenset({"pin"})),
}


def _block_from_json(values: object) -> Block:
    if not isinstance(values, Mapping):
        raise PageError(f"a block is an object, not {values!r}")
    kind = values.get("t")
    if not isinstance(kind, str) or kind not in _READERS:
        raise PageError(f"unknown block {kind!r}")
    make, names = _READERS[kind]
    fields = {name: value for name, value in values.items() if name != "t"}
    if unknown := set(fields) - names:
        raise PageError(f"a {kind} block has no {', '.join(sorted(map(str, unknown)))}")
    try:
        return make(**fields)
    except TypeError as error:
        raise PageError(f"a {kind} block lacks something: {error}") from error


def page_from_json(values: object) -> Page:
    """Read back what `page_to_json` wrote. Raises PageError on anything else, floats included."""
    if not isinstance(values, Mapping):
        raise PageError("a page is an object")
    if values.get("form") != FORM or isinstance(values.get("form"), bool):
        raise PageError(f"this reads pages of form {FORM}, not {values.get('form')!r}")
    if unknown := set(values) - {"form", "width", "blocks"}:
        raise PageError(f"a page has no {', '.join(sorted(map(str, unknown)))}")
    blocks = values.get("blocks")
    if not isinstance(blocks, list):
        raise PageError("a page has a list of blocks")
    return Page(cast(int, values.get("width")), tuple(_block_from_json(b) for b in blocks))


# Layout


def wrap(text: str, width: int) -> list[str]:
    """Break text into lines of at most `width` characters, never at a no-break space.

    A word longer than the line is cut: nothing of it is lost. Empty text is one empty line.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines += textwrap.wrap(paragraph, width, break_on_hyphens=False) or [""]
    return lines


def _pad(text: str, align: Align, width: int) -> str:
    if align == "right":
        return text.rjust(width)
    return text.center(width) if align == "center" else text.ljust(width)


def column_widths(cells: Sequence[Cell], width: int) -> list[int] | None:
    """Share `width` characters out among the cells by weight (largest remainder).

    A right-aligned cell holds an amount and gets at least the length of its text; the others share
    what is left. None when they cannot all have at least one character on one line.
    """
    available = width - COLUMN_GAP * (len(cells) - 1)
    fixed: dict[int, int] = {}
    while True:
        rest = [index for index in range(len(cells)) if index not in fixed]
        left = available - sum(fixed.values())
        if left < len(rest):
            return None
        shares = dict(fixed)
        if not rest:
            shares[0] += left
            break
        spread = _largest_remainder(left - len(rest), [cells[index].weight for index in rest])
        shares |= {index: 1 + share for index, share in zip(rest, spread, strict=True)}
        tight = {
            index: len(cells[index].text)
            for index in rest
            if cells[index].align == "right" and len(cells[index].text) > shares[index]
        }
        if not tight:
            break
        fixed |= tight
    return [shares[index] for index in range(len(cells))]


def _largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    whole = sum(weights)
    shares = [total * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for index in order[: total - sum(shares)]:
        shares[index] += 1
    return shares


def lay_out_columns(cells: Sequence[Cell], width: int) -> list[str]:
    """Return the lines, each of exactly `width` characters, that these cells make side by side.

    Labels wrap inside their column; amounts (right-aligned) stay whole, beside the last line of
    the label. When the amounts leave no room for the labels, every cell gets lines of its own,
    and only there is an amount longer than the paper broken rather than lost.
    """
    widths = column_widths(cells, width)
    if widths is None:
        stacked: list[str] = []
        for cell in cells:
            stacked += [_pad(line, cell.align, width) for line in wrap(cell.text, width) if line]
        return stacked or [" " * width]
    columns = [
        [cell.text] if cell.align == "right" else wrap(cell.text, share)
        for cell, share in zip(cells, widths, strict=True)
    ]
    height = max(len(lines) for lines in columns)
    rows: list[str] = []
    for row in range(height):
        parts = []
        for cell, lines, share in zip(cells, columns, widths, strict=True):
            shift = height - len(lines) if cell.align == "right" else 0
            text = lines[row - shift] if 0 <= row - shift < len(lines) else ""
            parts.append(_pad(text, cell.align, share))
        rows.append((" " * COLUMN_GAP).join(parts))
    return rows
