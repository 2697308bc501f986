"""E1, E2 and E6: byte for byte like the samples; and what a spreadsheet can open."""

from __future__ import annotations

import csv
import datetime
import io
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pos.amap.cagette.cash_desk import CashDesk, RateTotal, write_cash_desk
from pos.amap.cagette.members import FIELDS, normalised, read_members, write_members
from pos.amap.cagette.orders import OrderValues, read_orders, write_catalog, write_day
from pos.amap.cagette.tables import BOM, split_as_cagette
from tests.pos.amap.files import BY_MEMBER, CASH_DESK, ORDERS, sample

DAY = datetime.date(2026, 12, 3)


def orders() -> list[OrderValues]:
    return [row.order for row in read_orders(sample(ORDERS)).rows if row.order]


def test_the_orders_of_a_day_are_written_as_they_were_read():
    written = write_day(reversed(orders()), day=DAY)

    assert written.name == ORDERS
    # Lines of one household in one catalogue may stand either way round over there.
    assert sorted(written.data.splitlines()) == sorted(sample(ORDERS).splitlines())
    assert write_day(orders(), day=DAY).data == sample(ORDERS)


def test_one_catalogue_is_written_per_household():
    vegetables = [one for one in orders() if one.catalog == "Légumes"]

    written = write_catalog(vegetables, group="AMAP Fictive", catalog="Légumes", day=DAY)

    assert written.name == BY_MEMBER
    assert written.data == sample(BY_MEMBER)


def test_the_cash_desk_is_written_in_both_of_its_styles():
    desk = CashDesk(
        float_cents=5000,
        cash_cents=6250,
        cheque_cents=3000,
        transfer_cents=0,
        rates=[RateTotal(550, 5630, 5940)],
        unpaid=[("EXEMPLE Émile", 1980)],
    )
    evening = datetime.datetime(2026, 12, 3, 18, 30)

    written = write_cash_desk(desk, local=evening, doubled=True)

    assert written.name == CASH_DESK
    assert written.data == sample(CASH_DESK)
    assert write_cash_desk(desk, local=evening).name.endswith("18-30.csv")
    paid_otherwise = write_cash_desk(replace(desk, others=[("OSM", 1250)]), local=evening)
    assert b'"Encaissements en OSM";"12.5"\n' in paid_otherwise.data


def test_for_excel_there_is_a_mark_and_no_formula():
    bad = replace(orders()[0], household='=HYPERLINK("http://x")', product="-1+1")

    exact, excel = write_day([bad], day=DAY), write_day([bad], day=DAY, excel=True)
    rows = list(csv.reader(io.StringIO(excel.data.decode("utf-8-sig")), delimiter=";"))

    assert not exact.data.startswith(BOM.encode())
    assert excel.data.startswith(BOM.encode())
    assert rows[1][1:3] == ['\'=HYPERLINK("http://x")', "'-1+1"]
    assert [(note.line, note.was) for note in excel.notes] == [
        (2, '=HYPERLINK("http://x")'),
        (2, "-1+1"),
    ]
    assert b"=HYPERLINK('http://x')" in exact.data, "nothing is escaped there: a quote would break"


text = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=24
)
orders_made = st.builds(
    OrderValues,
    household_number=st.none() | st.integers(1, 10**9 - 1),
    household=text,
    product=text,
    ref=text | st.just(""),
    catalog=text,
    catalog_number=st.integers(1, 10**6),
    producer_number=st.none() | st.integers(1, 10**6),
    price_cents=st.integers(0, 100_000),
    quantity_milli=st.integers(0, 100_000),
    fee_cents=st.integers(0, 5_000),
    paid=st.booleans(),
)


def kept(value: str) -> str:
    """What a value is after writing and reading: quotes replaced, trimmed, null is nothing."""
    read = " ".join(value.replace('"', "'").replace(BOM, "").split())
    return "" if read in ("null", "NULL") else read


@given(st.lists(orders_made, min_size=1, max_size=6))
def test_any_orders_come_back_as_they_went(made):
    made = [one for one in made if kept(one.household) and kept(one.product) and kept(one.catalog)]
    made = [one for one in made if BOM not in f"{one}"]
    back = [row.order for row in read_orders(write_day(made, day=DAY).data).rows] if made else []

    def comparable(one: OrderValues) -> OrderValues:
        return replace(
            one,
            **{
                name: kept(getattr(one, name))
                for name in ("household", "product", "ref", "catalog")
            },
        )

    def order(one: OrderValues) -> str:
        return repr(one)

    assert None not in back
    assert sorted(back, key=order) == sorted(map(comparable, made), key=order)


word = st.text(st.characters(codec="latin-1", categories=("L", "N")), min_size=1, max_size=10)
households = st.fixed_dictionaries(
    {
        name: st.builds(
            "{}@{}.example".format, st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.just("x")
        )
        if name.startswith("email")
        else word
        for name in FIELDS
    }
)


@given(st.lists(households, min_size=1, max_size=5, unique_by=lambda row: row["email"]))
def test_members_come_back_by_our_reading_and_by_cagettes_own(rows):
    rows = [
        {name: normalised(name, value)[: FIELDS[name]] for name, value in row.items()}
        | {"email2": ""}
        for row in rows
    ]
    data = write_members(rows, name="membres.csv").data
    ours = read_members(data).members

    def nothing_lost(value: str) -> str:
        return "" if value in ("null", "NULL") else value

    wanted = [{name: nothing_lost(value) for name, value in row.items()} for row in rows]
    assert [{n: normalised(n, v) for n, v in one.values.items()} for one in ours] == [
        {n: normalised(n, v) for n, v in row.items()} for row in wanted
    ]
    theirs = split_as_cagette(data)
    assert [len(row) for row in theirs] == [12] * len(rows)
    assert [row[2] for row in theirs] == [row["email"] for row in rows]


def test_a_bar_and_a_quote_never_reach_cagettes_splitter():
    row = dict.fromkeys(FIELDS, "") | {
        "first_name": "A|B",
        "last_name": 'D"E',
        "email": "a@example.org",
    }
    data = write_members([row], name="membres.csv").data

    assert split_as_cagette(data)[0][:3] == ["A/B", "D'E", "a@example.org"]
