"""The fake printer: what comes out of it, in words, as a picture, and when it misbehaves."""

from __future__ import annotations

import importlib.resources
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageFont

from teraa.common.paper import Columns, Cut, Drawer, Feed, Page, Qr, Rule, Text
from teraa.devices.drivers.network import NetworkDriver
from teraa.devices.escpos import encode, kick_now
from teraa.devices.fakes.commands import CommandReader
from teraa.devices.fakes.mechanism import Faults, Mechanism
from teraa.devices.fakes.printer import FakePrinter
from teraa.devices.fakes.strip import SIDE_MARGIN, TOP_MARGIN, Strip
from teraa.devices.fakes.tray import Tray
from teraa.devices.profiles import Profile

ROOT = Path(__file__).parents[2]
URI = "ark:odXF2Zix4KpiSgMYvXHCzWh4BR4yvcoanY?amount=75&vendorField=OS7K3Q9"
TICKET = Page(
    48,
    (
        Drawer(),
        Text("TERAA Genesis", align="center", bold=True, double=True),
        Rule(),
        Columns((("2 × Café crème", "left", 3), ("3,60\u202f€", "right", 1))),
        Columns((("1 × Œuf mollet", "left", 3), ("2,50\u202f€", "right", 1))),
        Columns((("TOTAL", "left", 1), ("6,10\u00a0€", "right", 1)), bold=True),
        Feed(1),
        Qr(URI),
        Text("Merci, à bientôt\u00a0!", align="right"),
        Cut(),
    ),
)


def _send(printer: FakePrinter, data: bytes) -> bool:
    with NetworkDriver(printer.target) as driver:
        driver.send(data)
        return driver.prove()


def test_the_ticket_that_comes_out_says_what_was_sold(tmp_path):
    with FakePrinter(tmp_path) as printer:
        assert _send(printer, encode(TICKET, Profile()))
        (ticket,) = printer.wait_for_tickets(1)

    assert ticket.text.splitlines() == [
        "           TERAA Genesis",
        "-" * 48,
        "2 × Café crème" + " " * 28 + "3,60 €",
        "1 × Œuf mollet" + " " * 28 + "2,50 €",
        "TOTAL" + " " * 37 + "6,10 €",
        "",
        "",
        "                   [picture]",
        "",
        " " * 30 + "Merci, à bientôt !",
    ]
    assert ticket.qr == (URI,)
    assert ticket.kicks == (2,)
    assert ticket.cut == "partial"
    assert ticket.unknown == ()
    assert printer.kicks == [2]


def test_the_files_say_the_same_as_the_paper(tmp_path):
    with FakePrinter(tmp_path) as printer:
        _send(printer, encode(TICKET, Profile()))
        (ticket,) = printer.wait_for_tickets(1)

    facts = json.loads((tmp_path / "000001.json").read_text())
    assert facts["lines"] == list(ticket.lines)
    assert facts["qr"] == [URI]
    assert facts["kicks"] == [2]
    assert facts["picture"] == ticket.picture.name
    assert (tmp_path / "000001.txt").read_text() == ticket.text + "\n"
    state = json.loads((tmp_path / "state.json").read_text())
    assert state["last_ticket"] == 1
    assert state["kicks"] == 1


@pytest.mark.parametrize(("columns", "qr"), [(48, "native"), (32, "raster")])
def test_the_picture_shows_the_ticket(tmp_path, columns, qr):
    with FakePrinter(tmp_path, columns=columns) as printer:
        _send(printer, encode(TICKET, Profile(width_columns=columns, qr=qr)))
        (ticket,) = printer.wait_for_tickets(1)

    picture = Image.open(ticket.picture).convert("RGBA")
    assert picture.width == columns * 12 + 2 * SIDE_MARGIN
    print_ = picture.convert("L")
    # Nothing on the margins, ink on each line of text, and none between two lines.
    for box in (
        (0, 10, SIDE_MARGIN, picture.height - 10),
        (picture.width - SIDE_MARGIN, 10, picture.width, picture.height - 10),
    ):
        assert print_.crop(box).getextrema()[0] > 200
    title = print_.crop((SIDE_MARGIN, TOP_MARGIN, picture.width - SIDE_MARGIN, TOP_MARGIN + 54))
    assert title.getextrema()[0] < 60
    assert title.histogram()[34] > 300
    assert picture.getpixel((0, 0))[3] == 0


def test_a_qr_in_the_picture_is_drawn_module_by_module(tmp_path):
    import segno

    page = Page(48, (Qr(URI, size=4), Cut()))
    with FakePrinter(tmp_path) as printer:
        _send(printer, encode(page, Profile()))
        (ticket,) = printer.wait_for_tickets(1)

    matrix = segno.make_qr(URI, error="m", boost_error=False, encoding="utf-8").matrix
    picture = Image.open(ticket.picture).convert("L")
    side = len(matrix) * 4
    left = SIDE_MARGIN + (576 - side) // 2
    top = TOP_MARGIN + 30
    seen = [
        [picture.getpixel((left + 4 * x + 2, top + 4 * y + 2)) < 128 for x in range(len(matrix))]
        for y in range(len(matrix))
    ]
    assert seen == [[bool(module) for module in row] for row in matrix]


@pytest.mark.parametrize("character", "éÉèàçùœŒ€«»’–×°½")
def test_its_letters_are_letters_and_not_empty_boxes(character):
    file = importlib.resources.files("barcode") / "fonts" / "DejaVuSansMono.ttf"
    with importlib.resources.as_file(file) as path:
        font = ImageFont.truetype(str(path), 20)

    assert bytes(font.getmask(character)) != bytes(font.getmask("\ufffe"))
    assert font.getlength(character) == pytest.approx(12, abs=0.1)


