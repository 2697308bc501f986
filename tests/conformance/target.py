"""A small server that keeps what a node posts to it and answers as it is told."""

from __future__ import annotations

import json
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Delivery:
    """One post: its path, headers in the order received, body, and when (monotonic seconds)."""

    path: str
    headers: list[tuple[str, str]]
    body: dict[str, Any]
    at: float


@dataclass
class Target:
    """Listens on loopback from its making to `close`."""

    answer: bytes = b"HTTP/1.1 204 No Content\r\n\r\n"
    silent: bool = False
    deliveries: list[Delivery] = field(default_factory=list)
    attempts: int = 0

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def of(self, event: str) -> list[Any]:
        """Return the data of every delivery of an event, in the order they came."""
        return [one.body["data"] for one in list(self.deliveries) if one.body["event"] == event]

    def close(self) -> None:
        """Listen no more."""
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.attempts += 1
            threading.Thread(target=self._receive, args=(connection,), daemon=True).start()

    def _receive(self, connection: socket.socket) -> None:
        at = time.monotonic()
        with connection, connection.makefile("rb") as stream:
            path = stream.readline().decode().split(" ")[1]
            headers = []
            while line := stream.readline().decode().rstrip():
                name, _, value = line.partition(": ")
                headers.append((name, value))
            length = int({name.lower(): value for name, value in headers}["content-length"])
            body = json.loads(stream.read(length))
            self.deliveries.append(Delivery(path, headers, body, at))
            if self.silent:
                stream.read()
            else:
                connection.sendall(self.answer)
