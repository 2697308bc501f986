"""References: made, typed badly, buried in a memo."""

import re

from hypothesis import given
from hypothesis import strategies as st

from teraa.common.ids import CROCKFORD, check_character
from teraa.settlement.osm.references import find, is_reference, new_reference, normalise

bodies = st.text(alphabet=CROCKFORD, min_size=8, max_size=8)
references = bodies.map(lambda body: f"OS{body}{check_character(body)}")


def test_it_is_plain_letters_and_digits_that_any_wallet_keeps():
    made = {new_reference() for _ in range(200)}

    assert len(made) == 200
    assert all(re.fullmatch(r"OS[0-9A-HJKMNP-TV-Z]{9}", one) for one in made)
    assert all(is_reference(one) for one in made)


@given(references)
def test_it_is_found_as_typed_by_people(reference):
    spoken = reference.replace("0", "o").replace("1", "l").lower()
    dashed = "-".join([spoken[:6], spoken[6:]])

    for written in (reference, spoken, dashed, f"  {dashed} ", reference.replace("1", "I")):
        assert find(written) == [normalise(reference)]


@given(
    references, st.sampled_from(["merci {}", "{} pour le café", "commande {} !", "fullwidth {}"])
)
def test_it_is_found_inside_a_longer_text(reference, sentence):
    assert normalise(reference) in find(sentence.format(reference))


@given(references)
def test_it_is_found_in_full_width_letters(reference):
    wide = "".join(chr(ord(character) + 0xFEE0) for character in reference)
    assert find(wide) == [normalise(reference)]


@given(references, references)
def test_two_references_are_both_found(first, second):
    found = find(f"{first} {second}")
    assert normalise(first) in found
    assert normalise(second) in found


@given(references, st.integers(2, 9), st.sampled_from(CROCKFORD))
def test_a_wrong_character_is_not_another_reference(reference, place, character):
    wrong = reference[:place] + character + reference[place + 1 :]
    same_to_the_check = {reference[place], character} == {"0", "Z"}  # 31 apart: equal mod 31
    if character != reference[place] and not same_to_the_check:
        assert normalise(wrong) not in find(wrong)


@given(st.text(max_size=300))
def test_any_text_is_searched_without_trouble(text):
    assert all(is_reference(one) for one in find(text))


def test_nothing_is_found_in_ordinary_memos():
    for memo in ("", "café", "ORDER-7Q4K café ☕", "OS", "OSMOSE FOREVER", "\0\0\0"):
        assert find(memo) == []
