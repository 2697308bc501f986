"""Amounts of coin: units of 10^-8 as integers inside, decimal strings of units in JSON."""

from __future__ import annotations

import re

UNITS_PER_COIN = 100_000_000
MAX_UNITS = 2**63 - 1

_DIGITS = re.compile(r"[0-9]{1,19}")
_COINS = re.compile(r"([0-9]{1,11})(?:\.([0-9]{1,8}))?")


class NotAnAmount(ValueError):
    """The value is no amount of whole units between 0 and 2^63 - 1."""


def read_units(value: object) -> int:
    """Read an amount of units from JSON: a string of digits, or an integer (Core before 2.5).

    Raises NotAnAmount for floats, booleans, signs, blanks and what does not fit eight bytes.
    """
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        units = int(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        units = value
    else:
        raise NotAnAmount(repr(value))
    if not 0 <= units <= MAX_UNITS:
        raise NotAnAmount(repr(value))
    return units


def units_of_coins(text: str) -> int:
    """Read whole coins with a point and at most 8 decimals ("12.5") as units of 10^-8.

    Raises NotAnAmount for signs, exponents, commas, grouping, blanks and more decimals.
    """
    found = _COINS.fullmatch(text)
    if not found:
        raise NotAnAmount(text)
    units = int(found[1]) * UNITS_PER_COIN + int((found[2] or "").ljust(8, "0"))
    if units > MAX_UNITS:
        raise NotAnAmount(text)
    return units


def coins_of_units(units: int) -> str:
    """Write units of 10^-8 as whole coins, without needless zeros ("12.5", "3", "0.00000001")."""
    if not 0 <= units <= MAX_UNITS:
        raise NotAnAmount(str(units))
    coins, rest = divmod(units, UNITS_PER_COIN)
    return f"{coins}.{rest:08d}".rstrip("0").rstrip(".")
