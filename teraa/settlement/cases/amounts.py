"""How much goes back: the five variants. Units of 10⁻⁸ OSM and cents, integers only."""

from __future__ import annotations

from dataclasses import dataclass

from teraa.common.money import (
    RATE_SCALE,
    UNITS_PER_OSM,
    cents_for_units,
    osm_units_for,
)
from teraa.common.problems import Invalid
from teraa.settlement.cases.problems import TooMuchRefund
from teraa.settlement.cases.states import Variant

OF_TODAY = (Variant.NOW, Variant.FIXED)
"""Variants that need the rate in force."""


@dataclass(frozen=True, slots=True)
class Left:
    """What can still be given back: ``units`` that came and what they were worth, at ``then_e10``."""

    units: int
    cents: int
    then_e10: int


@dataclass(frozen=True, slots=True)
class Amounts:
    """``covers`` of the units that came are given back by sending ``units``, worth ``cents``."""

    covers: int
    units: int
    cents: int


def amounts_of(
    variant: str,
    left: Left,
    *,
    now_e10: int | None = None,
    step_units: int = 1,
    units: int | None = None,
    cents: int | None = None,
) -> Amounts:
    """The amounts of a refund. ``units`` is for CUSTOM, ``cents`` for FIXED.

    What is sent for euros is rounded up to ``step_units``, so that nobody gets a fraction of a
    cent too little. Raises Invalid, TooMuchRefund.
    """
    match variant:
        case Variant.THEN | Variant.SURPLUS:
            return Amounts(left.units, left.units, left.cents)
        case Variant.CUSTOM:
            wanted = _given(units, "units")
            if wanted > left.units:
                raise TooMuchRefund(left_units=str(left.units))
            return Amounts(wanted, wanted, _worth(wanted, left))
        case Variant.NOW:
            return _in_euros(left.cents, left, now_e10, step_units)
        case Variant.FIXED:
            wanted = _given(cents, "cents")
            if wanted > left.cents:
                raise TooMuchRefund(left_cents=left.cents)
            return _in_euros(wanted, left, now_e10, step_units)
    raise Invalid(fields={"variant": variant})


def _in_euros(cents: int, left: Left, now_e10: int | None, step_units: int) -> Amounts:
    if not now_e10 or cents <= 0:
        raise Invalid(fields={"variant": "no rate, or worth nothing"})
    covers = left.units if cents == left.cents else min(left.units, _units_worth(cents, left))
    return Amounts(covers, osm_units_for(cents, now_e10, step_units), cents)


def _units_worth(cents: int, left: Left) -> int:
    """Units that were worth ``cents`` then, rounded up to one."""
    numerator = cents * UNITS_PER_OSM * RATE_SCALE
    return -(-numerator // (100 * left.then_e10))


def _worth(units: int, left: Left) -> int:
    return left.cents if units == left.units else cents_for_units(units, left.then_e10)


def _given(value: int | None, name: str) -> int:
    if value is None or value <= 0:
        raise Invalid(fields={name: "more than 0"})
    return value
