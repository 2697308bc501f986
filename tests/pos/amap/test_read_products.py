"""Product files: two dialects that must never be read one for the other."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pos.amap.cagette.products import (
    CAGETTE,
    CAMAP,
    DialectUnclear,
    NotProducts,
    OtherDialect,
    ProductFile,
    read_products,
)
from tests.pos.amap.files import CAGETTE_PRODUCTS, CAMAP_PRODUCTS, expected, sample

EXPORTED = "Export-produits-Légumes-CAMAP.csv"


def as_expected(read: ProductFile) -> list[dict[str, Any]]:
    def number(value: int | None, scale: int) -> float | None:
        return None if value is None else float(Decimal(value) / scale)

    rows = []
    for one in read.products:
        assert one.faults == ()
        row = {
            "name": one.name,
            "price": number(one.price_cents, 100),
            "ref": one.ref,
            "desc": one.description or None,
            "vat": number(one.vat_bp, 100),
            "qt": number(one.size_milli, 1000),
            "unit": one.unit,
            "organic": one.organic,
        }
        if read.dialect == CAMAP:
            row |= {"bulk": one.bulk, "variablePrice": one.variable_price}
        else:
            row |= {"stock": number(one.stock_milli, 1000)}
        rows.append(row)
    return rows


@pytest.mark.parametrize(
    ("name", "dialect", "key"),
    [
        (CAGETTE_PRODUCTS, CAGETTE, CAGETTE_PRODUCTS),
        (CAMAP_PRODUCTS, CAMAP, f"{CAMAP_PRODUCTS} (règles CAMAP)"),
        (EXPORTED, CAMAP, f"{EXPORTED} (réimport, règles CAMAP)"),
    ],
)
def test_it_finds_the_dialect_and_reads_it(name, dialect, key):
    read = read_products(sample(name))

    assert (read.dialect, read.by_header, read.by_units) == (dialect, dialect, dialect)
    assert as_expected(read) == expected()[key]


@pytest.mark.parametrize(
    ("name", "wrong", "right"),
    [(CAGETTE_PRODUCTS, CAMAP, CAGETTE), (CAMAP_PRODUCTS, CAGETTE, CAMAP)],
)
def test_it_never_reads_one_dialect_under_the_other(name, wrong, right):
    with pytest.raises(OtherDialect) as refused:
        read_products(sample(name), dialect=wrong)

    assert (refused.value.chosen, refused.value.found) == (wrong, right)


def test_units_alone_give_a_dialect_away():
    header = "1;2;3;4;5;6;7;8;9;10\n"
    cagette = read_products(f"{header}Pain;3;P;;1;kg;;;5,5;\n".encode())
    camap = read_products(f"{header}Pain;3;P;;5,5;1;kg;;;\n".encode())

    assert (cagette.dialect, cagette.by_header) == (CAGETTE, None)
    assert (camap.dialect, camap.by_header) == (CAMAP, None)
    assert cagette.products[0].vat_bp == camap.products[0].vat_bp == 550


def test_a_header_that_contradicts_the_units_is_refused():
    header = sample(CAMAP_PRODUCTS).decode().splitlines()[0]

    with pytest.raises(DialectUnclear):
        read_products(f"{header}\nPain;3;P;;1;kg;1;;5,5;\n".encode())


def test_nothing_to_tell_by_asks_the_person():
    data = b"1;2;3;4;5;6;7;8;9;10\nPain;3;P;;;;;;;\n"

    with pytest.raises(DialectUnclear):
        read_products(data)
    assert read_products(data, dialect=CAGETTE).products[0].price_cents == 300


@pytest.mark.parametrize(
    "name", ["import-produits-cagette-pro.csv", "Export-produits-Légumes-Cagette.csv"]
)
def test_lists_that_are_no_import_files_are_named_as_such(name):
    with pytest.raises(NotProducts):
        read_products(sample(name))


@pytest.mark.parametrize(
    ("written", "cents"),
    [("1,9", 190), ("1.9", 190), ("1,90", 190), (" 1,90 € ", 190), ("1 234,5", 123450), ("0", 0)],
)
def test_it_reads_prices_as_people_write_them(written, cents):
    assert one_product(price=written).price_cents == cents


@pytest.mark.parametrize("written", ["", "gratuit", "-1", "1e3", "1,2,3", "99999999999"])
def test_it_names_a_price_that_is_none(written):
    assert [fault.code for fault in one_product(price=written).faults] == ["bad_price"]


@pytest.mark.parametrize(
    ("word", "unit"),
    [
        *(("Kg", "Kilogram"), ("kg", "Kilogram"), ("Kilogram", "Kilogram"), ("litre", "Litre")),
        *(("L", "Litre"), ("cL", "Centilitre"), ("ml", "Millilitre"), ("pièce", "Piece")),
    ],
)
def test_it_knows_the_units_of_both(word, unit):
    product = one_product(unit=word)

    assert product.unit == unit
    assert product.notes == ()


def test_an_unknown_unit_is_a_piece_and_is_said():
    product = one_product(unit="botte")

    assert product.unit == "Piece"
    assert [(note.code, note.what) for note in product.notes] == [("unknown_unit", "botte")]


@pytest.mark.parametrize("word", ["0", "false", "non"])
def test_zero_is_not_organic_and_it_says_that_cagette_would_think_so(word):
    product = one_product(organic=word)

    assert not product.organic
    assert [note.code for note in product.notes] == ["organic_elsewhere"]


def test_a_missing_vat_rate_is_said():
    product = one_product(vat="")

    assert product.vat_bp is None
    assert [note.code for note in product.notes] == ["no_vat"]


def test_the_same_reference_twice_is_a_fault_and_rows_without_a_name_are_passed_over():
    read = read_products(
        b"n;p;r;d;Quantite;Unite;Bio;;TVA;Stock\nA;1;X;;1;kg;;;5,5;\n;2;Y;;1;kg;;;5,5;\nB;2;X;;1;kg;;;5,5;\n"
    )

    assert read.skipped == (3,)
    assert [[fault.what for fault in one.faults] for one in read.products] == [[], ["X (2)"]]


def one_product(*, price: str = "1,9", unit: str = "kg", organic: str = "", vat: str = "5,5"):
    header = sample(CAGETTE_PRODUCTS).decode().splitlines()[0]
    row = f'Pain;"{price}";P;;1;{unit};{organic};;"{vat}";'
    return read_products(f"{header}\n{row}\n".encode()).products[0]
