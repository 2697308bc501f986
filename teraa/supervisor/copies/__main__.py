"""``script/backup`` and ``script/restore``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from teraa.supervisor.cluster import OWNER_ROLE, url
from teraa.supervisor.copies.returning import bring_back
from teraa.supervisor.copies.taking import take_copy
from teraa.supervisor.places import ROOT, Places
from teraa.supervisor.refusals import Refusal
from teraa.supervisor.texts import _

VARIABLE = "TERAA_BACKUP_PASSPHRASE"


def main(arguments: Sequence[str] | None = None) -> int:
    """Take or bring back a copy; 1 with a sentence when that cannot be."""
    parser = argparse.ArgumentParser(prog="script/backup, script/restore")
    verbs = parser.add_subparsers(dest="verb", required=True)
    taking = verbs.add_parser("backup", help=_("copy database, fiscal keys and archives to a file"))
    taking.add_argument("target", type=Path, help=_("the file, or a folder for a file with a date"))
    returning = verbs.add_parser("restore", help=_("bring a copy back into an empty place"))
    returning.add_argument("copy", type=Path)
    for verb in (taking, returning):
        verb.add_argument(
            "--passphrase-file",
            type=Path,
            help=_("its first line encrypts the copy (or set {name})").format(name=VARIABLE),
        )
    asked = parser.parse_args(arguments)
    places = Places(Path(os.environ.get("TERAA_DATA") or ROOT / ".data").resolve())
    try:
        passphrase = _passphrase(asked.passphrase_file)
        if asked.verb == "backup":
            _back_up(places, asked.target, passphrase)
        else:
            _restore(places, asked.copy, passphrase)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1
    return 0


def _passphrase(file: Path | None) -> str | None:
    if file is None:
        return os.environ.get(VARIABLE) or None
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise Refusal(
            _("{path} cannot be read: {words}").format(path=file, words=error.strerror)
        ) from error
    if not lines or not lines[0]:
        raise Refusal(_("{path} holds no passphrase in its first line.").format(path=file))
    return lines[0]


def _back_up(places: Places, target: Path, passphrase: str | None) -> None:
    if target.is_dir():
        ending = "teraa" if passphrase else "tar"
        target /= f"teraa-{datetime.now(UTC):%Y-%m-%d-%H%M%S}.{ending}"
    owner_url = os.environ.get("DATABASE_OWNER_URL") or _embedded(places)
    taken = take_copy(places=places, owner_url=owner_url, target=target, passphrase=passphrase)
    print(
        _("{path}: {files} files, {size} bytes").format(
            path=taken.path, files=taken.files, size=taken.size
        )
    )
    if passphrase is None:
        print(_("It is not encrypted and holds the fiscal keys: keep it as you keep the till’s."))


def _embedded(places: Places) -> str:
    try:
        record = json.loads(places.database.read_text(encoding="utf-8"))
    except OSError as error:
        raise Refusal(
            _("{path} cannot be read ({error}): no database was made here, or not by you.").format(
                path=places.database, error=error.strerror
            )
        ) from error
    return url(role=OWNER_ROLE, password=record["passwords"][OWNER_ROLE], port=record["port"])


def _restore(places: Places, copy: Path, passphrase: str | None) -> None:
    bring_back(
        copy=copy,
        places=places,
        passphrase=passphrase,
        database_url=os.environ.get("DATABASE_URL", ""),
        owner_url=os.environ.get("DATABASE_OWNER_URL", ""),
        say=print,
    )
    print(_("Everything is back. Start it with script/server."))


if __name__ == "__main__":
    sys.exit(main())
