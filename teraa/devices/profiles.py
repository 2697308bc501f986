"""What one model of printer can do, and how text must be bent to fit its character table."""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any, Final, Literal

from teraa.common.paper import DRAWER_PINS, NO_BREAK_SPACE, WIDTHS

QrKind = Literal["native", "raster"]
CutKind = Literal["full", "partial", "feed", "none"]

# Dots across the printable width at 203 dpi, by columns of font A.
DOTS: Final = {32: 384, 42: 512, 48: 576}
QR_KINDS: Final = ("native", "raster")
CUT_KINDS: Final = ("full", "partial", "feed", "none")
LAST_SLOT: Final = 255

# Always replaced: printers draw these as a blot, even where their table has a place for them.
_SPACES: Final = dict.fromkeys(map(ord, "\u00a0\u2007\u202f"), NO_BREAK_SPACE) | dict.fromkeys(
    map(ord, "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u2009\u200a\u205f\u3000"), " "
)
# Replaced only where the table lacks the character.
_REPLACEMENTS: Final = {
    "‘": "'",
    "’": "'",
    "‚": ",",
    "“": '"',
    "”": '"',
    "„": '"',
    "«": '"',
    "»": '"',
    "‹": "<",
    "›": ">",
    "′": "'",
    "″": '"',
    "‐": "-",
    "‑": "-",
    "‒": "-",
    "–": "-",
    "—": "-",
    "―": "-",
    "−": "-",
    "…": "...",
    "•": "*",
    "·": ".",
    "×": "x",
    "÷": "/",
    "€": "EUR",
    "œ": "oe",
    "Œ": "OE",
    "æ": "ae",
    "Æ": "AE",
    "ø": "o",
    "Ø": "O",
    "ß": "ss",
    "ẞ": "SS",
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "Đ": "D",
    "№": "No",
    "≤": "<=",
    "≥": ">=",
    "≠": "<>",
    "→": "->",
    "←": "<-",
    "✓": "v",
    "✗": "x",
    "⁄": "/",
}


class ProfileError(ValueError):
    """A printer's profile names something that does not exist."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One model of printer.

    `code_page` is a character table of Python's codecs and `code_page_slot` the number this
    printer knows it by (`ESC t n`): it is chosen once at the head of every job and never left,
    since cheap clones ignore a change half-way. `cancel_kanji` is for clones that take two
    accented letters for one Chinese character.
    """

    width_columns: int = 48
    code_page: str = "CP1252"
    code_page_slot: int = 16
    qr: QrKind = "native"
    cut: CutKind = "partial"
    drawer_pin: int = 2
    cancel_kanji: bool = False

    def __post_init__(self) -> None:
        if type(self.width_columns) is not int or self.width_columns not in WIDTHS:
            raise ProfileError(f"width_columns must be 32, 42 or 48, not {self.width_columns!r}")
        try:
            "A".encode(codecs.lookup(self.code_page).name)
            single = len(_table(self.code_page)) > 0
        except (LookupError, TypeError, UnicodeError) as error:
            raise ProfileError(f"code_page {self.code_page!r} is unknown") from error
        if not single:
            raise ProfileError(f"code_page {self.code_page!r} is not a table of 256 characters")
        if type(self.code_page_slot) is not int or not 0 <= self.code_page_slot <= LAST_SLOT:
            raise ProfileError("code_page_slot must be a whole number from 0 to 255")
        if self.qr not in QR_KINDS:
            raise ProfileError(f"qr must be native or raster, not {self.qr!r}")
        if self.cut not in CUT_KINDS:
            raise ProfileError(f"cut must be one of {', '.join(CUT_KINDS)}, not {self.cut!r}")
        if type(self.drawer_pin) is not int or self.drawer_pin not in DRAWER_PINS:
            raise ProfileError(f"drawer_pin must be 2 or 5, not {self.drawer_pin!r}")
        if not isinstance(self.cancel_kanji, bool):
            raise ProfileError("cancel_kanji must be true or false")

    @property
    def dots(self) -> int:
        """Printable width in printer dots."""
        return DOTS[self.width_columns]


def profile_from_json(values: object) -> Profile:
    """Read a stored profile; absent names keep their default. Raises ProfileError."""
    if not isinstance(values, Mapping):
        raise ProfileError("a profile is an object")
    known = {field.name for field in fields(Profile)}
    if unknown := set(values) - known:
        raise ProfileError(f"a profile has no {', '.join(sorted(map(str, unknown)))}")
    return Profile(**values)


def profile_to_json(profile: Profile) -> dict[str, Any]:
    """Return the whole profile as plain JSON values."""
    return asdict(profile)


@lru_cache(maxsize=16)
def _table(code_page: str) -> frozenset[str]:
    """The characters above ASCII that a single-byte table holds; empty for other encodings."""
    held = set()
    for byte in range(0x80, 0x100):
        try:
            character = bytes((byte,)).decode(code_page)
        except UnicodeDecodeError:
            continue
        if len(character) == 1 and character.encode(code_page) == bytes((byte,)):
            held.add(character)
    return frozenset(held)


def spell(text: str, code_page: str) -> str:
    """Rewrite text with characters the table holds, keeping no-break spaces for the layout.

    What the table lacks becomes its nearest plain spelling (œ → oe where there is no œ), a letter
    without its accent, and `?` only for what has neither.
    """
    held = _table(code_page)

    def nearest(character: str) -> str:
        if character == NO_BREAK_SPACE or " " <= character <= "~" or character == "\n":
            return character
        if character in held and character.isprintable():
            return character
        if character in _REPLACEMENTS:
            return _REPLACEMENTS[character]
        bare = "".join(
            part
            for part in unicodedata.normalize("NFKD", character)
            if " " <= part <= "~" or (part in held and part.isprintable())
        )
        return bare or ("" if unicodedata.combining(character) else "?")

    return "".join(map(nearest, text.translate(_SPACES)))


def encode_text(text: str, code_page: str) -> bytes:
    """Return the bytes of text already spelt by `spell`; no-break spaces become plain ones here."""
    return text.replace(NO_BREAK_SPACE, " ").encode(code_page)
