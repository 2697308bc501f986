"""What a printer answers when asked how it is, told apart by the fixed bits of each byte.

The first byte to arrive is not always the answer: a printer with automatic status switched on
speaks unasked, and a late answer may come after its question was given up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Paper = Literal["ok", "low", "out"]
Obstacle = Literal["paper", "cover", "offline", "error"]

_FIXED: Final = 0b1001_0011  # bits 0, 1, 4 and 7
_REAL_TIME: Final = 0b0001_0010
_AUTOMATIC_HEAD: Final = 0b0001_0000
_PLAIN: Final = 0b1001_0000  # bits 4 and 7
_AUTOMATIC_TAIL: Final = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: `realtime` (DLE EOT), `buffered` (GS r) or `automatic` (4 bytes unasked)."""

    kind: Literal["realtime", "buffered", "automatic"]
    data: bytes


class AnswerReader:
    """Turns what arrives from a printer into answers; anything else is noise and dropped."""

    def __init__(self) -> None:
        self._automatic = b""

    def feed(self, data: bytes) -> list[Answer]:
        """Return the answers completed by these bytes, in order."""
        answers: list[Answer] = []
        for byte in data:
            one = bytes((byte,))
            if byte & _FIXED == _REAL_TIME:
                answers.append(Answer("realtime", one))
            elif byte & _FIXED == _AUTOMATIC_HEAD:
                self._automatic = one
            elif byte & _PLAIN == 0:
                if not self._automatic:
                    answers.append(Answer("buffered", one))
                    continue
                self._automatic += one
                if len(self._automatic) == 1 + _AUTOMATIC_TAIL:
                    answers.append(Answer("automatic", self._automatic))
                    self._automatic = b""
        return answers


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """How a printer says it is; None where it does not say."""

    answers: bool
    online: bool | None = None
    paper: Paper | None = None
    cover_open: bool | None = None
    error: bool | None = None
    drawer_high: bool | None = None

    @property
    def obstacle(self) -> Obstacle | None:
        """Why nothing would come out now, or None. A mute printer names no obstacle."""
        if self.paper == "out":
            return "paper"
        if self.cover_open:
            return "cover"
        if self.error:
            return "error"
        return "offline" if self.online is False else None


MUTE: Final = PrinterStatus(answers=False)


def read_status(
    printer: int | None, cause: int | None = None, paper: int | None = None
) -> PrinterStatus:
    """Put together the answers to DLE EOT 1 (printer), 2 (cause) and 4 (paper)."""
    if printer is None and cause is None and paper is None:
        return MUTE
    level: Paper | None = None
    if paper is not None:
        level = "out" if paper & 0x60 else "low" if paper & 0x0C else "ok"
    if cause is not None and cause & 0x20:
        level = "out"
    return PrinterStatus(
        answers=True,
        online=None if printer is None else not printer & 0x08,
        paper=level,
        cover_open=None if cause is None else bool(cause & 0x04),
        error=None if cause is None else bool(cause & 0x40),
        drawer_high=None if printer is None else bool(printer & 0x04),
    )
