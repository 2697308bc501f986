"""A receiver of webhooks on loopback, as good or as bad as a test wants it."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.live.processes import until


@dataclass
class Request:
    """What arrived."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)

    @property
    def delivery(self) -> str:
        return self.headers["teraa-delivery"]


def answer(status: int = 200, body: bytes = b"ok", **headers: str) -> bytes:
    """The bytes of an HTTP answer."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


FINE = answer()

# What to do with a connection once its request was read: send, drip, wait, or close.
Manner = Callable[[socket.socket, Request, "Receiver"], None]


class Receiver:
    """Listens on a port of its own; ``manner`` may be changed at any time."""

    def __init__(self, manner: Manner | bytes) -> None:
        self.manner = manner
        self.requests: list[Request] = []
        self.closing = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/hook"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _address = self._listening.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=[connection], daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            request = _read(connection)
            if request is None:
                return
            manner = self.manner
            self.requests.append(request)
            if isinstance(manner, bytes):
                connection.sendall(manner)
            else:
                manner(connection, request, self)

    def wait_for(self, count: int) -> list[Request]:
        """Until that many requests have come."""
        until(lambda: len(self.requests) >= count)
        return list(self.requests)

    def close(self) -> None:
        self.closing.set()
        # Closing alone does not wake a thread that waits in accept.
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(timeout=10)


@contextlib.contextmanager
def receiving(manner: Manner | bytes = FINE) -> Iterator[Receiver]:
    receiver = Receiver(manner)
    try:
        yield receiver
    finally:
        receiver.close()


def hang(connection: socket.socket, request: Request, receiver: Receiver) -> None:
    """Never answer."""
    receiver.closing.wait()


def drip(connection: socket.socket, request: Request, receiver: Receiver) -> None:
    """One byte of the head at a time, for ever: each read succeeds, the answer never comes."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while not receiver.closing.wait(0.05):
        connection.sendall(b"a")


def drip_body(connection: socket.socket, request: Request, receiver: Receiver) -> None:
    """The status at once, then a body without end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while not receiver.closing.wait(0.05):
        connection.sendall(b"b")


def slowly(seconds: float) -> Manner:
    """A good answer after a while."""

    def manner(connection: socket.socket, request: Request, receiver: Receiver) -> None:
        receiver.closing.wait(seconds)
        connection.sendall(answer())

    return manner


def _read(connection: socket.socket) -> Request | None:
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            return None
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs: list[Any] = [line.split(": ", 1) for line in lines]
    headers = {name.lower(): value for name, value in pairs}
    while len(body) < int(headers["content-length"]):
        body += connection.recv(65536)
    return Request(first.split(" ")[1], headers, body)
