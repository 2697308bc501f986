"""A PostgreSQL of the tests' own: real, empty, quick to start, and gone when they end.

The tests' conftest starts one for a whole run::

    with ephemeral_cluster() as cluster:
        os.environ["DATABASE_URL"] = cluster.app_url

and any command can be given one of its own::

    python -m tests.database run -- python manage.py makemigrations --check

The first use makes a template data directory (a few seconds) and keeps it; every use copies it. The
tests' own holds a database with all tables, migrated anew only when a migration changed. Durability is
off: these clusters survive nothing and need not.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from teraa.supervisor import cluster as clusters
from teraa.supervisor.account import Account, account_for_database
from teraa.supervisor.binaries import Binaries
from teraa.supervisor.cluster import Cluster
from teraa.supervisor.database import binaries_for, home_for

ROOT = Path(__file__).resolve().parents[1]
PLACE = ROOT / ".data" / "test-cluster"

MIGRATED = "teraa_template"
"""The database with all tables and no rows, which every test's database is a copy of."""

FORGETFUL = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "200",
    # A test that tries every door of two venues does so in one transaction of thousands of
    # savepoints, and each keeps a lock to its end.
    "max_locks_per_transaction": "1024",
}


@dataclass(frozen=True)
class EphemeralCluster:
    """A running cluster. Both roles may connect to every database; the owner may create them."""

    port: int
    passwords: dict[str, str]
    data: Path

    def url(self, *, role: str, database: str = clusters.DATABASE) -> str:
        """Return the address of ``database`` for ``role``."""
        return clusters.url(
            role=role, password=self.passwords[role], port=self.port, database=database
        )

    @property
    def app_url(self) -> str:
        """The address for the application role, which owns nothing."""
        return self.url(role=clusters.APP_ROLE)

    @property
    def owner_url(self) -> str:
        """The address for the role that owns the tables and may create databases."""
        return self.url(role=clusters.OWNER_ROLE)

    @property
    def master_url(self) -> str:
        """The address for the cluster's superuser, for what no role of the house may do."""
        return self.url(role=clusters.MASTER_ROLE)

    def environment(self) -> dict[str, str]:
        """Return the variables that point ``manage.py`` here."""
        return {"DATABASE_URL": self.app_url, "DATABASE_OWNER_URL": self.owner_url}


@contextlib.contextmanager
def ephemeral_cluster(*, migrated: bool = False) -> Iterator[EphemeralCluster]:
    """Run a cluster for the length of the block and leave nothing behind.

    ``migrated``: with a database of that name (``MIGRATED``), owned by the owner.

    However this process ends, the server ends with it; whatever a killed run leaves on the disk is
    swept by the next one.
    """
    account = account_for_database()
    home = home_for(PLACE, account)
    binaries = binaries_for(account)
    with _locked(home / "template.lock"):
        template = _template(home, binaries, account)
        if migrated:
            template = _migrated(home, binaries, account, template)
        _sweep(home, binaries, account)
        session = home / f"run-{os.getpid()}-{secrets.token_hex(4)}"
        session.mkdir(mode=0o711)
        held = _hold(session / "lock")
        data = session / "pg"
        # cp keeps owners and modes, and shares blocks where the file system can.
        subprocess.run(["cp", "-a", "--reflink=auto", template / "pg", data], check=True)
        passwords = json.loads((template / "passwords.json").read_text(encoding="ascii"))
    try:
        with _serving(Cluster(data, binaries, account), passwords, log=session / "log") as port:
            yield EphemeralCluster(port=port, passwords=passwords, data=data)
    finally:
        _remove(session)
        os.close(held)


def _template(home: Path, binaries: Binaries, account: Account | None) -> Path:
    """Return a data directory with roles and database in it, made at the first use.

    It is found by what it was made of: another PostgreSQL, account or recipe makes another.
    """
    recipe = "\0".join(
        [
            binaries.version,
            str(account),
            Path(clusters.__file__).read_text(encoding="utf-8"),
            Path(__file__).read_text(encoding="utf-8"),
        ]
    )
    template = home / f"template-{hashlib.sha256(recipe.encode()).hexdigest()[:16]}"
    if template.exists():
        return template
    for stale in [*home.glob("template-*"), *home.glob(".template-*")]:
        _remove(stale)
    building = home / f".{template.name}"
    building.mkdir(mode=0o711)
    passwords = {role: secrets.token_urlsafe(24) for role in clusters.ROLES}
    fresh = Cluster(building / "pg", binaries, account)
    fresh.initialise(
        master_password=passwords[clusters.MASTER_ROLE], databases="all", durable=False
    )
    with _serving(fresh, passwords, log=building / "log") as port:
        clusters.provision(port=port, passwords=passwords, owner_may_create_databases=True)
    secret = building / "passwords.json"
    secret.touch(mode=0o600)
    secret.write_text(json.dumps(passwords), encoding="ascii")
    building.rename(template)
    return template


