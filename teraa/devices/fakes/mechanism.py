"""What the fake printer does with commands: buffer, head, knife, drawer and sensors."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from teraa.devices.fakes.commands import Command, CommandReader
from teraa.devices.fakes.strip import (
    CELL_WIDTH,
    LINE_SPACING,
    Align,
    Gap,
    Line,
    Picture,
    Run,
    Strip,
    draw_qr,
    read_raster,
)

CODE_PAGES: Final = {
    0: "cp437",
    2: "cp850",
    3: "cp860",
    4: "cp863",
    5: "cp865",
    16: "cp1252",
    19: "cp858",
    40: "iso8859-15",
}
_FRANCE: Final = str.maketrans("@[\\]{|}~", "à°ç§éùè¨")
_ALIGNS: Final[dict[int, Align]] = {0: "left", 1: "center", 2: "right"}
IDLE: Final = 0x12
NEAR_END_BITS: Final = 0x0C
END_BITS: Final = 0x60


@dataclass
class Faults:
    """What is wrong with the printer at the moment.

    `mute` answers nothing at all but prints; `no_proof` answers how it is, yet never `GS r`, as
    many clones do. `paper_out` and `offline` hold everything in the buffer until they pass.
    """

    paper_out: bool = False
    offline: bool = False
    mute: bool = False
    no_proof: bool = False

    @property
    def blocked(self) -> bool:
        """Whether nothing comes out now."""
        return self.paper_out or self.offline


class Mechanism:
    """The inside of a printer: bytes in, answers out, and a strip of paper at every cut."""

    def __init__(
        self,
        *,
        columns: int,
        faults: Faults,
        on_cut: Callable[[Strip, str], None],
        on_kick: Callable[[int], None],
        national_set: int = 1,
    ) -> None:
        self.columns = columns
        self.faults = faults
        self._on_cut = on_cut
        self._on_kick = on_kick
        # As bought in France: the set `ESC @` falls back to turns @ into à until told otherwise.
        self._home_set = national_set
        self._reader = CommandReader()
        self._buffer: deque[Command] = deque()
        self._strip = Strip(columns)
        self._qr_data = b""
        self._reset()

    def receive(self, data: bytes) -> bytes:
        """Take bytes in and return what the printer says at once."""
        answers = b""
        for command in self._reader.feed(data):
            if command.real_time:
                answers += self._obey_now(command)
            else:
                self._buffer.append(command)
        return answers + self.turn()

    def turn(self) -> bytes:
        """Work through the buffer as far as the faults allow; return what is answered."""
        answers = b""
        while self._buffer and not self.faults.blocked:
            answers += self._obey(self._buffer.popleft())
        return answers

    def hang_up(self) -> None:
        """The line was closed: half a command is forgotten, whole ones stay in the buffer."""
        self._reader = CommandReader()
        # An answer must not go to whoever connects next.
        self._buffer = deque(c for c in self._buffer if c.name != "GS r")

    @property
    def waiting(self) -> int:
        """Commands held in the buffer."""
        return len(self._buffer)

    def _reset(self) -> None:
        self._code_page = CODE_PAGES[0]
        self._set = self._home_set
        self._align: Align = "left"
        self._bold = self._wide = self._tall = False
        self._module, self._level = 3, 48
        self._line: list[Run] = []

    # Real time

    def _obey_now(self, command: Command) -> bytes:
        if command.name == "DLE DC4" and command.data[0] == 1:
            self._kick(command.data[1])
            return b""
        if command.name != "DLE EOT" or self.faults.mute:
            return b""
        out, off = self.faults.paper_out, self.faults.offline
        match command.data[0]:
            case 1:
                return bytes((IDLE | (0x08 if self.faults.blocked else 0),))
            case 2:
                return bytes((IDLE | (0x04 if off else 0) | (0x20 if out else 0),))
            case 3:
                return bytes((IDLE,))
            case 4:
                return bytes((IDLE | (END_BITS | NEAR_END_BITS if out else 0),))
        return b""

    # In the order of the buffer

    def _obey(self, command: Command) -> bytes:
        data = command.data
        match command.name:
            case "text":
                self._print(data)
            case "LF":
                self._end_line()
            case "ESC @":
                self._reset()
            case "ESC t":
                self._code_page = CODE_PAGES.get(data[0], self._code_page)
            case "ESC R":
                self._set = data[0]
            case "ESC a":
                self._align = _ALIGNS.get(data[0] % 48, self._align)
            case "ESC E" | "ESC G":
                self._bold = bool(data[0] & 1)
            case "ESC !":
                self._bold = bool(data[0] & 0x08)
                self._tall, self._wide = bool(data[0] & 0x10), bool(data[0] & 0x20)
            case "GS !":
                self._wide, self._tall = data[0] >> 4 > 0, data[0] & 7 > 0
            case "ESC d":
                self._end_line(only_if_begun=True)
                self._strip.items.append(Gap(data[0] * LINE_SPACING))
            case "ESC J":
                self._end_line(only_if_begun=True)
                self._strip.items.append(Gap(data[0]))
            case "ESC p":
                self._kick(data[0])
            case "GS V":
                self._cut(data)
            case "GS ( k":
                self._qr(data)
            case "GS v 0":
                self._strip.rasters += 1
                self._strip.items.append(Picture(read_raster(data), self._align))
            case "GS r" if not (self.faults.mute or self.faults.no_proof):
                return b"\x00"
            case "unknown":
                self._strip.unknown.append(data.hex())
        return b""

    def _print(self, data: bytes) -> None:
        text = data.decode(self._code_page, "replace")
        if self._set == 1:
            text = text.translate(_FRANCE)
        for character in text:
            run = Run(character, self._bold, self._wide, self._tall)
            # A full line goes out by itself and the rest begins the next one.
            if sum(r.columns for r in self._line) + run.columns > self.columns:
                self._end_line()
            last = self._line[-1] if self._line else None
            if last and (last.bold, last.wide, last.tall) == (run.bold, run.wide, run.tall):
                self._line[-1] = Run(last.text + character, run.bold, run.wide, run.tall)
            else:
                self._line.append(run)

    def _end_line(self, *, only_if_begun: bool = False) -> None:
        if self._line or not only_if_begun:
            self._strip.items.append(Line(tuple(self._line), self._align))
        self._line = []

    def _kick(self, connector: int) -> None:
        pin = 5 if connector % 48 else 2
        self._strip.kicks.append(pin)
        self._on_kick(pin)

    def _cut(self, data: bytes) -> None:
        self._end_line(only_if_begun=True)
        kind = "partial" if data[0] in (1, 49, 66, 98) else "full"
        strip, self._strip = self._strip, Strip(self.columns)
        strip.cut_off()
        self._on_cut(strip, kind)

    def _qr(self, data: bytes) -> None:
        if len(data) < 2 or data[0] != ord("1"):
            return
        function, rest = data[1], data[2:]
        if function == 67 and rest:
            self._module = rest[0]
        elif function == 69 and rest:
            self._level = rest[0]
        elif function == 80:
            self._qr_data = rest[1:]
        elif function == 81 and self._qr_data:
            picture = draw_qr(
                self._qr_data, module=self._module, level=self._level, align=self._align
            )
            # As real printers do: a code wider than the paper is not printed.
            if picture.image.width <= self.columns * CELL_WIDTH:
                self._strip.items.append(picture)
                self._strip.qr.append(self._qr_data.decode("utf-8", "replace"))
