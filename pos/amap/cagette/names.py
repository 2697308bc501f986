"""How people, products and files are called in these files."""

from __future__ import annotations

import datetime
import re
import unicodedata
from typing import Final

from pos.amap.cagette.numbers import parse_milli, quantity_for_people

PIECE: Final = "Piece"
# Identifier → how it follows a size; a piece has a plural, the rest have not.
UNITS: Final[dict[str, tuple[str, str]]] = {
    PIECE: ("pièce", "pièces"),
    "Kilogram": ("kg", "kg"),
    "Gram": ("g", "g"),
    "Litre": ("L", "L"),
    "Centilitre": ("cL", "cL"),
    "Millilitre": ("mL", "mL"),
}
_BY_WORD: Final = {
    word.casefold(): unit for unit, (one, many) in UNITS.items() for word in (one, many)
}
_SIZED = re.compile(r"(?P<name>.+?) (?P<size>\d{1,6}(?:[.,]\d{1,3})?) (?P<unit>\S+)")
_DAYS = ("Lundi", "Mardi", "Mercredi", "Jeudi", "Vendredi", "Samedi", "Dimanche")
_MONTHS = (
    *("Janvier", "Février", "Mars", "Avril", "Mai", "Juin"),
    *("Juillet", "Août", "Septembre", "Octobre", "Novembre", "Décembre"),
)
_NOT_IN_A_NAME = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]')


def folded(text: str) -> str:
    """Without accents, case and spaces around: what two ways of writing one word share."""
    plain = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "OE"))
    return "".join(one for one in plain if not unicodedata.combining(one)).casefold().strip()


def household_name(first: str, last: str, first2: str = "", last2: str = "") -> str:
    """``FICTIVE Zoé / INVENTÉ Axel``: last name in capitals, the partner after a slash."""
    name = f"{last.upper()} {first}".strip()
    other = f"{last2.upper()} {first2}".strip()
    return f"{name} / {other}" if other else name


def product_name(name: str, *, size_milli: int | None, unit: str, variable_price: bool) -> str:
    """``Œufs 6 pièces``; the bare name when it is weighed, or has no size or unit."""
    if variable_price or not size_milli or unit not in UNITS:
        return name
    one, many = UNITS[unit]
    word = many if size_milli >= 2000 else one
    return f"{name} {quantity_for_people(size_milli)} {word}"


def split_product_name(written: str) -> tuple[str, int | None, str]:
    """Name, size in thousandths and unit of what an export wrote; the bare name has neither."""
    match = _SIZED.fullmatch(written)
    if match is not None:
        unit, size = _BY_WORD.get(match["unit"].casefold()), parse_milli(match["size"])
        if unit is not None and size:
            return match["name"], size, unit
    return written, None, PIECE


def day_in_words(local: datetime.datetime) -> str:
    """``Jeudi 3 Décembre à 18-30``; a file name may hold no colon."""
    day, month = _DAYS[local.weekday()], _MONTHS[local.month - 1]
    return f"{day} {local.day} {month} à {local:%H-%M}"


def file_name(text: str) -> str:
    """``text`` without what some file system refuses in a name, and of a bearable length."""
    return _NOT_IN_A_NAME.sub("-", text)[:150]
