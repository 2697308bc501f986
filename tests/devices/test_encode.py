"""A page spelt in ESC/POS: golden bytes, and what must hold for any text."""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teraa.common.paper import Cell, Columns, Cut, Drawer, Feed, Page, Qr, Rule, Text
from teraa.devices.escpos import encode, kick_now
from teraa.devices.fakes.commands import CommandReader
from teraa.devices.fakes.mechanism import Faults, Mechanism
from teraa.devices.fakes.strip import Line, Strip
from teraa.devices.profiles import (
    Profile,
    ProfileError,
    encode_text,
    profile_from_json,
    profile_to_json,
    spell,
)

WIDE = Profile()
NARROW = Profile(width_columns=32)
HEAD = b"\x1b@\x1bR\x00\x1bt\x10"

TICKET = Page(
    48,
    (
        Drawer(),
        Text("L’Œuvre", align="center", bold=True, double=True),
        Columns((("2 × Café crème", "left", 3), ("3,60\u202f€", "right", 1))),
        Rule(),
        Columns((("À PAYER", "left", 1), ("3,60\u00a0€", "right", 1)), bold=True),
        Feed(1),
        Text("Merci, à bientôt\u00a0!"),
        Cut(),
    ),
)

LARGE_TITLE = (
    b"\x1ba\x01\x1b!\x00\x1b!\x00\x1b!0\x1bE\x01"
    b"L\x92\x8cuvre\n"
    b"\x1b!\x00\x1b!\x00\x1b!\x00\x1bE\x00\x1ba\x00"
)
END = b"\x1bd\x01Merci, \xe0 bient\xf4t !\n\x1bd\x06\x1dV\x01"


def test_the_ticket_on_80_mm_paper():
    assert encode(TICKET, WIDE) == (
        HEAD
        + b"\x1bp\x0022"
        + LARGE_TITLE
        + b"2 \xd7 Caf\xe9 cr\xe8me"
        + b" " * 28
        + b"3,60 \x80\n"
        + b"-" * 48
        + b"\n\x1bE\x01\xc0 PAYER"
        + b" " * 35
        + b"3,60 \x80\n\x1bE\x00"
        + END
    )


def test_the_ticket_on_58_mm_paper():
    assert encode(TICKET, NARROW) == (
        HEAD
        + b"\x1bp\x0022"
        + LARGE_TITLE
        + b"2 \xd7 Caf\xe9 cr\xe8me"
        + b" " * 12
        + b"3,60 \x80\n"
        + b"-" * 32
        + b"\n\x1bE\x01\xc0 PAYER"
        + b" " * 19
        + b"3,60 \x80\n\x1bE\x00"
        + END
    )


def test_a_double_line_has_half_the_columns():
    page = Page(32, (Columns((("TOTAL", "left", 1), ("6,10\u00a0€", "right", 1)), double=True),))

    assert encode(page, NARROW) == (
        HEAD + b"\x1b!\x00\x1b!\x00\x1b!0TOTAL     6,10 \x80\n\x1b!\x00\x1b!\x00\x1b!\x00"
    )


def test_a_native_qr():
    assert encode(Page(48, (Qr("OSM:é", size=6),)), WIDE) == (
        HEAD
        + b"\x1bd\x01\x1ba\x01"
        + b"\x1d(k\x04\x001A2\x00"
        + b"\x1d(k\x03\x001C\x06"
        + b"\x1d(k\x03\x001E1"
        + b"\x1d(k\x09\x001P0OSM:\xc3\xa9"
        + b"\x1d(k\x03\x001Q0"
        + b"\x1ba\x00\x1bd\x01"
    )


def test_a_raster_qr_is_as_wide_as_the_head_and_centred():
    data = encode(Page(48, (Qr("OSM", size=4),)), Profile(qr="raster"))

    # Version 1 is 21 modules; 4 modules of white on each side.
    height = (21 + 8) * 4
    assert data.startswith(HEAD + b"\x1dv0\x00\x48\x00" + bytes((height, 0)))
    bits = data[len(HEAD) + 8 :]
    assert len(bits) == 72 * height
    rows = [bits[start : start + 72] for start in range(0, len(bits), 72)]
    finder = "".join(f"{byte:08b}" for byte in rows[4 * 4])
    assert finder.index("1") == (576 - 21 * 4) // 2
    assert finder.rindex("1") == (576 + 21 * 4) // 2 - 1
    assert finder.strip("0").startswith("1" * 28 + "0")


