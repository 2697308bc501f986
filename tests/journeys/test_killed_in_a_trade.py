"""SIGKILL in the middle of a booking, an order, a scan or a payment: nothing double, nothing half.

Two guests fight for one studio, somebody buys tickets, two gates scan the same ones, and a till
takes what is owed. Meanwhile a web worker or a connection's PostgreSQL process dies, at the moment
in which it has written and not yet committed. Every client repeats what got no answer with the same
key; at the end each repeats everything it ever asked, and hears the same again.

The ordinary run kills eight times, in a seeded order; ``script/test --long`` 200 times.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import queue
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from teraa.common.ids import uuid7
from tests.bench.tills import Till, make_tills
from tests.conftest import LONG
from tests.running import RunningHouse, running_house

SEED = int(os.environ.get("TERAA_SEED", "20261122"))
KILLS = 200 if LONG else 8
PATIENCE_S = 120
BETWEEN = 12  # answers that are waited for between two kills
DAYS, HOURS = (150 if LONG else 15), 6  # what the guests choose from
MOST_OWED = 12  # the till keeps up: nothing waits until its hold is over
CAPACITY = 100_000
GUEST = "Ada Orage"

# Runs inside the house's own Django, through the operations the office uses.
FURNISH = """
import datetime, json
from bookings.models import Offer
from teraa.common.clock import now
from teraa.venues.models import StaffMember, Station, Venue
from teraa.venues.operations import enrol_station, make_enrolment_code, set_pin, sign_on
from ticketing.models import Event, Quota, Rate
from ticketing.operations import put_on_sale
at = now()
venue = Venue.objects.get(slug="teraa-genesis")
organiser = Event.objects.filter(venue=venue).first().payee
event = Event.objects.create(venue=venue, payee=organiser, slug="orage", title="Orage",
    place="Grande salle", licence="PLATESV-R-2022-000001", most_per_order=50,
    starts_at=at + datetime.timedelta(minutes=10), ends_at=at + datetime.timedelta(hours=5))
quota = Quota.objects.create(venue=venue, event=event, name="Salle", capacity={capacity})
paid, free = (Rate.objects.create(venue=venue, event=event, quota=quota, number=number, name=name,
    price_cents=cents) for number, name, cents in ((1, "Plein", 1200), (2, "Libre", 0)))
put_on_sale(event_id=event.pk, venue_id=venue.pk, at=at)
gates = []
for name in ("Orage nord", "Orage sud"):
    station = Station.objects.create(venue=venue, kind="gate", name=name)
    station, token = enrol_station(code=make_enrolment_code(station=station, at=at), at=at)
    staff = StaffMember.objects.create(venue=venue, name=name, role="gate")
    set_pin(staff=staff, pin="8642", at=at)
    shift = sign_on(station=station, staff_id=staff.pk, pin="8642", at=at)
    gates.append({{"station": str(station.pk), "token": token, "shift": shift}})
offer = Offer.objects.get(venue=venue, name="Studio A")
print("FURNISHED" + json.dumps({{"event": str(event.pk), "paid": str(paid.pk),
    "free": str(free.pk), "gates": gates, "offer": str(offer.pk),
    "hour_cents": offer.hour_cents}}))
