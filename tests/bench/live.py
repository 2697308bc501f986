"""From an event at the node to the message at the till."""

from __future__ import annotations

import http.server
import json
import queue
import threading
import time
from typing import Any

import httpx
from websockets.sync.client import connect

from teraa.settlement.osm.devnet.wallet import DevelopmentWallet
from tests.bench.load import percentiles
from tests.bench.tills import Till
from tests.running import RunningHouse


class _Ear(http.server.BaseHTTPRequestHandler):
    """Takes the node's webhooks and keeps when the node says they happened (milliseconds)."""

    heard: queue.Queue[dict[str, Any]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()
        self.heard.put(json.loads(body))

    def log_message(self, format: str, *args: Any) -> None:
        pass


class NodeEvents:
    """Our own webhook at the node, for its clock."""

    def __init__(self, house: RunningHouse, event: str) -> None:
        heard: queue.Queue[dict[str, Any]] = queue.Queue()
        handler = type("Ear", (_Ear,), {"heard": heard})
        self.heard = heard
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        hooks = f"http://127.0.0.1:{house.port + 4}/api/webhooks"
        target = f"http://127.0.0.1:{self._server.server_port}/"
        answer = httpx.post(
            hooks, json={"event": event, "target": target, "enabled": True, "conditions": []}
        )
        self._hook = f"{hooks}/{answer.raise_for_status().json()['data']['id']}"

    def close(self) -> None:
        httpx.delete(self._hook)
        self._server.shutdown()


class TillSocket:
    """The till's websocket; remembers when a hint about a sale came."""

    def __init__(self, house: RunningHouse, till: Till) -> None:
        self._socket = connect(
            f"ws://127.0.0.1:{house.port + 1}/ws/",
            additional_headers={"Cookie": f"teraa_station={till.token}; teraa_shift={till.shift}"},
            origin=house.url,  # type: ignore[arg-type]
        )
        self.hints: queue.Queue[tuple[float, dict[str, Any]]] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for text in self._socket:
            self.hints.put((time.time(), json.loads(text)))

    def wait_for(self, sale: str, version_at_least: int, seconds: float) -> float:
        """When the first hint of ``sale`` at this version came (Unix seconds)."""
        deadline = time.monotonic() + seconds
        while True:
            at, hint = self.hints.get(timeout=max(0.01, deadline - time.monotonic()))
            if hint.get("key") == sale and int(hint.get("version", 0)) >= version_at_least:
                return at

    def close(self) -> None:
        self._socket.close()


def silence_hooks(house: RunningHouse) -> int:
    """Delete the house's own webhooks at the node, as a node that forgot them; return how many."""
    hooks = f"http://127.0.0.1:{house.port + 4}/api/webhooks"
    ours = [
        one
        for one in httpx.get(hooks).raise_for_status().json()["data"]
        if one["target"].startswith(house.url)
    ]
    for one in ours:
        httpx.delete(f"{hooks}/{one['id']}").raise_for_status()
    return len(ours)


def measure_without_hooks(
    house: RunningHouse, till: Till, *, rounds: int, wallet: DevelopmentWallet
) -> dict[str, Any]:
    """The same with the hooks dead from the start to the end: only the ingest's polling is left.

    The ingest makes them again ten minutes after it made them, at the earliest: then the figures
    would be of something else, and there are none.
    """
    if not silence_hooks(house):
        raise AssertionError("there were no hooks to be silenced")
    found: dict[str, Any] = measure(house, till, rounds=rounds, wallet=wallet)
    if silence_hooks(house):
        raise AssertionError("the hooks were made again meanwhile: take fewer rounds")
    return found


def measure(house: RunningHouse, till: Till, *, rounds: int, wallet: DevelopmentWallet) -> Any:
    """Pay ``rounds`` sales one after another; time pool → hint, block → hint, block → paid."""
    blocks = NodeEvents(house, "block.applied")
    socket = TillSocket(house, till)
    seen: list[float] = []
    told: list[float] = []
    paid: list[float] = []
    try:
        for _ in range(rounds):
            sale = till.sell(kind="osm", quote=till.quote())
            uri = sale["tenders"][0]["osm"]["uri"]
            while not blocks.heard.empty():
                blocks.heard.get()
            sent_at = time.time()
            wallet.pay(uri)
            seen_at = socket.wait_for(sale["key"], sale["version"] + 1, 20)
            seen.append(seen_at - sent_at)
            # The block that holds it: the first one that the node announces with a transaction.
            while True:
                block = blocks.heard.get(timeout=60)
                if int(block["data"]["numberOfTransactions"]) > 0:
                    break
            forged_at = block["timestamp"] / 1000
            version = till.sale(sale["key"])["version"]
            # Who asks once a second may see a payment first when its block is there already.
            told_at = seen_at
            while told_at < forged_at:
                told_at = socket.wait_for(sale["key"], 0, 20)
            told.append(told_at - forged_at)
            while till.sale(sale["key"])["state"] != "paid":
                socket.wait_for(sale["key"], version, 20)
            paid.append(time.time() - forged_at)
    finally:
        socket.close()
        blocks.close()
    return {
        "rounds": rounds,
        "pool_to_hint": percentiles(seen),
        "block_to_first_hint": percentiles(told),
        "block_to_paid_read_back": percentiles(paid),
    }
