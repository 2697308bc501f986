"""A house of three small parts beside a real PostgreSQL, kept by the real supervisor.

``python -m tests.supervisor.small_house``; the tests start, stop and kill it.  ``steady`` holds,
``stubborn`` ignores SIGTERM and has a child of its own that does too, ``faller`` ends at once
until the file ``holds`` appears.
"""

from __future__ import annotations

import asyncio
import os
import sys

from teraa.supervisor.choices import read_choices
from teraa.supervisor.house import start_database
from teraa.supervisor.keeping import Start, keep
from teraa.supervisor.parts import Part
from teraa.supervisor.refusals import Refusal

STEADY = "import time\nprint('steady speaks', flush=True)\ntime.sleep(600)"
STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()  # out of its parent's group, where only the run's mark finds it
time.sleep(600)
"""
FALLER = """
import pathlib, sys, time
if not pathlib.Path(sys.argv[1]).exists():
    sys.exit("faller falls")
time.sleep(600)
"""


def _part(name: str, program: str, *arguments: str, patience_seconds: float = 5.0) -> Part:
    return Part(
        name=name,
        command=(sys.executable, "-c", program, *arguments),
        environment=dict(os.environ),
        vital=name == "steady",
        patience_seconds=patience_seconds,
    )


async def open_small_house(start: Start) -> None:
    """Start the database and the parts."""
    await start_database(start)
    holds = str(start.places.data / "holds")
    for part in (
        _part("steady", STEADY),
        _part("stubborn", STUBBORN, patience_seconds=1.0),
        _part("faller", FALLER, holds),
    ):
        start.watch.start(part)
    print("open", flush=True)


if __name__ == "__main__":
    try:
        asyncio.run(keep(read_choices([], os.environ), open_small_house))
    except Refusal as refusal:
        sys.exit(str(refusal))
