"""The unprivileged account PostgreSQL runs under when the supervisor is root.

PostgreSQL refuses to run as root.  An account of its own is made where the system lets us; it can
log in nowhere, owns the database's files and nothing else.
"""

# The programs are the system's own.
# ruff: noqa: S603
from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from teraa.supervisor.refusals import Refusal
from teraa.supervisor.texts import _

NAME = "teraa-db"
FALLBACK = "nobody"


@dataclass(frozen=True)
class Account:
    """A system account, by the numbers the kernel knows it by."""

    name: str
    uid: int
    gid: int

    def may_enter(self, directory: Path) -> bool:
        """Say whether this account can reach ``directory`` through every folder above it.

        Asked of the kernel itself, as that account: mode bits alone miss ACLs and mount options.
        """
        answer = subprocess.run(
            ["/usr/bin/test", "-x", str(directory)],
            user=self.uid,
            group=self.gid,
            extra_groups=[],
            cwd="/",
            check=False,
        )
        return answer.returncode == 0

    def take(self, path: Path, mode: int) -> None:
        """Make ``path`` this account's own, with ``mode``."""
        os.chown(path, self.uid, self.gid)
        path.chmod(mode)


def account_for_database() -> Account | None:
    """Return the account PostgreSQL must run under, or None when we are an ordinary user.

    Raises:
        Refusal: we are root and the system has no unprivileged account and no way to make one.
    """
    if os.geteuid() != 0:
        return None
    found = _find(NAME) or _make(NAME) or _find(FALLBACK)
    if found is None:
        raise Refusal(
            _(
                "PostgreSQL does not run as root, and no unprivileged account was found or could be"
                " made. Create one with “useradd --system {name}”, or start TERAA as an ordinary"
                " user."
            ).format(name=NAME)
        )
    return found


def _find(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return None if entry.pw_uid == 0 else Account(name, entry.pw_uid, entry.pw_gid)


def _make(name: str) -> Account | None:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        return None
    # Two starts may race here: whoever comes second finds the account of the first.
    subprocess.run(
        [
            useradd,
            "--system",
            "--user-group",
            "--no-create-home",
            "--home-dir",
            "/nonexistent",
            "--shell",
            "/usr/sbin/nologin",
            name,
        ],
        capture_output=True,
        check=False,
    )
    return _find(name)
