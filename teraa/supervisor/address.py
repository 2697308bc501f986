"""``python -m teraa.supervisor.address``: where the embedded database is, for psql and pg_dump."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from teraa.supervisor.cluster import MASTER_ROLE, url
from teraa.supervisor.places import ROOT, Places
from teraa.supervisor.texts import _


def main() -> int:
    """Print the superuser's address of the database in TERAA_DATA; 1 when there is none."""
    places = Places(Path(os.environ.get("TERAA_DATA") or ROOT / ".data").resolve())
    try:
        record = json.loads(places.database.read_text(encoding="utf-8"))
    except OSError as error:
        print(
            _("{path} cannot be read ({error}): no database was made here, or not by you.").format(
                path=places.database, error=error.strerror
            ),
            file=sys.stderr,
        )
        return 1
    password = record["passwords"][MASTER_ROLE]
    print(url(role=MASTER_ROLE, password=password, port=record["port"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
