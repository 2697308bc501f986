"""Rooms, tickets and gates under load: attempts, orders and scans a second, beside bare SQL."""

from __future__ import annotations

import datetime
import itertools
import json
import random
import threading
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from teraa.common.ids import uuid7
from tests.bench import baseline
from tests.bench.load import Connection, closed_loop
from tests.running import RunningHouse

CLIENTS = 4
GATES = 16
TICKETS = 4000
MOST_WAITED_S = 120.0
DAYS = 150  # ahead; an offer is let half a year ahead

# Runs inside the house's own Django, through the operations the office and the public use.
FURNISH = """
import datetime, json
from teraa.common.clock import now
from teraa.common.ids import uuid7
from teraa.venues.models import StaffMember, Station, Venue
from teraa.venues.operations import enrol_station, make_enrolment_code, set_pin, sign_on
from bookings.models import Offer
from ticketing.models import Event, Quota, Rate, Ticket
from ticketing.operations import LineWanted, OrderWanted, place_order, put_on_sale
at = now()
venue = Venue.objects.get(slug="teraa-genesis")
organiser = Event.objects.filter(venue=venue).first().payee
event = Event.objects.create(venue=venue, payee=organiser, slug="mesure", title="Mesure",
    place="Grande salle", licence="PLATESV-R-2022-000001", most_per_order=50,
    starts_at=at + datetime.timedelta(minutes=10), ends_at=at + datetime.timedelta(hours=5))
quota = Quota.objects.create(venue=venue, event=event, name="Salle", capacity=10_000_000)
paid, free = (Rate.objects.create(venue=venue, event=event, quota=quota, number=number, name=name,
    price_cents=cents) for number, name, cents in ((1, "Plein", 4500), (2, "Libre", 0)))
put_on_sale(event_id=event.pk, venue_id=venue.pk, at=at)
for _ in range({tickets} // 50):
    place_order(venue=venue, language="fr", at=at, page_of=lambda secret: "https://x.example/",
        wanted=OrderWanted(key=uuid7(), event="mesure", name="Ada", email="ada@example.org",
                           lines=[LineWanted(free.pk, 50)], total_cents=0))
gates = []
for number in range({gates}):
    name = f"Mesure {{uuid7().hex[-8:]}}"
    station = Station.objects.create(venue=venue, kind="gate", name=name)
    station, token = enrol_station(code=make_enrolment_code(station=station, at=at), at=at)
    staff = StaffMember.objects.create(venue=venue, name=name, role="gate")
    set_pin(staff=staff, pin="8642", at=at)
    gates.append({{"token": token, "shift": sign_on(station=station, staff_id=staff.pk, pin="8642", at=at)}})
offer = Offer.objects.filter(venue=venue, name="Studio A").get()
codes = list(Ticket.objects.filter(order__event=event).values_list("qr", flat=True))
print("FURNISHED" + json.dumps({{"event": str(event.pk), "rate": str(paid.pk), "codes": codes,
    "gates": gates, "offer": str(offer.pk), "hour_cents": offer.hour_cents,
    "zone": venue.zone}}))
"""


class Client:
    """One browser or gate; a connection a thread."""

    def __init__(self, port: int, cookies: dict[str, str] | None = None) -> None:
        csrf = uuid4().hex
        pairs = {**(cookies or {}), "csrftoken": csrf}
        self._port = port
        self._headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in pairs.items()),
            "X-CSRFToken": csrf,
            "Accept": "application/json",
        }
        self._local = threading.local()

    def post(self, path: str, body: dict[str, Any], *, allowed: tuple[int, ...]) -> int:
        if not hasattr(self._local, "connection"):
            self._local.connection = Connection(self._port, self._headers)
        answer = self._local.connection.send("POST", path, json.dumps(body).encode())
        if answer.status not in allowed:
            raise AssertionError(f"{answer.status} {answer.body[:300]!r}")
        status: int = answer.status
        return status


def measure(house: RunningHouse, seconds: float) -> dict[str, Any]:
    """Bookings on one studio, orders of one paid ticket, scans at four gates."""
    code = FURNISH.format(tickets=TICKETS, gates=GATES)
    done = house.manage("shell", "-c", code)
    made = json.loads(done.stdout.split("FURNISHED", 1)[1])
    owner = house.database_environment()["DATABASE_OWNER_URL"]
    _drop_what_waits(owner)
    _warm_up(house, made)
    return {
        "booking_attempts": _bookings(house, made, owner, seconds),
        "ticket_orders": _orders(house, made, owner, seconds),
        "scans": _scans(house, made, owner, seconds),
    }


def _drop_what_waits(owner: str) -> None:
    """Thousands of tickets to print as PDF are not what is measured here; most are given up."""
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(
            "UPDATE procrastinate_jobs SET status = 'cancelled' WHERE status = 'todo'"
        )
        deadline = time.monotonic() + MOST_WAITED_S
        while connection.execute(
            "SELECT 1 FROM procrastinate_jobs WHERE status = 'doing' LIMIT 1"
        ).fetchone():
            if time.monotonic() > deadline:
                raise AssertionError("the jobs do not come to rest")
            time.sleep(0.2)


def _warm_up(house: RunningHouse, made: dict[str, Any]) -> None:
    """Every worker's first request reads what later ones have at hand."""
    clients = [Client(house.port) for _ in range(CLIENTS)]
    closed_loop([lambda one=one: _attempt(one, made, days=DAYS + 20) for one in clients], 2.0)


