"""A flood of webhooks at the door that the node's hints come through, while somebody pays.

Half carry a token nobody gave (a stranger who found the address), half the node's own (a node gone
mad): each of these speaks of another block that nobody ever made. What they cost is counted at both
ends: answers that are not the right ones, memory of web and ingest, hints left over, requests that
the ingest made of its node; and a real payment meanwhile must settle, as one before it did.
"""

from __future__ import annotations

import itertools
import json
import secrets
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg

from teraa.settlement.osm.devnet.profiles import DEMO_PHRASE
from teraa.settlement.osm.devnet.wallet import DevelopmentWallet
from tests.bench.load import Connection, percentiles
from tests.bench.tills import Till, make_tills
from tests.running import RunningHouse

SENDERS = 24
QUIET_SECONDS = 10.0
PAYMENTS = 3
"""Timed before the flood, and as many in it."""
PATIENCE_S = 60.0
TAKEN, REFUSED = 204, 403


class Door:
    """Where the node's hooks arrive, and what its own carry; read where the node keeps them."""

    def __init__(self, house: RunningHouse) -> None:
        (kept,) = (house.data / "devnet").rglob("webhooks.json")
        hooks = json.loads(kept.read_text())
        hook = next(
            one
            for one in hooks
            if one["event"] == "block.applied" and one["target"].startswith(house.url)
        )
        self.port = house.port
        self.path = hook["target"].removeprefix(house.url)
        self.token = hook["token"]


class Flood:
    """``per_s`` hooks a second from now on, for ``seconds``; it ends by itself."""

    def __init__(self, door: Door, *, per_s: int, seconds: float) -> None:
        self.answers: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()
        self.latencies: list[float] = []
        self.seconds = 0.0
        self._door = door
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._run = secrets.token_hex(8)
        self._begins = time.perf_counter() + 0.2
        self._ends = self._begins + seconds
        self._every = SENDERS / per_s
        self._threads = [
            threading.Thread(target=self._send, args=(number,)) for number in range(SENDERS)
        ]
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()
        self.seconds = time.perf_counter() - self._begins

    def figures(self) -> dict[str, Any]:
        sent = sum(self.answers.values())
        return {
            "sent": sent,
            "per_s": round(sent / self.seconds, 1),
            "answers": dict(self.answers),
            "errors": sum(self.wrong.values()),
            "wrong": dict(self.wrong),
            "answered_in": percentiles(self.latencies),
        }

    def _send(self, number: int) -> None:
        """Forged and genuine in turn; who falls behind sends at once, and nobody beyond the end."""
        forged = bool(number % 2)
        token = "f" * len(self._door.token) if forged else self._door.token
        expected = REFUSED if forged else TAKEN
        connection = Connection(self._door.port, {"Authorization": token})
        due = self._begins + number * self._every / SENDERS
        answers, wrong, latencies = Counter[str](), Counter[str](), []
        while due < self._ends and time.perf_counter() < self._ends:
            time.sleep(max(0.0, due - time.perf_counter()))
            due += self._every
            block = f"{self._run}{next(self._numbers):048x}"
            body = {"event": "block.applied", "data": {"id": block}, "timestamp": 0}
            began = time.perf_counter()
            try:
                status = connection.send("POST", self._door.path, json.dumps(body).encode()).status
            except OSError as error:
                wrong[type(error).__name__] += 1
                connection.close()
                connection = Connection(self._door.port, {"Authorization": token})
                continue
            latencies.append(time.perf_counter() - began)
            answers[str(status)] += 1
            if status != expected:
                wrong[f"{status} instead of {expected}"] += 1
        connection.close()
        with self._lock:
            self.answers.update(answers)
            self.wrong.update(wrong)
            self.latencies += latencies


def measure(house: RunningHouse, *, seconds: float, per_s: int) -> dict[str, Any]:
    """Quiet first, then the flood, then what is left of it."""
    (till,) = make_tills(house, 1)
    wallet = DevelopmentWallet(house.node_url, DEMO_PHRASE)
    door = Door(house)
    quiet_payments = [_pay(till, wallet) for _ in range(PAYMENTS)]
    asked = _requests(house)
    began = time.perf_counter()
    time.sleep(min(QUIET_SECONDS, seconds))
    quiet_rate = (_requests(house) - asked) / (time.perf_counter() - began)

    before = _memory(house)
    asked, began = _requests(house), time.perf_counter()
    flood = Flood(door, per_s=per_s, seconds=seconds)
    try:
        time.sleep(seconds / 4)
        payments = [_pay(till, wallet) for _ in range(PAYMENTS)]
    finally:
        flood.join()
    flood_rate = (_requests(house) - asked) / (time.perf_counter() - began)
    after = _memory(house)
    time.sleep(2.0)
    return {
        "wanted_per_s": per_s,
        "seconds": seconds,
        **flood.figures(),
        "memory_mib": {
            part: {"before": before[part], "after": after[part]} for part in sorted(before)
        },
        "hints_waiting_afterwards": _waiting(house),
        "requests_of_the_node_per_s": {
            "quiet": round(quiet_rate, 2),
            "flood": round(flood_rate, 2),
            "ratio": round(flood_rate / quiet_rate, 2) if quiet_rate else None,
        },
        "paid_to_sealed": {
            "quiet": percentiles(quiet_payments),
            "flood": percentiles(payments),
            "ratio_p50": round(sorted(payments)[1] / sorted(quiet_payments)[1], 2),
        },
    }


def _pay(till: Till, wallet: DevelopmentWallet) -> float:
    """Seconds from the wallet's post to the sale that reads as paid; the block is in between."""
    sale = till.sell(kind="osm", quote=till.quote())
    wallet.pay(sale["tenders"][0]["osm"]["uri"])
    began = time.perf_counter()
    while till.sale(sale["key"])["state"] != "paid":
        if time.perf_counter() - began > PATIENCE_S:
            raise AssertionError(f"not paid after {PATIENCE_S} s")
        time.sleep(0.1)
    return time.perf_counter() - began


def _requests(house: RunningHouse) -> int:
    """How many questions the ingest has asked of nodes, as its last heartbeat says."""
    return int(house.health().json()["parts"]["ingest"]["requests"])


def _memory(house: RunningHouse) -> dict[str, float]:
    parts = house.parts()
    return {name: tree_mib(int(parts[name]["pid"])) for name in ("web", "ingest")}


def tree_mib(pid: int) -> float:
    """Resident memory of a process and all below it (MiB); what they share counts once each."""
    total, waiting = 0, [pid]
    while waiting:
        one = waiting.pop()
        try:
            children = Path(f"/proc/{one}/task/{one}/children").read_text().split()
            status = Path(f"/proc/{one}/status").read_text()
        except OSError:
            continue
        waiting += [int(child) for child in children]
        for line in status.splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1])
    return round(total / 1024, 1)


def _waiting(house: RunningHouse) -> int:
    owner = house.database_environment()["DATABASE_OWNER_URL"]
    with psycopg.connect(owner) as session:
        row = session.execute(
            "SELECT count(*) FROM osm_node_hint WHERE handled_at IS NULL"
        ).fetchone()
    return int(row[0]) if row else 0
