"""The browser's arithmetic of money is the server's: the same functions, compared on the same sums."""

from __future__ import annotations

import random

import pytest

from teraa.common.ids import is_uuid7
from teraa.common.money import format_cents, format_osm, format_rate, osm_units_for
from tests.browsing import page_at
from tests.conftest import LONG

pytestmark = [pytest.mark.journey]

EXAMPLES = 20_000 if LONG else 1_000
EDGES = [0, 1, 9, 10, 99, 100, 101, 999, 1_000, 99_999, 100_000, 123_456_789, 10_000_000_00]


@pytest.fixture(scope="module")
def page(house, browser):
    with page_at(browser) as page:
        page.goto(f"{house.url}/till/")
        yield page


@pytest.fixture(scope="module")
def chance():
    return random.Random(20_261_121)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_it_writes_euros_as_the_server_does(page, chance, language):
    sums = [*EDGES, *(-cents for cents in EDGES)]
    sums += [chance.randrange(-(10**9), 10**9) for _ in range(EXAMPLES)]

    written = page.evaluate(
        """async ([sums, language]) => {
            const { formatCents } = await import("/static/js/money.js");
            return sums.map((cents) => formatCents(cents, language));
        }""",
        [sums, language],
    )

    assert written == [format_cents(cents, language) for cents in sums]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_it_writes_coins_as_the_server_does_beyond_what_a_float_holds(page, chance, language):
    units = [*EDGES, 2**53 - 1, 2**53 + 1, 10**18 + 1, 12_550_000_000, 100_000_000]
    units += [chance.randrange(0, 10**19) for _ in range(EXAMPLES)]

    written = page.evaluate(
        """async ([units, language]) => {
            const { formatOsm } = await import("/static/js/money.js");
            return units.map((text) => formatOsm(text, language));
        }""",
        [[str(one) for one in units], language],
    )

    assert written == [format_osm(one, language) for one in units]


def test_it_asks_for_as_many_coins_as_the_server_will(page, chance):
    asked = [
        (
            chance.choice(EDGES) if chance.random() < 0.2 else chance.randrange(0, 10**9),
            chance.randrange(1, 10**12),
            chance.choice([1, 1_000_000, 100_000_000]),
        )
        for _ in range(EXAMPLES)
    ]

    units = page.evaluate(
        """async (asked) => {
            const { osmUnitsFor } = await import("/static/js/money.js");
            return asked.map(([cents, rate, step]) => String(osmUnitsFor(cents, rate, step)));
        }""",
        [[cents, str(rate), str(step)] for cents, rate, step in asked],
    )

    assert units == [str(osm_units_for(*one)) for one in asked]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_it_writes_vat_rates_as_the_server_does(page, language):
    rates = [0, 210, 550, 850, 1000, 1050, 2000, 1999, 5]

    written = page.evaluate(
        """async ([rates, language]) => {
            const { formatRate } = await import("/static/js/money.js");
            return rates.map((rate) => formatRate(rate, language));
        }""",
        [rates, language],
    )

    assert written == [format_rate(rate, language) for rate in rates]


def test_it_types_cents_from_the_right_and_stops_at_the_largest_sum(page):
    typed = page.evaluate(
        """async () => {
            const { MOST_CENTS, typeDigit } = await import("/static/js/money.js");
            return [typeDigit(0, "5"), typeDigit(5, "00"), typeDigit(500, "7"),
                    typeDigit(MOST_CENTS, "0"), typeDigit(0, "00")];
        }"""
    )

    assert typed == [5, 500, 5007, 10_000_000_00, 0]


def test_it_makes_keys_that_the_server_takes_for_uuid7_in_order(page):
    keys = page.evaluate(
        """async () => {
            const { uuid7 } = await import("/static/js/uuid7.js");
            return Array.from({ length: 500 }, (_, index) => uuid7(1_700_000_000_000 + index));
        }"""
    )

    from uuid import UUID

    assert all(is_uuid7(UUID(key)) for key in keys)
    assert len(set(keys)) == 500
    assert keys == sorted(keys)