def _migrated(home: Path, binaries: Binaries, account: Account | None, plain: Path) -> Path:
    """Return a data directory whose tables are made, by what makes them: migrations and settings."""
    recipe = hashlib.sha256(plain.name.encode())
    sources = [
        *ROOT.glob("[a-z]*/**/migrations/*.py"),
        *ROOT.glob("teraa/**/database_rules.py"),
        *(ROOT / "teraa" / "common" / name for name in ("append_only.py", "composite_keys.py")),
        *(ROOT / name for name in ("requirements.txt", "teraa/settings.py")),
    ]
    for source in sorted(sources):
        recipe.update(f"{source.relative_to(ROOT)}\0".encode() + source.read_bytes())
    template = home / f"migrated-{recipe.hexdigest()[:16]}"
    if template.exists():
        return template
    for stale in [*home.glob("migrated-*"), *home.glob(".migrated-*")]:
        _remove(stale)
    building = home / f".{template.name}"
    building.mkdir(mode=0o711)
    subprocess.run(["cp", "-a", plain / "pg", plain / "passwords.json", building], check=True)
    passwords = json.loads((plain / "passwords.json").read_text(encoding="ascii"))
    cluster = Cluster(building / "pg", binaries, account)
    with _serving(cluster, passwords, log=building / "log") as port:
        running = EphemeralCluster(port=port, passwords=passwords, data=building / "pg")
        with psycopg.connect(running.owner_url, autocommit=True) as owner:
            owner.execute(f"CREATE DATABASE {MIGRATED}")
        address = running.url(role=clusters.OWNER_ROLE, database=MIGRATED)
        subprocess.run(
            [sys.executable, ROOT / "manage.py", "migrate", "--verbosity=0"],
            env={
                "TERAA_SECRET_KEY": "tests",
                **os.environ,
                "TERAA_ROLE": "owner",
                "DATABASE_URL": address,
                "DATABASE_OWNER_URL": address,
            },
            check=True,
        )
    building.rename(template)
    return template


@contextlib.contextmanager
def _serving(cluster: Cluster, passwords: dict[str, str], *, log: Path) -> Iterator[int]:
    port = clusters.free_port()
    with log.open("wb") as output, warnings.catch_warnings():
        # Python 3.12 warns of a fork beside threads; what runs between fork and exec is one call.
        warnings.simplefilter("ignore", DeprecationWarning)
        process = cluster.start(
            port=port, output=output, settings=FORGETFUL, death_signal=signal.SIGQUIT
        )
    try:
        master = clusters.MASTER_ROLE
        address = clusters.url(
            role=master, password=passwords[master], port=port, database="postgres"
        )
        while not clusters.is_answering(address):
            if process.poll() is not None:
                raise RuntimeError(f"PostgreSQL ended while starting: {log.read_text()}")
            time.sleep(0.03)
        yield port
    finally:
        clusters.stop(process)


def _sweep(home: Path, binaries: Binaries, account: Account | None) -> None:
    """Take away what killed runs left: a run's lock is free once its process is gone."""
    for session in home.glob("run-*"):
        with (
            contextlib.suppress(BlockingIOError),
            _locked(session / "lock", wait=False),
        ):
            if (session / "pg").exists():
                Cluster(session / "pg", binaries, account).end_leftovers()
            _remove(session)


def _remove(folder: Path) -> None:
    """Whatever is there still: another run may be sweeping the same folder away."""
    shutil.rmtree(folder, ignore_errors=True)


def _hold(path: Path, *, wait: bool = True) -> int:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(handle)
        raise
    return handle


@contextlib.contextmanager
def _locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    handle = _hold(path, wait=wait)
    try:
        yield
    finally:
        os.close(handle)


def main(arguments: list[str]) -> int:
    """Run a command with a cluster of its own: ``python -m tests.database run -- command…``."""
    if arguments[:2] != ["run", "--"] or len(arguments) < 3:
        print(
            "usage: python -m tests.database run -- command [argument…]",
            file=sys.stderr,
        )
        return 2
    with ephemeral_cluster() as cluster:
        return subprocess.run(
            arguments[2:], env={**os.environ, **cluster.environment()}, check=False
        ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
