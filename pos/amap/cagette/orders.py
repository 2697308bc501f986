"""Orders of a day (E1, both ways) and of one catalogue at one distribution (E2, written)."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from pos.amap.cagette.names import file_name, folded
from pos.amap.cagette.numbers import (
    money_for_people,
    parse_cents,
    parse_id,
    parse_milli,
    quantity_for_people,
    raw,
)
from pos.amap.cagette.tables import Row, Writer, Written, read_table
from teraa.common.money import line_total

E1: Final = (
    *("userId", "userName", "productName", "Référence", "catalogName", "catalogId", "vendorId"),
    *("prix TTC", "Quantité", "frais", "total", "Payé"),
)
E2: Final = ("Nom", "productName", "prix TTC", "Quantité", "frais", "total", "Payé")


class NotOrders(ValueError):
    """Not the twelve columns of “commandes du jour”."""


@dataclass(frozen=True, slots=True)
class OrderValues:
    """One order line: cents with VAT, thousandths. ``fee_cents`` is in the total, not the price."""

    household_number: int | None
    household: str
    product: str
    ref: str
    catalog: str
    catalog_number: int | None
    producer_number: int | None
    price_cents: int
    quantity_milli: int
    fee_cents: int
    paid: bool

    @property
    def total_cents(self) -> int:
        return line_total(self.price_cents, self.quantity_milli) + self.fee_cents


@dataclass(frozen=True, slots=True)
class OrderRow:
    """``order`` is None when the line cannot be read; ``fault`` then says which value is wrong."""

    line: int
    order: OrderValues | None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class OrderFile:
    encoding: str
    separator: str
    rows: tuple[OrderRow, ...]


def read_orders(data: bytes) -> OrderFile:
    """Read “commandes du jour”. Raises NotATable, NotOrders."""
    table = read_table(data)
    words = tuple(folded(word) for word in table.header)
    if words != tuple(folded(word) for word in E1):
        raise NotOrders
    return OrderFile(table.encoding, table.separator, tuple(_order(row) for row in table.rows))


def _order(row: Row) -> OrderRow:
    if len(row.cells) != len(E1):
        return OrderRow(row.line, None, "columns")
    user, name, product, ref, catalog, catalog_id, producer, price, quantity, fee, total, paid = (
        row.cells
    )
    cents, milli, whole = parse_cents(price), parse_milli(quantity), parse_cents(total)
    fees = parse_cents(fee) if fee else 0
    read: tuple[tuple[str, object], ...] = (
        *(("userName", name or None), ("productName", product or None)),
        *(("catalogName", catalog or None), ("prix TTC", cents), ("Quantité", milli)),
        *(("frais", fees), ("total", whole)),
    )
    for column, value in read:
        if value is None:
            return OrderRow(row.line, None, column)
    assert cents is not None and milli is not None and whole is not None  # noqa: S101, PT018
    # Two halves may have been rounded apart: the total people were told is the one that counts.
    exact = whole - line_total(cents, milli)
    if abs(exact - (fees or 0)) > 1 or exact < 0:
        return OrderRow(row.line, None, "total")
    order = OrderValues(
        household_number=parse_id(user),
        household=name,
        product=product,
        ref=ref,
        catalog=catalog,
        catalog_number=parse_id(catalog_id),
        producer_number=parse_id(producer),
        price_cents=cents,
        quantity_milli=milli,
        fee_cents=exact,
        paid=paid.casefold() == "true",
    )
    return OrderRow(row.line, order)


def in_order(orders: Iterable[OrderValues]) -> list[OrderValues]:
    """By household, then catalogue; inside a catalogue they stay as they came."""
    return sorted(
        orders,
        key=lambda one: (folded(one.household), one.household_number or 0, one.catalog_number or 0),
    )


def write_day(orders: Iterable[OrderValues], *, day: datetime.date, excel: bool = False) -> Written:
    """E1: the quantity raw with a point, all else with a comma; the total includes the fee."""
    writer = Writer(excel=excel)
    writer.bare(*E1)
    for one in in_order(orders):
        writer.values(
            _id(one.household_number),
            one.household,
            one.product,
            one.ref,
            one.catalog,
            _id(one.catalog_number),
            _id(one.producer_number),
            money_for_people(one.price_cents),
            raw(one.quantity_milli, 3),
            *_last(one),
        )
    return writer.written(f"Export-commandes-{day.isoformat()}-Cagette.csv")


def write_catalog(
    orders: Sequence[OrderValues],
    *,
    group: str,
    catalog: str,
    day: datetime.date,
    excel: bool = False,
) -> Written:
    """E2: one catalogue at one distribution, per household; here the quantity has a comma."""
    writer = Writer(excel=excel)
    writer.bare(*E2)
    for one in in_order(orders):
        writer.values(
            one.household,
            one.product,
            money_for_people(one.price_cents),
            quantity_for_people(one.quantity_milli),
            *_last(one),
        )
    # Cagette 2021 puts nothing between the catalogue's name and the day.
    name = f"{group} - Distribution {catalog}{day.isoformat()} - Par membre.csv"
    return writer.written(file_name(name))


def _id(number: int | None) -> str:
    return str(number) if number else ""


def _last(one: OrderValues) -> tuple[str, str, str]:
    fee = money_for_people(one.fee_cents) if one.fee_cents else ""
    return fee, money_for_people(one.total_cents), "true" if one.paid else "false"
