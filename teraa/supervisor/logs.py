"""What a part says, kept on the disk within bounds."""

from __future__ import annotations

from pathlib import Path

LARGEST_BYTES = 5_000_000


class BoundedLog:
    """A log file that moves to ``<name>.1`` when it is full; older lines are dropped."""

    def __init__(self, path: Path, *, largest_bytes: int = LARGEST_BYTES) -> None:
        self.path = path
        self._largest_bytes = largest_bytes
        self._file = path.open("ab")

    def write(self, content: bytes) -> None:
        """Append ``content``, turning the file over first when it would grow past its bound."""
        size = self._file.tell()
        if size and size + len(content) > self._largest_bytes:
            self._file.close()
            self.path.replace(self.path.with_name(self.path.name + ".1"))
            self._file = self.path.open("ab")
        self._file.write(content)
        self._file.flush()

    def close(self) -> None:
        """Close the file; nothing may be written after."""
        self._file.close()


def last_lines(path: Path, count: int) -> str:
    """Return the last ``count`` lines of a log, or nothing when there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 200 * count))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-count:])
    except FileNotFoundError:
        return ""
