"""``python -m teraa.supervisor [--lan]``: what ``script/server`` runs once all is installed."""

from __future__ import annotations

import asyncio
import io
import os
import sys

from teraa.supervisor.choices import read_choices
from teraa.supervisor.house import open_house
from teraa.supervisor.keeping import keep
from teraa.supervisor.processes import PROC
from teraa.supervisor.refusals import Refusal
from teraa.supervisor.texts import _


def main() -> int:
    """Start TERAA and keep it running; return the status this process ends with."""
    # A terminal that cannot draw a letter shows a question mark; that is no reason to stop.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        if not (PROC / "self").exists():
            raise Refusal(
                _("TERAA needs a Linux system with /proc mounted: “mount -t proc proc /proc”.")
            )
        asyncio.run(keep(read_choices(sys.argv[1:], os.environ), open_house))
    except Refusal as refusal:
        print(f"\n{refusal}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
