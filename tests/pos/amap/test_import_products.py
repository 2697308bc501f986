"""Products brought in: by reference, brought up to date, in the dialect the file is in."""

from __future__ import annotations

import pytest

from pos.amap.models import OrderLine, Product
from pos.amap.operations import apply_import, plan_import
from pos.amap.problems import FileRefused
from pos.amap.states import ImportKind
from tests.pos.amap.cast import NOW, Amap, amap
from tests.pos.amap.files import CAGETTE_PRODUCTS, CAMAP_PRODUCTS, sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def farm() -> Amap:
    return amap()


def take_over(farm: Amap, content: bytes, **fields: str) -> None:
    brought = farm.bring(ImportKind.PRODUCTS, content, **fields)
    apply_import(import_id=brought.pk, venue_id=farm.venue.pk, by="Maud", at=NOW)


def imported() -> dict[str, tuple[object, ...]]:
    names = ("ref", "name", "price_cents", "vat_rate_bp", "unit", "size_milli", "organic")
    found = Product.objects.filter(ref__in=["PAN", "PDT", "OEUF6", "POU"])
    return {row[0]: row[1:] for row in found.values_list(*names)}


@pytest.mark.parametrize("name", [CAGETTE_PRODUCTS, CAMAP_PRODUCTS])
def test_both_dialects_give_the_same_products(farm, name):
    take_over(farm, sample(name))

    assert imported() == {
        "PAN": ("Panier de légumes", 1500, 550, "Piece", 1000, True),
        "PDT": ("Pommes de terre", 190, 550, "Kilogram", 1000, True),
        "OEUF6": ("Œufs", 240, 550, "Piece", 6000, False),
        "POU": ("Poulet", 1250, 550, "Kilogram", 1400, True),
    }


def test_the_dialect_is_shown(farm):
    cagette = plan_import(farm.bring(ImportKind.PRODUCTS, sample(CAGETTE_PRODUCTS)))
    camap = plan_import(farm.bring(ImportKind.PRODUCTS, sample(CAMAP_PRODUCTS)))

    assert "Cagette" in str(cagette.detected[0])
    assert "CAMAP" in str(camap.detected[0])


def test_the_other_dialect_is_refused(farm):
    with pytest.raises(FileRefused) as refused:
        farm.bring(ImportKind.PRODUCTS, sample(CAMAP_PRODUCTS), dialect="cagette")

    assert refused.value.context["reason"] == "other_dialect"


def test_a_second_time_changes_nothing_and_a_new_price_changes_one(farm):
    take_over(farm, sample(CAGETTE_PRODUCTS))
    again = plan_import(farm.bring(ImportKind.PRODUCTS, sample(CAGETTE_PRODUCTS)))
    dearer = sample(CAGETTE_PRODUCTS).replace(b'"2,4"', b'"2,6"')
    plan = plan_import(farm.bring(ImportKind.PRODUCTS, dearer))
    take_over(farm, dearer)

    assert {row.status for row in again.rows} == {"known"}
    assert [row.status for row in plan.rows] == ["known", "known", "changed", "known"]
    assert "2,40 → 2,60" in plan.rows[2].remarks[0]
    assert Product.objects.get(ref="OEUF6").price_cents == 260
    assert Product.objects.filter(ref="OEUF6").count() == 1


def test_orders_already_made_keep_their_price_and_it_says_so(farm):
    take_over(farm, sample(CAGETTE_PRODUCTS))
    eggs = Product.objects.get(ref="OEUF6")
    farm.basket(farm.household("Ana", "UN"), (eggs, 2000))
    dearer = sample(CAGETTE_PRODUCTS).replace(b'"2,4"', b'"2,6"')
    plan = plan_import(farm.bring(ImportKind.PRODUCTS, dearer))
    take_over(farm, dearer)

    assert any(remark.startswith("1 ") for remark in plan.rows[2].remarks)
    assert OrderLine.objects.get(product=eggs).unit_price_cents == 240


def test_a_rate_the_venue_does_not_know_is_a_fault(farm):
    odd = sample(CAGETTE_PRODUCTS).replace(b'"5,5";50', b"1;50")
    plan = plan_import(farm.bring(ImportKind.PRODUCTS, odd))

    assert [row.status for row in plan.rows] == ["new", "wrong", "new", "new"]


def test_a_missing_rate_is_the_one_chosen_and_said(farm):
    bare = sample(CAGETTE_PRODUCTS).replace(b'"5,5";50', b";50")
    brought = farm.bring(ImportKind.PRODUCTS, bare, vat_rate_bp=2000)
    plan = plan_import(brought)
    apply_import(import_id=brought.pk, venue_id=farm.venue.pk, by="Maud", at=NOW)

    assert plan.rows[1].status == "new"
    assert plan.rows[1].remarks
    assert Product.objects.get(ref="PDT").vat_rate_bp == 2000
