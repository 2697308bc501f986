"""Bringing a copy back, into an empty place only: a running house is never written over.

When it is done the fiscal chains have been verified, and every register's journal says that it was
restored, from which copy, and when that was taken (event 950).
"""

# The programs are PostgreSQL's and our own.
# ruff: noqa: S603
from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Final, cast

import psycopg

from teraa.supervisor.binaries import installed_binaries
from teraa.supervisor.cluster import is_answering
from teraa.supervisor.copies.sealed import CannotOpen, OpeningReader, is_sealed
from teraa.supervisor.copies.taking import DUMP, FILES, FOLDERS, FORM, LIST
from teraa.supervisor.database import open_database
from teraa.supervisor.parts import manage
from teraa.supervisor.places import ROOT, Places
from teraa.supervisor.processes import end
from teraa.supervisor.refusals import Refusal
from teraa.supervisor.texts import _

PATIENCE_SECONDS: Final = 60.0
CHUNK: Final = 1 << 20
MOST_LISTED: Final = 64 << 20

Say = Callable[[str], None]


def bring_back(
    *,
    copy: Path,
    places: Places,
    passphrase: str | None,
    database_url: str,
    owner_url: str,
    say: Say,
) -> None:
    """Bring ``copy`` back into ``places``, which must be empty, and verify every chain.

    Without addresses a database is made in ``places``; with them, the one they name must be empty.

    Raises:
        Refusal: the place is not empty, the copy is damaged or of another passphrase, the database
            does not take it, or a chain does not hold.
    """
    if places.data.exists() and any(places.data.iterdir()):
        raise Refusal(
            _(
                "{path} is not empty. Nothing was changed. Set TERAA_DATA to an empty folder."
            ).format(path=places.data)
        )
    if owner_url:
        _refuse_full(owner_url)
    places.make()
    unpacked = places.data / ".copy"
    unpacked.mkdir(mode=0o700)
    sha256 = _unpack(copy, unpacked, passphrase)
    about = _check(unpacked)
    say(_("The copy of {made_at} is whole.").format(made_at=about["made_at"]))
    with _database(places, database_url, owner_url) as (app, owner):
        _fill(owner, unpacked / DUMP)
        _put(unpacked, places)
        environment = _environment(places, app, owner)
        # The copy may be older than this version.
        _manage(environment | {"TERAA_ROLE": "owner"}, "migrate", "--no-input", "--verbosity=0")
        say(_("The database is back; its chains are being verified."))
        say(_manage(environment, "verify_fiscal"))
        _manage(
            environment,
            *("note_restored", f"--taken={about['made_at']}", f"--sha256={sha256}"),
        )
    shutil.rmtree(unpacked)


def _refuse_full(owner_url: str) -> None:
    try:
        with psycopg.connect(owner_url, connect_timeout=10) as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
            ).fetchone()
    except psycopg.OperationalError as error:
        raise Refusal(
            _("The database does not answer: {words}").format(words=str(error).strip())
        ) from error
    if row is None or row[0]:
        raise Refusal(
            _(
                "There are tables in the database already. Nothing was changed. Give it an empty one."
            )
        )


def _unpack(copy: Path, into: Path, passphrase: str | None) -> str:
    """Unpack plain files with the names a copy has, and nothing else; the SHA-256 of the copy."""
    try:
        with copy.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            sealed = is_sealed(file.read(8))
            file.seek(0)
            if sealed and not passphrase:
                raise Refusal(_("The copy is encrypted: its passphrase is needed."))
            stream = OpeningReader(file, passphrase or "") if sealed else file
            with tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r|") as tar:
                for member in tar:
                    _unpack_one(tar, member, into)
            if sealed:
                stream.read()  # its end is part of what must be right
    except (OSError, tarfile.TarError, CannotOpen, EOFError) as error:
        raise Refusal(_("{path} cannot be read: {words}").format(path=copy, words=error)) from error
    return digest