def test_without_paper_it_says_so_and_prints_when_paper_returns(tmp_path):
    with FakePrinter(tmp_path) as printer:
        printer.faults.paper_out = True
        with NetworkDriver(printer.target, proof_timeout=0.2) as driver:
            assert driver.status().obstacle == "paper"
            driver.send(encode(TICKET, Profile()))
            assert driver.prove() is False
        assert printer.tickets == []

        printer.faults.paper_out = False

        (ticket,) = printer.wait_for_tickets(1)
    assert "Café crème" in ticket.text


def test_offline_it_holds_everything_but_the_real_time_drawer(tmp_path):
    with FakePrinter(tmp_path) as printer:
        printer.faults.offline = True
        with NetworkDriver(printer.target, proof_timeout=0.2) as driver:
            assert driver.status().obstacle == "cover"
            driver.send(encode(Page(48, (Drawer(),)), Profile()))
            assert driver.prove() is False
            assert printer.kicks == []
            driver.send(kick_now(5))
            assert driver.status().online is False
        assert printer.kicks == [5]


def test_faults_are_set_by_a_file(tmp_path):
    with FakePrinter(tmp_path) as printer, NetworkDriver(printer.target) as driver:
        (tmp_path / "control.json").write_text('{"paper_out": true}')
        while driver.status().paper != "out":
            pass
        assert printer.faults.paper_out

        (tmp_path / "control.json").write_text("{}")
        while driver.status().paper != "ok":
            pass
        assert not printer.faults.paper_out


def test_it_talks_to_one_at_a_time(tmp_path):
    with FakePrinter(tmp_path) as printer:
        with NetworkDriver(printer.target) as first:
            assert first.status().online
            second = NetworkDriver(printer.target, timeout=0.3)
            with second:
                assert second.status().answers is False
                assert first.status().online
        with NetworkDriver(printer.target) as third:
            assert third.status().online


def test_half_a_command_is_forgotten_with_the_line(tmp_path):
    job = encode(Page(48, (Qr("x", size=8), Cut())), Profile(qr="raster"))
    with FakePrinter(tmp_path) as printer:
        with socket.create_connection(("127.0.0.1", printer.port)) as line:
            line.sendall(job[:1_000])
        _send(printer, encode(TICKET, Profile()))
        (ticket,) = printer.wait_for_tickets(1)

    assert ticket.lines[0].strip() == "TERAA Genesis"


def test_the_tray_keeps_the_last_200_and_goes_on_counting(tmp_path):
    strip = Strip(32)
    tray = Tray(tmp_path)
    (tmp_path / "000010.json").write_text("{}")
    for _ in range(3):
        Tray(tmp_path).drop(strip, "full")
    assert sorted(path.name for path in tmp_path.glob("*.json"))[-1] == "000013.json"

    (tmp_path / "000213.json").write_text("{}")
    last = Tray(tmp_path).drop(strip, "full")

    assert last.number == 214
    assert [path.stem for path in sorted(tmp_path.glob("*.json"))] == ["000213", "000214"]
    assert tray.directory == tmp_path


def test_letters_depend_on_the_table_chosen_as_on_a_real_printer():
    """A job without `ESC t` prints CP437, and one without `ESC R` prints à for @."""
    strips: list[Strip] = []
    mechanism = Mechanism(
        columns=32,
        faults=Faults(),
        on_cut=lambda strip, _: strips.append(strip),
        on_kick=lambda _: None,
    )

    mechanism.receive("a@b é\n".encode("cp1252") + b"\x1dV\x00")
    mechanism.receive(b"\x1b@\x1bR\x00\x1bt\x10" + "a@b é\n".encode("cp1252") + b"\x1dV\x00")

    assert [strip.lines for strip in strips] == [["aàb Θ"], ["a@b é"]]


def test_a_line_too_long_goes_on_below():
    strips: list[Strip] = []
    mechanism = Mechanism(
        columns=32,
        faults=Faults(),
        on_cut=lambda strip, _: strips.append(strip),
        on_kick=lambda _: None,
    )

    mechanism.receive(b"x" * 40 + b"\n\x1dV\x00")

    assert strips[0].lines == ["x" * 32, "x" * 8]


@pytest.mark.parametrize("size", [1, 2, 7, 1_000])
def test_commands_may_arrive_in_pieces(size):
    data = encode(TICKET, Profile(qr="raster")) + b"\x10\x04\x01\x1c.\x1b*\x21\x02\x00abcdef"
    whole = CommandReader().feed(data)
    reader = CommandReader()
    pieces = [
        command
        for start in range(0, len(data), size)
        for command in reader.feed(data[start : start + size])
    ]

    def joined(commands):
        # A run of text may be cut anywhere.
        return [(c.name, c.data) for c in commands if c.name != "text"], b"".join(
            c.data for c in commands if c.name == "text"
        )

    assert joined(pieces) == joined(whole)


def test_it_runs_as_a_process_and_ends_on_sigterm(tmp_path):
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "teraa.devices.fakes.printer",
            "--port",
            "0",
            "--data",
            str(tmp_path),
        ],
        cwd=ROOT,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        target = process.stdout.readline().split()[3].rstrip(",")
        with NetworkDriver(target) as driver:
            driver.send(encode(TICKET, Profile()))
            assert driver.prove()
        assert "ticket 1" in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    assert "Café crème" in (tmp_path / "000001.txt").read_text()
