"""Printers on TCP port 9100: raw, one connection at a time, nothing but bytes."""

from __future__ import annotations

import contextlib
import socket
import time
from types import TracebackType
from typing import Final, Literal, Self

from teraa.devices.drivers.port import Interrupted, Unreachable
from teraa.devices.escpos import ASK_PROOF, ask_status
from teraa.devices.status import AnswerReader, PrinterStatus, read_status
from teraa.devices.targets import parse_network_target

TIMEOUT_SECONDS: Final = 3.0
# A long ticket takes seconds to come out, and the proof only follows it.
PROOF_SECONDS: Final = 6.0
PAPER_END: Final = 0b0000_1100  # in the answer to GS r: the end may have cut the ticket short
_CHUNK: Final = 4096
_KEEP_ALIVE: Final = (("TCP_KEEPIDLE", 5), ("TCP_KEEPINTVL", 2), ("TCP_KEEPCNT", 3))


class NetworkDriver:
    """One printer at `host:port`; a connection lives for one job, since most accept only one."""

    def __init__(
        self,
        target: str,
        *,
        timeout: float = TIMEOUT_SECONDS,
        proof_timeout: float = PROOF_SECONDS,
    ) -> None:
        self._address = parse_network_target(target)
        self._timeout = timeout
        self._proof_timeout = proof_timeout
        self._line: socket.socket | None = None
        self._reader = AnswerReader()

    def __enter__(self) -> Self:
        try:
            line = socket.create_connection(self._address, self._timeout)
        except OSError as error:
            host, port = self._address
            raise Unreachable(f"{host}:{port} does not answer: {error}") from error
        line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for name, value in _KEEP_ALIVE:
            if hasattr(socket, name):
                line.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        self._line = line
        self._reader = AnswerReader()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        line, self._line = self._line, None
        if line is not None:
            with contextlib.suppress(OSError):
                # Say goodbye properly and leave nothing unread: closing on unread bytes resets
                # the line, and a reset could make the printer drop what it still holds.
                line.shutdown(socket.SHUT_WR)
                self._drain(line)
            line.close()

    def send(self, data: bytes) -> None:
        line = self._opened()
        done = 0
        try:
            while done < len(data):
                line.settimeout(self._timeout)
                done += line.send(data[done : done + _CHUNK])
        except OSError as error:
            raise Interrupted(f"the line broke after {done} of {len(data)} bytes: {error}") from (
                error
            )

    def status(self) -> PrinterStatus:
        printer = self._ask(ask_status(1), "realtime", self._timeout)
        if printer is None:
            return read_status(None)
        paper = self._ask(ask_status(4), "realtime", self._timeout)
        cause = None
        if printer & 0x08:
            cause = self._ask(ask_status(2), "realtime", self._timeout)
        return read_status(printer, cause, paper)

    def prove(self) -> bool:
        answer = self._ask(ASK_PROOF, "buffered", self._proof_timeout)
        return answer is not None and not answer & PAPER_END

    def _opened(self) -> socket.socket:
        if self._line is None:
            raise Interrupted("the line is not open")
        return self._line

    def _ask(
        self, question: bytes, kind: Literal["realtime", "buffered"], timeout: float
    ) -> int | None:
        """Send a question and return the first answer of its kind, or None within the timeout."""
        deadline = time.monotonic() + timeout
        try:
            line = self._opened()
            # Bytes that came before the question answer an older one.
            self._drain(line)
            line.settimeout(timeout)
            line.sendall(question)
            while (left := deadline - time.monotonic()) > 0:
                line.settimeout(left)
                received = line.recv(64)
                if not received:
                    return None
                for answer in self._reader.feed(received):
                    if answer.kind == kind:
                        return answer.data[0]
        except OSError:
            return None
        return None

    def _drain(self, line: socket.socket) -> None:
        line.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while received := line.recv(256):
                self._reader.feed(received)
