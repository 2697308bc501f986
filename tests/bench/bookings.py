"""Bookings under load: attempts a second, a month of forty spaces, a search through two hundred.

    python -m tests.bench.bookings [--claims 1000000]

Runs with a database of its own. Forty spaces hold nine tenths of the claims, spread over ten years;
two hundred others the rest. Attempts are made one after the other on one connection, through the
operation that guests use, and beside it by a bare INSERT into the same table with its constraint.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parents[2]
MANY, MORE = 40, 200
YEARS_DAYS = 3650
ATTEMPTS = 600
ROUNDS = 15
HOUR = datetime.timedelta(hours=1)
AT = datetime.datetime(2026, 11, 19, 9, tzinfo=datetime.UTC)

# Stays of two hours, each in use and with its buffers; none overlap, so that all can be inserted.
FILL = """
INSERT INTO spaces_claim (id, venue_id, atom_id, span, kind, live, holder, label, created_at)
SELECT gen_random_uuid(), atom.venue_id, atom.id,
       tstzrange(begins.at, begins.at + interval '2 hours'), kinds.kind, true,
       'bench:' || atom.id || ':' || begins.number, 'bench', %(at)s
  FROM spaces_atom atom
 CROSS JOIN (VALUES ('core'), ('buffered')) AS kinds (kind)
 CROSS JOIN LATERAL (
        SELECT number, %(first)s::timestamptz + number * %(apart)s::interval AS at
          FROM generate_series(0, %(stays)s - 1) AS number) AS begins
 WHERE atom.venue_id = %(venue)s
"""
BARE = """
INSERT INTO spaces_claim (id, venue_id, atom_id, span, kind, live, holder, label, created_at)
VALUES (gen_random_uuid(), %(venue)s, %(atom)s, tstzrange(%(begins)s, %(ends)s), %(kind)s, true,
        %(holder)s, 'bench', %(at)s)
"""


def house(spaces: int) -> Any:
    """A venue that lets as many rooms, each by itself, from 9:00 to 23:00."""
    from teraa.spaces.models import Atom
    from teraa.venues.models import Serving, VatClass, VatRate
    from tests import make
    from tests.bookings import cast
    from tests.settlement import cast as money
    from tests.spaces import cast as space_cast

    venue = make.venue()
    VatRate.objects.create(
        venue=venue,
        vat_class=VatClass.SERVICE,
        serving=Serving.ON_SITE,
        rate_bp=2000,
        valid_from=make.LONG_AGO,
    )
    payee = money.payee(venue)
    for number in range(spaces):
        atom = Atom.objects.create(venue=venue, name=f"Salle {number}", position=number)
        space = space_cast.resource(venue, f"Salle {number}", [atom], capacity=10)
        cast.offer(space, payee)
    return venue


def fill(venue: Any, spaces: int, claims: int) -> None:
    """As many claims, evenly over ten years around now."""
    stays = claims // (2 * spaces)
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute(
            FILL,
            {
                "venue": venue.pk,
                "at": AT,
                "first": AT - datetime.timedelta(days=YEARS_DAYS // 2),
                "apart": datetime.timedelta(days=YEARS_DAYS) / stays,
                "stays": stays,
            },
        )


def timed(act: Callable[[], Any]) -> dict[str, float]:
    """Milliseconds of a few rounds, the first (which plans and imports) left out."""
    taken = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        act()
        taken.append((time.perf_counter() - began) * 1000)
    rest = sorted(taken[1:])
    return {"p50_ms": round(statistics.median(rest), 1), "most_ms": round(rest[-1], 1)}


def month(venue: Any) -> None:
    from bookings.searching import month_of

    month_of(venue=venue, first=datetime.date(2026, 12, 1), minutes=120, people=4, at=AT)


def search(venue: Any) -> None:
    from bookings.searching import Search
    from bookings.searching import search as look

    day = datetime.date(2026, 12, 3)
    assert look(venue=venue, wanted=Search(day, 120, 4), at=AT)


def attempts(venue: Any) -> dict[str, Any]:
    """Half of them find their time taken; each is answered."""
    from bookings.operations import hold_space
    from bookings.wanting import Wanted
    from teraa.common.ids import uuid7
    from teraa.common.problems import Problem

    offers = list(venue.offers.select_related("resource")[:10])
    first = datetime.datetime(2027, 1, 5, 9, tzinfo=datetime.UTC)

    def held(number: int) -> bool:
        # Each time is asked for twice.
        day, place = divmod(number // 2, len(offers))
        try:
            hold_space(
                venue=venue,
                wanted=Wanted(
                    key=uuid7(),
                    offer=offers[place].pk,
                    starts_at=first + datetime.timedelta(days=day),
                    minutes=60,
                    people=1,
                    name="Bench",
                    email=f"{number}@example.org",
                    total_cents=2000,
                    pays="osm",
                    language="fr",
                ),
                at=AT,
            )
        except Problem:
            return False
        return True

    began = time.perf_counter()
    won = sum(held(number) for number in range(ATTEMPTS))
    through = ATTEMPTS / (time.perf_counter() - began)
    return {"attempts_per_s": round(through, 1), "won": won, "lost": ATTEMPTS - won}


def bare(venue: Any) -> dict[str, Any]:
    """The same by two INSERTs a time (in use, and with buffers) and a commit."""
    atoms = list(venue.atoms.values_list("pk", flat=True)[:10])
    first = datetime.datetime(2027, 6, 5, 9, tzinfo=datetime.UTC)
    won = 0
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        began = time.perf_counter()
        for number in range(ATTEMPTS):
            day, place = divmod(number // 2, len(atoms))
            begins = first + datetime.timedelta(days=day)
            values = {
                "venue": venue.pk,
                "atom": atoms[place],
                "begins": begins,
                "ends": begins + HOUR,
                "holder": f"bare:{number}",
                "at": AT,
            }
            try:
                for kind in ("core", "buffered"):
                    connection.execute(BARE, {**values, "kind": kind})
                connection.commit()
                won += 1
            except psycopg.errors.ExclusionViolation:
                connection.rollback()
        took = time.perf_counter() - began
    return {"attempts_per_s": round(ATTEMPTS / took, 1), "won": won, "lost": ATTEMPTS - won}


def run(claims: int) -> dict[str, Any]:
    """All of it in a process and a database of its own."""
    done = subprocess.run(
        [
            *[sys.executable, "-m", "tests.database", "run", "--"],
            *[sys.executable, "-m", "tests.bench.bookings", "--claims", str(claims)],
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.rpartition("FIGURES")[2])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.bench.bookings")
    parser.add_argument("--claims", type=int, default=1_000_000)
    asked = parser.parse_args()
    if "DATABASE_URL" not in os.environ:
        json.dump(run(asked.claims), sys.stdout, indent=2)
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
    import django

    django.setup()
    forty, two_hundred = house(MANY), house(MORE)
    began = time.perf_counter()
    fill(forty, MANY, asked.claims * 9 // 10)
    fill(two_hundred, MORE, asked.claims // 10)
    filled = round(time.perf_counter() - began, 1)
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("ANALYZE")
    through, plain = attempts(forty), bare(forty)
    found = {
        "claims": asked.claims,
        "filled_in_s": filled,
        "month_of_40": timed(lambda: month(forty)),
        "search_200": timed(lambda: search(two_hundred)),
        "attempts": through,
        "bare_sql": plain,
        "ratio": round(through["attempts_per_s"] / plain["attempts_per_s"], 3),
    }
    print("FIGURES" + json.dumps(found))


if __name__ == "__main__":
    main()
