"""One PostgreSQL data directory: made, started as our own child, stopped, left behind by nobody."""

# The programs are PostgreSQL's own.
# ruff: noqa: S603
from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg
from psycopg import sql

from teraa.supervisor.account import Account
from teraa.supervisor.binaries import MAJOR, Binaries
from teraa.supervisor.processes import are_gone, end, send, spawn, working_in
from teraa.supervisor.refusals import Refusal
from teraa.supervisor.texts import _

HOST = "127.0.0.1"
DATABASE = "teraa"
MASTER_ROLE = "teraa_master"
OWNER_ROLE = "teraa_owner"
APP_ROLE = "teraa_app"
ROLES = (MASTER_ROLE, OWNER_ROLE, APP_ROLE)

# Only over TCP on this machine, only with a password; each role only where it has business.
HOST_RULES = f"""\
# Written by TERAA when this data directory was made.
host  all     {MASTER_ROLE}  127.0.0.1/32  scram-sha-256
host  {{databases}}  {OWNER_ROLE}   127.0.0.1/32  scram-sha-256
host  {{databases}}  {APP_ROLE}     127.0.0.1/32  scram-sha-256
"""


@dataclass(frozen=True)
class Cluster:
    """A data directory, the programs that run it, and the account they run under."""

    data: Path
    binaries: Binaries
    account: Account | None

    def exists(self) -> bool:
        """Say whether there is anything at all where the data should be.

        Raises:
            Refusal: it belongs to another account, so we cannot even look.
        """
        try:
            return self.data.exists() and any(self.data.iterdir())
        except PermissionError:
            raise Refusal(self._not_ours()) from None

    def refuse_foreign(self) -> None:
        """Refuse a data directory that these programs must not open.

        Raises:
            Refusal: it is no data directory, another major version's, or another account's.
        """
        if self.account is not None and self.data.stat().st_uid != self.account.uid:
            raise Refusal(self._not_ours())
        try:
            found = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            raise Refusal(
                _(
                    "{path} is not empty, and it is not a PostgreSQL data directory. Nothing was"
                    " changed. Move it away, or set TERAA_DATA to another folder."
                ).format(path=self.data)
            ) from None
        if found != str(MAJOR):
            raise Refusal(
                _(
                    "The database in {path} was made by PostgreSQL {found}, and this version of"
                    " TERAA runs PostgreSQL {major}. Nothing was changed. Start the version of"
                    " TERAA that made it, or carry the data over with pg_dump and pg_restore."
                ).format(path=self.data, found=found, major=MAJOR)
            )

    def _not_ours(self) -> str:
        return _(
            "The database in {path} belongs to another account than the one it would run under"
            " now. Nothing was changed. Start TERAA as the user who started it first, or set"
            " TERAA_DATA to another folder."
        ).format(path=self.data)

    def initialise(
        self, *, master_password: str, databases: str = DATABASE, durable: bool = True
    ) -> None:
        """Make the data directory: UTF-8, checksums, password required even on this machine.

        It appears under its name only when it is whole, so an interrupted first start is simply
        begun again.  ``databases`` is what the two roles may connect to.

        Raises:
            Refusal: initdb failed; its last words are in the sentence.
        """
        for abandoned in self.data.parent.glob(f".{self.data.name}.*"):
            if abandoned.is_dir():
                shutil.rmtree(abandoned)
            else:
                abandoned.unlink()
        building = self.data.with_name(f".{self.data.name}.{uuid.uuid4().hex}")
        password_file = building.with_name(building.name + ".password")
        building.mkdir(mode=0o700)
        password_file.touch(mode=0o600)
        password_file.write_text(master_password + "\n", encoding="ascii")
        if self.account is not None:
            self.account.take(building, 0o700)
            self.account.take(password_file, 0o600)
        try:
            self._run(
                "initdb",
                f"--pgdata={building}",
                f"--username={MASTER_ROLE}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--no-instructions",
                *([] if durable else ["--no-sync"]),
            )
            (building / "pg_hba.conf").write_text(
                HOST_RULES.format(databases=databases), encoding="ascii"
            )
            building.rename(self.data)
        finally:
            password_file.unlink()
            shutil.rmtree(building, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        answer = subprocess.run(
            [self.binaries.program(program), *arguments],
            env=environment(),
            cwd="/",
            user=None if self.account is None else self.account.uid,
            group=None if self.account is None else self.account.gid,
            extra_groups=None if self.account is None else [],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if answer.returncode != 0:
            raise Refusal(
                _("PostgreSQL could not prepare its files in {path}: {words}").format(
                    path=self.data, words=answer.stdout.strip()[-600:]
                )
            )

    def command(self, *, port: int, settings: Mapping[str, str] | None = None) -> list[str]:
        """Return the command that serves this data directory on ``port`` of this machine only."""
        chosen = {
            "listen_addresses": HOST,
            "port": str(port),
            "unix_socket_directories": "",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "lc_messages": "C",
            "logging_collector": "off",
            "log_destination": "stderr",
            # Our statements are short; compiling them costs more than it saves.
            "jit": "off",
            **(settings or {}),
        }
        command = [self.binaries.program("postgres"), "-D", str(self.data)]
        for name, value in chosen.items():
            command += ["-c", f"{name}={value}"]
        return command

    def start(
        self,
        *,
        port: int,
        output: int | IO[bytes],
        settings: Mapping[str, str] | None = None,
        death_signal: signal.Signals = signal.SIGINT,
    ) -> subprocess.Popen[bytes]:
        """Start the server as our child; SIGINT is PostgreSQL's fast and clean shutdown."""
        return spawn(
            self.command(port=port, settings=settings),
            environment=environment(),
            output=output,
            directory="/",
            death_signal=death_signal,
            account=self.account,
        )

    def end_leftovers(self) -> bool:
        """End a server that an earlier, killed start left on this directory; say if there was one.

        A server works *in* its data directory, so its working directory proves whose it is
        whatever ``postmaster.pid`` says.  A ``postmaster.pid`` that no server stands behind is
        taken away: its number may since have gone to another program of the same account, and
        PostgreSQL would then refuse to start for ever.

        Raises:
            Refusal: the server survives even SIGKILL, or is not ours to end.
        """

        found = bool(self._servers())
        if found:
            for targets, number, patience_seconds in (
                # Fast shutdown, asked of the postmaster alone: SIGINT means other things to the rest.
                (self._postmaster, signal.SIGINT, 6.0),
                (self._servers, signal.SIGQUIT, 3.0),
                (self._servers, signal.SIGKILL, 2.0),
            ):
                send(targets(), number)
                if are_gone(self._servers, patience_seconds=patience_seconds):
                    break
            else:
                raise Refusal(
                    _(
                        "A PostgreSQL server still runs on {path} and could not be stopped"
                        " (process {pid}). Stop it and start again."
                    ).format(path=self.data, pid=self._servers())
                )
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        return found

    def _servers(self) -> list[int]:
        return working_in(self.data, program="postgres")

    def _postmaster(self) -> list[int]:
        try:
            words = (self.data / "postmaster.pid").read_text(encoding="utf-8").split()
        except OSError:
            return []
        return [pid for pid in self._servers() if words[:1] == [str(pid)]]


def environment() -> dict[str, str]:
    """Return what a server needs of an environment: nothing of ours, least of all our secrets."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", "HOME": "/"}


def free_port() -> int:
    """Return a TCP port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Say whether ``port`` can be listened on at this machine's loopback address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def url(*, role: str, password: str, port: int, database: str = DATABASE) -> str:
    """Return the address of a database as ``DATABASE_URL`` spells it."""
    return f"postgresql://{role}:{quote(password, safe='')}@{HOST}:{port}/{database}"


def is_answering(address: str) -> bool:
    """Say whether the server at ``address`` takes connections by now."""
    try:
        psycopg.connect(address, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def provision(
    *, port: int, passwords: Mapping[str, str], owner_may_create_databases: bool = False
) -> None:
    """Create the two roles and the database, or bring them back to what they should be.

    ``teraa_owner`` owns the database and is used for migrations only; ``teraa_app`` owns nothing.
    btree_gist (exclusion constraints on time ranges) is created here, and in the template every
    other database is made from, because it takes more rights than the owner has.
    """
    for database in ("template1", "postgres"):
        address = url(
            role=MASTER_ROLE,
            password=passwords[MASTER_ROLE],
            port=port,
            database=database,
        )
        with psycopg.connect(address, autocommit=True) as connection:
            if database == "template1":
                connection.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
                continue
            for role in (OWNER_ROLE, APP_ROLE):
                _provision_role(
                    connection,
                    role=role,
                    password=passwords[role],
                    may_create_databases=owner_may_create_databases and role == OWNER_ROLE,
                )
            _provision_database(connection)
    address = url(role=MASTER_ROLE, password=passwords[MASTER_ROLE], port=port)
    with psycopg.connect(address, autocommit=True) as connection:
        for statement in _database_rights():
            connection.execute(statement)


def _provision_role(
    connection: psycopg.Connection[tuple[object, ...]],
    *,
    role: str,
    password: str,
    may_create_databases: bool,
) -> None:
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    connection.execute(
        sql.SQL(
            "{verb} ROLE {role} LOGIN NOSUPERUSER {create} NOCREATEROLE NOREPLICATION NOBYPASSRLS"
            " PASSWORD {password}"
        ).format(
            verb=sql.SQL("ALTER" if known else "CREATE"),
            role=sql.Identifier(role),
            create=sql.SQL("CREATEDB" if may_create_databases else "NOCREATEDB"),
            password=sql.Literal(password),
        )
    )


def _provision_database(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
    if known.fetchone() is None:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(
                sql.Identifier(DATABASE), sql.Identifier(OWNER_ROLE)
            )
        )


def _database_rights() -> Sequence[sql.Composed]:
    names = {
        "database": sql.Identifier(DATABASE),
        "owner": sql.Identifier(OWNER_ROLE),
        "app": sql.Identifier(APP_ROLE),
    }
    statements = (
        "CREATE EXTENSION IF NOT EXISTS btree_gist",
        "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        "GRANT CONNECT ON DATABASE {database} TO {owner}, {app}",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        "GRANT USAGE ON SCHEMA public TO {app}",
    )
    return [sql.SQL(statement).format(**names) for statement in statements]


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server quickly and cleanly: transactions are rolled back, data is written out."""
    end(process, first=signal.SIGINT, patience_seconds=8.0)
