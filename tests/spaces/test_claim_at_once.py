"""Rivals at the same moment, on connections of their own: one winner, everybody answered."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, OperationalError, connection, transaction

from teraa.spaces.models import Claim
from teraa.spaces.operations import JustTaken, claiming
from tests.spaces.cast import HOUR, claim, spaces

RIVALS = 12

OVERLAPS = """
SELECT count(*) FROM spaces_claim a JOIN spaces_claim b
    ON a.atom_id = b.atom_id AND a.span && b.span AND a.holder < b.holder
   AND a.live AND b.live AND a.kind = 'core' AND b.kind = 'core'
"""


def at_once(attempts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run all at the same moment; what each returned or raised, in their order."""
    outcomes: list[Any] = [None] * len(attempts)
    gate = threading.Barrier(len(attempts))

    def run(place: int, attempt: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            gate.wait(timeout=30)
            outcomes[place] = attempt()
        except Exception as error:
            outcomes[place] = error
        finally:
            connection.close()

    threads = [
        threading.Thread(target=run, args=(place, attempt))
        for place, attempt in enumerate(attempts)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
    return outcomes


def overlaps() -> int:
    with connection.cursor() as cursor:
        cursor.execute(OVERLAPS)
        return cursor.fetchone()[0]


def won(outcomes: Sequence[Any]) -> list[Any]:
    """Those who got it; everybody else must have been told that it was just taken."""
    strange = [one for one in outcomes if not isinstance(one, list | JustTaken)]
    assert not strange, strange
    return [one for one in outcomes if isinstance(one, list)]


def test_twelve_rivals_for_one_studio(live_database, at):
    house = spaces()

    outcomes = at_once([partial(claim, house.a, at, f"r{n}") for n in range(RIVALS)])

    assert len(won(outcomes)) == 1
    assert overlaps() == 0
    told = [one for one in outcomes if isinstance(one, JustTaken)]
    assert all(one.context["nearest"] for one in told)


def test_rivals_for_a_part_and_for_the_whole(live_database, at):
    house = spaces()
    wanted = [house.a, house.grand, house.b] * 4

    outcomes = at_once([partial(claim, what, at, f"r{n}") for n, what in enumerate(wanted)])

    # Either the whole, or at most its two parts.
    assert len(won(outcomes)) in (1, 2)
    assert overlaps() == 0


def test_twelve_rivals_for_the_last_desks(live_database, at):
    house = spaces(desks=3)

    outcomes = at_once([partial(claim, house.desk, at, f"r{n}") for n in range(RIVALS)])

    assert len(won(outcomes)) == 3
    assert overlaps() == 0


def test_rivals_for_an_expired_hold(live_database, at):
    house = spaces()
    claim(house.grand, at, "gone", expires_at=at - 2 * HOUR)

    outcomes = at_once([partial(claim, house.a, at, f"r{n}") for n in range(RIVALS)])

    assert len(won(outcomes)) == 1
    assert overlaps() == 0
    assert not Claim.objects.filter(holder="gone", live=True).exists()


def test_rivals_who_claim_in_opposite_orders_are_all_answered(live_database, at):
    """Their locks cross on purpose: the database kills one, and it is tried again."""
    house = spaces()

    def both(first, second, name):
        @transaction.atomic
        def attempt():
            return claim(first, at, name) + claim(second, at, name)

        return claiming(attempt)

    outcomes = at_once(
        [
            lambda n=n: both(*((house.a, house.b) if n % 2 else (house.b, house.a)), f"r{n}")
            for n in range(4)
        ]
    )

    assert len(won(outcomes)) == 1
    assert overlaps() == 0


def test_a_busy_week_holds_no_overlap(live_database, at):
    house = spaces()
    chance = random.Random(31)
    for turn in range(6):
        attempts = []
        for rival in range(RIVALS):
            what = chance.choice([house.a, house.b, house.grand, house.desk])
            starts_at = at + chance.randrange(24) * HOUR
            attempts.append(partial(claim, what, starts_at, f"t{turn}r{rival}"))
        won(at_once(attempts))

    assert overlaps() == 0


# -- victims ---------------------------------------------------------------------------------------


def as_victim(sqlstate: str) -> OperationalError:
    error = OperationalError("given up by the database")
    error.__cause__ = psycopg.errors.lookup(sqlstate)()
    return error


@pytest.mark.parametrize("sqlstate", ["40P01", "40001"])
def test_a_victim_is_tried_again(live_database, sqlstate):
    turns = []

    def attempt():
        turns.append(1)
        if len(turns) < 4:
            raise as_victim(sqlstate)
        return "done"

    assert claiming(attempt) == "done"
    assert len(turns) == 4


def test_a_victim_four_times_in_a_row_is_told_that_it_was_just_taken(live_database):
    turns = []

    def attempt():
        turns.append(1)
        raise as_victim("40P01")

    with pytest.raises(JustTaken):
        claiming(attempt)
    assert len(turns) == 4


def test_another_failure_is_not_tried_again(live_database):
    turns = []

    def attempt():
        turns.append(1)
        raise as_victim("57014")

    with pytest.raises(DatabaseError):
        claiming(attempt)
    assert len(turns) == 1
