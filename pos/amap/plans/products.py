"""Products: found again by reference in their catalogue and brought up to date, never doubled."""

from __future__ import annotations

from typing import Any

from pos.amap.cagette.numbers import money_for_people, raw
from pos.amap.cagette.products import ProductFile, ProductRow
from pos.amap.models import Catalog, OrderLine, Product
from pos.amap.plans import (
    CHANGED,
    KNOWN,
    NEW,
    SKIPPED,
    WRONG,
    Plan,
    PlannedRow,
    Sentence,
    fault,
    note,
)
from pos.amap.sentences import DIALECTS, EVIDENCE, FIELDS
from pos.amap.states import DistributionState
from teraa.common.money import format_rate


def plan_products(
    catalog: Catalog, file: ProductFile, *, rates: set[int], vat_rate_bp: int, language: str
) -> Plan:
    """What ``file`` would do to ``catalog``. ``rates`` are in force; the other is for empty cells."""
    known = {one.ref or one.name: one for one in Product.objects.filter(catalog=catalog)}
    ordered: dict[Any, int] = {}
    for product_id in OrderLine.objects.filter(
        product__catalog=catalog, basket__distribution__state=DistributionState.ORDERING
    ).values_list("product_id", flat=True):
        ordered[product_id] = ordered.get(product_id, 0) + 1
    evidence = EVIDENCE[(file.by_header is not None, file.by_units is not None)]
    detected: list[Sentence] = [DIALECTS[file.dialect], evidence]
    rows = [
        _row(catalog, row, known, ordered, rates, vat_rate_bp, language) for row in file.products
    ]
    rows += [PlannedRow(line, SKIPPED, "", [note("no_name")]) for line in file.skipped]
    return Plan(detected, sorted(rows, key=lambda row: row.line))


def _row(
    catalog: Catalog,
    row: ProductRow,
    known: dict[str, Product],
    ordered: dict[Any, int],
    rates: set[int],
    vat_rate_bp: int,
    language: str,
) -> PlannedRow:
    faults = [fault(one.code, FIELDS.get(one.what, one.what)) for one in row.faults]
    if row.vat_bp is not None and row.vat_bp not in rates:
        faults.append(fault("vat_not_in_force", format_rate(row.vat_bp, language)))
    if faults:
        return PlannedRow(row.line, WRONG, row.name, faults)
    existing = known.get(row.identity)
    remarks = []
    for one in row.notes:
        what = one.what
        if one.code == "no_vat":
            rate = existing.vat_rate_bp if existing else vat_rate_bp
            what = format_rate(rate, language)
        remarks.append(note(one.code, what))
    values = _values(row)
    if existing is None:
        values.setdefault("vat_rate_bp", vat_rate_bp)
        made = Product(venue_id=catalog.venue_id, catalog=catalog, ref=row.ref, **values)
        known[row.identity] = made
        said = f"{made.full_name} · {money_for_people(made.price_cents)} €"
        said += f" · {format_rate(made.vat_rate_bp, language)}"
        return PlannedRow(row.line, NEW, said, remarks, lambda: made.save(force_insert=True))
    changed = {name: value for name, value in values.items() if getattr(existing, name) != value}
    if not changed:
        return PlannedRow(row.line, KNOWN, existing.full_name, remarks)
    named = ", ".join(_change(existing, name, value) for name, value in changed.items())
    remarks.insert(0, note("changes", named))
    if "price_cents" in changed and ordered.get(existing.pk):
        remarks.append(note("keeps_orders", ordered[existing.pk]))

    def update() -> None:
        Product.objects.filter(pk=existing.pk).update(**changed)

    return PlannedRow(row.line, CHANGED, existing.full_name, remarks, update)


def _values(row: ProductRow) -> dict[str, Any]:
    values: dict[str, Any] = {
        "name": row.name,
        "description": row.description,
        "price_cents": row.price_cents,
        "unit": row.unit,
        "size_milli": row.size_milli,
        "organic": row.organic,
        "bulk": row.bulk,
        "variable_price": row.variable_price,
        "stock_milli": row.stock_milli,
    }
    if row.vat_bp is not None:
        values["vat_rate_bp"] = row.vat_bp
    return values


def _change(product: Product, name: str, value: Any) -> str:
    label = str(FIELDS[name])
    if name == "price_cents":
        before, after = money_for_people(product.price_cents), money_for_people(value)
        return f"{label} {before} → {after} €"
    if name == "size_milli" and product.size_milli and value:
        return f"{label} {raw(product.size_milli, 3)} → {raw(value, 3)}"
    return label
