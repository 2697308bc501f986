"""Money in integers: euro cents, and OSM in units of 10⁻⁸. Pure; no float ever enters.

Rates of VAT are basis points (5.5 % is 550). A rate of OSM is ``rate_e10``: euros per OSM
times 10¹⁰, so 0.02 € an OSM is 200 000 000.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

UNITS_PER_OSM = 100_000_000
RATE_SCALE = 10_000_000_000
DISPLAY_STEP_UNITS = 1_000_000  # 0.01 OSM: what a person can still read and type
MAX_CENTS = 10_000_000_00  # ten million euros: beyond it, somebody leaned on the keyboard

_OSM_TEXT = re.compile(r"^(\d{1,11})(?:[.,](\d{1,8}))?$", re.ASCII)
_THIN_SPACE = "\u202f"
_NO_BREAK_SPACE = "\u00a0"


class NotMoney(ValueError):
    """The text or number is not an amount of money this house can hold."""


def divide_half_up(numerator: int, denominator: int) -> int:
    """Quotient rounded to the nearest integer, halves away from zero (denominator > 0)."""
    if denominator <= 0:
        raise NotMoney("denominator must be positive")
    magnitude = (2 * abs(numerator) + denominator) // (2 * denominator)
    return magnitude if numerator >= 0 else -magnitude


def vat_of_inclusive(total_cents: int, rate_bp: int) -> int:
    """VAT in cents contained in ``total_cents`` (VAT included) at ``rate_bp`` basis points.

    Rounded once, half away from zero; to be applied to the total per rate of one document,
    never to its lines (research: French VAT is derived from the inclusive price per rate).
    """
    return divide_half_up(total_cents * rate_bp, 10_000 + rate_bp)


def line_total(unit_price_cents: int, quantity_milli: int) -> int:
    """Price in cents of ``quantity_milli`` thousandths of a unit at ``unit_price_cents``."""
    return divide_half_up(unit_price_cents * quantity_milli, 1000)


def osm_units_for(cents: int, rate_e10: int, step_units: int = DISPLAY_STEP_UNITS) -> int:
    """OSM units (10⁻⁸) that pay ``cents`` at ``rate_e10``, rounded up to ``step_units``.

    Rounded up, so that the payee is never short of a fraction of a cent.
    """
    if cents < 0 or rate_e10 <= 0 or step_units <= 0:
        raise NotMoney("cents must not be negative; rate and step must be positive")
    numerator = cents * UNITS_PER_OSM * RATE_SCALE
    denominator = 100 * rate_e10
    steps = -(-numerator // (denominator * step_units))
    return steps * step_units


def cents_for_units(units: int, rate_e10: int) -> int:
    """Euro cents that ``units`` (10⁻⁸ OSM) are worth at ``rate_e10``, half away from zero."""
    return divide_half_up(units * rate_e10 * 100, UNITS_PER_OSM * RATE_SCALE)


def share_out(total: int, weights: Sequence[int]) -> list[int]:
    """Split ``total`` by ``weights``; the parts sum to ``total`` (largest remainder, first wins)."""
    if not weights or any(weight < 0 for weight in weights) or sum(weights) == 0:
        raise NotMoney("weights must be non-negative and not all zero")
    whole = sum(weights)
    sign = 1 if total >= 0 else -1
    magnitude = abs(total)
    parts = [magnitude * weight // whole for weight in weights]
    remainders = [magnitude * weight % whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda index: (-remainders[index], index))
    for index in order[: magnitude - sum(parts)]:
        parts[index] += 1
    return [sign * part for part in parts]


def osm_decimal(units: int) -> str:
    """Units as whole coins with a point and no trailing zero: ``"125.5"`` (AIP-13 URIs)."""
    if units < 0:
        raise NotMoney("an amount of OSM is never negative here")
    whole, fraction = divmod(units, UNITS_PER_OSM)
    return f"{whole}.{fraction:08d}".rstrip("0").rstrip(".")


def parse_osm(text: str) -> int:
    """Units (10⁻⁸ OSM) of a typed amount such as ``"125.5"``. Raises NotMoney."""
    match = _OSM_TEXT.match(text.strip())
    if match is None:
        raise NotMoney(f"not an amount of OSM: {text!r}")
    whole, fraction = match.group(1), match.group(2) or ""
    return int(whole) * UNITS_PER_OSM + int(fraction.ljust(8, "0"))


def _grouped(whole: int, separator: str) -> str:
    return f"{whole:,}".replace(",", separator)


def format_cents(cents: int, language: str = "fr") -> str:
    """``1234`` → ``"12,34 €"`` in French, ``"€12.34"`` in English."""
    sign = "−" if cents < 0 else ""
    whole, fraction = divmod(abs(cents), 100)
    if language.startswith("fr"):
        return f"{sign}{_grouped(whole, _THIN_SPACE)},{fraction:02d}{_NO_BREAK_SPACE}€"
    return f"{sign}€{_grouped(whole, ',')}.{fraction:02d}"


def format_osm(units: int, language: str = "fr") -> str:
    """``12550000000`` → ``"125,50 OSM"``: two decimals at least, all that matter at most."""
    whole, fraction = divmod(abs(units), UNITS_PER_OSM)
    decimals = f"{fraction:08d}".rstrip("0").ljust(2, "0")
    sign = "−" if units < 0 else ""
    if language.startswith("fr"):
        return f"{sign}{_grouped(whole, _THIN_SPACE)},{decimals}{_NO_BREAK_SPACE}OSM"
    return f"{sign}{_grouped(whole, ',')}.{decimals}{_NO_BREAK_SPACE}OSM"


def format_rate(rate_bp: int, language: str = "fr") -> str:
    """``550`` → ``"5,5 %"``."""
    whole, fraction = divmod(rate_bp, 100)
    text = f"{whole}.{fraction:02d}".rstrip("0").rstrip(".")
    return f"{text.replace('.', ',') if language.startswith('fr') else text}{_NO_BREAK_SPACE}%"
