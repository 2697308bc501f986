"""What a cart costs."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos.pricing import NotInCatalogue, NoVatRate, Wanted, price_lines, rate_on

DAY = datetime.date(2026, 11, 19)
COFFEE = {
    "label": "Café",
    "price_cents": 150,
    "vat_class": "soft_drink",
    "rates": {"on_site": [["2020-01-01", 1000]], "takeaway": []},
}


def priced(*wanted, serving="on_site"):
    return price_lines(products={"c": COFFEE}, wanted=wanted, serving=serving, day=DAY)


def test_a_line_keeps_label_price_and_rate_as_values():
    (line,) = priced(Wanted("c", 3))

    assert (line.label, line.quantity_milli, line.total_cents) == ("Café", 3000, 450)
    assert (line.vat_class, line.vat_rate_bp) == ("soft_drink", 1000)


def test_it_refuses_a_product_of_another_catalogue():
    with pytest.raises(NotInCatalogue):
        priced(Wanted("other", 1))


def test_it_refuses_a_product_without_a_rate_today():
    with pytest.raises(NoVatRate):
        priced(Wanted("c", 1), serving="takeaway")


@pytest.mark.parametrize(
    ("day", "rate"),
    [
        (datetime.date(2019, 12, 31), None),
        (datetime.date(2020, 1, 1), 1000),
        (datetime.date(2026, 12, 31), 1000),
        (datetime.date(2027, 1, 1), 1200),
    ],
)
def test_a_rate_counts_from_its_day_on(day, rate):
    assert rate_on([["2020-01-01", 1000], ["2027-01-01", 1200]], day) == rate


@given(st.lists(st.integers(1, 999), min_size=1, max_size=20))
def test_the_total_is_price_times_quantity(quantities):
    lines = priced(*[Wanted("c", quantity) for quantity in quantities])

    assert sum(line.total_cents for line in lines) == 150 * sum(quantities)
