"""What a request is, from stored facts alone: laws that hold for every history."""

import datetime
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teraa.settlement.osm.derive import (
    ACCEPT_LATE,
    ACCEPT_SHORT,
    AFTER_OUTAGE,
    CANCEL,
    LAST_SECOND,
    SETTLE,
    Act,
    Chain,
    ReceiptFact,
    RequestFacts,
    derive,
)
from teraa.settlement.osm.states import REQUEST_MOVES

NOON = datetime.datetime(2026, 11, 19, 12, 0, tzinfo=datetime.UTC)
SECOND = datetime.timedelta(seconds=1)
MINUTE = datetime.timedelta(minutes=1)
ASKED = RequestFacts(
    units=1000,
    tolerance_units=50,
    required_confirmations=3,
    created_at=NOON,
    expires_at=NOON + 5 * MINUTE,
)

moments = st.integers(-600, 1200).map(lambda seconds: NOON + seconds * SECOND)
receipts = st.lists(
    st.builds(
        ReceiptFact,
        units=st.integers(1, 1500),
        first_seen_at=moments,
        height=st.none() | st.integers(95, 110),
        gone=st.booleans(),
        limbo=st.booleans(),
    ),
    max_size=6,
).map(
    lambda made: [
        replace(one, gone=one.gone and one.height is None, limbo=one.limbo and one.height is None)
        for one in made
    ]
)
acts = st.lists(
    st.builds(Act, kind=st.sampled_from([CANCEL, ACCEPT_LATE, ACCEPT_SHORT, SETTLE]), at=moments),
    max_size=3,
)
requests = st.builds(
    RequestFacts,
    units=st.integers(1, 2000),
    tolerance_units=st.just(0),
    required_confirmations=st.integers(1, 12),
    created_at=st.just(NOON),
    expires_at=st.just(NOON + 5 * MINUTE),
    expired_at=st.none() | moments,
    settled_at=st.none() | moments,
    accepted_at=st.none() | moments,
).flatmap(
    lambda made: st.integers(0, made.units - 1).map(
        lambda less: replace(made, tolerance_units=less)
    )
)
chains = st.builds(
    Chain,
    tip=st.integers(94, 120),
    live_since=st.none() | moments,
    now=moments,
    agreed=st.none() | st.integers(90, 120),
    vouched=st.none() | st.integers(90, 120),
    unanimous=st.none() | st.integers(90, 120),
)


def at_tip(tip, now=NOON + MINUTE, live_since=NOON - MINUTE):
    return Chain(tip=tip, live_since=live_since, now=now)


def paid(units, height=None, at=NOON + 30 * SECOND, gone=False, limbo=False):
    return ReceiptFact(units=units, first_seen_at=at, height=height, gone=gone, limbo=limbo)


@given(requests, receipts, acts, chains, st.randoms(use_true_random=False))
def test_order_does_not_matter(request, receipts, acts, chain, dice: random.Random):
    shuffled, decided = receipts[:], acts[:]
    dice.shuffle(shuffled)
    dice.shuffle(decided)

    assert derive(request, receipts, acts, chain) == derive(request, shuffled, decided, chain)


@given(requests, receipts, acts, chains)
def test_every_unit_is_credited_or_surplus(request, receipts, acts, chain):
    found = derive(request, receipts, acts, chain)
    present = sum(one.units for one in receipts if not one.gone)

    assert found.seen_units == present
    assert found.credited_units + found.surplus_units == present
    assert 0 <= found.confirmed_units <= found.included_units <= found.seen_units
    assert 0 <= found.credited_units <= request.units
    assert found.surplus_units >= 0
    assert 0 <= found.confirmations <= request.required_confirmations


@given(requests, receipts, acts, chains)
def test_settled_is_final_whatever_happens_then(request, receipts, acts, chain):
    settled = replace(request, settled_at=NOON)
    assert derive(settled, receipts, acts, chain).state == "settled"


@given(requests, receipts, acts, chains)
def test_deriving_again_changes_nothing(request, receipts, acts, chain):
    first = derive(request, receipts, acts, chain)
    stored = replace(
        request,
        settled_at=request.settled_at or (chain.now if first.state == "settled" else None),
        expired_at=request.expired_at or (chain.now if first.state == "expired" else None),
    )
    again = derive(stored, receipts, acts, chain)

    assert again.state == first.state
    assert again.seen_units == first.seen_units
    assert again.surplus_units == first.surplus_units


@given(requests, receipts, acts, chains)
def test_it_settles_only_with_enough_money_deep_enough(request, receipts, acts, chain):
    found = derive(replace(request, settled_at=None), receipts, acts, chain)
    if found.state == "settled" and not found.by_hand:
        deep = sum(
            one.units
            for one in receipts
            if one.height is not None
            and chain.tip - one.height + 1 >= request.required_confirmations
        )
        assert deep >= max(1, request.units - request.tolerance_units) or any(
            act.kind == ACCEPT_SHORT and deep for act in acts
        )