def _unpack_one(tar: tarfile.TarFile, member: tarfile.TarInfo, into: Path) -> None:
    folder, _slash, name = member.name.rpartition("/")
    known = member.name in {DUMP, LIST, *FILES} or (
        folder in FOLDERS and name not in {"", ".", ".."}
    )
    content = tar.extractfile(member) if member.isreg() and known else None
    if content is None or "\\" in member.name:
        raise tarfile.TarError(f"{member.name!r} is not of a copy")
    path = into / member.name
    path.parent.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        shutil.copyfileobj(content, file, CHUNK)
        file.flush()
        os.fsync(file.fileno())


def _check(unpacked: Path) -> dict[str, Any]:
    listing = unpacked / LIST
    if not listing.is_file() or listing.stat().st_size > MOST_LISTED:
        raise Refusal(_("The copy is not whole: it says nothing of what is in it."))
    about: dict[str, Any] = json.loads(listing.read_text(encoding="utf-8"))
    if about.get("form") != FORM:
        raise Refusal(_("The copy was made by a later version of TERAA. Use that one."))
    found = {
        path.relative_to(unpacked).as_posix(): path
        for path in unpacked.rglob("*")
        if path.is_file() and path != listing
    }
    for name in sorted({*about["files"], *found}):
        stated, path = about["files"].get(name), found.get(name)
        if stated is None or path is None or _differs(path, stated):
            raise Refusal(
                _("The copy is damaged: {name} is not what was copied.").format(name=name)
            )
    if DUMP not in found:
        raise Refusal(_("The copy is not whole: it has no database."))
    return about


def _differs(path: Path, stated: dict[str, Any]) -> bool:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return (path.stat().st_size, digest) != (stated["bytes"], stated["sha256"])


@contextlib.contextmanager
def _database(places: Places, database_url: str, owner_url: str) -> Iterator[tuple[str, str]]:
    """Addresses for the application and for the owner; a server of our own for the time being."""
    if owner_url:
        yield database_url, owner_url
        return
    database = open_database(places)
    log = places.logs / "database.log"
    with log.open("wb") as output:
        server = database.cluster.start(port=database.port, output=output)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_answering(database.master_url):
            if server.poll() is not None or time.monotonic() > deadline:
                raise Refusal(_("PostgreSQL does not start; {log} says why.").format(log=log))
            time.sleep(0.05)
        database.provision()
        yield database.app_url, database.owner_url
    finally:
        end(server, first=signal.SIGINT, patience_seconds=PATIENCE_SECONDS)


def _fill(owner_url: str, dump: Path) -> None:
    answer = subprocess.run(
        [
            installed_binaries().program("pg_restore"),
            "--exit-on-error",
            "--single-transaction",
            "--no-owner",
            "--no-password",
            f"--dbname={owner_url}",
            str(dump),
        ],
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise Refusal(
            _("The database does not take the copy: {words}").format(
                words=answer.stderr.strip()[-600:]
            )
        )


def _put(unpacked: Path, places: Places) -> None:
    """Files of the copy in their places, which are on the same disk."""
    for folder in FOLDERS:
        (places.data / folder).mkdir(mode=0o700, exist_ok=True)
        if (unpacked / folder).is_dir():
            for path in sorted((unpacked / folder).iterdir()):
                path.rename(places.data / folder / path.name)
    for name in FILES:
        if (unpacked / name).is_file():
            (unpacked / name).rename(places.data / name)


def _environment(places: Places, app: str, owner: str) -> dict[str, str]:
    return {
        **os.environ,
        "TERAA_DATA": str(places.data),
        "TERAA_KEYS": str(places.keys),
        "DATABASE_URL": app,
        "DATABASE_OWNER_URL": owner,
    }


def _manage(environment: dict[str, str], *arguments: str) -> str:
    answer = subprocess.run(
        manage(*arguments), env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    if answer.returncode != 0:
        raise Refusal(
            _("“{command}” failed. What was brought back is kept for looking at:\n{words}").format(
                command=" ".join(arguments), words=(answer.stdout + answer.stderr).strip()[-2000:]
            )
        )
    return answer.stdout.strip()