"""

pytestmark = pytest.mark.journey


@dataclass
class Asked:
    """A request that was answered, and its answer."""

    path: str
    body: dict[str, Any]
    status: int
    answer: dict[str, Any]


@dataclass
class Client:
    """Sends one request until it is answered, then thinks of the next; remembers them all."""

    till: Till
    next: Callable[[Client], None]
    stop: threading.Event
    asked: list[Asked] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)

    def run(self) -> None:
        try:
            while not self.stop.is_set():
                self.next(self)
        except BaseException as error:
            self.failures.append(error)

    def post(self, path: str, body: dict[str, Any]) -> Asked:
        asked = Asked(path, body, *self.send("POST", path, body))
        self.asked.append(asked)
        return asked

    def send(
        self, method: str, path: str, body: dict[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                answer = self.till.send(method, path, body)
                if answer.status < 500:
                    return answer.status, answer.json()
            except (OSError, ValueError):
                self.till.reconnect()
            time.sleep(0.05)
        raise AssertionError(f"no answer to {method} {path} for {PATIENCE_S} s")


class Trade:
    """Who does what, and what they pass on to each other."""

    def __init__(self, house: RunningHouse) -> None:
        done = house.manage("shell", "-c", FURNISH.format(capacity=CAPACITY))
        self.made = json.loads(done.stdout.split("FURNISHED", 1)[1])
        self.stop = threading.Event()
        self.owed: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.codes: dict[str, queue.SimpleQueue[str]] = {
            gate["station"]: queue.SimpleQueue() for gate in self.made["gates"]
        }
        self.tomorrow = datetime.datetime.now(tz=datetime.UTC).replace(
            hour=12, minute=0, second=0, microsecond=0
        )
        (till,) = make_tills(house, 1)
        public = [Till(house.port, "", "", "", catalogue={}) for _ in range(3)]
        gates = [Till(house.port, **gate, catalogue={}) for gate in self.made["gates"]]
        dice = random.Random(SEED)
        self.guests = [
            self._client(one, self._hold(random.Random(dice.random()))) for one in public[:2]
        ]
        self.buyer = self._client(public[2], self._order)
        self.gates = [self._client(gate, self._scan) for gate in gates]
        self.cashier = self._client(till, self._collect)
        self.clients = [*self.guests, self.buyer, *self.gates, self.cashier]

    def _client(self, till: Till, next_request: Callable[[Client], None]) -> Client:
        return Client(till, next_request, self.stop)

    def _hold(self, dice: random.Random) -> Callable[[Client], None]:
        def hold(client: Client) -> None:
            self._let_the_till_keep_up()
            starts_at = self.tomorrow + datetime.timedelta(
                days=dice.randint(1, DAYS), hours=dice.randrange(HOURS)
            )
            key = uuid7()
            asked = client.post(
                "/api/bookings/teraa-genesis/holds/",
                {
                    "key": str(key),
                    "offer": self.made["offer"],
                    "starts_at": starts_at.isoformat(),
                    "minutes": 60,
                    "people": 1,
                    "name": GUEST,
                    "email": f"{key.hex}@example.org",
                    "total_cents": self.made["hour_cents"],
                },
            )
            if asked.status in (200, 201):
                self.owed.put(asked.answer["due_code"])

        return hold

    def _order(self, client: Client) -> None:
        self._let_the_till_keep_up()
        is_free = len(client.asked) % 2 == 0
        key = uuid7()
        asked = client.post(
            "/api/ticketing/teraa-genesis/orders/",
            {
                "key": str(key),
                "event": "orage",
                "name": GUEST,
                "email": f"{key.hex}@example.org",
                "lines": [{"rate": self.made["free" if is_free else "paid"], "quantity": 2}],
                "total_cents": 0 if is_free else 2400,
            },
        )
        assert asked.status in (200, 201), asked.answer
        if not is_free:
            self.owed.put(asked.answer["code"])
        for ticket in asked.answer["tickets"]:
            for codes in self.codes.values():
                codes.put(ticket["qr"])

    def _let_the_till_keep_up(self) -> None:
        while self.owed.qsize() > MOST_OWED and not self.stop.wait(0.02):
            pass

    def _scan(self, client: Client) -> None:
        with contextlib.suppress(queue.Empty):
            code = self.codes[client.till.station].get(timeout=0.2)
            asked = client.post(
                "/api/ticketing/scans/",
                {"key": str(uuid7()), "event": self.made["event"], "code": code},
            )
            assert asked.status == 200, asked.answer

    def _collect(self, client: Client) -> None:
        with contextlib.suppress(queue.Empty):
            code = self.owed.get(timeout=0.2)
            status, found = client.send("GET", f"/api/pos/dues/?q={code}")
            assert status == 200, found
            (due,) = found["dues"]
            asked = client.post(
                "/api/pos/collections/",
                {
                    "key": str(uuid7()),
                    "dues": [due["id"]],
                    "kind": "cash",
                    "received_cents": due["left_cents"],
                },
            )
            assert asked.status == 200, asked.answer

    def answers(self) -> int:
        return sum(len(client.asked) for client in self.clients)

    def failures(self) -> list[BaseException]:
        return [failure for client in self.clients for failure in client.failures]

    def go_on(self, count: int) -> None:
        """Until that many more requests are answered."""
        goal = self.answers() + count
        self.wait_for(lambda: self.answers() >= goal)

    def wait_for(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert not self.failures(), self.failures()
            assert time.monotonic() < deadline, "it takes too long"
            time.sleep(0.02)

    @contextlib.contextmanager
    def going_on(self) -> Iterator[None]:
        threads = [threading.Thread(target=client.run) for client in self.clients]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            for thread in threads:
                thread.join(timeout=PATIENCE_S + 10)
        assert not self.failures(), self.failures()


class Killer:
    """Waits until a web worker is in the middle of writing, and hits."""

    WRITING = (
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'web'"
        " AND backend_xid IS NOT NULL ORDER BY random() LIMIT 1"
    )

    def __init__(self, house: RunningHouse) -> None:
        self._house = house
        self._url = house.database_environment()["DATABASE_OWNER_URL"]

    def hit(self, victim: str, dice: random.Random) -> None:
        """SIGKILL ``"worker"`` or ``"backend"`` while something is written and not committed."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            with (
                contextlib.suppress(psycopg.OperationalError, ProcessLookupError),
                psycopg.connect(self._url, autocommit=True) as owner,
            ):
                while time.monotonic() < deadline:
                    writing = owner.execute(self.WRITING).fetchone()
                    workers = self._workers()
                    if writing and workers:
                        os.kill(
                            writing[0] if victim == "backend" else dice.choice(workers),
                            signal.SIGKILL,
                        )
                        return
            time.sleep(0.05)
        raise AssertionError(f"nobody wrote for {PATIENCE_S} s\n{self._house.logs()}")

    def _workers(self) -> list[int]:
        """Granian's own children: what answers requests."""
        web = int(self._house.parts()["web"]["pid"])
        return [pid for pid in _children(web) if not _is_tracker(pid)]


