"""The port every printer driver fills."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

from teraa.devices.status import PrinterStatus


class Unreachable(OSError):
    """The printer could not be opened: not one byte has been sent."""


class Interrupted(OSError):
    """The line broke once bytes had begun to leave: what came out is not known."""


class Driver(Protocol):
    """One printer. Open it for one job and close it again; one thread at a time."""

    def __enter__(self) -> Self:
        """Open the line. Raises Unreachable."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the line; never raises."""

    def send(self, data: bytes) -> None:
        """Write all bytes. Raises Interrupted when the line breaks or stands still."""

    def status(self) -> PrinterStatus:
        """Ask how the printer is; a mute or broken line is a status without answers."""

    def prove(self) -> bool:
        """Whether the printer says, in the order of its buffer, that it has done all of it."""
