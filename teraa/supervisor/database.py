"""The embedded PostgreSQL of one ``TERAA_DATA``: found or made, with its passwords and port."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from teraa.supervisor.account import Account, account_for_database
from teraa.supervisor.binaries import MAJOR, Binaries, copied_binaries, installed_binaries
from teraa.supervisor.cluster import (
    APP_ROLE,
    MASTER_ROLE,
    OWNER_ROLE,
    ROLES,
    Cluster,
    free_port,
    is_free,
    provision,
    url,
)
from teraa.supervisor.places import Places, write_whole
from teraa.supervisor.refusals import Refusal
from teraa.supervisor.texts import _

# For root only: PostgreSQL's programs, copied to where any account may read them ...
PROGRAMS_HOME = Path("/var/lib/teraa")
# ... and data, when the account that must reach it cannot reach TERAA_DATA.
FALLBACK_HOME = Path("/var/lib/teraa")


def home_for(directory: Path, account: Account | None) -> Path:
    """Return the folder where the database of ``directory`` lives, made if it is missing.

    That is ``directory`` itself, unless ``account`` cannot reach it (a checkout under ``/root``,
    say): permissions of folders above are never opened, so a folder of its own under
    ``/var/lib/teraa`` takes its place.

    Raises:
        Refusal: the account cannot reach that one either.
    """
    # Others may pass through to what is theirs, and may list or read nothing.
    directory.mkdir(mode=0o711, parents=True, exist_ok=True)
    directory = directory.resolve()
    if account is None or account.may_enter(directory):
        return directory
    mark = hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]
    home = FALLBACK_HOME / mark
    home.mkdir(mode=0o711, parents=True, exist_ok=True)
    if not account.may_enter(home):
        raise Refusal(
            _(
                "PostgreSQL runs under the account {name}, which can reach neither {path} nor"
                " {home}. Set TERAA_DATA to a folder it can reach, for instance under /srv."
            ).format(name=account.name, path=directory, home=home)
        )
    return home


def binaries_for(account: Account | None) -> Binaries:
    """Return PostgreSQL's programs where ``account`` (None: ourselves) may run them."""
    installed = installed_binaries()
    return installed if account is None else copied_binaries(installed, PROGRAMS_HOME)


@dataclass
class EmbeddedDatabase:
    """A cluster of our own, with what ``database.json`` remembers of it."""

    places: Places
    cluster: Cluster
    port: int
    passwords: dict[str, str]
    is_provisioned: bool = False
    ended_leftover: bool = False

    @property
    def app_url(self) -> str:
        """The address for the application role."""
        return self.url(APP_ROLE)

    @property
    def owner_url(self) -> str:
        """The address for the role that owns the tables."""
        return self.url(OWNER_ROLE)

    def url(self, role: str, *, database: str | None = None) -> str:
        """Return the address of a database of this cluster for ``role``."""
        names = {} if database is None else {"database": database}
        return url(role=role, password=self.passwords[role], port=self.port, **names)

    @property
    def master_url(self) -> str:
        """The address for the superuser, which exists even before the roles and the database do."""
        return self.url(MASTER_ROLE, database="postgres")

    def provision(self) -> None:
        """Create roles and database in the running server, if a start has not done so before."""
        if not self.is_provisioned:
            provision(port=self.port, passwords=self.passwords)
            self.is_provisioned = True
            self._remember()

    def _remember(self) -> None:
        data = self.cluster.data
        if data.is_relative_to(self.places.data):  # so that the folder can be moved as a whole
            data = data.relative_to(self.places.data)
        record = {
            "postgresql": MAJOR,
            "data": str(data),
            "port": self.port,
            "passwords": self.passwords,
            "provisioned": self.is_provisioned,
        }
        write_whole(self.places.database, json.dumps(record, indent=2) + "\n", mode=0o600)


def open_database(places: Places) -> EmbeddedDatabase:
    """Return the embedded database of ``places``, ready to be started; make it the first time.

    A server that a killed start left running is ended first.  The port is chosen once, and again
    only when somebody else has taken it since.

    Raises:
        Refusal: the data is another version's, another account's, missing, or not ours.
    """
    account = account_for_database()
    known = _read(places)
    data = places.data / (known["data"] if known else home_for(places.data, account) / "pg")
    cluster = Cluster(data, binaries_for(account), account)
    database = EmbeddedDatabase(
        places=places,
        cluster=cluster,
        port=known["port"] if known else free_port(),
        passwords=(
            known["passwords"] if known else {role: secrets.token_urlsafe(24) for role in ROLES}
        ),
        is_provisioned=bool(known and known["provisioned"]),
    )
    if cluster.exists():
        cluster.refuse_foreign()
        _refuse_unknown(places, data, known)
        database.ended_leftover = cluster.end_leftovers()
    else:
        _refuse_lost(data, known)
        # Remembered before the cluster exists: its password must never be lost half-way.
        database._remember()
        cluster.initialise(master_password=database.passwords[MASTER_ROLE])
    if not is_free(database.port):
        database.port = free_port()
    database._remember()
    return database


def _read(places: Places) -> dict[str, Any] | None:
    try:
        record: dict[str, Any] = json.loads(places.database.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        raise Refusal(
            _("{path} cannot be read. Nothing was changed. Put it back from a backup.").format(
                path=places.database
            )
        ) from None
    return record


def _refuse_unknown(places: Places, data: Path, known: dict[str, Any] | None) -> None:
    if known is None:
        raise Refusal(
            _(
                "There is a database in {data}, but {record}, which holds its passwords, is"
                " missing. Nothing was changed. Put it back from a backup, or set TERAA_DATA to"
                " another folder."
            ).format(data=data, record=places.database)
        )


def _refuse_lost(data: Path, known: dict[str, Any] | None) -> None:
    """Never make an empty database in the place of one that was in use."""
    if known and known["provisioned"]:
        raise Refusal(
            _(
                "The database that was in {data} is gone. Nothing was changed. Put it back from a"
                " backup, or set TERAA_DATA to another folder to begin afresh."
            ).format(data=data)
        )
