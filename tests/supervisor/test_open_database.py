"""The embedded PostgreSQL: made once, opened again, never opened when it is not ours."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator

import psycopg
import pytest

from teraa.supervisor import database as databases
from teraa.supervisor.account import account_for_database
from teraa.supervisor.cluster import APP_ROLE, HOST, OWNER_ROLE, is_answering, stop, url
from teraa.supervisor.database import EmbeddedDatabase, open_database
from teraa.supervisor.places import Places
from teraa.supervisor.processes import working_in
from teraa.supervisor.refusals import Refusal
from tests.supervisor.cast import eventually
from tests.supervisor.conftest import needs_root


@pytest.fixture
def places(data) -> Places:
    return Places(data)


@pytest.fixture
def fresh_places(fresh_data) -> Places:
    found = Places(fresh_data)
    found.make()
    return found


@pytest.fixture
def run_server() -> Iterator[Callable[[EmbeddedDatabase], subprocess.Popen[bytes]]]:
    servers = []

    def run(database: EmbeddedDatabase) -> subprocess.Popen[bytes]:
        process = database.cluster.start(port=database.port, output=subprocess.DEVNULL)
        servers.append(process)
        eventually(lambda: is_answering(database.master_url), saying="PostgreSQL does not answer")
        return process

    yield run
    for process in servers:
        stop(process)


def test_it_gives_each_role_its_rights_and_no_more(fresh_places, run_server):
    database = open_database(fresh_places)
    run_server(database)
    database.provision()

    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("CREATE TABLE things (id int)")
        owner.execute("GRANT SELECT ON things TO teraa_app")
        rights = owner.execute(
            "SELECT rolname, rolsuper, rolcreatedb, rolcreaterole, rolbypassrls, rolreplication"
            " FROM pg_roles WHERE rolname LIKE 'teraa_%' AND rolname <> 'teraa_master'"
        ).fetchall()
        assert sorted(rights) == [
            (APP_ROLE, False, False, False, False, False),
            (OWNER_ROLE, False, False, False, False, False),
        ]
        extensions = owner.execute("SELECT extname FROM pg_extension").fetchall()
        assert ("btree_gist",) in extensions
        assert owner.execute("SHOW fsync").fetchone() == ("on",)
    with psycopg.connect(database.app_url, autocommit=True) as app:
        assert app.execute("SELECT count(*) FROM things").fetchone() == (0,)
        for statement in (
            "CREATE TABLE mine (id int)",
            "CREATE TEMPORARY TABLE mine (id int)",
            "CREATE SCHEMA mine",
            "CREATE DATABASE mine",
            "DROP TABLE things",
            "SET ROLE teraa_owner",
            "COPY (SELECT 1) TO PROGRAM 'true'",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(statement)


def test_it_lets_nobody_in_without_the_password(places, run_server):
    database = open_database(places)
    run_server(database)

    for role in (APP_ROLE, OWNER_ROLE, "teraa_master", "postgres"):
        address = url(role=role, password="guessed", port=database.port)
        with pytest.raises(psycopg.OperationalError, match=r"password|no pg_hba\.conf entry"):
            psycopg.connect(address)
    for other in ("postgres", "template1"):
        with pytest.raises(psycopg.OperationalError, match=r"no pg_hba\.conf entry"):
            psycopg.connect(database.url(APP_ROLE, database=other))


def test_it_keeps_passwords_to_itself_and_listens_on_loopback_only(places, run_server):
    database = open_database(places)
    server = run_server(database)

    assert places.database.stat().st_mode & 0o777 == 0o600
    assert (database.cluster.data.stat().st_mode & 0o777) == 0o700
    assert database.passwords["teraa_app"] not in " ".join(database.cluster.command(port=1))
    assert _listening(server.pid) == {HOST}


def test_it_opens_the_same_database_again(places, run_server):
    first = open_database(places)
    stop(run_server(first))

    second = open_database(places)

    assert (second.port, second.passwords) == (first.port, first.passwords)
    assert second.ended_leftover is False


def test_it_takes_another_port_when_somebody_took_its_own(places, listener):
    first = open_database(places)
    listener(first.port)

    second = open_database(places)

    assert second.port != first.port
    assert json.loads(places.database.read_text())["port"] == second.port


def test_it_ends_a_server_left_running(places, run_server):
    first = open_database(places)
    orphan = run_server(first)

    second = open_database(places)

    assert second.ended_leftover is True
    assert orphan.wait(timeout=5) is not None
    assert working_in(second.cluster.data, program="postgres") == []


def test_it_leaves_alone_a_process_that_only_has_the_number(places):
    database = open_database(places)
    innocent = subprocess.Popen(["sleep", "600"])
    (database.cluster.data / "postmaster.pid").write_text(f"{innocent.pid}\n")

    again = open_database(places)

    assert again.ended_leftover is False
    assert innocent.poll() is None
    assert not (again.cluster.data / "postmaster.pid").exists()
    innocent.kill()
    innocent.wait()


def test_it_refuses_another_major_version(places):
    database = open_database(places)
    (database.cluster.data / "PG_VERSION").write_text("16\n")

    with pytest.raises(Refusal, match=r"made by PostgreSQL 16.*runs PostgreSQL 18.*Nothing was"):
        open_database(places)
    assert (database.cluster.data / "PG_VERSION").read_text() == "16\n"


def test_it_refuses_a_folder_of_something_else(places):
    database = open_database(places)
    (database.cluster.data / "PG_VERSION").unlink()

    with pytest.raises(Refusal, match="not a PostgreSQL data directory"):
        open_database(places)


def test_it_refuses_to_begin_afresh_where_a_database_was(places):
    data = open_database(places).cluster.data
    data.rename(data.with_name("elsewhere"))

    with pytest.raises(Refusal, match="is gone"):
        open_database(places)


def test_it_refuses_a_database_whose_passwords_are_lost(places):
    open_database(places)
    places.database.unlink()

    with pytest.raises(Refusal, match="which holds its passwords"):
        open_database(places)


@needs_root
def test_it_runs_as_an_account_that_is_not_root(places, run_server):
    database = open_database(places)
    server = run_server(database)

    status = open(f"/proc/{server.pid}/status").read()  # noqa: SIM115
    account = account_for_database()
    assert account is not None
    assert account.uid != 0
    assert re.search(rf"^Uid:\t{account.uid}\t{account.uid}\t{account.uid}\t", status, re.M)
    assert re.search(r"^Groups:\s*$", status, re.M)


@needs_root
def test_it_goes_elsewhere_when_its_account_cannot_reach_the_data(fresh_data, monkeypatch):
    closed = fresh_data.parent / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(databases, "FALLBACK_HOME", fresh_data.parent / "open")
    places = Places(closed / "data")
    places.make()

    database = open_database(places)

    assert database.cluster.data.is_relative_to(fresh_data.parent / "open")
    assert json.loads(places.database.read_text())["data"] == str(database.cluster.data)
    assert closed.stat().st_mode & 0o777 == 0o700
    assert open_database(places).cluster.data == database.cluster.data


@needs_root
def test_it_refuses_a_database_of_another_account(places):
    database = open_database(places)
    os.chown(database.cluster.data, 12345, 12345)

    with pytest.raises(Refusal, match="belongs to another account"):
        open_database(places)


def _listening(pid: int) -> set[str]:
    """Return the addresses a process listens on, from the kernel's own table."""
    sockets = set()
    for handle in os.listdir(f"/proc/{pid}/fd"):
        target = os.readlink(f"/proc/{pid}/fd/{handle}")
        if target.startswith("socket:["):
            sockets.add(target[8:-1])
    found = set()
    for table in ("tcp", "tcp6"):
        with open(f"/proc/{pid}/net/{table}") as lines:
            for line in list(lines)[1:]:
                fields = line.split()
                if fields[3] == "0A" and fields[9] in sockets:
                    found.add(HOST if fields[1].startswith("0100007F:") else fields[1])
    return found
