"""The embedded PostgreSQL of one ``TERAA_DATA``: found or made, with its passwords and port."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from teraa.supervisor.account import Account
from teraa.supervisor.refusals import Refusal
from teraa.supervisor.texts import _

# Where state that an unprivileged account must reach goes when it cannot reach TERAA_DATA.
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
