"""Taking a copy: one file, whole or not there, from a house that goes on selling.

Order matters. The high-water marks and keys are read first and the keys again at the end: a mark may
say less than the database (harmless), never more (a deleted tail!), and a key that was changed while
the database was read is in the copy before and after its change.
"""

# The program is PostgreSQL's own.
# ruff: noqa: S603
from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final, cast

import teraa
from teraa.supervisor.binaries import installed_binaries
from teraa.supervisor.copies.sealed import SealingWriter
from teraa.supervisor.places import Places
from teraa.supervisor.refusals import Refusal
from teraa.supervisor.texts import _

FORM: Final = 1
DUMP: Final = "database.dump"
LIST: Final = "copy.json"
# What of TERAA_DATA is kept: everything that is not made again by a start.
FOLDERS: Final = ("keys", "archives")
FILES: Final = ("secret", "agent.toml", "choices.json")


@dataclass(frozen=True)
class Taken:
    """What was written."""

    path: Path
    size: int
    files: int


def take_copy(*, places: Places, owner_url: str, target: Path, passphrase: str | None) -> Taken:
    """Write a copy to ``target``, encrypted under ``passphrase`` if there is one.

    Raises:
        Refusal: there is a file already, the database does not answer, or the disk is full.
    """
    if target.exists():
        raise Refusal(_("{path} is there already. Nothing was changed.").format(path=target))
    if not places.keys.is_dir():
        raise Refusal(_("{path} is missing: there is nothing to copy.").format(path=places.keys))
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".teraa-copy-", dir=target.parent))
    try:
        first = work / "keys"
        shutil.copytree(places.keys, first)
        _dump(owner_url, work / DUMP)
        draft = work / "whole"
        with draft.open("xb") as file:
            draft.chmod(0o600)
            count = _write(file, places, first, work / DUMP, passphrase)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(target)
    except OSError as error:
        raise Refusal(
            _("The copy could not be written to {path}: {words}").format(
                path=target, words=error.strerror or error
            )
        ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return Taken(target, target.stat().st_size, count)


def _dump(owner_url: str, path: Path) -> None:
    answer = subprocess.run(
        [
            installed_binaries().program("pg_dump"),
            "--format=custom",
            "--no-password",
            # It is there before the tables (it takes more rights than their owner has).
            "--exclude-extension=btree_gist",
            f"--file={path}",
            owner_url,
        ],
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise Refusal(
            _("The database could not be copied: {words}").format(
                words=answer.stderr.strip()[-600:]
            )
        )


def _write(
    file: IO[bytes], places: Places, first_keys: Path, dump: Path, passphrase: str | None
) -> int:
    sealing = SealingWriter(file, passphrase) if passphrase else None
    stream = cast("IO[bytes]", sealing or file)
    listed: dict[str, Any] = {}
    with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(first_keys.iterdir()):
            if path.suffix in {".key", ".mark"}:
                _add(tar, path, f"keys/{path.name}", listed)
        _add(tar, dump, DUMP, listed)
        for path in sorted(places.keys.glob("*.key")):  # made meanwhile
            if f"keys/{path.name}" not in listed:
                _add(tar, path, f"keys/{path.name}", listed)
        for path in sorted((places.data / "archives").glob("*.zip")):
            _add(tar, path, f"archives/{path.name}", listed)
        for name in FILES:
            if (places.data / name).is_file():
                _add(tar, places.data / name, name, listed)
        about = {
            "form": FORM,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "software_version": teraa.__version__,
            "files": listed,
        }
        text = json.dumps(about, indent=1).encode()
        info = tarfile.TarInfo(LIST)
        info.size, info.mode = len(text), 0o600
        tar.addfile(info, io.BytesIO(text))
    if sealing is not None:
        sealing.close()
    return len(listed)


def _add(tar: tarfile.TarFile, path: Path, name: str, listed: dict[str, Any]) -> None:
    with path.open("rb") as file:
        info = tarfile.TarInfo(name)
        info.size, info.mode = os.fstat(file.fileno()).st_size, 0o600
        reading = _Hashing(file, info.size)
        tar.addfile(info, cast("IO[bytes]", reading))
        listed[name] = {"bytes": info.size, "sha256": reading.digest.hexdigest()}


class _Hashing:
    """Reads a file as long as it was when it was opened, and hashes what it gives."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self._left = file, size
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        self.digest.update(data)
        return data
