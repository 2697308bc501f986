"""The letters of a ticket: they survive keyboards, and nobody else can write them."""

import pytest
import segno
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ticketing import codes
from ticketing.codes import Misread, NotACode, Payload, decode, encode

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))

payloads = st.builds(
    Payload,
    key_id=st.binary(min_size=4, max_size=4).map(bytes.hex),
    event=st.integers(0, codes.MAX_NUMBER),
    ticket=st.integers(0, codes.MAX_NUMBER),
    rate=st.integers(0, codes.MAX_RATE),
    issue=st.integers(0, codes.MAX_ISSUE),
)
PAYLOAD = Payload("0a1b2c3d", 7, 42, 1)

# What each letter's key gives on other layouts than the one the scanner believes in (US): only
# keys whose letter differs are named.
AZERTY = str.maketrans("AQWZM", "QAZW,")
QWERTZ = str.maketrans("YZ", "ZY")


@given(payload=payloads)
def test_what_is_written_is_read(payload):
    code = decode(encode(payload, KEY))

    assert code.payload == payload
    assert code.is_signed_by(KEY.public_key())
    assert not code.is_signed_by(OTHER_KEY.public_key())


@given(payload=payloads)
def test_every_code_has_the_same_length_and_only_letters_that_stay(payload):
    text = encode(payload, KEY)

    assert len(text) == codes.LENGTH
    assert set(text) <= set(codes.ALPHABET)


@given(payload=payloads, layout=st.sampled_from([AZERTY, QWERTZ]), capitals=st.booleans())
def test_it_survives_another_keyboard_and_the_capitals_lock(payload, layout, capitals):
    typed = encode(payload, KEY).translate(layout)

    assert decode(typed if capitals else typed.lower()).payload == payload


@given(payload=payloads, places=st.lists(st.integers(0, codes.LENGTH), max_size=5))
def test_separators_and_line_ends_are_not_part_of_it(payload, places):
    text = encode(payload, KEY)
    for place in sorted(places, reverse=True):
        text = f"{text[:place]} -{text[place:]}"

    assert decode(f"{text}\r\n").payload == payload


@given(place=st.integers(2, codes.LENGTH - 1), letter=st.sampled_from(codes.ALPHABET))
def test_one_wrong_letter_is_a_misreading_and_not_a_forgery(place, letter):
    text = encode(PAYLOAD, KEY)
    wrong = text[:place] + letter + text[place + 1 :]
    if wrong == text:
        return

    with pytest.raises(Misread):
        decode(wrong)


@given(payload=payloads, change=st.integers(1, 255), place=st.integers(1, 15))
def test_a_changed_ticket_with_a_right_checksum_is_not_signed(payload, change, place):
    body = bytearray(payload.pack())
    body[place] ^= change
    forged = decode(codes.spell(bytes(body) + KEY.sign(payload.pack())))

    assert not forged.is_signed_by(KEY.public_key())


@given(st.text(max_size=400))
def test_any_other_text_is_refused_by_name(text):
    with pytest.raises((NotACode, Misread)):
        decode(text)


def test_a_shortened_code_is_a_misreading():
    with pytest.raises(Misread):
        decode(encode(PAYLOAD, KEY)[:-1])


def test_another_version_is_not_a_code_of_ours():
    text = encode(PAYLOAD, KEY)

    with pytest.raises(NotACode):
        decode("BD" + text[2:])


@pytest.mark.parametrize(
    "wrong",
    [
        Payload("0a1b2c3d", codes.MAX_NUMBER + 1, 1, 1),
        Payload("0a1b2c3d", 1, -1, 1),
        Payload("0a1b2c3d", 1, 1, codes.MAX_RATE + 1),
        Payload("0a1b2c3d", 1, 1, 1, 256),
    ],
)
def test_it_refuses_numbers_that_do_not_fit(wrong):
    with pytest.raises(ValueError, match="does not fit"):
        encode(wrong, KEY)


def test_the_picture_stays_small_enough_for_a_telephone():
    code = segno.make_qr(encode(PAYLOAD, KEY), error="m")

    assert code.mode == "alphanumeric"
    assert len(code.matrix) <= 45
