"""Two thousand sockets on the one live worker: how long until everybody has heard some news.

They all are one till's, so that each hears of each sale that it gives up. The clients run on the same machine and
take their share of its cores: what is measured is what a machine does that is server and crowd.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from tests.bench.flood import tree_mib
from tests.bench.load import percentiles
from tests.bench.tills import Till, make_tills
from tests.running import RunningHouse

AT_ONCE = 50
"""Handshakes under way: each asks the database who it is."""
CONNECT_S = 120.0
HEAR_S = 20.0
PAUSE_S = 0.5
SPARE_FILES = 1000


def make_room(sockets: int) -> None:
    """Raise the soft limit of open files for this process and the house it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * sockets + SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        if hard != resource.RLIM_INFINITY and hard < wanted:
            raise SystemExit(f"{wanted} open files are needed, {hard} are allowed: ulimit -Hn")
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@dataclass
class Crowd:
    """Sockets in an event loop on a thread of its own; what they hear, by the sale's key."""

    house: RunningHouse
    till: Till
    heard: dict[str, dict[int, float]] = field(default_factory=dict)
    lost: int = 0

    def __post_init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._open: list[ClientConnection] = []
        self._listening: list[asyncio.Task[None]] = []
        self._leaving = False
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def grow(self, count: int) -> float:
        """Have ``count`` sockets in all; the seconds it took. Raises what a handshake raised."""
        began = time.perf_counter()
        coming = asyncio.run_coroutine_threadsafe(self._grow(count), self._loop)
        coming.result(CONNECT_S)
        return time.perf_counter() - began

    def expect(self, key: str) -> None:
        """Note when each socket first hears of ``key`` from now on."""
        self.heard[key] = {}

    def wait_for(self, key: str, count: int) -> list[float]:
        """When (``time.perf_counter``) each heard of it; fewer than ``count`` when time is up."""
        until = time.perf_counter() + HEAR_S
        while len(self.heard[key]) < count and time.perf_counter() < until:
            time.sleep(0.02)
        return list(self.heard.pop(key).values())

    def close(self) -> None:
        self._leaving = True
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(CONNECT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    async def _grow(self, count: int) -> None:
        room = asyncio.Semaphore(AT_ONCE)

        async def enter() -> None:
            async with room:
                socket = await connect(
                    f"ws://127.0.0.1:{self.house.port + 1}/ws/",
                    additional_headers={
                        "Cookie": f"teraa_station={self.till.token}; teraa_shift={self.till.shift}"
                    },
                    origin=self.house.url,  # type: ignore[arg-type]
                    compression=None,
                    ping_interval=None,
                    open_timeout=CONNECT_S,
                )
                hello = await socket.recv()
                if '"hello"' not in str(hello):
                    raise AssertionError(f"no welcome: {hello!r}")
                self._open.append(socket)
                self._listening.append(asyncio.create_task(self._listen(socket)))

        await asyncio.gather(*[enter() for _ in range(count - len(self._open))])

    async def _listen(self, socket: ClientConnection) -> None:
        try:
            async for text in socket:
                at = time.perf_counter()
                for key, times in self.heard.items():
                    if key in str(text):
                        times.setdefault(id(socket), at)
        finally:
            self.lost += not self._leaving

    async def _close(self) -> None:
        for task in self._listening:
            task.cancel()
        await asyncio.gather(*self._listening, return_exceptions=True)
        for socket in self._open:
            socket.transport.abort()


def measure(house: RunningHouse, *, sockets: int, rounds: int) -> dict[str, Any]:
    """One socket first, for comparison; then all of them. Milliseconds."""
    (till,) = make_tills(house, 1)
    crowd = Crowd(house, till)
    try:
        crowd.grow(1)
        alone = _tell(crowd, till, 1, rounds)
        live = int(house.parts()["live"]["pid"])
        before = tree_mib(live)
        seconds = crowd.grow(sockets)
        together = _tell(crowd, till, sockets, rounds)
        if crowd.lost or together["unheard"]:
            print(f"{crowd.lost} sockets lost, {together['unheard']} unheard", file=sys.stderr)
        return {
            "sockets": sockets,
            "rounds": rounds,
            "connected_in_s": round(seconds, 1),
            "lost": crowd.lost,
            **together,
            "one_socket": alone,
            "ratio_p50": _ratio(together["answer_to_socket"], alone["answer_to_socket"]),
            "live_memory_mib": {"before": before, "after": tree_mib(live)},
        }
    finally:
        crowd.close()


def _ratio(one: dict[str, float], other: dict[str, float]) -> float | None:
    return round(one["p50_ms"] / other["p50_ms"], 2) if one and other else None


def _tell(crowd: Crowd, till: Till, sockets: int, rounds: int) -> dict[str, Any]:
    """Give a sale up, and time from the till's answer (it is committed) to every socket."""
    after_answer: list[float] = []
    after_first: list[float] = []
    last: list[float] = []
    unheard = 0
    for _ in range(rounds):
        key = till.sell(kind="osm", quote=till.quote())["key"]
        time.sleep(PAUSE_S)
        crowd.expect(key)
        answer = till.send("POST", f"/api/pos/sales/{key}/cancel/", {})
        answered = time.perf_counter()
        if answer.status != 200:
            raise AssertionError(f"{answer.status} {answer.body[:300]!r}")
        heard = crowd.wait_for(key, sockets)
        unheard += sockets - len(heard)
        if heard:
            # A hint may overtake the answer, by a little.
            after_answer += [max(0.0, at - answered) for at in heard]
            after_first += [at - min(heard) for at in heard]
            last.append(max(0.0, max(heard) - answered))
    return {
        "unheard": unheard,
        "answer_to_socket": percentiles(after_answer),
        "first_socket_to_each": percentiles(after_first),
        "answer_to_last_socket": percentiles(last),
    }
