"""``script/bench``: start a house, measure it, print JSON."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from teraa.settlement.osm.devnet.profiles import DEMO_PHRASE
from teraa.settlement.osm.devnet.wallet import DevelopmentWallet
from tests.bench import baseline, bookings, chain, closings, crowd, flood, journal, live, trades
from tests.bench.load import closed_loop, paced
from tests.bench.tills import Till, make_tills
from tests.running import RunningHouse, running_house

CLIENTS = (1, 4, 8)
PACE_S = 2.0
QUERIES = """
from django.test.utils import CaptureQueriesContext
from django.db import connection
from django.test import Client
import json, sys
client = Client(headers={{"X-CSRFToken": "{csrf}"}}, SERVER_NAME="127.0.0.1")
client.cookies.load({{"teraa_station": "{token}", "teraa_shift": "{shift}", "csrftoken": "{csrf}"}})
counts = []
for body in json.loads('''{bodies}'''):
    with CaptureQueriesContext(connection) as captured:
        answer = client.post("/api/pos/sales/", body, content_type="application/json")
    assert answer.status_code == 201, answer.content
    marks = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
    counts.append(sum(not (q["sql"] or "").startswith(marks) for q in captured))
print("COUNTS" + json.dumps(counts))
"""


def sales(house: RunningHouse, seconds: float) -> dict[str, Any]:
    """Cash sales of three lines: closed loop beside pgbench, then paced like a bar."""
    tills = make_tills(house, max(CLIENTS))
    for till in tills:
        till.sell()
    owner = house.database_environment()["DATABASE_OWNER_URL"]
    script = house.data / "ruler.sql"
    baseline.write_script(owner, script)
    # Before the closed loop, which leaves the agent minutes of drawers to open.
    found: dict[str, Any] = {
        "lines": 3,
        "paced_8_tills_every_2_s": paced(
            [till.sell for till in tills], every_s=PACE_S, seconds=max(20.0, seconds)
        ).figures(),
        "closed_loop": {},
    }
    for clients in CLIENTS:
        ruler = baseline.commits_per_second(owner, script, clients=clients, seconds=int(seconds))
        tally = closed_loop([till.sell for till in tills[:clients]], seconds)
        figures = tally.figures()
        print(f"{clients} clients: {figures['per_s']} beside {ruler:.0f}", file=sys.stderr)
        found["closed_loop"][str(clients)] = {
            **figures,
            "pgbench_per_s": round(ruler, 1),
            "ratio": round(figures["per_s"] / ruler, 4),
        }
    found["queries_per_sale"] = _queries(house, tills[0])
    return found


def _queries(house: RunningHouse, till: Till) -> dict[str, int]:
    csrf = "b" * 32
    bodies = json.dumps([till.body(lines=3), till.body(lines=3), till.body(lines=30)])
    code = QUERIES.format(csrf=csrf, token=till.token, shift=till.shift, bodies=bodies)
    done = house.manage("shell", "-c", code)
    _, three, thirty = json.loads(done.stdout.split("COUNTS", 1)[1])
    return {"three_lines": three, "thirty_lines": thirty}


def events(house: RunningHouse, rounds: int) -> dict[str, Any]:
    """Node event → websocket message at one till."""
    (till,) = make_tills(house, 1)
    wallet = DevelopmentWallet(house.node_url, DEMO_PHRASE)
    return live.measure(house, till, rounds=rounds, wallet=wallet)  # type: ignore[no-any-return]


def polling(house: RunningHouse, rounds: int) -> dict[str, Any]:
    """The same with the node's hooks dead, beside as many with hooks in the same run."""
    (till,) = make_tills(house, 1)
    wallet = DevelopmentWallet(house.node_url, DEMO_PHRASE)
    heard = live.measure(house, till, rounds=rounds, wallet=wallet)
    asked = live.measure_without_hooks(house, till, rounds=rounds, wallet=wallet)
    timed = [name for name in asked if name != "rounds"]
    return {
        "hooks_dead": asked,
        "with_hooks": heard,
        "ratio_p50": {
            name: round(asked[name]["p50_ms"] / heard[name]["p50_ms"], 2) for name in timed
        },
    }


MEASURES: dict[str, Callable[[RunningHouse, argparse.Namespace], dict[str, Any]]] = {
    "sales": lambda house, asked: {"cash_sale": sales(house, asked.seconds)},
    "trades": lambda house, asked: {"trades": trades.measure(house, asked.seconds)},
    "closings": lambda house, asked: {"closings": closings.measure(house, asked.documents)},
    "events": lambda house, asked: {"node_event_to_till": events(house, asked.rounds)},
    "polling": lambda house, asked: {"node_event_to_till_by_asking": polling(house, asked.rounds)},
    "flood": lambda house, asked: {
        "hook_flood": flood.measure(house, seconds=asked.flood_seconds, per_s=asked.flood_per_s)
    },
    "crowd": lambda house, asked: {
        "crowd": crowd.measure(house, sockets=asked.sockets, rounds=asked.crowd_rounds)
    },
}
# The demonstration's own block time, but for what waits for blocks.
HOUSES = (
    ("bar", 8, ("sales", "trades", "closings", "crowd")),
    ("chain", 1, ("events", "polling", "flood")),
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="script/bench")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each closed loop")
    parser.add_argument("--rounds", type=int, default=60, help="payments timed from the node")
    parser.add_argument("--flood-seconds", type=float, default=60.0, help="of forged hooks")
    parser.add_argument("--flood-per-s", type=int, default=1000, help="hooks a second")
    parser.add_argument("--sockets", type=int, default=2000, help="of the crowd")
    parser.add_argument("--crowd-rounds", type=int, default=20, help="news told to the crowd")
    parser.add_argument(
        "--documents", type=int, nargs="+", default=[10_000, 100_000], help="of each Z, archive"
    )
    parser.add_argument("--claims", type=int, default=1_000_000, help="of the bookings")
    alone = ("bookings", "ingest", "journal")
    parser.add_argument("--only", choices=sorted([*MEASURES, *alone]), help="one figure")
    asked = parser.parse_args()
    crowd.make_room(asked.sockets)
    found: dict[str, Any] = {
        "date": datetime.datetime.now(tz=datetime.UTC).isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
    }
    data = Path(tempfile.mkdtemp(prefix="teraa-bench-"))
    data.chmod(0o755)
    try:
        for name, block_seconds, rooms in HOUSES:
            wanted = [room for room in rooms if asked.only in (None, room)]
            if not wanted:
                continue
            with running_house(data / name, block_seconds=block_seconds) as house:
                for room in wanted:
                    found |= MEASURES[room](house, asked)
    finally:
        shutil.rmtree(data, ignore_errors=True)
    if asked.only in (None, "ingest"):
        found["ingest"] = chain.run([])
    if asked.only in (None, "journal"):
        found["journal"] = journal.run(max(asked.documents))
    if asked.only in (None, "bookings"):
        found["bookings"] = bookings.run(asked.claims)
    json.dump(found, sys.stdout, indent=2)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
