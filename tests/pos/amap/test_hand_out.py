"""A basket is handed out once, by whoever was first, and can be taken back."""

from __future__ import annotations

import datetime

import pytest

from pos.amap.models import Basket
from pos.amap.operations import hand_out, mark_absent, take_back
from pos.amap.problems import AlreadyHandedOut, OrdersStillOpen
from pos.amap.states import BASKET_MOVES, DISTRIBUTION_MOVES, IMPORT_MOVES, BasketState
from teraa.common.ids import uuid7
from teraa.common.problems import Invalid, NotFound, SameKeyOtherBody
from teraa.common.states import WrongMove, moves_table
from tests.pos.amap.cast import NOW, Amap, amap

pytestmark = pytest.mark.django_db


@pytest.fixture
def farm() -> Amap:
    made = amap()
    made.basket(made.household("Ana", "UN"), (made.basket_product, 1000), (made.potatoes, 2500))
    made.basket(made.household("Eva", "DEUX"))
    made.close()
    return made


def basket(number: int = 2) -> Basket:
    return Basket.objects.get(number=number)


def give(farm: Amap, one: Basket, key=None, missing=(), session=None) -> Basket:
    return hand_out(
        session=session or farm.session,
        basket_id=one.pk,
        key=key or uuid7(),
        missing=missing,
        at=NOW,
    )


def test_it_is_handed_out_with_who_where_and_when(farm):
    done = give(farm, basket())
    stored = basket()

    assert done.state == stored.state == BasketState.HANDED_OUT
    assert stored.handed_by == farm.session.staff.name
    assert stored.handed_station == farm.session.station
    assert stored.handed_at == NOW
    assert all(line.handed for line in stored.lines.all())


def test_what_was_missing_is_remembered(farm):
    line = basket().lines.first()
    give(farm, basket(), missing=[line.pk])

    assert [one.handed for one in basket().lines.all()] == [False, True]


def test_the_same_key_again_changes_nothing(farm):
    key = uuid7()
    first = give(farm, basket(), key)
    again = give(farm, basket(), key)

    assert again.version == first.version
    with pytest.raises(SameKeyOtherBody):
        give(farm, basket(), key, missing=[basket().lines.first().pk])
    with pytest.raises(SameKeyOtherBody):
        give(farm, basket(1), key)


def test_the_second_till_is_told_who_was_first(farm):
    give(farm, basket())

    with pytest.raises(AlreadyHandedOut) as refused:
        give(farm, basket(), session=farm.till(name="Terrasse"))
    said = refused.value.as_dict()["title"]
    assert farm.session.staff.name in said
    assert farm.session.station.name in said
    assert "17:00" in said


def test_it_is_taken_back_and_handed_out_again(farm):
    key = uuid7()
    give(farm, basket(), key)
    take_back(session=farm.session, basket_id=basket().pk, key=key)
    assert basket().state == BasketState.ORDERED
    take_back(session=farm.session, basket_id=basket().pk, key=key)

    give(farm, basket())
    with pytest.raises(WrongMove):
        take_back(session=farm.session, basket_id=basket().pk, key=key)


def test_nobody_came_and_then_somebody_did(farm):
    key = uuid7()
    mark_absent(session=farm.session, basket_id=basket().pk, key=key, at=NOW)
    mark_absent(session=farm.session, basket_id=basket().pk, key=key, at=NOW)
    assert basket().state == BasketState.ABSENT

    late = NOW + datetime.timedelta(hours=2)
    hand_out(session=farm.session, basket_id=basket().pk, key=uuid7(), missing=[], at=late)
    assert basket().state == BasketState.HANDED_OUT
    with pytest.raises(AlreadyHandedOut):
        mark_absent(session=farm.session, basket_id=basket().pk, key=uuid7(), at=NOW)


def test_it_refuses_what_is_not_right(farm):
    other = amap()
    other.basket(other.household("Ivo", "TROIS"))
    theirs = Basket.objects.get(distribution=other.distribution)

    with pytest.raises(NotFound):
        give(farm, theirs)
    with pytest.raises(OrdersStillOpen):
        give(other, theirs)
    with pytest.raises(Invalid):
        give(farm, basket(), missing=[uuid7()])
    with pytest.raises(Invalid):
        give(farm, basket(), key=theirs.pk.__class__("00000000-0000-4000-8000-000000000000"))


@pytest.mark.parametrize("moves", [BASKET_MOVES, DISTRIBUTION_MOVES, IMPORT_MOVES])
def test_every_move_is_on_the_table(moves):
    print(*moves_table(moves), sep="\n")

    assert all(target in moves for targets in moves.values() for target in targets)
