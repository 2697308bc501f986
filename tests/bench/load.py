"""A lean HTTP client: on two cores, the client's own weight must not be the figure."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Answer:
    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Connection:
    """One keep-alive HTTP/1.1 connection to loopback."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        self._address = ("127.0.0.1", port)
        self._head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._socket: socket.socket | None = None
        self._rest = b""

    def send(self, method: str, path: str, body: bytes = b"") -> Answer:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, timeout=30)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._address[1]}\r\n{self._head}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._socket.sendall(request.encode() + body)
        return self._read()

    def _read(self) -> Answer:
        assert self._socket is not None
        data = self._rest
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, data = data.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        length = 0
        for line in lines[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        while len(data) < length:
            data += self._more()
        self._rest = data[length:]
        return Answer(int(lines[0].split()[1]), data[:length])

    def _more(self) -> bytes:
        assert self._socket is not None
        chunk = self._socket.recv(65536)
        if not chunk:
            raise ConnectionError("the server closed the connection")
        return chunk

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()


@dataclass
class Tally:
    """What a run of requests showed. Seconds."""

    latencies: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def figures(self) -> dict[str, Any]:
        return {
            "requests": len(self.latencies),
            "failures": len(self.failures),
            "per_s": round(len(self.latencies) / self.seconds, 1) if self.seconds else 0,
            **percentiles(self.latencies),
        }


def percentiles(seconds: list[float]) -> dict[str, float]:
    """p50, p95, p99 and maximum in milliseconds."""
    if not seconds:
        return {}
    ordered = sorted(seconds)

    def at(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 2)

    return {"p50_ms": at(0.50), "p95_ms": at(0.95), "p99_ms": at(0.99), "max_ms": at(1.0)}


def closed_loop(workers: list[Callable[[], None]], seconds: float) -> Tally:
    """Call every worker again and again, each in its thread, for ``seconds``."""
    tally = Tally()
    lock = threading.Lock()
    end = time.perf_counter() + seconds

    def run(work: Callable[[], None]) -> None:
        mine: list[float] = []
        wrong: list[str] = []
        while time.perf_counter() < end:
            began = time.perf_counter()
            try:
                work()
                mine.append(time.perf_counter() - began)
            except Exception as error:
                wrong.append(repr(error))
                if len(wrong) > 20:
                    break
        with lock:
            tally.latencies += mine
            tally.failures += wrong

    began = time.perf_counter()
    threads = [threading.Thread(target=run, args=(work,)) for work in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tally.seconds = time.perf_counter() - began
    return tally


def paced(workers: list[Callable[[], None]], *, every_s: float, seconds: float) -> Tally:
    """Call every worker once each ``every_s`` seconds, spread evenly, for ``seconds``."""
    tally = Tally()
    lock = threading.Lock()
    start = time.perf_counter() + 0.1

    def run(index: int, work: Callable[[], None]) -> None:
        due = start + index * every_s / len(workers)
        while due < start + seconds:
            time.sleep(max(0.0, due - time.perf_counter()))
            began = time.perf_counter()
            try:
                work()
                taken = time.perf_counter() - began
                with lock:
                    tally.latencies.append(taken)
            except Exception as error:
                with lock:
                    tally.failures.append(repr(error))
            due += every_s

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tally.seconds = time.perf_counter() - start
    return tally
