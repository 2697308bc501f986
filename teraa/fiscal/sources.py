"""What the fiscal core is made of, as one hash, and whether it is the one that was attested.

The core is this package and the few modules of ``teraa.common`` on which "nobody can rewrite it"
rests. Whoever changes it becomes, before the law, the editor who must attest (research pos-fr 2.1):
so a changed core is not refused, but shown and journaled.

``attested.json`` beside this file says which sources a fiscal version was attested with; it is
written by ``manage.py fiscal_version --attest`` and compared by ``script/check`` (decision 0021).
"""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path
from typing import Final, NamedTuple

from teraa.fiscal.version import FISCAL_VERSION

PACKAGE: Final = Path(__file__).resolve().parent
ROOT: Final = PACKAGE.parents[1]
ATTESTED: Final = PACKAGE / "attested.json"
BESIDE: Final = ("teraa/common/append_only.py", "teraa/common/canonical.py")
SUFFIXES: Final = (".py", ".txt")


class CoreVersion(NamedTuple):
    """The version of the core that runs, the hash of its sources, and whether they were attested."""

    version: str
    sha256: str
    attested: bool


def core_files(root: Path = ROOT) -> list[Path]:
    """The files of the core, in the order in which they are hashed."""
    package = root / PACKAGE.relative_to(ROOT)
    own = [path for path in package.rglob("*") if path.suffix in SUFFIXES and path.is_file()]
    files = [*own, *(root / name for name in BESIDE)]
    return sorted(files, key=lambda path: path.relative_to(root).as_posix())


def sources_sha256(root: Path = ROOT) -> str:
    """SHA-256 over name, length and content of every file, wherever and by whom it was checked out.

    Line ends are made one byte long first: a copy for Windows is the same source.
    """
    digest = hashlib.sha256()
    for path in core_files(root):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        name = path.relative_to(root).as_posix()
        digest.update(f"{name}\n{len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def attested_sha256() -> dict[str, str]:
    """Fiscal version and hash that were attested; empty when nothing was."""
    if not ATTESTED.exists():
        return {}
    stated = json.loads(ATTESTED.read_text(encoding="utf-8"))
    return {str(stated["fiscal_version"]): str(stated["sha256"])}


@functools.cache
def core_version() -> CoreVersion:
    """The core of this process: read once, for what runs is what was loaded."""
    sha256 = sources_sha256()
    return CoreVersion(FISCAL_VERSION, sha256, attested_sha256().get(FISCAL_VERSION) == sha256)
