"""Files of a development node: the append-only log of blocks, the pool, small JSON files.

Everything that was answered for survives `kill -9`: appends are flushed to the disk before the
caller goes on, small files are replaced whole. A line torn by a crash can only be the last one;
it was never answered for and is cut off at the next start.
"""

from __future__ import annotations

import fcntl
import json
import os
import zlib
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol


class StorageBroken(RuntimeError):
    """A file is damaged elsewhere than at its end, or belongs to another network."""


class StorageTaken(RuntimeError):
    """Another process holds the data directory."""


class SmallFiles(Protocol):
    """JSON files by name: a directory, or a test's memory."""

    def read_json(self, name: str) -> Any | None:
        """Return what a small file holds, or None when it was never written."""

    def write_json(self, name: str, value: object) -> None:
        """Replace a small file whole."""


class Lines(Protocol):
    """An append-only log: a file, or a test's memory."""

    torn_bytes: int

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Any]: ...

    def append(self, value: object) -> None:
        """Keep one more value."""

    def extend(self, values: Iterable[object]) -> None:
        """Keep several more, or none when that fails."""

    def read(self, number: int) -> Any:
        """Return a value, counted from 0."""

    def replace(self, values: Iterable[object]) -> None:
        """Put these values in the place of all others."""

    def cut(self, count: int) -> None:
        """Keep the first `count` values only."""

    def close(self) -> None:
        """Let go of what carries it."""


def to_line(value: object) -> bytes:
    """Write a JSON value as one line that carries its own CRC-32."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(body), body)


def from_line(line: bytes) -> Any:
    """Read a line of `to_line`. Raises StorageBroken when it is torn or altered."""
    checksum, _, body = line.rstrip(b"\n").partition(b" ")
    if not line.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(body):
        raise StorageBroken("a line does not match its checksum")
    return json.loads(body)


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file whole: whoever opens it after a crash finds the old or the new content."""
    draft = path.with_name(f"{path.name}.new")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fdatasync(file.fileno())
    draft.replace(path)


class DataDirectory:
    """A node's directory, held exclusively from `open` to `close`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise StorageTaken(f"another development node is using {path}") from error

    def close(self) -> None:
        """Let another process have the directory."""
        os.close(self._lock)

    def read_json(self, name: str) -> Any | None:
        """Return what a small file holds, or None when it was never written."""
        try:
            return json.loads((self.path / name).read_text("utf-8"))
        except FileNotFoundError:
            return None

    def write_json(self, name: str, value: object) -> None:
        """Replace a small file whole, on the disk before this returns."""
        content = json.dumps(value, ensure_ascii=False, indent=1).encode()
        replace_file(self.path / name, content)


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)


class Log:
    """Lines appended one by one and read back by number. Only their offsets stay in memory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _opened(path)
        self._offsets = array("Q", [0])
        self.torn_bytes = 0
        self._scan()

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def __iter__(self) -> Iterator[Any]:
        return (self.read(number) for number in range(len(self)))

    def append(self, value: object) -> None:
        """Write a line and flush it to the disk. A failed write leaves the log as it was."""
        self.extend([value])

    def extend(self, values: Iterable[object]) -> None:
        """Write several lines with one flush. A failed write leaves the log as it was."""
        lines = [to_line(value) for value in values]
        end = self._offsets[-1]
        content = memoryview(b"".join(lines))
        try:
            written = 0
            while written < len(content):
                written += os.pwrite(self._file, content[written:], end + written)
            os.fdatasync(self._file)
        except OSError:
            os.ftruncate(self._file, end)
            raise
        self._count(lines)

    def read(self, number: int) -> Any:
        """Return the value of a line, counted from 0. Raises StorageBroken when it was altered."""
        start, end = self._offsets[number], self._offsets[number + 1]
        try:
            return from_line(os.pread(self._file, end - start, start))
        except StorageBroken as error:
            raise StorageBroken(f"line {number + 1} of the log is damaged") from error

    def replace(self, values: Iterable[object]) -> None:
        """Put these lines in the place of all others, at once."""
        lines = [to_line(value) for value in values]
        replace_file(self._path, b"".join(lines))
        os.close(self._file)
        self._file = _opened(self._path)
        self._offsets = array("Q", [0])
        self._count(lines)

    def cut(self, count: int) -> None:
        """Keep the first `count` lines only, on the disk before this returns."""
        del self._offsets[count + 1 :]
        os.ftruncate(self._file, self._offsets[-1])
        os.fdatasync(self._file)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _count(self, lines: Iterable[bytes]) -> None:
        for line in lines:
            self._offsets.append(self._offsets[-1] + len(line))

    def _scan(self) -> None:
        """Find the lines; cut off a last line that a crash left unfinished."""
        with open(os.dup(self._file), "rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    self.torn_bytes = len(line)
                    os.ftruncate(self._file, self._offsets[-1])
                    break
                self._offsets.append(self._offsets[-1] + len(line))
        if len(self):
            self._cut_damaged_tail()

    def _cut_damaged_tail(self) -> None:
        # A crash of the machine (not only of the process) may leave a whole line of stale bytes.
        try:
            self.read(len(self) - 1)
        except StorageBroken:
            self.torn_bytes += self._offsets[-1] - self._offsets[-2]
            self._offsets.pop()
            os.ftruncate(self._file, self._offsets[-1])
