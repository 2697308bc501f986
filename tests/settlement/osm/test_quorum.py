"""Up to where nodes agree: pure, and checked against the plain meaning of the rule."""

from hypothesis import given
from hypothesis import strategies as st

from teraa.settlement.osm.ingest.quorum import ALONE, Voice, agreement_of, is_split

VOICES = st.lists(st.builds(Voice, st.integers(0, 200), st.booleans(), st.booleans()), max_size=6)


def test_who_knows_one_node_asks_nobody_else():
    assert agreement_of([Voice(100, True)], configured=1) == ALONE
    assert agreement_of([], configured=0) == ALONE


def test_two_that_agree_are_enough_and_all_are_more():
    voices = [Voice(100, True), Voice(98, False), Voice(60, False)]
    assert agreement_of(voices, configured=3) == (100, 98, 60)


def test_a_second_node_that_has_no_voice_leaves_nobody_to_agree_with():
    assert agreement_of([Voice(100, True)], configured=2) == (100, 0, 0)
    assert agreement_of([Voice(100, False)], configured=2) == (0, 0, 0)


def test_two_public_nodes_vouch_for_one_confirmation_together():
    assert agreement_of([Voice(100, False), Voice(99, False)], configured=3) == (99, 99, 99)


@given(VOICES, st.integers(2, 6))
def test_every_height_is_held_by_as_many_as_it_needs(voices, configured):
    vouched, agreed, unanimous = agreement_of(voices, configured=configured)
    assert agreed == 0 or sum(one.height >= agreed for one in voices) >= 2
    assert unanimous == 0 or all(one.height >= unanimous for one in voices)
    assert unanimous <= agreed <= vouched
    trusted = any(one.trusted and one.height >= vouched for one in voices)
    assert vouched == 0 or trusted or sum(one.height >= vouched for one in voices) >= 2


@given(st.integers(0, 200), st.integers(0, 200), st.booleans())
def test_one_liar_beside_one_honest_node_cannot_lift_the_agreed_height(honest, lie, trusted):
    agreed = agreement_of([Voice(honest, True), Voice(lie, trusted)], configured=2).agreed
    assert agreed <= honest


def test_a_chain_is_split_when_as_many_hold_another_one():
    ours, other = Voice(10, True), Voice(8, False, forked=True)
    assert not is_split([ours])
    assert is_split([ours, other])
    assert not is_split([ours, ours, other])
    assert is_split([ours, other, other])
