"""Where the fake printer's tickets fall: numbered files in a directory, the last 200 kept."""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from teraa.devices.fakes.strip import Strip

KEPT: Final = 200
_NAME: Final = re.compile(r"^(\d{6})\.json$")


@dataclass(frozen=True, slots=True)
class Ticket:
    """One piece of paper, as it fell after the cut."""

    number: int
    lines: tuple[str, ...]
    qr: tuple[str, ...]
    kicks: tuple[int, ...]
    cut: str
    rasters: int
    unknown: tuple[str, ...]
    picture: Path

    @property
    def text(self) -> str:
        """All the words on it."""
        return "\n".join(self.lines)


class Tray:
    """Tickets on disk: `000001.png`, `.txt` and, written last, `.json`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self._last = max(self._numbers(), default=0)

    def drop(self, strip: Strip, cut: str) -> Ticket:
        """Write one ticket and sweep away the oldest beyond the last 200."""
        number = self._last + 1
        stem = self.directory / f"{number:06d}"
        lines = strip.lines
        _write(stem.with_suffix(".png"), strip.png())
        _write(stem.with_suffix(".txt"), ("\n".join(lines) + "\n").encode())
        facts = {
            "number": number,
            "columns": strip.columns,
            "lines": lines,
            "qr": strip.qr,
            "kicks": strip.kicks,
            "cut": cut,
            "rasters": strip.rasters,
            "unknown": strip.unknown,
            "picture": stem.with_suffix(".png").name,
        }
        _write(stem.with_suffix(".json"), _json(facts))
        self._last = number
        for old in [n for n in self._numbers() if n <= number - KEPT]:
            for suffix in (".json", ".txt", ".png"):
                (self.directory / f"{old:06d}{suffix}").unlink(missing_ok=True)
        return Ticket(
            number=number,
            lines=tuple(lines),
            qr=tuple(strip.qr),
            kicks=tuple(strip.kicks),
            cut=cut,
            rasters=strip.rasters,
            unknown=tuple(strip.unknown),
            picture=stem.with_suffix(".png"),
        )

    def note_state(self, **facts: Any) -> None:
        """Write `state.json`: what the printer is doing at the moment."""
        _write(self.directory / "state.json", _json(facts))

    def _numbers(self) -> list[int]:
        found = (_NAME.match(path.name) for path in self.directory.iterdir())
        return [int(match[1]) for match in found if match]


def _json(facts: dict[str, Any]) -> bytes:
    return (json.dumps(facts, ensure_ascii=False, indent=1) + "\n").encode()


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all: someone may be looking at the directory."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        file.write(data)
    part = Path(file.name)
    part.chmod(0o644)
    part.replace(path)
