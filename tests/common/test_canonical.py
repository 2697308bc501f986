"""One text for one set of values, the same in any language that follows RFC 8785."""

import datetime
import decimal
import enum
import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from teraa.common.canonical import (
    MAX_SAFE_INTEGER,
    NotCanonical,
    canonical_text,
    read_canonical,
    sha256_hex,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
leaves = st.none() | st.booleans() | texts | st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER)
values = st.dictionaries(
    texts,
    st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
        max_leaves=20,
    ),
    max_size=5,
)


@given(values)
def test_it_writes_what_the_standard_writes_and_can_be_read_back(document):
    text = canonical_text(document)
    assert text == rfc8785.dumps(document).decode()
    assert json.loads(text) == document


@given(values, st.randoms())
def test_it_does_not_depend_on_the_order_of_keys(document, random):
    keys = list(document)
    random.shuffle(keys)
    assert canonical_text({key: document[key] for key in keys}) == canonical_text(document)


def test_it_writes_a_sale_as_any_browser_would():
    document = {"zoé": "œuf à 2 €", "a": [1, None, True, '\u2028\x1f"\\/'], "Z": {}, "": -1}
    expected = '{"":-1,"Z":{},"a":[1,null,true,"\u2028\\u001f\\"\\\\/"],"zoé":"œuf à 2 €"}'
    assert canonical_text(document) == expected


def test_it_sorts_keys_by_their_utf_16_units():
    # RFC 8785 §3.2.3: the emoji's first surrogate sorts before U+FB33.
    assert canonical_text({"\ufb33": 1, "\U0001f600": 2}) == '{"\U0001f600":2,"\ufb33":1}'


class Colour(enum.IntEnum):
    RED = 1


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        0.1,
        float("nan"),
        MAX_SAFE_INTEGER + 1,
        -MAX_SAFE_INTEGER - 1,
        decimal.Decimal("1.5"),
        datetime.date(2026, 1, 1),
        b"bytes",
        {1, 2},
        {1: "integer key"},
        "\ud800",
        pytest.param(object(), id="an object"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("wrap", [lambda v: {"x": v}, lambda v: {"é": [{"y": (v,)}]}])
def test_it_refuses_what_has_no_exact_form(value, wrap):
    with pytest.raises(NotCanonical):
        canonical_text(wrap(value))


def test_it_takes_the_largest_exact_integers():
    text = canonical_text({"max": MAX_SAFE_INTEGER, "min": -MAX_SAFE_INTEGER})
    assert text == '{"max":9007199254740991,"min":-9007199254740991}'


def test_its_digest_is_of_the_utf_8_bytes():
    assert sha256_hex("é") == "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"


@given(values)
def test_reading_gives_back_what_was_written(values):
    assert read_canonical(canonical_text(values)) == values


@given(values, st.sampled_from([" ", "\n", "0", "é", ",", "-", "1.0", "\\u0041"]), st.data())
def test_reading_refuses_whatever_writing_would_not_write(values, extra, data):
    text = canonical_text(values)
    place = data.draw(st.integers(0, len(text)))
    other = text[:place] + extra + text[place:]
    try:
        again = canonical_text(json.loads(other))
    except (ValueError, TypeError):
        again = None

    if again == other:
        assert canonical_text(read_canonical(other)) == other
    else:
        with pytest.raises(NotCanonical):
            read_canonical(other)


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1.0}',
        '{"a":1e2}',
        '{"a":1.5}',
        '{"a":100000.0}',
        '{"a":1.5e300}',
        '{"a":[0,-1.5]}',
        "[0.5]",
        '{"a":"\ud800"}',
        '{"a":NaN}',
        '{"a":9007199254740992}',
        '{"a":-9007199254740992}',
        '{"b":1,"a":2}',
        '{"a":1,"a":1}',
        '{"a": 1}',
        '{"\ufb33":1,"\U0001f600":2}',
        '{"\ufb33\\n":1,"\U0001f600":2}',
        '{"a":"\\u0041"}',
        "",
        "[" * 100_000,
    ],
)
def test_reading_refuses(text):
    with pytest.raises(NotCanonical):
        read_canonical(text)


def test_reading_takes_long_rows_of_digits_and_keys_of_any_script():
    for text in (
        '{"a":"12345678901234567890"}',
        '{"a":9007199254740991}',
        '{"\U0001f600":2,"\ufb33":1}',
        '{"a":"é\\":1"}',
        '{"a":"1,2.5","b.5":":0.5"}',
    ):
        assert canonical_text(read_canonical(text)) == text
