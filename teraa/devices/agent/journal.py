"""What the agent began and how it ended, on disk before anything leaves: it survives kill -9.

A line is written and forced to the disk before the first byte of a job goes to the printer. A job
found begun and not ended at the next start may have come out or not: nobody here knows, so it is
reported unknown and never sent again by itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

NAME: Final = "journal.jsonl"
COMPACT_AFTER: Final = 1_000  # lines


@dataclass(frozen=True, slots=True)
class Entry:
    """A job begun; `state` is None until its outcome is known."""

    key: str
    attempt: int
    state: str | None = None
    detail: str = ""


class Journal:
    """The jobs whose outcome the server has not been told."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = directory / NAME
        self._lock = threading.Lock()
        self._open: dict[tuple[str, int], Entry] = {}
        self._load()
        self._compact()

    def begin(self, key: str, attempt: int) -> None:
        """Write that bytes are about to leave. Raises OSError when it cannot be kept."""
        self._write(Entry(key, attempt), "begun")

    def finish(self, key: str, attempt: int, state: str, detail: str) -> None:
        """Write how it ended, before the server is told."""
        self._write(Entry(key, attempt, state, detail), "done")

    def forget(self, key: str, attempt: int) -> None:
        """Write that the server knows."""
        self._write(Entry(key, attempt), "told")

    def untold(self) -> list[Entry]:
        """Jobs begun whose outcome the server has not been told, oldest first."""
        with self._lock:
            return list(self._open.values())

    def close(self) -> None:
        """Give the file back."""
        os.close(self._file)

    def _write(self, entry: Entry, event: str) -> None:
        with self._lock:
            _append(self._file, entry, event)
            self._lines += 1
            self._note(entry, event)
            if self._lines >= COMPACT_AFTER:
                os.close(self._file)
                self._compact()

    def _note(self, entry: Entry, event: str) -> None:
        if event == "told":
            self._open.pop((entry.key, entry.attempt), None)
        else:
            self._open[entry.key, entry.attempt] = entry

    def _load(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            for line in self._path.read_text(errors="replace").splitlines():
                # The last line may be torn by a power cut; what it began had not left yet.
                with contextlib.suppress(ValueError, KeyError, TypeError):
                    values: dict[str, Any] = json.loads(line)
                    entry = Entry(
                        str(values["key"]),
                        int(values["attempt"]),
                        values.get("state"),
                        str(values.get("detail", "")),
                    )
                    self._note(entry, values["event"])

    def _compact(self) -> None:
        """Write anew only what is still open, whole or not at all, and go on from there."""
        part = self._path.with_suffix(".part")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
        self._file = os.open(part, flags, 0o600)
        for entry in self._open.values():
            _append(self._file, entry, "begun" if entry.state is None else "done")
        os.fsync(self._file)
        part.replace(self._path)
        directory = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
        self._lines = len(self._open)


def _append(file: int, entry: Entry, event: str) -> None:
    values: dict[str, Any] = {"event": event, "key": entry.key, "attempt": entry.attempt}
    if entry.state is not None:
        values |= {"state": entry.state, "detail": entry.detail}
    data = (json.dumps(values, ensure_ascii=False) + "\n").encode()
    while data:
        data = data[os.write(file, data) :]
    os.fsync(file)