@given(requests, receipts, acts, chains)
def test_three_confirmations_need_several_nodes_to_agree(request, receipts, acts, chain):
    asked = replace(request, settled_at=None, required_confirmations=3)
    found = derive(asked, receipts, acts, replace(chain, agreed=90))  # below every block
    assert found.confirmed_units == 0
    assert found.state != "settled" or found.by_hand


@given(requests, receipts, acts, chains)
def test_it_never_expires_while_the_chain_is_not_followed(request, receipts, acts, chain):
    facts = replace(request, expired_at=None)
    blind = replace(chain, live_since=None)
    assert derive(facts, receipts, acts, blind).state != "expired"


@given(requests, receipts, acts, st.lists(chains, min_size=2, max_size=5))
def test_it_only_makes_moves_of_the_table(request, receipts, acts, chains):
    """As the chain and the clock go on (and blocks vanish), facts being stored as they happen."""
    facts = replace(request, settled_at=None, expired_at=None)
    state = "open"
    for chain in chains:
        found = derive(facts, receipts, acts, chain)
        assert found.state == state or found.state in REQUEST_MOVES[state], f"{state}→{found.state}"
        state = found.state
        facts = replace(
            facts,
            settled_at=facts.settled_at or (chain.now if state == "settled" else None),
            expired_at=facts.expired_at or (chain.now if state == "expired" else None),
        )


@given(requests, receipts, acts, chains)
def test_it_says_at_which_height_to_look_again(request, receipts, acts, chain):
    facts = replace(request, settled_at=None, expired_at=None)
    before = derive(facts, receipts, acts, chain)
    # Until the height it names, nothing that counts blocks changes.
    until = before.next_height or chain.tip + 30
    for tip in range(chain.tip + 1, until):
        later = derive(facts, receipts, acts, replace(chain, tip=tip))
        assert (later.state, later.confirmed_units, later.confirmations) == (
            before.state,
            before.confirmed_units,
            before.confirmations,
        )


@pytest.mark.parametrize(
    ("receipts", "tip", "state", "confirmations"),
    [
        ([], 100, "open", 0),
        ([paid(1000)], 100, "seen", 0),
        ([paid(1000, gone=True)], 100, "open", 0),
        ([paid(949)], 100, "open", 0),
        ([paid(950)], 100, "seen", 0),
        ([paid(1000, height=100)], 100, "confirming", 1),
        ([paid(1000, height=100)], 101, "confirming", 2),
        ([paid(1000, height=100)], 102, "settled", 3),
        ([paid(1000, height=100)], 500, "settled", 3),
        ([paid(600, height=100), paid(400)], 102, "seen", 0),
        ([paid(600, height=100), paid(400, height=102)], 102, "confirming", 1),
        ([paid(600, height=100), paid(400, height=102)], 104, "settled", 3),
        ([paid(1000, height=101)], 100, "confirming", 0),  # the cursor went back below it
    ],
)
def test_progress(receipts, tip, state, confirmations):
    found = derive(ASKED, receipts, [], at_tip(tip))
    assert (found.state, found.confirmations) == (state, confirmations)


def test_a_tolerance_never_pays_by_itself():
    generous = replace(ASKED, units=10, tolerance_units=10)
    assert derive(generous, [], [], at_tip(100)).state == "open"
    assert derive(generous, [paid(1)], [], at_tip(100)).state == "seen"


def test_too_little_and_too_much_show():
    under = derive(ASKED, [paid(400, height=100)], [], at_tip(100))
    over = derive(ASKED, [paid(1300, height=98)], [], at_tip(100))

    assert (under.under, under.over, under.credited_units) == (True, False, 400)
    assert (over.state, over.under, over.over, over.surplus_units) == ("settled", False, True, 300)


def test_it_expires_when_the_last_second_has_passed():
    end = ASKED.expires_at + LAST_SECOND
    assert derive(ASKED, [], [], at_tip(100, now=end - SECOND)).state == "open"
    assert derive(ASKED, [], [], at_tip(100, now=end)).state == "expired"
    assert derive(ASKED, [paid(1000)], [], at_tip(100, now=end)).state == "seen"


def test_after_an_outage_expiry_waits_for_what_may_have_been_paid_meanwhile():
    back = ASKED.expires_at + MINUTE
    chain = at_tip(100, now=back + SECOND, live_since=back)
    assert derive(ASKED, [], [], chain).state == "open"
    later = replace(chain, now=back + AFTER_OUTAGE)
    assert derive(ASKED, [], [], later).state == "expired"


