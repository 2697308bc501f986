"""Reads a stream of ESC/POS bytes as commands, knowing where each one ends.

Written from the printer's side and knowing nothing of `teraa.devices.escpos`: it would otherwise
agree with our own mistakes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

ESC, GS, FS, DLE = 0x1B, 0x1D, 0x1C, 0x10

# Parameter bytes after the two of the command itself, where that number is fixed.
_ESC_FIXED: Final = {
    **dict.fromkeys(b"@2LSim\x0c<", 0),
    **dict.fromkeys(b"!-EGMTRtadJV=3{rU ", 1),
    **dict.fromkeys(b"c$\\B", 2),
    ord("p"): 3,
    ord("W"): 8,
}
_GS_FIXED: Final = {
    **dict.fromkeys(b":", 0),
    **dict.fromkeys(b"!BHTbfhrwaI|/", 1),
    **dict.fromkeys(b"LWP$\\", 2),
}
_FS_FIXED: Final = {**dict.fromkeys(b".&", 0), **dict.fromkeys(b"!CW-", 1), ord("S"): 2}
_CUT_WITH_FEED: Final = frozenset(b"ABabgh")
_DC4_FIXED: Final = {1: 2, 2: 2, 7: 1, 8: 7}


@dataclass(frozen=True, slots=True)
class Command:
    """A command by its name (`ESC a`, `GS v 0`, `text`, `LF`, `unknown`) and its bytes."""

    name: str
    data: bytes = b""

    @property
    def real_time(self) -> bool:
        """Whether a printer obeys at once, ahead of its buffer."""
        return self.name in {"DLE EOT", "DLE DC4", "DLE ENQ"}


class _Unfinished(Exception):
    """More bytes are needed to know where this command ends."""


class CommandReader:
    """Collects bytes and hands out whole commands."""

    def __init__(self) -> None:
        self._pending = b""

    def feed(self, data: bytes) -> list[Command]:
        """Return the commands completed by these bytes, in order."""
        self._pending += data
        commands: list[Command] = []
        while self._pending:
            try:
                command, length = _read(self._pending)
            except _Unfinished:
                break
            self._pending = self._pending[length:]
            commands.append(command)
        return commands


def _take(data: bytes, start: int, count: int) -> bytes:
    if len(data) < start + count:
        raise _Unfinished
    return data[start : start + count]


def _read(data: bytes) -> tuple[Command, int]:
    first = data[0]
    if first in _FAMILIES:
        second = _take(data, 1, 1)[0]
        return _FAMILIES[first](data, second)
    if first < 0x20:
        names = {0x0A: "LF", 0x0D: "CR", 0x09: "HT", 0x0C: "FF"}
        return Command(names.get(first, "ignored"), data[:1]), 1
    end = 0
    while end < len(data) and data[end] >= 0x20:
        end += 1
    return Command("text", data[:end]), end


def _plain(family: str, data: bytes, second: int, count: int) -> tuple[Command, int]:
    name = f"{family} {chr(second)}"
    return Command(name, _take(data, 2, count)), 2 + count


def _read_esc(data: bytes, second: int) -> tuple[Command, int]:
    if second in _ESC_FIXED:
        return _plain("ESC", data, second, _ESC_FIXED[second])
    if second == ord("D"):
        end = data.find(b"\x00", 2)
        if end < 0:
            raise _Unfinished
        return Command("ESC D", data[2:end]), end + 1
    if second == ord("*"):
        mode, low, high = _take(data, 2, 3)
        size = (low + 256 * high) * (3 if mode & 0x20 else 1)
        return Command("ESC *", _take(data, 2, 3 + size)), 5 + size
    return Command("unknown", data[:2]), 2


def _read_gs(data: bytes, second: int) -> tuple[Command, int]:
    if second in _GS_FIXED:
        return _plain("GS", data, second, _GS_FIXED[second])
    if second == ord("V"):
        mode = _take(data, 2, 1)[0]
        return _plain("GS", data, second, 2 if mode in _CUT_WITH_FEED else 1)
    if second == ord("("):
        _, low, high = _take(data, 2, 3)
        size = low + 256 * high
        return Command(f"GS ( {chr(data[2])}", _take(data, 5, size)), 5 + size
    if second == ord("v"):
        _, _, x_low, x_high, y_low, y_high = _take(data, 2, 6)
        size = (x_low + 256 * x_high) * (y_low + 256 * y_high)
        return Command("GS v 0", _take(data, 3, 5 + size)), 8 + size
    if second == ord("k"):
        kind = _take(data, 2, 1)[0]
        if kind > 6:
            size = _take(data, 3, 1)[0]
            return Command("GS k", _take(data, 2, 2 + size)), 4 + size
        end = data.find(b"\x00", 3)
        if end < 0:
            raise _Unfinished
        return Command("GS k", data[2:end]), end + 1
    return Command("unknown", data[:2]), 2


def _read_fs(data: bytes, second: int) -> tuple[Command, int]:
    if second in _FS_FIXED:
        return _plain("FS", data, second, _FS_FIXED[second])
    return Command("unknown", data[:2]), 2


def _read_dle(data: bytes, second: int) -> tuple[Command, int]:
    if second == 0x04:
        return Command("DLE EOT", _take(data, 2, 1)), 3
    if second == 0x05:
        return Command("DLE ENQ", _take(data, 2, 1)), 3
    if second == 0x14:
        function = _take(data, 2, 1)[0]
        count = _DC4_FIXED.get(function, 0)
        return Command("DLE DC4", _take(data, 2, 1 + count)), 3 + count
    return Command("unknown", data[:2]), 2


_FAMILIES: Final[dict[int, Callable[[bytes, int], tuple[Command, int]]]] = {
    ESC: _read_esc,
    GS: _read_gs,
    FS: _read_fs,
    DLE: _read_dle,
}
