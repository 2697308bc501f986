"""Real PostgreSQL for every test, entered as the application's role.

``db`` (pytest-django's) rolls back after each test. ``live_database`` gives a test a database of
its own, cloned from the migrated template, in which commits are real: for threads, processes and
everything about several at once. (Append-only tables refuse TRUNCATE, so nothing is flushed.)
"""

from __future__ import annotations

import contextlib
import datetime
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import psycopg
import pytest
from django.conf import settings
from django.db import connection, connections
from django.utils import translation
from django.utils.translation.reloader import translation_file_changed
from playwright.sync_api import Browser

from teraa.common.texts import compile_catalogue
from teraa.supervisor.cluster import APP_ROLE, MASTER_ROLE, OWNER_ROLE
from tests.browsing import chromium
from tests.database import MIGRATED, EphemeralCluster, ephemeral_cluster

ROOT = Path(__file__).resolve().parents[1]
HOUSES = {"supervisor", "browser", "journeys"}
LONG = os.environ.get("TERAA_LONG") == "1"

# An ordinary run tries the same examples every time; a long one looks for new ones.
hypothesis.settings.register_profile("ordinary", derandomize=not LONG, deadline=None)
hypothesis.settings.load_profile("ordinary")


def _enter_as(cluster: EphemeralCluster, *, role: str, database: str) -> None:
    for other in connections.all(initialized_only=True):
        other.close()
    connections.settings["default"].update(
        HOST="127.0.0.1",
        PORT=str(cluster.port),
        USER=role,
        PASSWORD=cluster.passwords[role],
        NAME=database,
    )


def pytest_configure() -> None:
    """Sentences in French before anything asks; PINs hashed cheaply, for there are thousands."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    for path in sorted(ROOT.glob("locale/*/LC_MESSAGES/*.po")):
        if compile_catalogue(path):
            # Django was set up before us and remembers that there was nothing to read.
            translation_file_changed(sender=None, file_path=path.with_suffix(".mo"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What looks through a browser comes last; it, and what opens a whole house, runs alone.

    Playwright's event loop runs in the main thread from its first use to its end, and neither
    Django's database nor asyncio.run() may be used inside a running loop. A house is a dozen
    processes: beside other tests its promises of seconds would be a matter of luck.
    """
    items.sort(key=_looks)
    for item in items:
        if _looks(item) or HOUSES.intersection(item.path.parts):
            item.add_marker("alone")


def _looks(item: pytest.Item) -> bool:
    return "browser" in getattr(item, "fixturenames", ())


@pytest.fixture(autouse=True)
def _house_language() -> None:
    """A visitor's language stays with the thread that answered: the next test speaks ours again."""
    translation.deactivate()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole run; ``page_at`` gives each test a context of its own."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def cluster() -> Iterator[EphemeralCluster]:
    with ephemeral_cluster(migrated=True) as running:
        yield running


@pytest.fixture(scope="session")
def django_db_setup(cluster: EphemeralCluster, django_db_blocker) -> Iterator[None]:
    """Run the tests in copies of the migrated database, as the application."""
    with psycopg.connect(cluster.url(role=OWNER_ROLE), autocommit=True) as owner:
        owner.execute(f"CREATE DATABASE teraa_tests TEMPLATE {MIGRATED}")
    _enter_as(cluster, role=APP_ROLE, database="teraa_tests")
    yield
    connections.close_all()


@dataclass(frozen=True)
class LiveDatabase:
    """A database of one test's own."""

    cluster: EphemeralCluster
    name: str

    @property
    def url(self) -> str:
        return self.cluster.url(role=APP_ROLE, database=self.name)

    @property
    def owner_url(self) -> str:
        return self.cluster.url(role=OWNER_ROLE, database=self.name)

    @property
    def master_url(self) -> str:
        return self.cluster.url(role=MASTER_ROLE, database=self.name)

    def environment(self) -> dict[str, str]:
        """What a process of ours needs to enter this database."""
        return {"DATABASE_URL": self.url, "DATABASE_OWNER_URL": self.owner_url}


@contextlib.contextmanager
def own_database(cluster: EphemeralCluster, django_db_blocker) -> Iterator[LiveDatabase]:
    """A clone of the migrated template, entered for the length of the block, then dropped."""
    name = f"live_{secrets.token_hex(6)}"
    with psycopg.connect(cluster.url(role=OWNER_ROLE), autocommit=True) as owner:
        owner.execute(f"CREATE DATABASE {name} TEMPLATE {MIGRATED}")
    with django_db_blocker.unblock():
        _enter_as(cluster, role=APP_ROLE, database=name)
        try:
            yield LiveDatabase(cluster, name)
        finally:
            connections.close_all()
            _enter_as(cluster, role=APP_ROLE, database="teraa_tests")
    # Only the superuser may end what processes of the application's role left open.
    with psycopg.connect(cluster.master_url, autocommit=True) as master:
        master.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def live_database(
    cluster: EphemeralCluster, django_db_setup: None, django_db_blocker
) -> Iterator[LiveDatabase]:
    with own_database(cluster, django_db_blocker) as database:
        yield database


@pytest.fixture
def owner_connection(live_database: LiveDatabase) -> Iterator[psycopg.Connection]:
    """The tables' owner in this test's own database: what an administrator could do."""
    with psycopg.connect(live_database.owner_url, autocommit=True) as owner:
        yield owner


@pytest.fixture
def keys_dir(tmp_path: Path, settings) -> Path:
    """Where fiscal keys live, as the sealing processes have it."""
    settings.TERAA_KEYS = tmp_path / "keys"
    return settings.TERAA_KEYS


@pytest.fixture
def at() -> datetime.datetime:
    """A Thursday afternoon in Palaiseau."""
    return datetime.datetime(2026, 11, 19, 15, 30, tzinfo=datetime.UTC)


@pytest.fixture
def count_queries():
    """``with count_queries() as queries: …; assert len(queries) <= 8`` (BEGIN/COMMIT left out)."""
    from django.test.utils import CaptureQueriesContext

    @contextlib.contextmanager
    def counting() -> Iterator[list[str]]:
        found: list[str] = []
        with CaptureQueriesContext(connection) as captured:
            yield found
        marks = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
        # A prepared statement has no text of its own here: it counts all the same.
        found.extend(
            q["sql"] or "prepared" for q in captured if not (q["sql"] or "").startswith(marks)
        )

    return counting
