"""A printer made of memory: the driver for rehearsals and tests, with the faults of a real one."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import ClassVar, Self

from teraa.devices.drivers.port import Interrupted, Unreachable
from teraa.devices.status import MUTE, PrinterStatus

KEPT_JOBS = 200
READY = PrinterStatus(
    answers=True, online=True, paper="ok", cover_open=False, error=False, drawer_high=False
)


@dataclass
class MemoryPaper:
    """What one printer of memory has received, and how it behaves."""

    jobs: list[bytes] = field(default_factory=list)
    status: PrinterStatus = READY
    reachable: bool = True
    proves: bool = True
    breaks_after: int | None = None  # bytes let through before the line breaks


class MemoryDriver:
    """A printer named by its target; every driver with the same target writes on one paper."""

    _papers: ClassVar[dict[str, MemoryPaper]] = {}
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, target: str) -> None:
        with self._lock:
            self.paper = self._papers.setdefault(target, MemoryPaper())
        self._opened = False

    def __enter__(self) -> Self:
        if not self.paper.reachable:
            raise Unreachable("this printer of memory is switched off")
        self._opened = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened = False

    def send(self, data: bytes) -> None:
        if not self._opened:
            raise Interrupted("the line is not open")
        limit = self.paper.breaks_after
        if limit is not None and len(data) > limit:
            self.paper.jobs.append(data[:limit])
            raise Interrupted(f"the line broke after {limit} of {len(data)} bytes")
        self.paper.jobs.append(data)
        del self.paper.jobs[:-KEPT_JOBS]

    def status(self) -> PrinterStatus:
        return self.paper.status if self._opened else MUTE

    def prove(self) -> bool:
        return self._opened and self.paper.proves and self.paper.status.obstacle is None
