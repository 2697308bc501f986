"""Storage that goes with the process: for chains that live for one example of a test.

The same few methods as `storage.Log` and `storage.DataDirectory`; what is put in must not be
changed afterwards, since nothing is copied.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any


class MemoryLog:
    """A log without a file."""

    torn_bytes = 0

    def __init__(self) -> None:
        self._values: list[Any] = []

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def append(self, value: object) -> None:
        """Keep one more value."""
        self._values.append(value)

    def extend(self, values: Iterable[object]) -> None:
        """Keep several more."""
        self._values.extend(values)

    def read(self, number: int) -> Any:
        """Return a value, counted from 0."""
        return self._values[number]

    def replace(self, values: Iterable[object]) -> None:
        """Put these values in the place of all others."""
        self._values = list(values)

    def cut(self, count: int) -> None:
        """Keep the first `count` values only."""
        del self._values[count:]

    def close(self) -> None:
        """Nothing to close."""


class MemoryDirectory:
    """Small JSON files without a directory."""

    def __init__(self) -> None:
        self._files: dict[str, Any] = {}

    def read_json(self, name: str) -> Any | None:
        """Return what was written under a name, or None."""
        return self._files.get(name)

    def write_json(self, name: str, value: object) -> None:
        """Keep a value under a name."""
        self._files[name] = value

    def close(self) -> None:
        """Nothing to let go of."""
