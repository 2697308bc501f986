"""The journal under load: how fast it is verified, how long an archive takes, and in how much memory.

    python -m tests.bench.journal [--documents 100000]

Runs with a database of its own. Tickets are those of the till (three lines, two VAT rates, cash and
OSM in turn), written by the sealing itself.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parents[2]
BATCH = 200
LOOKED_AT = (1_000, 5_000, 20_000)
VERIFIERS = ("cryptography", "pure")


def fill(documents: int) -> Any:
    """One register with as many tickets, a hundred a day."""
    from django.db import transaction

    from teraa.fiscal.sealing import seal_ticket
    from tests.fiscal import cast

    register = cast.register()
    lines = (
        cast.line(),
        cast.line(label="Bière", unit_price_cents=450, vat_class="alcohol", vat_rate_bp=2000),
        cast.line(label="Tarte aux pommes", unit_price_cents=390, product_key="tarte"),
    )
    total = sum(line.total_cents for line in lines)
    kinds = (cast.ticket(*lines), cast.ticket(*lines, tenders=[cast.osm(total)]))
    for start in range(0, documents, BATCH):
        if start in LOOKED_AT:
            look_at_tables()
        with transaction.atomic():
            for number in range(start, min(start + BATCH, documents)):
                days, seconds = divmod(number, 100)
                at = cast.AT + datetime.timedelta(days=days, seconds=seconds * 60)
                seal_ticket(register_id=register.pk, ticket=kinds[number % 2], at=at)
    return register


def look_at_tables() -> None:
    """As autovacuum does in a house: else what was planned over empty tables is kept for ever."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("ANALYZE")


def memory_mib() -> float:
    """The most this process has ever held."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def verify_rate(register: Any) -> dict[str, Any]:
    """Documents a second on one core, and what signatures alone would take."""
    from nacl.signing import SigningKey

    from teraa.fiscal.models import Document
    from teraa.fiscal.verify import verify

    text = Document.objects.filter(register=register, kind="TICKET")[:1].get().payload.encode()
    key = SigningKey.generate()
    public, signature = key.verify_key, key.sign(text).signature
    began = time.perf_counter()
    for _ in range(2000):
        public.verify(text, signature)
    alone = (time.perf_counter() - began) / 2000

    before, began, busy = memory_mib(), time.perf_counter(), time.process_time()
    report = verify(register_id=register.pk)
    seconds, busy = time.perf_counter() - began, time.process_time() - busy
    if report.faults:
        raise AssertionError(str(report.faults[0]))
    return {
        "documents": report.documents,
        "seconds": round(seconds, 2),
        "per_s": round(report.documents / seconds),
        "own_processor_seconds": round(busy, 2),
        "signature_alone_us": round(alone * 1e6, 1),
        "ratio_to_signatures_alone": round(seconds / (alone * report.documents), 2),
        "memory_grown_mib": round(memory_mib() - before, 1),
    }


def archive_time(register: Any) -> dict[str, Any]:
    """Writing one archive of everything, and reading it with its own verifier."""
    from teraa.common.clock import now
    from teraa.fiscal.archives.operations import make_archive, path_of

    before, began = memory_mib(), time.perf_counter()
    made = make_archive(
        venue_id=register.venue_id, at=now(), by="bench", until=datetime.date(2100, 1, 1)
    )
    seconds = time.perf_counter() - began
    found: dict[str, Any] = {
        "documents": made.documents,
        "seconds": round(seconds, 2),
        "per_s": round(made.documents / seconds),
        "mib": round(made.size_bytes / 2**20, 1),
        "memory_grown_mib": round(memory_mib() - before, 1),
        "verified_in_s": {},
    }
    verifier = ROOT / "teraa" / "fiscal" / "archives" / "verifier.py"
    for engine in VERIFIERS:
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, verifier, *(["--pure"] * (engine == "pure")), path_of(made)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        found["verified_in_s"][engine] = round(time.perf_counter() - began, 2)
    return found


def run(documents: int) -> dict[str, Any]:
    """Both, over one journal, in a process with a database of its own; for ``script/bench``."""
    with tempfile.TemporaryDirectory(prefix="teraa-bench-journal-") as data:
        environment = {
            **os.environ,
            "TERAA_DATA": data,
            "TERAA_KEYS": f"{data}/keys",
            "TERAA_SECRET_KEY": "bench",
        }
        done = subprocess.run(
            [
                *[sys.executable, "-m", "tests.database", "run", "--"],
                *[sys.executable, "-m", "tests.bench.journal"],
                f"--documents={documents}",
            ],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    found: dict[str, Any] = json.loads(done.stdout.rpartition("FIGURES")[2])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.bench.journal")
    parser.add_argument("--documents", type=int, default=100_000)
    asked = parser.parse_args()
    if "DATABASE_URL" not in os.environ:
        json.dump(run(asked.documents), sys.stdout, indent=2)
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
    began = time.perf_counter()
    register = fill(asked.documents)
    filled = round(time.perf_counter() - began, 1)
    found = {
        "filled_in_s": filled,
        "archive": archive_time(register),
        "verify": verify_rate(register),
    }
    print("FIGURES" + json.dumps(found))


if __name__ == "__main__":
    main()
