"""Whatever is uploaded is read or refused by name; nothing else happens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos.amap.cagette.members import UnknownShape, read_members
from pos.amap.cagette.orders import E1, NotOrders, read_orders
from pos.amap.cagette.products import (
    CAGETTE,
    CAMAP,
    DialectUnclear,
    NotProducts,
    OtherDialect,
    read_products,
)
from pos.amap.cagette.tables import NotATable
from tests.pos.amap.files import CAGETTE_PRODUCTS, CAMAP_PRODUCTS, sample

REFUSALS = (NotATable, UnknownShape, NotOrders, NotProducts, DialectUnclear, OtherDialect)

cells = st.text(st.sampled_from('aé";,|\n\t 1.5-=\ufeff\u00a0'), max_size=8)
tables = st.lists(st.lists(cells, min_size=1, max_size=14).map(";".join), max_size=6).map(
    lambda rows: "\n".join(rows).encode()
)
files = st.binary(max_size=200) | tables


@given(files, st.sampled_from([None, CAGETTE, CAMAP]))
def test_no_file_does_anything_but_be_read_or_refused(data, dialect):
    for read in (
        lambda: read_members(data),
        lambda: read_products(data, dialect=dialect),
        lambda: read_orders(data),
    ):
        try:
            read()
        except REFUSALS:
            continue


@given(tables)
def test_rows_below_a_right_header_are_read_or_named(rows):
    header = ";".join(E1).encode()
    try:
        found = read_orders(header + b"\n" + rows).rows
    except NotATable:
        return
    for row in found:
        assert (row.order is None) == bool(row.fault)
        assert row.line > 1


@pytest.mark.parametrize("name", [CAGETTE_PRODUCTS, CAMAP_PRODUCTS])
@given(rows=tables)
def test_products_below_a_right_header_keep_within_bounds(name, rows):
    header = sample(name).splitlines()[0]
    try:
        found = read_products(header + b"\n" + rows).products
    except (NotATable, DialectUnclear):
        return
    for product in found:
        assert product.name
        assert product.price_cents >= 0
        assert product.size_milli is None or product.size_milli > 0 or product.faults
