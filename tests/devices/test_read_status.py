"""What a printer answers, told apart by the fixed bits of each byte."""

from __future__ import annotations

import pytest

from teraa.devices.status import MUTE, Answer, AnswerReader, PrinterStatus, read_status


def test_it_tells_a_real_time_answer_from_an_automatic_one():
    reader = AnswerReader()

    answers = reader.feed(b"\x14\x00\x00\x0f\x12\x00")

    assert answers == [
        Answer("automatic", b"\x14\x00\x00\x0f"),
        Answer("realtime", b"\x12"),
        Answer("buffered", b"\x00"),
    ]


def test_an_automatic_status_may_come_in_pieces():
    reader = AnswerReader()

    assert reader.feed(b"\x18\x20") == []
    assert reader.feed(b"\x0c\x00") == [Answer("automatic", b"\x18\x20\x0c\x00")]
    assert reader.feed(b"\x00") == [Answer("buffered", b"\x00")]


@pytest.mark.parametrize("noise", [b"\x11", b"\x13", b"\xff", b"\x80"])
def test_flow_control_and_noise_answer_nothing(noise):
    assert AnswerReader().feed(noise) == []


@pytest.mark.parametrize("byte", range(256))
def test_every_byte_is_of_one_kind_at_most(byte):
    answers = AnswerReader().feed(bytes((byte,)))

    realtime = byte & 0x93 == 0x12
    buffered = byte & 0x90 == 0
    assert [answer.kind for answer in answers] == ["realtime"] * realtime + ["buffered"] * buffered


@pytest.mark.parametrize(
    ("printer", "cause", "paper", "expected", "obstacle"),
    [
        (0x12, None, 0x12, PrinterStatus(True, True, "ok", None, None, False), None),
        (0x16, None, 0x1E, PrinterStatus(True, True, "low", None, None, True), None),
        (0x1A, 0x32, 0x7E, PrinterStatus(True, False, "out", False, False, False), "paper"),
        (0x1A, 0x32, None, PrinterStatus(True, False, "out", False, False, False), "paper"),
        (0x1A, 0x16, 0x12, PrinterStatus(True, False, "ok", True, False, False), "cover"),
        (0x1A, 0x52, 0x12, PrinterStatus(True, False, "ok", False, True, False), "error"),
        (0x1A, 0x1A, 0x12, PrinterStatus(True, False, "ok", False, False, False), "offline"),
        (0x1A, None, None, PrinterStatus(True, False, None, None, None, False), "offline"),
        (None, None, None, MUTE, None),
    ],
)
def test_it_puts_the_answers_together(printer, cause, paper, expected, obstacle):
    status = read_status(printer, cause, paper)

    assert status == expected
    assert status.obstacle == obstacle
