"""The ingest under load: a day of catch-up, full blocks, a deep fork, receipts made again.

    python -m tests.bench.chain [--blocks 10800] [--transactions 5000] [--fork 102]

Runs with a database and a chain of its own, the chain in another process. The database's disk is
not waited for (as in the tests), so figures of single commits are not those of a merchant's machine.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FULL_BLOCK = 150
PAYING_BLOCKS = 500
UNITS = 60 * 10**8


class ChainProcess:
    """Gives orders to ``chain_node``."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.chain_node"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        said = self._read()
        self.url, self.nethash = said["url"], said["nethash"]

    def order(self, *order: Any) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(list(order)) + "\n")
        self._process.stdin.flush()
        return self._read()

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the chain's process ended")
        return json.loads(line)


class Memory:
    """The largest resident size of a process, sampled (MiB), and its size at the end."""

    def __init__(self, pid: int) -> None:
        self.most = self.last = 0.0
        self._status = Path(f"/proc/{pid}/status")
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._over.wait(0.1):
            try:
                lines = self._status.read_text().splitlines()
            except OSError:
                return
            for line in lines:
                if line.startswith("VmRSS:"):
                    self.last = int(line.split()[1]) / 1024
                    self.most = max(self.most, self.last)


def measure(*, blocks: int, transactions: int, fork: int) -> dict[str, Any]:
    """Everything, in the order of a chain's life. Django is set up, the tables are there."""
    chain = ChainProcess()
    try:
        with _scene(chain) as scene:
            found = {"catch_up": _catch_up(chain, scene, blocks, transactions)}
            found["full_block"] = _full_block(chain, scene)
            found["fork"] = _fork(chain, scene, fork)
            found["rebuild"] = _rebuild()
            return found
    finally:
        chain.close()


@contextmanager
def _scene(chain: ChainProcess) -> Iterator[Any]:
    from tests.settlement import cast

    chain.order("forge", 3)
    with _following(chain) as worker:
        _look(worker)
        payee = cast.payee()
        _watch(worker)
        yield payee


@contextmanager
def _following(chain: ChainProcess) -> Iterator[Any]:
    from teraa.settlement.osm.ingest.networks import entered_peers
    from teraa.settlement.osm.ingest.peers import Peers
    from teraa.settlement.osm.ingest.worker import Place, Worker

    peers = Peers(entered_peers([chain.url], hooks_url=""))
    worker = Worker(peers, Place(chain.nethash, "http://127.0.0.1:9"))
    try:
        yield worker
    finally:
        worker.close()


def _look(worker: Any) -> float:
    """Look until there is nothing more; the seconds it took."""
    from teraa.common.clock import now

    began = time.perf_counter()
    while worker.turn(now()):
        pass
    return time.perf_counter() - began


def _watch(worker: Any) -> None:
    from teraa.common.clock import now
    from teraa.settlement.osm.models import Network
    from teraa.settlement.osm.watch import watch_all

    watch_all(network=Network.objects.get(), at=now())


