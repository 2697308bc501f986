"""A page is a value: what it refuses, how it travels, how its lines fall."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teraa.common.canonical import canonical_text
from teraa.common.paper import (
    Cell,
    Columns,
    Cut,
    Drawer,
    Feed,
    Page,
    PageError,
    Qr,
    Rule,
    Text,
    lay_out_columns,
    marked,
    page_from_json,
    page_to_json,
    wrap,
)

PAGE = Page(
    48,
    (
        Drawer(),
        Text("Café Œuvre", align="center", bold=True, double=True),
        Rule(),
        Columns((("Café", "left", 3), ("1,50\u00a0€", "right", 1)), bold=True),
        Qr("ark:address?amount=75", size=5),
        Feed(2),
        Cut(partial=False),
    ),
)

aligns = st.sampled_from(["left", "center", "right"])
texts = st.text(max_size=60)
blocks = st.one_of(
    st.builds(Text, texts, align=aligns, bold=st.booleans(), double=st.booleans()),
    st.builds(
        Columns,
        st.lists(st.builds(Cell, texts, aligns, st.integers(1, 9)), min_size=1, max_size=4).map(
            tuple
        ),
        bold=st.booleans(),
        double=st.booleans(),
    ),
    st.just(Rule()),
    st.builds(
        Qr,
        st.text(st.characters(codec="utf-8", min_codepoint=1), min_size=1, max_size=80),
        st.integers(1, 16),
    ),
    st.builds(Feed, st.integers(1, 20)),
    st.builds(Cut, st.booleans()),
    st.builds(Drawer, st.sampled_from([2, 5])),
)
pages = st.builds(Page, st.sampled_from([32, 42, 48]), st.lists(blocks, max_size=12).map(tuple))


@given(pages)
def test_a_page_travels_as_canonical_json_and_comes_back_equal(page: Page):
    text = canonical_text(page_to_json(page))

    assert page_from_json(json.loads(text)) == page


def test_the_json_form_is_fixed():
    assert page_to_json(PAGE) == {
        "form": 1,
        "width": 48,
        "blocks": [
            {"t": "drawer", "pin": 2},
            {"t": "text", "text": "Café Œuvre", "align": "center", "bold": True, "double": True},
            {"t": "rule"},
            {
                "t": "columns",
                "cells": [["Café", "left", 3], ["1,50\u00a0€", "right", 1]],
                "bold": True,
                "double": False,
            },
            {"t": "qr", "data": "ark:address?amount=75", "size": 5},
            {"t": "feed", "lines": 2},
            {"t": "cut", "partial": False},
        ],
    }


@pytest.mark.parametrize(
    "make",
    [
        lambda: Page(40, ()),
        lambda: Page(True, ()),
        lambda: Page(48, ("Café",)),  # type: ignore[arg-type]
        lambda: Page(48, (Rule(),) * 2_001),
        lambda: Text(12),  # type: ignore[arg-type]
        lambda: Text("a", align="middle"),  # type: ignore[arg-type]
        lambda: Text("a", bold=1),  # type: ignore[arg-type]
        lambda: Text("a" * 4_001),
        lambda: Columns(()),
        lambda: Columns("Café"),  # type: ignore[arg-type]
        lambda: Columns((("a", "left", 0),)),
        lambda: Columns((("a", "left", 1.5),)),  # type: ignore[arg-type]
        lambda: Columns((("a", "left", 1, 1),)),  # type: ignore[arg-type]
        lambda: Qr(""),
        lambda: Qr("x" * 1_201),
        lambda: Qr("a\ud800"),
        lambda: Qr("a\0"),
        lambda: Qr("a", size=17),
        lambda: Feed(0),
        lambda: Feed(2.0),  # type: ignore[arg-type]
        lambda: Drawer(3),
        lambda: Cut(1),  # type: ignore[arg-type]
    ],
)
def test_it_refuses_what_no_printer_can_be_asked_for(make):
    with pytest.raises(PageError):
        make()


@pytest.mark.parametrize(
    "values",
    [
        None,
        [],
        {},
        {"form": 2, "width": 48, "blocks": []},
        {"form": True, "width": 48, "blocks": []},
        {"form": 1, "width": 48.0, "blocks": []},
        {"form": 1, "width": 48, "blocks": [{"t": "drawer", "pin": 2.0}]},
        {"form": 1, "width": 48, "blocks": {}},
        {"form": 1, "width": 48, "blocks": [], "more": 1},
        {"form": 1, "width": 48, "blocks": ["rule"]},
        {"form": 1, "width": 48, "blocks": [{"t": "image"}]},
        {"form": 1, "width": 48, "blocks": [{"t": ["rule"]}]},
        {"form": 1, "width": 48, "blocks": [{"t": "text"}]},
        {"form": 1, "width": 48, "blocks": [{"t": "text", "text": "a", "size": 3}]},
        {"form": 1, "width": 48, "blocks": [{"t": "feed", "lines": 1.0}]},
        {"form": 1, "width": 48, "blocks": [{"t": "columns", "cells": [["a", "left", 1.0]]}]},
        {"form": 1, "width": 48, "blocks": [{"t": "columns", "cells": None}]},
    ],
)
def test_it_refuses_json_that_is_not_a_page(values):
    with pytest.raises(PageError):
        page_from_json(values)


def test_a_label_cannot_carry_a_command():
    assert Text("Caf\u0065\u0301\x1bp\x00\r\nsuite\x00").text == "Cafép\nsuite"
    assert Columns((("Bi\tère\n\u202e", "left", 1),)).cells[0].text == "Bi ère "


def test_a_second_print_is_marked_and_leaves_the_drawer_shut():
    again = marked(PAGE, "DUPLICATA")

    assert again.blocks[:2] == (Text("DUPLICATA", align="center", bold=True), Rule())
    assert again.blocks[2:] == PAGE.blocks[1:]


def test_labels_wrap_and_amounts_stand_whole_at_the_right():
    cells = Columns(
        (("Tartine de chèvre au miel et aux noix", "left", 3), ("12,50\u00a0€", "right", 1))
    ).cells

    assert lay_out_columns(cells, 32) == [
        "Tartine de chèvre au            ",
        "miel et aux noix         12,50\u00a0€",
    ]


def test_an_amount_wider_than_its_share_takes_room_from_the_labels():
    cells = Columns((("Total", "left", 9), ("1\u202f234\u202f567,89\u00a0€", "right", 1))).cells

    assert lay_out_columns(cells, 32) == ["Total             1\u202f234\u202f567,89\u00a0€"]


def test_amounts_that_leave_no_room_go_on_lines_of_their_own():
    cells = Columns((("Total", "left", 1), ("9" * 32, "right", 1), ("8" * 3, "right", 1))).cells

    assert lay_out_columns(cells, 32) == ["Total".ljust(32), "9" * 32, "888".rjust(32)]


def test_an_amount_longer_than_the_paper_is_broken_rather_than_lost():
    cells = Columns((("Total", "left", 1), ("9" * 40, "right", 1))).cells

    assert "".join(lay_out_columns(cells, 32)).replace(" ", "") == "Total" + "9" * 40


def test_a_no_break_space_is_not_a_place_to_break():
    assert wrap("prix 12\u00a0€", 8) == ["prix", "12\u00a0€"]


@given(
    st.lists(st.tuples(texts, aligns, st.integers(1, 1_000)), min_size=1, max_size=8).map(tuple),
    st.sampled_from([16, 24, 32, 42, 48]),
)
def test_no_line_is_ever_wider_than_the_paper_and_no_word_is_lost(cells, width):
    columns = Columns(cells)

    lines = lay_out_columns(columns.cells, width)

    assert all(len(line) == width for line in lines)
    printed = sorted("".join("".join(lines).split()))
    assert printed == sorted("".join("".join(cell.text for cell in columns.cells).split()))


@given(
    st.lists(
        st.tuples(st.text("abc ", max_size=30), st.just("left"), st.integers(1, 9)),
        min_size=1,
        max_size=2,
    ),
    st.lists(
        st.tuples(st.text("0123456789", min_size=1, max_size=10), st.just("right"), st.just(1)),
        min_size=1,
        max_size=2,
    ),
)
def test_amounts_are_never_wrapped_while_they_fit(labels, amounts):
    lines = lay_out_columns(Columns((*labels, *amounts)).cells, 48)

    words = [word for line in lines for word in line.split()]
    for text, _, _ in amounts:
        assert text in words
