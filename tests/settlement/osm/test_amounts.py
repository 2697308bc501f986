"""Amounts: integers of 10^-8 inside, decimal strings outside, floats nowhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teraa.settlement.osm.amounts import (
    MAX_UNITS,
    NotAnAmount,
    coins_of_units,
    read_units,
    units_of_coins,
)


@pytest.mark.parametrize(("value", "units"), [("0", 0), ("1250000000", 1250000000), (7, 7)])
def test_it_reads_strings_of_digits_and_integers(value, units):
    assert read_units(value) == units


@pytest.mark.parametrize(
    "value",
    ["", "-1", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "١", None, 1.0, True, -1, 2**63, str(2**63)],
)
def test_it_refuses_floats_signs_and_what_does_not_fit(value):
    with pytest.raises(NotAnAmount):
        read_units(value)


@given(st.integers(min_value=0, max_value=MAX_UNITS))
def test_it_reads_back_exactly_the_coins_it_wrote(units):
    assert units_of_coins(coins_of_units(units)) == units


@pytest.mark.parametrize(
    ("units", "coins"),
    [(1, "0.00000001"), (1250000000, "12.5"), (300000000, "3"), (100000000000, "1000"), (0, "0")],
)
def test_it_writes_coins_without_needless_zeros(units, coins):
    assert coins_of_units(units) == coins


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".5",
        "1.",
        "1,5",
        "1 000",
        "-1",
        "+1",
        "1e3",
        "0.000000001",
        "99999999999.9",
        "١.٥",
        "NaN",
    ],
)
def test_it_refuses_coins_it_would_have_to_guess(text):
    with pytest.raises(NotAnAmount):
        units_of_coins(text)
