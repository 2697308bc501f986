"""SIGKILL of every process while sales go on: nothing lost, nothing double.

A till keeps selling, half in cash, half in OSM, and repeats what got no answer with the same key,
as the real one does. Meanwhile one process after another dies. At the end every sale that was
answered exists once, the chain of tickets has no gap, every coin sent is counted once, and the
printer put each receipt out at most once.

The ordinary run kills each process once, in a seeded order; ``script/test --long`` 200 times.
"""

from __future__ import annotations

import json
import os
import random
import threading
import time

import psycopg
import pytest

from teraa.settlement.osm.devnet.profiles import DEMO_PHRASE
from teraa.settlement.osm.devnet.wallet import DevelopmentWallet
from tests.bench.tills import Till, make_tills
from tests.conftest import LONG
from tests.running import RunningHouse, running_house

PARTS = ("web", "effects", "relay", "ingest", "live", "agent", "devnet", "jobs", "database")
SEED = int(os.environ.get("TERAA_SEED", "20261121"))
KILLS = 200 if LONG else len(PARTS)
# A part that dies again and again is started after longer and longer pauses, half a minute at most.
PATIENCE_S = 120

pytestmark = pytest.mark.journey


class Seller:
    """A till that never gives up on a request, and remembers what it was promised."""

    def __init__(self, till: Till, wallet: DevelopmentWallet) -> None:
        self.till = till
        self.wallet = wallet
        self.promised: dict[str, dict] = {}
        self.refused: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=60)

    def _run(self) -> None:
        turn = 0
        while not self._stop.is_set():
            turn += 1
            if turn % 2:
                self._promise(self.till.body(kind="cash", lines=2) | {"receipt": "paper"})
            else:
                self._pay_in_osm()
            time.sleep(0.05)

    def _pay_in_osm(self) -> None:
        quote = self._until_answered("GET", "/api/pos/quote/", None)
        if quote is None or "id" not in quote:
            return
        sale = self._promise(self.till.body(kind="osm", quote=quote["id"], lines=1))
        if sale is None:
            return
        for _ in range(200):
            try:
                self.wallet.pay(sale["tenders"][0]["osm"]["uri"])
                return
            except Exception:
                # The node is down: the customer tries again until the wallet says "sent".
                if self._stop.wait(0.2):
                    self.promised.pop(sale["key"])
                    return

    def _promise(self, body: dict) -> dict | None:
        sale = self._until_answered("POST", "/api/pos/sales/", body)
        if sale is not None and "state" in sale:
            self.promised[sale["key"]] = sale
            return sale
        if sale is not None:
            self.refused.append(sale.get("code", "?"))
        return None

    def _until_answered(self, method: str, path: str, body: dict | None) -> dict | None:
        """Send, and send the same again while nothing comes back or the server has an error."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                answer = self.till.send(method, path, body)
                if answer.status < 500:
                    return answer.json()
            except (OSError, ConnectionError, ValueError):
                self.till.reconnect()
            time.sleep(0.1)
        raise AssertionError(f"no answer to {method} {path} for {PATIENCE_S} s")


@pytest.mark.timeout(3600 if LONG else 420)
def test_nothing_is_lost_and_nothing_is_double(tmp_path):
    random_order = random.Random(SEED)
    with running_house(tmp_path / "house", block_seconds=1) as house:
        (till,) = make_tills(house, 1)
        wallet = DevelopmentWallet(house.node_url, DEMO_PHRASE)
        seller = Seller(till, wallet)
        seller.start()
        try:
            for part in _victims(random_order):
                time.sleep(random_order.uniform(0.05, 0.6))
                # It may lie down by itself just now: its database was killed a moment ago.
                _wait_for_restart(house, part, dead=None)
                _wait_for_restart(house, part, dead=house.kill(part))
        finally:
            seller.stop()
        house.wait_until_healthy(60)
        till.reconnect()  # this thread's connection is older than the web server

        _wait_until_paid(till, seller.promised)
        _every_promise_was_kept(house, till, seller.promised)
        verified = house.manage("verify_fiscal", check=False)
        assert verified.returncode == 0, verified.stdout + verified.stderr
    assert set(seller.refused) <= {"osm_unavailable", "quote_expired"}, seller.refused


def _victims(order: random.Random) -> list[str]:
    victims = [PARTS[number % len(PARTS)] for number in range(KILLS)]
    order.shuffle(victims)
    return victims


def _wait_for_restart(house: RunningHouse, part: str, *, dead: int | None) -> None:
    """Until another process is up: the supervisor may not have noticed the death yet."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        now = house.parts()[part]
        if now["state"] == "up" and now["pid"] != dead:
            return
        time.sleep(0.05)
    raise AssertionError(f"{part} did not come back: {house.parts()[part]}\n{house.logs()}")


def _wait_until_paid(till: Till, promised: dict[str, dict]) -> None:
    waiting = set(promised)
    deadline = time.monotonic() + 90
    while waiting and time.monotonic() < deadline:
        for key in list(waiting):
            if _state(till, key) == "paid":
                waiting.discard(key)
        time.sleep(0.2)
    assert not waiting, [till.sale(key) for key in waiting][:2]


def _state(till: Till, key: str) -> str:
    """A sale's state, or "unknown" while a part that was killed last is still coming back.

    Health is asked of one process at one moment: another of the web server's may have lost its
    database a moment later. A till asks again then. That a sale is not there, or not this till's,
    is never passed over.
    """
    try:
        answer = till.send("GET", f"/api/pos/sales/{key}/")
    except OSError:
        till.reconnect()
        return "unknown"
    if answer.status >= 500:
        return "unknown"
    assert answer.status == 200, (answer.status, answer.body)
    return str(answer.json()["state"])


def _every_promise_was_kept(house: RunningHouse, till: Till, promised: dict[str, dict]) -> None:
    with psycopg.connect(house.database_environment()["DATABASE_OWNER_URL"]) as owner:

        def rows(query: str) -> list:
            return owner.execute(query, {"station": till.station}).fetchall()

        sold = rows("SELECT key::text, total_cents FROM pos_sale WHERE station_id = %(station)s")
        assert {key for key, _ in sold} >= set(promised)
        assert len(sold) == len({key for key, _ in sold})
        sequences = [
            number
            for (number,) in rows(
                "SELECT d.sequence FROM fiscal_document d JOIN fiscal_register r"
                " ON r.id = d.register_id WHERE d.kind = 'TICKET' AND r.station_id = %(station)s"
                " ORDER BY d.sequence"
            )
        ]
        assert sequences == list(range(1, len(sequences) + 1))
        paid = rows(
            "SELECT document_id FROM pos_sale WHERE station_id = %(station)s AND state = 'paid'"
        )
        assert len(paid) == len({document for (document,) in paid}) == len(sequences)
        # Every coin that came for these sales is allocated, once.
        assert rows(
            "SELECT count(*) FROM osm_receipt r WHERE direction = 'in' AND NOT EXISTS"
            " (SELECT 1 FROM osm_allocation a WHERE a.receipt_id = r.id)"
        ) == [(0,)]
    tickets = [json.loads(path.read_text()) for path in sorted(house.paper.glob("[0-9]*.json"))]
    texts = ["\n".join(map(str, ticket.get("lines", []))) for ticket in tickets]
    assert len([text for text in texts if "Ticket" in text]) <= len(sold)
