"""What a distribution amounts to: for files, for the sheet to sign, for the treasurer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Sum
from django.utils.translation import gettext

from pos.amap.cagette.cash_desk import CashDesk, RateTotal
from pos.amap.cagette.names import folded
from pos.amap.cagette.orders import OrderValues
from pos.amap.models import Basket, Catalog, Distribution, OrderLine
from teraa.common.money import vat_of_inclusive
from teraa.settlement.models import DueState, Tender, TenderKind, TenderState


def order_values(
    distribution: Distribution, *, catalog: Catalog | None = None
) -> list[OrderValues]:
    """Every line, cancelled ones too (one query). Paid is what is settled, here or elsewhere."""
    lines = OrderLine.objects.filter(basket__distribution=distribution)
    if catalog is not None:
        lines = lines.filter(product__catalog=catalog)
    found = lines.select_related(
        "basket__household", "basket__due", "product__catalog__producer"
    ).order_by("position", "pk")
    return [_values(line) for line in found]


def _values(line: OrderLine) -> OrderValues:
    due, catalog = line.basket.due, line.product.catalog
    return OrderValues(
        household_number=line.basket.household.number,
        household=line.basket.household.name,
        product=line.label,
        ref=line.ref,
        catalog=catalog.name,
        catalog_number=catalog.number,
        producer_number=catalog.producer.number,
        price_cents=line.unit_price_cents,
        quantity_milli=line.quantity_milli,
        fee_cents=line.fee_cents,
        paid=line.paid_elsewhere or (due is not None and due.state == DueState.SETTLED),
    )


def catalogs_of(distribution: Distribution) -> list[Catalog]:
    """The catalogues anything was ordered from (one query)."""
    return list(
        Catalog.objects.filter(products__lines__basket__distribution=distribution)
        .distinct()
        .order_by("name")
    )


def cash_desk(distribution: Distribution) -> CashDesk:
    """What was taken by each way to pay, what is still owed, and VAT by rate (three queries)."""
    taken = dict(
        Tender.objects.filter(due__basket__distribution=distribution, state=TenderState.SETTLED)
        .values_list("kind")
        .annotate(cents=Sum("amount_cents"))
    )
    baskets = list(distribution.baskets.select_related("household", "due").order_by("number"))
    totals = dict(
        OrderLine.objects.filter(basket__distribution=distribution, quantity_milli__gt=0)
        .values_list("vat_rate_bp")
        .annotate(cents=Sum("total_cents"))
    )
    known = {TenderKind.CASH, TenderKind.CHEQUE, TenderKind.TRANSFER}
    owing = [one for one in baskets if one.due and one.due.state != DueState.SETTLED]
    return CashDesk(
        float_cents=distribution.float_cents,
        cash_cents=taken.get(TenderKind.CASH, 0),
        cheque_cents=taken.get(TenderKind.CHEQUE, 0),
        transfer_cents=taken.get(TenderKind.TRANSFER, 0),
        rates=[
            RateTotal(rate, cents - vat_of_inclusive(cents, rate), cents)
            for rate, cents in sorted(totals.items())
        ],
        unpaid=_people(one for one in owing if one.due and not one.due.paid_cents),
        partly_paid=_people(one for one in owing if one.due and one.due.paid_cents),
        others=[
            (_OTHERS.get(kind, kind), taken[kind]) for kind in sorted(taken) if kind not in known
        ],
    )


# As the file is French whatever the reader's language, so are these.
_OTHERS = {
    TenderKind.OSM: "OSM",
    TenderKind.CARD: "carte bancaire",
    TenderKind.VOUCHER: "bon",
}


def _people(baskets: Iterable[Basket]) -> list[tuple[str, int]]:
    return [
        (one.household.name, one.due.amount_cents - one.due.paid_cents)
        for one in baskets
        if one.due is not None
    ]


@dataclass(frozen=True)
class SheetRow:
    """One household on the sheet to sign."""

    number: int | None
    name: str
    phones: list[str]
    lines: list[OrderLine]
    total_cents: int
    owed_cents: int
    standing: str


@dataclass(frozen=True)
class Sheet:
    """The whole sheet. Cents."""

    distribution: Distribution
    rows: list[SheetRow]
    total_cents: int
    owed_cents: int
    has_fees: bool


def sheet(distribution: Distribution) -> Sheet:
    """The sheet to sign, by basket number, before closing by name (two queries)."""
    baskets = sorted(
        distribution.baskets.select_related("household", "due").prefetch_related("lines"),
        key=lambda one: (one.number or 0, folded(one.household.name)),
    )
    rows = [_sheet_row(basket) for basket in baskets]
    return Sheet(
        distribution,
        rows,
        sum(row.total_cents for row in rows),
        sum(row.owed_cents for row in rows),
        any(line.fee_cents for row in rows for line in row.lines),
    )


def _sheet_row(basket: Basket) -> SheetRow:
    lines = [line for line in basket.lines.all() if line.quantity_milli]
    due = basket.due
    if due is not None:
        owed = due.amount_cents - due.paid_cents
    else:
        owed = sum(line.total_cents for line in lines if not line.paid_elsewhere)
    return SheetRow(
        number=basket.number,
        name=basket.household.name,
        phones=basket.household.phones,
        lines=lines,
        total_cents=sum(line.total_cents for line in lines),
        owed_cents=owed,
        standing=gettext("to pay") if owed else gettext("paid"),
    )
