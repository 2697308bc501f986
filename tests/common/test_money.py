"""Money is whole numbers; nothing is lost by rounding, splitting or writing it down."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teraa.common import money

cents = st.integers(-money.MAX_CENTS, money.MAX_CENTS)
due_cents = st.integers(0, money.MAX_CENTS)
units = st.integers(0, 10**18)
rates_bp = st.integers(0, 10_000)
rates_e10 = st.integers(1, 10**15)


@given(st.integers(), st.integers(1, 10**12))
def test_it_rounds_halves_away_from_zero(numerator, denominator):
    exact, rounded = Fraction(numerator, denominator), money.divide_half_up(numerator, denominator)
    assert abs(exact - rounded) <= Fraction(1, 2)
    if abs(exact - rounded) == Fraction(1, 2):
        assert abs(rounded) > abs(exact)
    assert money.divide_half_up(-numerator, denominator) == -rounded


@pytest.mark.parametrize("denominator", [0, -1])
def test_it_does_not_divide_by_nothing(denominator):
    with pytest.raises(money.NotMoney):
        money.divide_half_up(1, denominator)


@pytest.mark.parametrize(
    ("total", "rate_bp", "vat"),
    [
        (250, 1000, 23),  # a coffee at 2,50 €: 22,727… cents
        (105, 550, 5),
        (2000, 2000, 333),
        (211, 550, 11),  # exactly 11
        (-250, 1000, -23),
        (0, 2000, 0),
        (999, 0, 0),
    ],
)
def test_it_takes_vat_out_of_the_inclusive_price(total, rate_bp, vat):
    assert money.vat_of_inclusive(total, rate_bp) == vat


@given(cents, rates_bp)
def test_its_vat_is_within_half_a_cent_and_mirrors_a_refund(total, rate_bp):
    vat = money.vat_of_inclusive(total, rate_bp)
    assert abs(Fraction(total * rate_bp, 10_000 + rate_bp) - vat) <= Fraction(1, 2)
    assert money.vat_of_inclusive(-total, rate_bp) == -vat
    assert abs(vat) <= abs(total)


@given(st.integers(-100_000, 100_000), st.integers(-10_000, 10_000))
def test_it_prices_whole_quantities_exactly(price, quantity):
    assert money.line_total(price, quantity * 1000) == price * quantity


@given(due_cents, rates_e10, st.integers(1, 10**9))
def test_it_asks_for_enough_osm_and_no_step_too_much(due, rate_e10, step):
    asked = money.osm_units_for(due, rate_e10, step)
    value = Fraction(asked * rate_e10 * 100, money.UNITS_PER_OSM * money.RATE_SCALE)
    one_step_less = Fraction(
        (asked - step) * rate_e10 * 100, money.UNITS_PER_OSM * money.RATE_SCALE
    )
    assert asked % step == 0
    assert value >= due
    assert one_step_less < due


def test_it_knows_what_a_coffee_costs():
    two_cents_an_osm = 200_000_000
    assert money.osm_units_for(250, two_cents_an_osm) == 125 * money.UNITS_PER_OSM
    assert money.cents_for_units(125 * money.UNITS_PER_OSM, two_cents_an_osm) == 250
    assert money.osm_units_for(0, two_cents_an_osm) == 0


@given(due_cents, st.integers(1, 10**10))
def test_what_it_asks_for_is_worth_the_due_or_less_than_a_step_more(due, rate_e10):
    asked = money.osm_units_for(due, rate_e10)
    step_worth = Fraction(money.DISPLAY_STEP_UNITS * rate_e10 * 100, 10**18)
    assert due <= money.cents_for_units(asked, rate_e10) <= due + step_worth + 1


@pytest.mark.parametrize(("due", "rate", "step"), [(-1, 1, 1), (1, 0, 1), (1, 1, 0), (1, -1, 1)])
def test_it_asks_nothing_for_what_is_no_price(due, rate, step):
    with pytest.raises(money.NotMoney):
        money.osm_units_for(due, rate, step)


@given(cents, st.lists(st.integers(0, 10_000), min_size=1, max_size=12).filter(any))
def test_it_shares_out_every_cent(total, weights):
    parts = money.share_out(total, weights)
    assert sum(parts) == total
    assert len(parts) == len(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1
        if weight == 0:
            assert part == 0


def test_it_gives_the_odd_cent_to_the_first_of_equals():
    assert money.share_out(100, [1, 1, 1]) == [34, 33, 33]
    assert money.share_out(-100, [1, 1, 1]) == [-34, -33, -33]


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1]])
def test_it_shares_nothing_among_nobody(weights):
    with pytest.raises(money.NotMoney):
        money.share_out(100, weights)


@given(units)
def test_it_reads_back_the_osm_it_wrote(amount):
    text = money.osm_decimal(amount)
    assert money.parse_osm(text) == amount
    assert money.parse_osm(text.replace(".", ",")) == amount
    assert not text.endswith((".", ".0"))


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", "1e3", "1 000", ".5", "5.", "1.123456789", "٣", "0x1", "1.2.3"]
)
def test_it_refuses_to_guess_an_amount(text):
    with pytest.raises(money.NotMoney):
        money.parse_osm(text)


def test_it_never_writes_a_negative_amount_of_coins():
    with pytest.raises(money.NotMoney):
        money.osm_decimal(-1)


@pytest.mark.parametrize(
    ("amount", "french", "english"),
    [
        (1234, "12,34 €", "€12.34"),
        (5, "0,05 €", "€0.05"),
        (-250, "−2,50 €", "−€2.50"),
        (123456789, "1 234 567,89 €", "€1,234,567.89"),
        (0, "0,00 €", "€0.00"),
    ],
)
def test_it_writes_euros_as_each_language_does(amount, french, english):
    spaces = str.maketrans({"\u202f": " ", "\u00a0": " "})
    assert money.format_cents(amount, "fr").translate(spaces) == french
    assert money.format_cents(amount, "en") == english


@given(cents)
def test_it_shows_every_cent(amount):
    digits = "".join(c for c in money.format_cents(amount) if c.isdigit())
    assert int(digits) == abs(amount)


@pytest.mark.parametrize(
    ("amount", "french"),
    [
        (12_550_000_000, "125,50 OSM"),
        (1, "0,00000001 OSM"),
        (100_000_000, "1,00 OSM"),
        (123_456_700_000_000, "1 234 567,00 OSM"),
    ],
)
def test_it_writes_osm_with_all_that_matters(amount, french):
    spaces = str.maketrans({"\u202f": " ", "\u00a0": " "})
    assert money.format_osm(amount, "fr").translate(spaces) == french


@pytest.mark.parametrize(
    ("rate", "french", "english"),
    [
        (550, "5,5", "5.5"),
        (1000, "10", "10"),
        (2000, "20", "20"),
        (210, "2,1", "2.1"),
        (0, "0", "0"),
    ],
)
def test_it_writes_rates_without_idle_zeros(rate, french, english):
    assert money.format_rate(rate, "fr") == f"{french}\u00a0%"
    assert money.format_rate(rate, "en") == f"{english}\u00a0%"
