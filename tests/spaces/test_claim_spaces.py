"""One party at a time: the rule of every studio, desk, concert and closure."""

import datetime

import pytest
from django.db import IntegrityError, connection, transaction

from teraa.common.clock import iso_utc
from teraa.common.problems import Invalid, NotFound
from teraa.spaces.fitting import Taken
from teraa.spaces.models import Claim
from teraa.spaces.operations import (
    JustTaken,
    Need,
    confirm_claims,
    extend_claims,
    free_expired,
    prune_claims,
    release_claims,
)
from teraa.spaces.states import ClaimKind
from tests.spaces.cast import HOUR, claim, spaces

MINUTE = datetime.timedelta(minutes=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def house():
    return spaces()


def names(claims):
    return [one.atom.name for one in claims if one.kind == ClaimKind.CORE]


def test_a_set_takes_all_of_its_atoms(house, at):
    assert sorted(names(claim(house.grand, at, "g"))) == ["Studio A", "Studio B"]


def test_it_refuses_what_somebody_has(house, at):
    claim(house.a, at, "first")

    with pytest.raises(JustTaken):
        claim(house.a, at + HOUR, "second")

    assert set(Claim.objects.values_list("holder", flat=True)) == {"first"}


def test_the_end_of_one_is_the_beginning_of_the_next(house, at):
    claim(house.a, at, "first")

    assert claim(house.a, at + 2 * HOUR, "second")


def test_a_part_blocks_the_whole_and_the_whole_its_parts(house, at):
    claim(house.a, at, "part")
    with pytest.raises(JustTaken):
        claim(house.grand, at, "whole")
    claim(house.grand, at + 5 * HOUR, "whole")
    with pytest.raises(JustTaken):
        claim(house.b, at + 5 * HOUR, "part")


def test_a_refusal_names_the_nearest_free_times(house, at):
    claim(house.a, at, "first")
    claim(house.a, at + 2 * HOUR, "next")

    with pytest.raises(JustTaken) as refused:
        claim(house.a, at + HOUR, "second", at=at - 3 * HOUR)

    nearest = refused.value.context["nearest"]
    assert [one["starts_at"] for one in nearest] == [
        iso_utc(at + 4 * HOUR),
        iso_utc(at - 2 * HOUR),
        iso_utc(at + 6 * HOUR),
    ]
    assert nearest[1]["ends_at"] == iso_utc(at)


def test_no_nearest_time_lies_in_the_past(house, at):
    claim(house.a, at, "first")

    with pytest.raises(JustTaken) as refused:
        claim(house.a, at, "second", at=at - HOUR)

    starts = [one["starts_at"] for one in refused.value.context["nearest"]]
    assert starts[0] == iso_utc(at + 2 * HOUR)


def test_a_choice_takes_as_many_as_are_wanted_in_their_order(house, at):
    # The claims come in the order of ids, which several of one millisecond do not keep.
    assert sorted(names(claim(house.desk, at, "two", count=2))) == ["Bureau 1", "Bureau 2"]
    assert names(claim(house.desk, at, "last")) == ["Bureau 3"]

    with pytest.raises(JustTaken):
        claim(house.desk, at, "late")


def test_it_refuses_more_than_there_are(house, at):
    with pytest.raises(JustTaken):
        claim(house.desk, at, "many", count=4)


def test_several_needs_are_met_together_or_not_at_all(house, at):
    claim(house.b, at, "other")
    needs = [Need(house.a.pk), Need(house.b.pk), Need(house.desk.pk, 2)]

    with pytest.raises(JustTaken):
        claim(house.a, at, "all", needs=needs)

    assert not Claim.objects.filter(holder="all").exists()
    assert len(names(claim(house.a, at + 3 * HOUR, "all", needs=needs))) == 4


@pytest.mark.parametrize(
    "wrong",
    [
        {"needs": []},
        {"count": 0},
        {"ends_at": datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)},
        {"holder": ""},
        {"label": "x" * 121},
    ],
    ids=str,
)
def test_it_refuses_what_makes_no_sense(house, at, wrong):
    with pytest.raises(Invalid):
        claim(house.a, at, **{"holder": "x"} | wrong)


def test_it_refuses_another_venues_space(house, at):
    with pytest.raises(NotFound):
        claim(house.a, at, "x", venue_id=spaces().venue.pk)


# -- buffers ---------------------------------------------------------------------------------------


def test_nobody_comes_into_somebody_elses_buffer(at):
    house = spaces(buffer_after_min=30)
    claim(house.a, at, "first")

    with pytest.raises(JustTaken):
        claim(house.a, at + 2 * HOUR, "too soon")
    assert claim(house.a, at + 2 * HOUR + 30 * MINUTE, "in time")


def test_ones_own_buffer_keeps_its_distance_too(at):
    house = spaces(buffer_before_min=30)
    claim(house.a, at, "first")

    with pytest.raises(JustTaken):
        claim(house.a, at + 2 * HOUR + 15 * MINUTE, "too near")


