"""“Commandes du jour”, read for a move-in."""

from __future__ import annotations

import pytest

from pos.amap.cagette.names import split_product_name
from pos.amap.cagette.orders import NotOrders, read_orders
from pos.amap.cagette.tables import BOM
from tests.pos.amap.files import BY_MEMBER, ORDERS, sample

HEADER = sample(ORDERS).decode().splitlines()[0]


def line(**values: str) -> bytes:
    cells = {
        "user": "9003",
        "name": "D'ESSAI Maud",
        "product": "Poulet",
        "ref": "POU",
        "catalog": "Œufs",
        "catalog_id": "302",
        "vendor": "72",
        "price": "12,50",
        "quantity": "1.4",
        "fee": "0,88",
        "total": "18,38",
        "paid": "false",
    } | values
    quoted = ";".join(f'"{cell}"' for cell in cells.values())
    return f"{HEADER}\n{quoted}\n".encode()


def test_it_reads_every_line_and_its_totals_to_the_cent():
    rows = read_orders(sample(ORDERS)).rows
    orders = [row.order for row in rows]

    assert [row.fault for row in rows] == [""] * 5
    assert [order.total_cents for order in orders] == [1838, 1500, 480, 1500, 475]
    assert [order.quantity_milli for order in orders] == [1400, 1000, 2000, 1000, 2500]
    assert orders[0].fee_cents == 88
    assert orders[3].household == "FICTIVE Zoé / INVENTÉ Axel"
    assert {order.producer_number for order in orders} == {71, 72}


def test_a_stray_mark_at_the_end_is_no_row():
    rows = read_orders(sample(ORDERS) + BOM.encode()).rows

    assert len(rows) == 5


def test_quotes_that_nobody_escaped_are_recovered_by_the_number_of_columns():
    rows = read_orders(line(product='Poulet "fermier"; bio')).rows

    assert rows[0].order is not None
    assert rows[0].order.product == 'Poulet "fermier"; bio'


def test_a_line_break_in_a_name_is_recovered_too():
    rows = read_orders(line(product='Poulet "fermier"\nbio')).rows

    assert rows[0].order is not None
    assert rows[0].order.product == 'Poulet "fermier" bio'


def test_a_quantity_of_zero_is_kept():
    rows = read_orders(line(quantity="0", fee="", total="0")).rows

    assert rows[0].order is not None
    assert rows[0].order.total_cents == 0


def test_a_cent_lost_in_their_rounding_follows_their_total():
    rows = read_orders(line(total="18,37")).rows

    assert rows[0].order is not None
    assert (rows[0].order.total_cents, rows[0].order.fee_cents) == (1837, 87)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"price": "cher"}, "prix TTC"),
        ({"quantity": "-1"}, "Quantité"),
        ({"total": "18,50"}, "total"),
        ({"name": ""}, "userName"),
        ({"product": 'a";"b'}, "columns"),
    ],
)
def test_it_names_the_line_and_the_value_it_cannot_read(values, fault):
    rows = read_orders(line(**values)).rows

    assert [(row.line, row.order, row.fault) for row in rows] == [(2, None, fault)]


def test_it_refuses_another_list():
    with pytest.raises(NotOrders):
        read_orders(sample(BY_MEMBER))


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("Œufs 6 pièces", ("Œufs", 6000, "Piece")),
        ("Pommes de terre 1 kg", ("Pommes de terre", 1000, "Kilogram")),
        ("Huile 0,75 L", ("Huile", 750, "Litre")),
        ("Poulet", ("Poulet", None, "Piece")),
        ("Panier 2", ("Panier 2", None, "Piece")),
    ],
)
def test_it_takes_size_and_unit_out_of_a_name(written, parts):
    assert split_product_name(written) == parts