def _bookings(
    house: RunningHouse, made: dict[str, Any], owner: str, seconds: float
) -> dict[str, Any]:
    """Attempts on one studio at random hours: the first ones hold it, later ones are told no."""
    dice = random.Random(7)
    outcomes = {201: 0, 409: 0}
    lock = threading.Lock()

    def attempt_with(client: Client) -> None:
        status = _attempt(client, made, days=dice.randint(1, DAYS), hours=dice.randint(0, 5))
        with lock:
            outcomes[status] += 1

    clients = [Client(house.port) for _ in range(CLIENTS)]
    tally = closed_loop([lambda one=one: attempt_with(one) for one in clients], seconds)
    ruler = _claims_per_second(owner, house.data / "claims.sql", seconds)
    return {
        **tally.figures(),
        "held": outcomes[201],
        "just_taken": outcomes[409],
        "bare_sql_attempts_per_s": round(ruler, 1),
        "ratio": round(tally.figures()["per_s"] / ruler, 4),
    }


def _attempt(client: Client, made: dict[str, Any], *, days: int, hours: int = 0) -> int:
    noon = datetime.datetime.now(tz=datetime.UTC).replace(
        hour=12, minute=0, second=0, microsecond=0
    )
    return client.post(
        "/api/bookings/teraa-genesis/holds/",
        {
            "key": str(uuid7()),
            "offer": made["offer"],
            "starts_at": (noon + datetime.timedelta(days=days, hours=hours)).isoformat(),
            "minutes": 60,
            "people": 1,
            "name": "Ada",
            "email": f"{uuid4().hex[:12]}@example.org",
            "total_cents": made["hour_cents"],
        },
        allowed=(201, 409),
    )


def _claims_per_second(owner: str, script: Path, seconds: float) -> float:
    """The same exclusion constraint in bare SQL: random hours on one atom, two rows an attempt."""
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS ruler")
        connection.execute("DROP TABLE IF EXISTS ruler.claim")
        connection.execute(
            "CREATE TABLE ruler.claim (atom int, span tstzrange, holder text, kind text,"
            " EXCLUDE USING gist (atom WITH =, span WITH &&, holder WITH <>, kind WITH <>))"
        )
    script.write_text(
        f"\\set hour random(0, {DAYS * 6})\n"
        "INSERT INTO ruler.claim SELECT 1, tstzrange(t, t + interval '1 hour'), h, k FROM"
        " (SELECT now() + :hour * interval '1 hour' AS t, gen_random_uuid()::text AS h) AS one,"
        " unnest(array['core', 'buffered']) AS k ON CONFLICT DO NOTHING;\n"
    )
    return baseline.commits_per_second(owner, script, clients=CLIENTS, seconds=int(seconds))


def _orders(
    house: RunningHouse, made: dict[str, Any], owner: str, seconds: float
) -> dict[str, Any]:
    """Orders of one ticket to be paid: quota, order, due, mail, all in one transaction."""

    def order_with(client: Client) -> None:
        client.post(
            "/api/ticketing/teraa-genesis/orders/",
            {
                "key": str(uuid7()),
                "event": "mesure",
                "name": "Ada",
                "email": "ada@example.org",
                "lines": [{"rate": made["rate"], "quantity": 1}],
                "total_cents": 4500,
            },
            allowed=(201,),
        )

    found: dict[str, Any] = {}
    script = house.data / "insert.sql"
    baseline.write_single_insert(owner, script, table="ticketing_order")
    for count in (1, CLIENTS):
        clients = [Client(house.port) for _ in range(count)]
        tally = closed_loop([lambda one=one: order_with(one) for one in clients], seconds)
        found[str(count)] = _beside(owner, script, tally.figures(), count, seconds)
    return found


def _scans(house: RunningHouse, made: dict[str, Any], owner: str, seconds: float) -> dict[str, Any]:
    """Scans at gates, each ticket once while they last, then a second time and refused."""
    codes = itertools.cycle(made["codes"])
    lock = threading.Lock()

    def scan_with(client: Client) -> None:
        with lock:
            code = next(codes)
        client.post(
            "/api/ticketing/scans/",
            {"key": str(uuid7()), "event": made["event"], "code": code},
            allowed=(200, 201),
        )

    gates = [
        Client(house.port, {"teraa_station": one["token"], "teraa_shift": one["shift"]})
        for one in made["gates"]
    ]
    found: dict[str, Any] = {}
    scan_with(gates[0])
    script = house.data / "insert.sql"
    baseline.write_single_insert(owner, script, table="ticketing_scan")
    for count in (1, CLIENTS, GATES):
        workers = [lambda one=one: scan_with(one) for one in gates[:count]]
        tally = closed_loop(workers, seconds)
        found[str(count)] = _beside(owner, script, tally.figures(), count, seconds)
    return found


def _beside(
    owner: str, script: Path, figures: dict[str, Any], clients: int, seconds: float
) -> dict[str, Any]:
    ruler = baseline.commits_per_second(owner, script, clients=clients, seconds=int(seconds))
    return {
        **figures,
        "pgbench_per_s": round(ruler, 1),
        "ratio": round(figures["per_s"] / ruler, 4),
    }