@pytest.mark.parametrize("qr", ["native", "raster"])
@pytest.mark.parametrize("columns", [32, 42, 48])
def test_a_qr_too_large_for_the_paper_is_made_smaller(columns, qr):
    page = Page(columns, (Qr("x" * 300, size=16), Cut()))

    strip = _printed(page, Profile(width_columns=columns, qr=qr))

    assert strip.qr == (["x" * 300] if qr == "native" else [])
    assert strip.rasters == (qr == "raster")


@pytest.mark.parametrize(
    ("cut", "partial", "expected"),
    [
        ("partial", True, b"\x1bd\x06\x1dV\x01"),
        ("partial", False, b"\x1bd\x06\x1dV\x00"),
        ("full", True, b"\x1bd\x06\x1dV\x00"),
        ("feed", True, b"\x1dVB\x00"),
        ("none", True, b"\x1bd\x06"),
    ],
)
def test_the_cut_is_the_one_the_printer_has(cut, partial, expected):
    assert encode(Page(48, (Cut(partial),)), Profile(cut=cut)) == HEAD + expected


@pytest.mark.parametrize(
    ("wired", "pin", "expected"),
    [(2, 2, b"\x1bp\x0022"), (5, 2, b"\x1bp\x0122"), (2, 5, b"\x1bp\x0122")],
)
def test_the_drawer_is_kicked_on_the_pin_it_hangs_on(wired, pin, expected):
    data = encode(Page(48, (Drawer(pin),)), Profile(drawer_pin=wired))

    assert data == HEAD + expected


def test_the_drawer_can_be_kicked_past_a_blocked_buffer():
    assert kick_now(2) == b"\x10\x14\x01\x00\x01"
    assert kick_now(5) == b"\x10\x14\x01\x01\x01"


def test_every_job_begins_by_reset_and_code_page():
    assert encode(Page(48, ()), WIDE) == HEAD
    clone = Profile(code_page="CP858", code_page_slot=19, cancel_kanji=True)
    assert encode(Page(48, ()), clone) == b"\x1b@\x1c.\x1bR\x00\x1bt\x13"


def test_what_a_table_lacks_is_spelt_plainly():
    assert spell("Œuf à 3 € – l’été…", "CP1252") == "Œuf à 3 € – l’été…"
    assert spell("Œuf à 3 € – l’été…", "CP858") == "OEuf à 3 € - l'été..."
    assert spell("Œuf à 3 € – l’été…", "CP437") == "OEuf à 3 EUR - l'été..."
    assert spell("ſtaffel № 5, ½, 10 ≤ 12", "CP1252") == "staffel No 5, ½, 10 <= 12"
    assert spell("Łódź, Ștefan, 漢", "CP1252") == "Lódz, Stefan, ?"
    assert spell("1\u202f234\u2009m\u00a0€", "CP1252") == "1\u00a0234 m\u00a0€"


CP1252 = "".join(
    character
    for byte in range(0x20, 0x100)
    if (character := bytes((byte,)).decode("cp1252", "ignore")).isprintable() and character
)
FRENCH = "ÀÂÆÇÉÈÊËÎÏÔŒÙÛÜŸàâæçéèêëîïôœùûüÿ€«»“”‘’–—…°§×·"


def test_the_table_holds_all_of_french():
    assert set(FRENCH) <= set(CP1252)


@given(st.text(CP1252, max_size=200))
def test_text_of_the_table_is_never_replaced(text):
    page = Page(48, (Text(text), Cut()))

    strip = _printed(page, WIDE)

    plain = unicodedata.normalize("NFC", text)
    printed = "".join(item.text for item in strip.items if isinstance(item, Line))
    assert printed.count("?") == plain.count("?")
    assert sorted(printed.replace(" ", "")) == sorted(plain.replace(" ", ""))


