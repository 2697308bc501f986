"""Members brought in: new once, known afterwards, never overwritten, whole or not at all."""

from __future__ import annotations

import pytest

from pos.amap.models import Household, ImportFile
from pos.amap.operations import apply_import, drop_import, plan_import
from pos.amap.problems import FileRefused, ImportHasErrors, ImportOver
from pos.amap.states import ImportKind
from teraa.common.problems import NotFound
from tests import make
from tests.pos.amap.cast import NOW, Amap, amap
from tests.pos.amap.files import CAGETTE_LIST, CAMAP_LIST, MEMBERS, ORDERS, expected, sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def farm() -> Amap:
    return amap()


def take_over(farm: Amap, brought: ImportFile) -> ImportFile:
    return apply_import(import_id=brought.pk, venue_id=farm.venue.pk, by="Maud", at=NOW)


def test_it_shows_what_is_new_then_takes_it_over(farm):
    brought = farm.bring(ImportKind.MEMBERS, sample(MEMBERS))
    plan = plan_import(brought)

    assert [(row.line, row.status) for row in plan.rows] == [(2, "new"), (3, "new"), (4, "new")]
    assert not Household.objects.exists(), "looking changes nothing"
    done = take_over(farm, brought)

    assert (done.new_rows, done.changed_rows, bytes(done.content)) == (3, 0, b"")
    wanted = {row["email"]: row for row in expected()[MEMBERS]}
    for household in Household.objects.all():
        row = wanted[household.email]
        assert household.last_name == row["lastName"]
        assert household.first_name2 == (row["firstName2"] or "")
        assert household.city == (row["city"] or "")
    assert Household.objects.get(last_name="FICTIVE").name == "FICTIVE Zoé / INVENTÉ Axel"


@pytest.mark.parametrize("name", [MEMBERS, "import-membres-virgule.csv", CAMAP_LIST])
def test_a_second_time_changes_nothing(farm, name):
    take_over(farm, farm.bring(ImportKind.MEMBERS, sample(name)))
    before = list(Household.objects.order_by("pk").values())

    plan = plan_import(farm.bring(ImportKind.MEMBERS, sample(name)))
    done = take_over(farm, farm.bring(ImportKind.MEMBERS, sample(name)))

    assert {row.status for row in plan.rows} == {"known"}
    assert not plan.changes
    assert (done.new_rows, done.changed_rows) == (0, 0)
    assert list(Household.objects.order_by("pk").values()) == before


def test_the_exported_list_adds_only_its_numbers(farm):
    take_over(farm, farm.bring(ImportKind.MEMBERS, sample(MEMBERS)))
    done = take_over(farm, farm.bring(ImportKind.MEMBERS, sample(CAGETTE_LIST)))

    assert (done.new_rows, done.changed_rows) == (0, 3)
    assert sorted(Household.objects.values_list("number", flat=True)) == [9001, 9002, 9003]


def test_either_address_finds_a_household_and_what_differs_is_kept(farm):
    ours = farm.household("Axel", "INVENTÉ", email="axel.invente@example.org", phone="0111111111")
    plan = plan_import(farm.bring(ImportKind.MEMBERS, sample(MEMBERS)))

    assert [row.status for row in plan.rows] == ["known", "new", "new"]
    assert plan.rows[0].remarks, "says what differs"
    ours.refresh_from_db()
    assert ours.phone == "0111111111"


def test_two_addresses_of_two_households_are_a_fault(farm):
    farm.household("Zoé", "FICTIVE", email="zoe.fictive@example.org")
    farm.household("Axel", "INVENTÉ", email="axel.invente@example.org")

    assert plan_import(farm.bring(ImportKind.MEMBERS, sample(MEMBERS))).rows[0].status == "wrong"


def test_one_wrong_row_stops_the_file_and_is_named(farm):
    broken = sample(MEMBERS) + b"Sans;ADRESSE;\n"
    brought = farm.bring(ImportKind.MEMBERS, broken)

    wrong = [row for row in plan_import(brought).rows if row.status == "wrong"]
    assert [row.line for row in wrong] == [5]
    assert "e-mail" in wrong[0].remarks[0]
    with pytest.raises(ImportHasErrors):
        take_over(farm, brought)
    assert not Household.objects.exists()


def test_a_file_is_taken_over_once(farm):
    brought = farm.bring(ImportKind.MEMBERS, sample(MEMBERS))
    take_over(farm, brought)

    with pytest.raises(ImportOver):
        take_over(farm, brought)


def test_a_file_put_aside_is_forgotten(farm):
    brought = farm.bring(ImportKind.MEMBERS, sample(MEMBERS))
    dropped = drop_import(import_id=brought.pk, venue_id=farm.venue.pk)

    assert bytes(ImportFile.objects.get(pk=dropped.pk).content) == b""
    with pytest.raises(ImportOver):
        take_over(farm, brought)


def test_another_venue_cannot_take_it_over(farm):
    brought = farm.bring(ImportKind.MEMBERS, sample(MEMBERS))

    with pytest.raises(NotFound):
        apply_import(import_id=brought.pk, venue_id=make.venue().pk, by="x", at=NOW)


@pytest.mark.parametrize(
    ("kind", "content", "reason"),
    [
        (ImportKind.MEMBERS, b"PK\x03\x04", "spreadsheet"),
        (ImportKind.MEMBERS, b"id;x;y\n1;2;3\n", "unknown_shape"),
        (ImportKind.ORDERS, sample(MEMBERS), "not_orders"),
        (ImportKind.PRODUCTS, sample("import-produits-cagette-pro.csv"), "not_products"),
        (ImportKind.PRODUCTS, sample(ORDERS), "dialect_unclear"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(farm, kind, content, reason):
    with pytest.raises(FileRefused) as refused:
        farm.bring(kind, content)

    assert refused.value.context["reason"] == reason
    assert not ImportFile.objects.exists()
