"""Orders of a day from Cagette: a move-in. Households by number and name, products by reference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pos.amap.cagette.names import folded, split_product_name
from pos.amap.cagette.numbers import money_for_people, raw
from pos.amap.cagette.orders import OrderFile, OrderRow, OrderValues
from pos.amap.models import (
    Basket,
    Catalog,
    Distribution,
    Household,
    OrderLine,
    Producer,
    Product,
)
from pos.amap.plans import CHANGED, KNOWN, NEW, WRONG, Numbers, Plan, PlannedRow, fault, note

Deeds = list[Callable[[], object]]


@dataclass
class _Ground:
    """What is there, and what earlier rows of the file will have made."""

    distribution: Distribution
    vat_rate_bp: int
    households: list[Household]
    catalogs: list[Catalog]
    producers: list[Producer]
    products: dict[tuple[str, str], Product]
    rates: dict[str, int]
    lines: dict[tuple[str, str], OrderLine]
    baskets: dict[str, Basket]
    household_numbers: Numbers
    catalog_numbers: Numbers
    producer_numbers: Numbers
    position: int = 0
    unsaved: set[str] = field(default_factory=set)

    def save_once(self, made: Producer | Catalog | Product | Basket) -> None:
        """Insert what this file makes, the first time a row needs it."""
        if str(made.pk) in self.unsaved:
            self.unsaved.discard(str(made.pk))
            made.save(force_insert=True)


def plan_orders(distribution: Distribution, file: OrderFile, *, vat_rate_bp: int) -> Plan:
    """What ``file`` would add to ``distribution``; the rate is for products not known here."""
    ground = _ground(distribution, vat_rate_bp)
    return Plan([], [_row(ground, row) for row in file.rows])


def _ground(distribution: Distribution, vat_rate_bp: int) -> _Ground:
    group = distribution.group
    households = list(Household.objects.filter(group=group))
    catalogs = list(Catalog.objects.filter(group=group).select_related("producer"))
    producers = list(Producer.objects.filter(group=group))
    products = list(Product.objects.filter(catalog__group=group))
    lines = OrderLine.objects.filter(basket__distribution=distribution).select_related("basket")
    return _Ground(
        distribution=distribution,
        vat_rate_bp=vat_rate_bp,
        households=households,
        catalogs=catalogs,
        producers=producers,
        products={(str(one.catalog_id), one.ref or one.full_name): one for one in products},
        rates={one.ref: one.vat_rate_bp for one in products if one.ref},
        lines={(str(one.basket.household_id), str(one.product_id)): one for one in lines},
        baskets={
            str(one.household_id): one for one in Basket.objects.filter(distribution=distribution)
        },
        household_numbers=Numbers({one.number for one in households}),
        catalog_numbers=Numbers({one.number for one in catalogs}),
        producer_numbers=Numbers({one.number for one in producers}),
        position=len(lines),
    )


def _row(ground: _Ground, row: OrderRow) -> PlannedRow:
    order = row.order
    if order is None:
        said = fault("columns") if row.fault == "columns" else fault("unreadable", row.fault)
        return PlannedRow(row.line, WRONG, "", [said])
    what = f"{order.household} · {raw(order.quantity_milli, 3)} × {order.product}"
    household = _household(ground, order)
    if isinstance(household, str):
        return PlannedRow(row.line, WRONG, what, [household])
    remarks: list[str] = []
    deeds: Deeds = []
    if order.household_number and order.household_number != household.number:
        number = order.household_number
        if ground.household_numbers.free(number):
            ground.household_numbers.take(number, instead_of=household.number)
            household.number = number
            remarks.append(note("takes_number", number))
            deeds.append(lambda: Household.objects.filter(pk=household.pk).update(number=number))
    catalog = _catalog(ground, order, remarks, deeds)
    product = _product(ground, order, catalog, remarks)
    if order.paid:
        remarks.append(note("paid_elsewhere"))
    if not order.quantity_milli:
        remarks.append(note("cancelled"))
    line = ground.lines.get((str(household.pk), str(product.pk)))
    if line is None:
        line = _line(ground, order, household, product)
        deeds.append(lambda: _add(ground, line, catalog, product))
        status = NEW
    else:
        status = CHANGED if deeds else KNOWN
        if (line.quantity_milli, line.total_cents) != (order.quantity_milli, order.total_cents):
            kept = f"{raw(line.quantity_milli, 3)}, {money_for_people(line.total_cents)} €"
            remarks.append(note("differs", kept))

    def do() -> None:
        for deed in deeds:
            deed()

    return PlannedRow(row.line, status, what, remarks, do if deeds else None)


def _household(ground: _Ground, order: OrderValues) -> Household | str:
    """The household of that number and name, or the only one of that name; else what is wrong."""
    wanted = folded(order.household)
    named = [one for one in ground.households if folded(one.name) == wanted]
    for one in named:
        if one.number == order.household_number:
            return one
    if not named:
        return fault("no_household", order.household)
    return named[0] if len(named) == 1 else fault("same_name", order.household)


def _catalog(ground: _Ground, order: OrderValues, remarks: list[str], deeds: Deeds) -> Catalog:
    named = [one for one in ground.catalogs if folded(one.name) == folded(order.catalog)]
    if named:
        catalog = named[0]
        _renumber(catalog, order.catalog_number, ground.catalog_numbers, remarks, deeds)
        _renumber(catalog.producer, order.producer_number, ground.producer_numbers, remarks, deeds)
        return catalog
    group = ground.distribution.group
    producer = next((one for one in ground.producers if one.number == order.producer_number), None)
    if producer is None:
        producer = Producer(
            venue_id=group.venue_id,
            group=group,
            number=ground.producer_numbers.take(order.producer_number),
            # The file knows producers by number only; the catalogue's name is the nearest word.
            name=_free_name(order.catalog, {one.name for one in ground.producers}),
        )
        ground.producers.append(producer)
        ground.unsaved.add(str(producer.pk))
    catalog = Catalog(
        venue_id=group.venue_id,
        group=group,
        producer=producer,
        number=ground.catalog_numbers.take(order.catalog_number),
        name=order.catalog[:64],
    )
    ground.catalogs.append(catalog)
    ground.unsaved.add(str(catalog.pk))
    remarks.append(note("new_catalog", catalog.name))
    return catalog


def _renumber(
    owner: Catalog | Producer,
    number: int | None,
    numbers: Numbers,
    remarks: list[str],
    deeds: Deeds,
) -> None:
    if not number or number == owner.number or not numbers.free(number):
        return
    numbers.take(number, instead_of=owner.number)
    owner.number = number
    remarks.append(note("takes_number", f"{number} ({owner.name})"))
    model = type(owner)
    deeds.append(lambda: model._base_manager.filter(pk=owner.pk).update(number=number))


def _free_name(wanted: str, taken: set[str]) -> str:
    name, turn = wanted[:60], 1
    while name in taken:
        turn += 1
        name = f"{wanted[:60]} {turn}"
    return name


def _product(ground: _Ground, order: OrderValues, catalog: Catalog, remarks: list[str]) -> Product:
    key = (str(catalog.pk), order.ref[:32] or order.product)
    product = ground.products.get(key)
    if product is not None:
        return product
    name, size, unit = split_product_name(order.product)
    product = Product(
        venue_id=catalog.venue_id,
        catalog=catalog,
        name=name[:128],
        ref=order.ref[:32],
        price_cents=order.price_cents,
        # The same reference in another catalogue bears the same rate; else the one chosen.
        vat_rate_bp=ground.rates.get(order.ref, ground.vat_rate_bp),
        size_milli=size,
        unit=unit,
        variable_price=size is None,
    )
    ground.products[key] = product
    ground.unsaved.add(str(product.pk))
    remarks.append(note("new_product", product.full_name))
    return product


def _line(ground: _Ground, order: OrderValues, household: Household, product: Product) -> OrderLine:
    distribution = ground.distribution
    basket = ground.baskets.get(str(household.pk))
    if basket is None:
        basket = Basket(
            venue_id=distribution.venue_id, distribution=distribution, household=household
        )
        ground.baskets[str(household.pk)] = basket
        ground.unsaved.add(str(basket.pk))
    ground.position += 1
    line = OrderLine(
        venue_id=distribution.venue_id,
        basket=basket,
        product=product,
        label=order.product[:160],
        ref=order.ref[:32],
        unit_price_cents=order.price_cents,
        quantity_milli=order.quantity_milli,
        fee_cents=order.fee_cents,
        total_cents=order.total_cents,
        vat_rate_bp=product.vat_rate_bp,
        position=ground.position,
        paid_elsewhere=order.paid,
    )
    ground.lines[(str(household.pk), str(product.pk))] = line
    return line


def _add(ground: _Ground, line: OrderLine, catalog: Catalog, product: Product) -> None:
    for made in (catalog.producer, catalog, product, line.basket):
        ground.save_once(made)
    line.save(force_insert=True)