def _children(parent: int) -> list[int]:
    try:
        found = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    except OSError:
        return []
    return [int(pid) for pid in found.split()]


def _is_tracker(pid: int) -> bool:
    """Python's own, which only watches over semaphores."""
    with contextlib.suppress(OSError):
        return b"resource_tracker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return True


@pytest.mark.timeout(3600 if LONG else 240)
def test_no_trade_is_done_twice_or_by_half(tmp_path):
    dice = random.Random(SEED)
    with running_house(tmp_path / "house", block_seconds=10) as house:
        trade, killer = Trade(house), Killer(house)
        with trade.going_on():
            for number in range(KILLS):
                trade.go_on(BETWEEN)
                killer.hit("worker" if number % 2 else "backend", dice)
        house.wait_until_healthy(60)

        _everybody_hears_the_same_again(trade)
        with psycopg.connect(
            house.database_environment()["DATABASE_OWNER_URL"], autocommit=True
        ) as owner:
            books = Books(owner, trade)
            trade.wait_for(books.news_has_arrived)
            books.bookings_are_whole()
            books.orders_are_whole()
            books.scans_are_whole()
            books.payments_are_whole()
        verified = house.manage("verify_fiscal", check=False)
        assert verified.returncode == 0, verified.stdout + verified.stderr


def _everybody_hears_the_same_again(trade: Trade) -> None:
    """The same key and body: the same booking, order, yes or no, and payment."""
    same = {
        "holds": ("key", "secret", "code", "label", "starts_at", "total_cents"),
        "orders": ("key", "code", "page", "lines", "total_cents"),
        "scans": ("key", "admitted", "reason", "shown", "at"),
        "collections": ("key", "payee", "created_at", "total_cents", "lines"),
    }
    for client in trade.clients:
        client.till.reconnect()  # this thread's own connection
        for asked in client.asked:
            status, answer = client.send("POST", asked.path, asked.body)
            if asked.status in (200, 201):
                assert status == 200, answer
                names = same[asked.path.rstrip("/").rsplit("/", 1)[1]]
                assert {name: answer.get(name) for name in names} == {
                    name: asked.answer.get(name) for name in names
                }
            else:
                assert (status, answer["code"]) == (asked.status, asked.answer["code"])
                assert answer["code"] == "just_taken"


