"""Names for things: ordered by time, unguessable, readable aloud."""

import itertools
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teraa.common import ids

codes = st.text(st.sampled_from(ids.CROCKFORD), min_size=1, max_size=20)


@given(st.integers(0, 2**48 - 1))
def test_it_makes_uuids_of_version_7_that_carry_their_time(at_ms):
    made = ids.uuid7(at_ms)
    assert ids.is_uuid7(made)
    assert made.variant == uuid.RFC_4122
    assert made.int >> 80 == at_ms


@given(st.lists(st.integers(0, 2**48 - 1), min_size=2, unique=True))
def test_they_sort_by_time(times):
    assert sorted(times) == [made.int >> 80 for made in sorted(ids.uuid7(at) for at in times)]


def test_it_never_makes_the_same_twice():
    assert len({ids.uuid7(1) for _ in range(10_000)}) == 10_000


def test_it_knows_other_versions_from_its_own():
    assert not ids.is_uuid7(uuid.uuid4())


@pytest.mark.parametrize("bits", [5, 40, 60])
def test_it_makes_codes_of_the_asked_length(bits):
    code = ids.crockford(bits)
    assert len(code) == bits // 5
    assert set(code) <= set(ids.CROCKFORD)


def test_it_refuses_bits_that_fill_no_character():
    with pytest.raises(ValueError, match="multiple of five"):
        ids.crockford(41)


@given(codes)
def test_it_reads_a_code_however_it_was_typed(code):
    sloppy = " -".join(code.lower()).replace("0", "o").replace("1", "l")
    assert ids.normalise_code(sloppy) == code


@pytest.mark.parametrize("length", [1, 2, 12, 30])
def test_its_check_character_finds_any_single_wrong_character(length):
    code = ids.crockford(5 * length)
    right = ids.check_character(code)
    for place, other in itertools.product(range(length), ids.CROCKFORD):
        if other != code[place]:
            wrong = code[:place] + other + code[place + 1 :]
            assert ids.check_character(wrong) != right, (code, wrong)


@given(st.text(st.sampled_from(ids.CROCKFORD), min_size=1, max_size=30), st.data())
def test_its_check_character_finds_any_two_that_changed_places(code, data):
    whole = code + ids.check_character(code)
    here, there = data.draw(st.tuples(*[st.integers(0, len(code))] * 2))
    swapped = list(whole)
    swapped[here], swapped[there] = whole[there], whole[here]
    if "".join(swapped) != whole:
        assert ids.check_character("".join(swapped[:-1])) != swapped[-1]


def test_its_check_character_tells_0_from_z():
    assert ids.check_character("0Z") != ids.check_character("Z0")
    assert ids.check_character("0") != ids.check_character("Z")


def test_those_made_one_after_the_other_sort_in_that_order():
    """Rows of one transaction share their millisecond: lists that sort by them must not shuffle."""
    made = [ids.uuid7() for _ in range(5000)]

    assert made == sorted(made)
    assert abs((made[-1].int >> 80) - time.time_ns() // 1_000_000) < 2000


def test_threads_never_make_the_same_moment():
    with ThreadPoolExecutor(4) as pool:
        made = [
            one
            for part in pool.map(lambda _: [ids.uuid7() for _ in range(500)], range(4))
            for one in part
        ]

    assert len({one.int >> 64 for one in made}) == len(made)
