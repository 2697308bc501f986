"""Numbers as these files write them: decimal comma for people, point where nobody formatted.

Both occur in one file. Money is whole cents, quantities are thousandths; no float anywhere.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from teraa.common.money import MAX_CENTS, divide_half_up

MAX_MILLI = 1_000_000_000
_NUMBER = re.compile(r"(\d{1,9})(?:[.,](\d{1,9}))?", re.ASCII)
_SPACES = re.compile(r"[\s\u00a0\u202f]+")


def parse(text: str) -> Decimal | None:
    """``1,9``, ``1.90`` or ``1 234,5`` with or without a sign of euro or percent; None otherwise.

    Nothing in these files is negative, so a minus is not read either.
    """
    match = _NUMBER.fullmatch(_SPACES.sub("", text).rstrip("€%"))
    if match is None:
        return None
    return Decimal(f"{match[1]}.{match[2] or 0}")


def parse_cents(text: str) -> int | None:
    """Euros as whole cents, halves up; None when it is no amount."""
    return _scaled(text, 100, MAX_CENTS)


def parse_milli(text: str) -> int | None:
    """A quantity in thousandths; None when it is none."""
    return _scaled(text, 1000, MAX_MILLI)


def parse_basis_points(text: str) -> int | None:
    """A percentage in basis points (``5,5`` is 550), up to 100 %; None when it is none."""
    return _scaled(text, 100, 10_000)


def parse_id(text: str) -> int | None:
    """A number of Cagette's database, above zero; None otherwise."""
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        return None
    return int(text) or None


def _scaled(text: str, scale: int, most: int) -> int | None:
    number = parse(text)
    if number is None:
        return None
    scaled = int((number * scale).to_integral_value(ROUND_HALF_UP))
    return scaled if scaled <= most else None


def money_for_people(cents: int) -> str:
    """``1500`` → ``15``, ``190`` → ``1,90``: two decimals or none."""
    whole, fraction = divmod(abs(cents), 100)
    sign = "-" if cents < 0 else ""
    return f"{sign}{whole},{fraction:02d}" if fraction else f"{sign}{whole}"


def quantity_for_people(milli: int) -> str:
    """``2500`` → ``2,50``, ``1000`` → ``1``: rounded to two decimals, or none."""
    return money_for_people(divide_half_up(milli, 10))


def raw(value: int, places: int) -> str:
    """``raw(1400, 3)`` → ``1.4``, ``raw(6250, 2)`` → ``62.5``: a point and no trailing zero."""
    whole, fraction = divmod(value, 10**places)
    return f"{whole}.{fraction:0{places}d}".rstrip("0").rstrip(".")
