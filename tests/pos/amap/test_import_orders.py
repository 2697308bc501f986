"""A move-in: the orders of a day from Cagette, and back out again byte for byte."""

from __future__ import annotations

import pytest

from pos.amap.models import Basket, Catalog, OrderLine, Product
from pos.amap.operations import (
    apply_import,
    export_catalog,
    export_day,
    plan_import,
)
from pos.amap.problems import FileRefused
from pos.amap.states import ImportKind
from tests.pos.amap.cast import NOW, Amap, amap
from tests.pos.amap.files import (
    BY_MEMBER,
    CAGETTE_PRODUCTS,
    MEMBERS,
    ORDERS,
    sample,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def farm() -> Amap:
    return amap()


def take_over(farm: Amap, kind: ImportKind, content: bytes) -> None:
    brought = farm.bring(kind, content)
    apply_import(import_id=brought.pk, venue_id=farm.venue.pk, by="Maud", at=NOW)


@pytest.fixture
def moved_in(farm) -> Amap:
    take_over(farm, ImportKind.MEMBERS, sample(MEMBERS))
    take_over(farm, ImportKind.PRODUCTS, sample(CAGETTE_PRODUCTS))
    take_over(farm, ImportKind.ORDERS, sample(ORDERS))
    return farm


def test_orders_come_in_and_go_out_as_they_came(moved_in):
    farm = moved_in
    day = export_day(distribution=farm.distribution, excel=False, by="Maud", at=NOW)
    vegetables = export_catalog(
        distribution=farm.distribution,
        catalog=Catalog.objects.get(number=301),
        excel=False,
        by="Maud",
        at=NOW,
    )

    assert (day.name, day.data) == (ORDERS, sample(ORDERS))
    assert (vegetables.name, vegetables.data) == (BY_MEMBER, sample(BY_MEMBER))


def test_totals_agree_to_the_cent_per_household(moved_in):
    totals = {
        basket.household.last_name: sum(line.total_cents for line in basket.lines.all())
        for basket in Basket.objects.all()
    }

    assert totals == {"D'ESSAI": 1838, "EXEMPLE": 1980, "FICTIVE": 1975}


def test_products_keep_the_rate_they_have_here(moved_in):
    eggs = Product.objects.get(catalog__number=302, ref="OEUF6")

    assert (eggs.name, eggs.size_milli, eggs.vat_rate_bp) == ("Œufs", 6000, 550)


def test_a_second_time_changes_nothing(moved_in):
    farm = moved_in
    before = list(OrderLine.objects.order_by("pk").values())
    plan = plan_import(farm.bring(ImportKind.ORDERS, sample(ORDERS)))
    take_over(farm, ImportKind.ORDERS, sample(ORDERS))

    assert {row.status for row in plan.rows} == {"known"}
    assert list(OrderLine.objects.order_by("pk").values()) == before


def test_another_quantity_is_shown_and_kept(moved_in):
    other = sample(ORDERS).replace(b'"2.5";"";"4,75"', b'"3";"";"5,70"')
    plan = plan_import(moved_in.bring(ImportKind.ORDERS, other))

    assert plan.rows[4].status == "known"
    assert "2.5" in plan.rows[4].remarks[0]


def test_somebody_unknown_is_a_fault_with_the_line(farm):
    plan = plan_import(farm.bring(ImportKind.ORDERS, sample(ORDERS)))

    assert [(row.line, row.status) for row in plan.rows] == [(n, "wrong") for n in range(2, 7)]


def test_what_was_paid_there_is_not_owed_here(farm):
    take_over(farm, ImportKind.MEMBERS, sample(MEMBERS))
    paid = sample(ORDERS).replace(b'"19,80"', b"").replace(b'"15";"false"', b'"15";"true"')
    take_over(farm, ImportKind.ORDERS, paid)
    farm.close()

    owed = {
        basket.household.last_name: basket.due.amount_cents if basket.due else None
        for basket in Basket.objects.select_related("due", "household")
    }
    assert owed == {"D'ESSAI": 1838, "EXEMPLE": 480, "FICTIVE": 475}


def test_it_is_refused_once_orders_are_closed(moved_in):
    moved_in.close()

    with pytest.raises(FileRefused):
        moved_in.bring(ImportKind.ORDERS, sample(ORDERS))