def test_what_comes_after_the_end_is_kept_and_waits_for_a_person():
    ended = replace(ASKED, expired_at=NOON + 6 * MINUTE)
    late = paid(1000, height=98, at=NOON + 7 * MINUTE)
    now = at_tip(100, now=NOON + 8 * MINUTE)

    found = derive(ended, [late], [], now)
    assert (found.state, found.late) == ("expired", True)
    assert (found.credited_units, found.surplus_units) == (0, 1000)

    taken = derive(ended, [late], [Act(ACCEPT_LATE, NOON + 8 * MINUTE)], now)
    assert (taken.state, taken.late, taken.credited_units) == ("settled", True, 1000)


def test_a_withdrawn_request_keeps_what_is_paid_to_it():
    withdrawn = [Act(CANCEL, NOON + MINUTE)]
    late = paid(1000, height=98, at=NOON + 2 * MINUTE)

    assert derive(ASKED, [], withdrawn, at_tip(100)).state == "cancelled"
    found = derive(ASKED, [late], withdrawn, at_tip(100, now=NOON + 3 * MINUTE))
    assert (found.state, found.late, found.surplus_units) == ("cancelled", True, 1000)


def test_a_payment_in_limbo_keeps_its_standing_and_says_that_it_is_checked():
    found = derive(ASKED, [paid(1000, limbo=True)], [], at_tip(100))
    assert (found.state, found.limbo, found.confirmations) == ("confirming", True, 0)

    back = derive(ASKED, [paid(1000, height=101)], [], at_tip(101))
    assert (back.state, back.limbo) == ("confirming", False)

    over = derive(ASKED, [paid(1000, gone=True)], [], at_tip(101))
    assert (over.state, over.limbo) == ("open", False)


def test_what_was_settled_and_is_gone_for_good_is_settled_still_and_says_so():
    settled = replace(ASKED, settled_at=NOON + MINUTE)

    limbo = derive(settled, [paid(1000, limbo=True)], [], at_tip(101))
    assert (limbo.state, limbo.limbo, limbo.reorged) == ("settled", True, False)

    gone = derive(settled, [paid(1000, gone=True)], [], at_tip(101))
    assert (gone.state, gone.limbo, gone.reorged) == ("settled", False, True)

    by_hand = derive(settled, [], [Act(SETTLE, NOON)], at_tip(101))
    assert (by_hand.state, by_hand.reorged) == ("settled", False)


def test_paying_twice_is_more_than_paying_too_much():
    tip = derive(ASKED, [paid(1000, height=98), paid(40, height=98)], [], at_tip(100))
    twice = derive(ASKED, [paid(1000, height=98), paid(1000)], [], at_tip(100))

    assert (tip.over, tip.duplicate) == (True, False)
    assert (twice.state, twice.over, twice.duplicate) == ("settled", True, True)


def test_a_shortfall_may_be_accepted_before_and_after_the_end():
    short = [Act(ACCEPT_SHORT, NOON + 8 * MINUTE)]
    ended = replace(ASKED, expired_at=NOON + 6 * MINUTE)

    assert derive(ASKED, [paid(400, height=98)], short, at_tip(100)).state == "settled"
    assert derive(ended, [paid(400, height=98)], short, at_tip(100)).state == "settled"
    assert derive(ended, [], short, at_tip(100)).state == "expired"


def test_who_is_trusted_before_a_block_stays_so_until_settled_or_broken():
    trusted = replace(ASKED, accepted_at=NOON + MINUTE)

    assert derive(trusted, [paid(1000)], [], at_tip(100)).state == "accepted"
    assert derive(trusted, [paid(1000, height=100)], [], at_tip(100)).state == "accepted"
    assert derive(trusted, [paid(1000, height=98)], [], at_tip(100)).state == "settled"

    broken = derive(trusted, [paid(1000, gone=True)], [], at_tip(100))
    assert (broken.state, broken.broken) == ("open", True)


def test_one_confirmation_needs_a_node_that_may_speak_for_itself():
    coffee = replace(ASKED, required_confirmations=1)
    stranger = replace(at_tip(100), vouched=99)
    assert derive(coffee, [paid(1000, height=100)], [], stranger).state == "confirming"
    assert derive(coffee, [paid(1000, height=99)], [], stranger).state == "settled"


def test_a_round_of_confirmations_needs_every_node():
    car = replace(ASKED, required_confirmations=42)
    chain = replace(at_tip(141), agreed=141, unanimous=140)
    assert derive(car, [paid(1000, height=100)], [], chain).state == "confirming"
    assert derive(car, [paid(1000, height=99)], [], chain).state == "settled"


def test_few_confirmations_are_counted_on_our_own_node():
    coffee = replace(ASKED, required_confirmations=1)
    alone = replace(at_tip(100), agreed=90)
    assert derive(coffee, [paid(1000, height=100)], [], alone).state == "settled"
    assert derive(ASKED, [paid(1000, height=97)], [], alone).state == "confirming"
    agreed = replace(alone, agreed=99)
    assert derive(ASKED, [paid(1000, height=97)], [], agreed).state == "settled"