def test_two_buffers_may_overlap(at):
    house = spaces(buffer_before_min=30, buffer_after_min=30)
    claim(house.a, at, "first")

    assert claim(house.a, at + 2 * HOUR + 30 * MINUTE, "next")


def test_a_concert_brings_its_own_buffers(house, at):
    claim(house.a, at, "concert", buffer_before_min=120, buffer_after_min=60)

    with pytest.raises(JustTaken):
        claim(house.a, at - 3 * HOUR, "rehearsal", at=at - 9 * HOUR)


# -- holds -----------------------------------------------------------------------------------------


def held(house, at, holder="held", minutes=15, what=None):
    return claim(what or house.a, at + HOUR, holder, at=at, expires_at=at + minutes * MINUTE)


def test_a_hold_keeps_others_out_until_it_expires(house, at):
    held(house, at)
    with pytest.raises(JustTaken):
        claim(house.a, at + HOUR, "rival", at=at + 14 * MINUTE)

    assert claim(house.a, at + HOUR, "rival", at=at + 15 * MINUTE)


def test_an_expired_hold_is_freed_as_a_whole(house, at):
    """Half of it would else be confirmed when its payment comes late."""
    held(house, at, what=house.grand)
    claim(house.a, at + HOUR, "rival", at=at + 16 * MINUTE)

    assert not Claim.objects.filter(holder="held", live=True).exists()
    assert not confirm_claims(holder="held", at=at + 17 * MINUTE)


def test_an_expired_hold_that_is_merely_near_is_no_obstacle_either(at):
    house = spaces(buffer_after_min=60)
    held(house, at, minutes=5)

    assert claim(house.a, at + 3 * HOUR + 30 * MINUTE, "rival", at=at + 6 * MINUTE)


def test_what_is_confirmed_stays(house, at):
    held(house, at)
    assert confirm_claims(holder="held", at=at)
    assert confirm_claims(holder="held", at=at)

    with pytest.raises(JustTaken):
        claim(house.a, at + HOUR, "rival", at=at + 30 * MINUTE)


def test_a_hold_past_its_time_can_be_confirmed_while_nobody_took_it(house, at):
    held(house, at)

    assert confirm_claims(holder="held", at=at + HOUR)


def test_a_hold_can_be_extended(house, at):
    held(house, at)
    assert extend_claims(holder="held", expires_at=at + 45 * MINUTE, at=at)

    with pytest.raises(JustTaken):
        claim(house.a, at + HOUR, "rival", at=at + 30 * MINUTE)


def test_what_lasts_is_not_made_a_hold_again(house, at):
    claim(house.a, at, "lasting")

    assert not extend_claims(holder="lasting", expires_at=at, at=at)


def test_what_is_given_back_is_free(house, at):
    claim(house.a, at, "first")

    assert release_claims(holder="first", at=at) == 2
    assert release_claims(holder="first", at=at) == 0
    assert claim(house.a, at, "second")


def test_the_sweeper_frees_what_expired_and_nothing_else(house, at):
    held(house, at, "gone", minutes=5)
    held(house, at, "kept", minutes=15, what=house.b)
    claim(house.desk, at, "lasting")

    assert free_expired(at=at + 10 * MINUTE) == 2
    live = Claim.objects.filter(live=True).values_list("holder", flat=True)
    assert set(live) == {"kept", "lasting"}


def test_old_claims_are_forgotten_once_given_back(house, at):
    claim(house.a, at, "first")
    release_claims(holder="first", at=at)

    assert prune_claims(at + datetime.timedelta(days=89)) == 0
    assert prune_claims(at + datetime.timedelta(days=91)) == 2


# -- the database ----------------------------------------------------------------------------------


def row(house, at, holder, kind=ClaimKind.CORE):
    atom = house.a.atoms.get()
    return Claim(
        venue=house.venue, atom=atom, span=(at, at + HOUR), kind=kind, holder=holder, created_at=at
    )


def test_the_database_itself_refuses_a_second_party(house, at):
    claim(house.a, at, "first")

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        row(house, at, "second").save()
    assert refused.value.__cause__.sqlstate == "23P01"


def test_the_database_refuses_an_atom_of_another_venue(house, at):
    other = spaces()
    stray = row(house, at, "x")
    stray.venue = other.venue

    with pytest.raises(IntegrityError):
        save_and_check(stray)


@transaction.atomic
def save_and_check(claim):
    claim.save()
    connection.check_constraints()


def test_a_refusal_by_the_constraint_is_told_like_any_other(house, at, monkeypatch):
    """As when a rival's claim commits between our look and our insert."""
    claim(house.a, at, "first")
    monkeypatch.setattr(
        "teraa.spaces.operations.taken_between",
        lambda **asked: Taken(),
    )

    with pytest.raises(JustTaken):
        claim(house.a, at, "second")


def test_it_asks_the_database_six_times_whatever_is_wanted(house, at, count_queries):
    with count_queries() as queries:
        claim(house.desk, at, "two", needs=[Need(house.desk.pk, 3), Need(house.a.pk)])

    assert len(queries) <= 6, queries