def _catch_up(chain: ChainProcess, payee: Any, blocks: int, transactions: int) -> dict[str, Any]:
    """A day without us: then a real ``manage.py ingest``, timed until it is at the tip."""
    from teraa.settlement.osm.models import BlockCursor, Receipt

    received = Receipt.objects.filter(direction="in")
    already = received.count()
    paying = min(PAYING_BLOCKS, blocks // 2, transactions)
    step, others = blocks // paying, (transactions - paying) // paying
    for number in range(paying):
        chain.order("others", others)
        chain.order("pay", [[payee.osm_address, UNITS + number, "avance"]])
        chain.order("forge", step)
    tip = chain.order("height")
    start = BlockCursor.objects.get().height
    process = subprocess.Popen(
        [sys.executable, "manage.py", "ingest"],
        cwd=ROOT,
        env={
            **os.environ,
            "TERAA_NODE_URL": chain.url,
            "TERAA_NODE_NETHASH": chain.nethash,
            "TERAA_NODE_HOOKS_URL": "",
        },
    )
    memory = Memory(process.pid)
    moved_at = None
    try:
        began = time.perf_counter()
        while (cursor := BlockCursor.objects.get()).height < tip or cursor.state != "live":
            if moved_at is None and cursor.height > start:
                moved_at = time.perf_counter()
                early = memory.last
            if process.poll() is not None:
                raise RuntimeError("the ingest ended")
            time.sleep(0.05)
        seconds = time.perf_counter() - began
    finally:
        memory.stop()
        process.terminate()
        process.wait(30)
    if received.count() - already != paying:
        raise AssertionError(f"{received.count() - already} receipts instead of {paying}")
    reading = seconds - ((moved_at or began) - began)
    return {
        "blocks": tip - start,
        "transactions": paying * (others + 1),
        "paying_blocks": paying,
        "seconds_with_start": round(seconds, 2),
        "seconds_reading": round(reading, 2),
        "blocks_per_s": round((tip - start) / reading, 1),
        "memory_mib": {"early": round(early, 1), "most": round(memory.most, 1)},
    }


def _full_block(chain: ChainProcess, payee: Any) -> dict[str, Any]:
    """150 requests paid in one block: from the look that finds it to everything stored."""
    from teraa.common.clock import now
    from teraa.settlement.models import Due
    from tests.settlement import cast

    with _following(chain) as worker:
        _look(worker)
        dues, payments = [], []
        for number in range(FULL_BLOCK):
            if number % 10 == 0:
                _look(worker)  # a till takes OSM only while somebody looks
            due = cast.due(payee, now(), 120)
            request = cast.request(due, now())
            dues.append(due.pk)
            payments.append([request.address, request.units, request.reference])
        chain.order("pay", payments)
        seen = _look(worker)
        chain.order("forge", 1)
        seconds = _look(worker)
        settled = Due.objects.filter(pk__in=dues, state="settled").count()
        if settled != FULL_BLOCK:
            raise AssertionError(f"{settled} of {FULL_BLOCK} settled")
    return {
        "payments": FULL_BLOCK,
        "pool_to_seen_ms": round(seen * 1000),
        "block_to_settled_ms": round(seconds * 1000),
    }


def _fork(chain: ChainProcess, payee: Any, depth: int) -> dict[str, Any]:
    """Full blocks taken out and, in other blocks, in again; twice."""
    from teraa.settlement.osm.models import ChainTransaction

    for number in range(depth):
        memo = f"plein {number}"
        chain.order("pay", [[payee.osm_address, UNITS, memo] for _ in range(FULL_BLOCK)])
        chain.order("forge", 1)
    with _following(chain) as worker:
        stored = _look(worker)
        times = []
        for _ in range(2):
            chain.order("roll_back", depth)
            times.append(_look(worker))
        waiting = ChainTransaction.objects.filter(block__isnull=True).count()
    return {
        "blocks": depth,
        "transactions": depth * FULL_BLOCK,
        "first_reading_s": round(stored, 2),
        "out_and_in_again_s": [round(one, 2) for one in times],
        "left_waiting": waiting,
    }


def _rebuild() -> dict[str, Any]:
    from teraa.common.clock import now
    from teraa.settlement.osm.ingest.rebuilding import rebuild_receipts
    from teraa.settlement.osm.models import Block, Network

    began = time.perf_counter()
    found = rebuild_receipts(network=Network.objects.get(), at=now())
    seconds = time.perf_counter() - began
    if found.made or found.wrong:
        raise AssertionError(f"{found.made} were missing, {len(found.wrong)} wrong")
    return {
        "blocks": Block.objects.count(),
        "transactions": found.transactions,
        "receipts": found.receipts,
        "seconds": round(seconds, 2),
        "transactions_per_s": round(found.transactions / seconds),
    }


def run(arguments: list[str]) -> dict[str, Any]:
    """The same in a process with a database of its own; for ``script/bench``."""
    done = subprocess.run(
        [
            *[sys.executable, "-m", "tests.database", "run", "--"],
            *[sys.executable, "-m", "tests.bench.chain", *arguments],
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.rpartition("FIGURES")[2])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.bench.chain")
    parser.add_argument("--blocks", type=int, default=10_800)
    parser.add_argument("--transactions", type=int, default=5_000)
    parser.add_argument("--fork", type=int, default=102)
    asked = parser.parse_args()
    if "DATABASE_URL" not in os.environ:
        json.dump(run(sys.argv[1:]), sys.stdout, indent=2)
        print()
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "teraa.settings")
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env={**os.environ, "TERAA_ROLE": "owner"},
        check=True,
        stdout=sys.stderr,
    )
    import logging

    import django

    django.setup()
    logging.getLogger("httpx").setLevel(logging.WARNING)
    found = measure(blocks=asked.blocks, transactions=asked.transactions, fork=asked.fork)
    print("FIGURES" + json.dumps(found))


if __name__ == "__main__":
    main()