@given(st.text(max_size=120), st.sampled_from(["CP1252", "CP858", "CP437", "ISO8859-15"]))
def test_any_text_at_all_becomes_characters_of_the_table(text, table):
    spelt = spell(Text(text).text, table)

    assert encode_text(spelt, table).decode(table) == spelt.replace("\u00a0", " ")
    assert not set(spelt) & set(map(chr, range(0x20))) - {"\n"}


_labels = st.text(st.one_of(st.sampled_from(FRENCH + " abcXYZ0123\u00a0\u202f"), st.characters()))
_cells = st.builds(Cell, _labels, st.sampled_from(["left", "center", "right"]), st.integers(1, 9))


@given(
    st.lists(
        st.one_of(
            st.builds(
                Text,
                _labels,
                align=st.sampled_from(["left", "center", "right"]),
                bold=st.booleans(),
                double=st.booleans(),
            ),
            st.builds(
                Columns,
                st.lists(_cells, min_size=1, max_size=5).map(tuple),
                bold=st.booleans(),
                double=st.booleans(),
            ),
            st.just(Rule()),
        ),
        max_size=6,
    ).map(tuple),
    st.sampled_from([32, 42, 48]),
)
def test_the_printer_never_breaks_a_line_itself(blocks, columns):
    """Each line we send is one line on paper: the layout never exceeds the printer's width."""
    page = Page(48, (*blocks, Cut()))
    profile = Profile(width_columns=columns)

    strip = _printed(page, profile)

    sent = encode(page, profile).count(b"\n")
    lines = [item for item in strip.items if isinstance(item, Line)]
    assert len(lines) == sent
    assert all(line.columns <= columns for line in lines)
    assert strip.unknown == []


def test_our_bytes_are_all_commands_a_printer_knows():
    for profile in (WIDE, Profile(qr="raster", cut="feed", cancel_kanji=True)):
        page = Page(48, (*TICKET.blocks[:-1], Qr("ark:a?amount=1"), Cut()))

        names = {command.name for command in CommandReader().feed(encode(page, profile))}

        assert "unknown" not in names
        assert "ignored" not in names


@pytest.mark.parametrize(
    "values",
    [
        {"width_columns": 40},
        {"width_columns": 48.0},
        {"code_page": "klingon"},
        {"code_page": "utf-8"},
        {"code_page": 1252},
        {"code_page_slot": 256},
        {"code_page_slot": "16"},
        {"qr": "maybe"},
        {"cut": True},
        {"drawer_pin": 3},
        {"cancel_kanji": 1},
        {"colour": "red"},
        ["width_columns"],
        None,
    ],
)
def test_it_refuses_a_profile_that_makes_no_sense(values):
    with pytest.raises(ProfileError):
        profile_from_json(values)


def test_a_profile_comes_back_from_json():
    profile = Profile(width_columns=32, qr="raster", cut="none", drawer_pin=5)

    assert profile_from_json(profile_to_json(profile)) == profile
    assert profile_from_json({}) == Profile()


def test_only_one_file_imports_the_printer_library():
    root = pathlib.Path(__file__).parents[2]
    files = [path for room in ("teraa", "pos") for path in (root / room).rglob("*.py")]
    pattern = re.compile(r"^\s*(?:from|import) escpos\b", re.MULTILINE)

    found = {str(path.relative_to(root)) for path in files if pattern.search(path.read_text())}

    assert found == {"teraa/devices/escpos.py"}


def test_importing_it_leaves_nothing_behind(tmp_path):
    code = "import tempfile, teraa.devices.escpos; print(tempfile.gettempdir())"

    out = subprocess.run(
        [sys.executable, "-c", code],
        env={"TMPDIR": str(tmp_path), "PYTHONPATH": "."},
        cwd=pathlib.Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )

    assert out.stdout.strip() == str(tmp_path)
    assert list(tmp_path.iterdir()) == []


def _printed(page: Page, profile: Profile) -> Strip:
    strips: list[Strip] = []
    mechanism = Mechanism(
        columns=profile.width_columns,
        faults=Faults(),
        on_cut=lambda strip, _: strips.append(strip),
        on_kick=lambda _: None,
    )
    mechanism.receive(encode(page, profile))
    (strip,) = strips
    return strip