@dataclass
class Books:
    """What the database holds, against what the clients were told."""

    owner: psycopg.Connection[Any]
    trade: Trade

    def rows(self, query: str) -> list[Any]:
        values = {"event": self.trade.made["event"], "till": self.trade.cashier.till.station}
        return self.owner.execute(query, values).fetchall()

    def none(self, query: str) -> None:
        assert not (found := self.rows(query)), (query, found)

    def news_has_arrived(self) -> bool:
        """Every paid due has reached its trade."""
        return not self.rows(
            "SELECT 1 FROM settlement_due d WHERE state = 'settled' AND (EXISTS"
            " (SELECT 1 FROM bookings_booking b WHERE b.due_id = d.id AND b.state = 'hold')"
            " OR EXISTS"
            " (SELECT 1 FROM ticketing_order o WHERE o.due_id = d.id AND o.state = 'hold'))"
        )

    def bookings_are_whole(self) -> None:
        asked = [one for guest in self.trade.guests for one in guest.asked]
        held = {one.body["key"]: one.answer["secret"] for one in asked if one.status < 300}
        assert 0 < len(held) < len(asked), "the guests never met"
        mine = f"FROM bookings_booking b WHERE guest_name = '{GUEST}'"
        assert dict(self.rows(f"SELECT key::text, secret {mine}")) == held
        # One due each, of its price; two claims each, of its time; nobody else's meets them.
        self.none(
            f"SELECT id {mine} AND NOT EXISTS (SELECT 1 FROM settlement_due d"
            " WHERE d.id = b.due_id AND d.amount_cents = b.total_cents)"
        )
        self.none(
            f"SELECT id {mine} AND (SELECT array_agg(kind::text ORDER BY kind DESC)"
            " FROM spaces_claim c WHERE live AND holder = 'bookings.booking:' || b.id"
            " AND span @> tstzrange(b.starts_at, b.ends_at))"
            " IS DISTINCT FROM ARRAY['core', 'buffered']"
        )
        self.none(
            "SELECT holder FROM spaces_claim c WHERE live AND holder LIKE 'bookings.booking:%%'"
            " AND NOT EXISTS (SELECT 1 FROM bookings_booking b"
            " WHERE c.holder = 'bookings.booking:' || b.id)"
        )
        self.none(
            "SELECT a.holder FROM spaces_claim a JOIN spaces_claim b ON a.atom_id = b.atom_id"
            " AND a.span && b.span AND a.holder <> b.holder AND a.live AND b.live"
            " AND a.kind = 'core' AND b.kind = 'buffered'"
        )

    def orders_are_whole(self) -> None:
        placed = {one.body["key"]: one.answer["code"] for one in self.trade.buyer.asked}
        mine = "FROM ticketing_order o WHERE event_id = %(event)s::uuid"
        assert dict(self.rows(f"SELECT key::text, code {mine}")) == placed
        assert self.rows(f"SELECT sum(places) {mine} AND state IN ('hold', 'confirmed')") == (
            self.rows("SELECT taken FROM ticketing_quota WHERE event_id = %(event)s::uuid")
        )
        self.none(
            f"SELECT id, state {mine} AND (SELECT count(*) FROM ticketing_ticket t"
            " WHERE t.order_id = o.id) <> CASE state WHEN 'confirmed' THEN places ELSE 0 END"
        )
        for table, kind in (("ticketing_ticket", "tickets"), ("ticketing_operation", "operations")):
            numbers = self.rows(
                f"SELECT number FROM {table} WHERE event_id = %(event)s::uuid ORDER BY number"
            )
            assert [number for (number,) in numbers] == list(range(1, len(numbers) + 1))
            assert self.rows(
                f"SELECT {kind} FROM ticketing_series WHERE event_id = %(event)s::uuid"
            ) == [(len(numbers),)]
        # Whoever has tickets was written to, once.
        self.none(
            f"SELECT id {mine} AND (SELECT count(*) FROM accounts_outgoing_mail m"
            " WHERE m.to @> to_jsonb(o.email)) <> CASE state WHEN 'confirmed' THEN 1 ELSE 0 END"
        )

    def scans_are_whole(self) -> None:
        asked = [one for gate in self.trade.gates for one in gate.asked]
        assert sorted(
            self.rows("SELECT key::text FROM ticketing_scan WHERE event_id = %(event)s::uuid")
        ) == sorted((one.body["key"],) for one in asked)
        yes = [one.body["code"] for one in asked if one.answer["admitted"]]
        assert 0 < len(yes) == len(set(yes)), "somebody went in twice"
        admitted = self.rows(
            "SELECT qr FROM ticketing_ticket WHERE event_id = %(event)s::uuid"
            " AND state = 'admitted'"
        )
        assert sorted(qr for (qr,) in admitted) == sorted(yes)

    def payments_are_whole(self) -> None:
        asked = self.trade.cashier.asked
        assert asked
        assert sorted(
            self.rows(
                "SELECT c.key::text, d.id::text, d.state, d.paid_cents, count(*)"
                " FROM settlement_collection c JOIN settlement_tender t ON t.collection_id = c.id"
                " JOIN settlement_due d ON d.id = t.due_id"
                " WHERE c.station_id = %(till)s::uuid GROUP BY 1, 2, 3, 4"
            )
        ) == sorted(
            (one.body["key"], one.body["dues"][0], "settled", one.body["received_cents"], 1)
            for one in asked
        )
        # Each paid due has its own document, and what it is for knows it.
        documents = self.rows(
            "SELECT coalesce(b.document_id, o.document_id) FROM settlement_collection c"
            " JOIN settlement_tender t ON t.collection_id = c.id"
            " LEFT JOIN bookings_booking b ON b.due_id = t.due_id AND b.state = 'confirmed'"
            " LEFT JOIN ticketing_order o ON o.due_id = t.due_id AND o.state = 'confirmed'"
            " WHERE c.station_id = %(till)s::uuid"
        )
        assert None not in {document for (document,) in documents}
        assert len(documents) == len(set(documents)) == len(asked)
        # No due without the booking or order it was opened for.
        self.none(
            "SELECT d.id FROM settlement_due d WHERE d.subject IN ('bookings.booking',"
            " 'ticketing.order') AND NOT EXISTS (SELECT 1 FROM bookings_booking b"
            " WHERE b.due_id = d.id) AND NOT EXISTS"
            " (SELECT 1 FROM ticketing_order o WHERE o.due_id = d.id)"
        )
