"""The house's web server over a test's own database, as it runs in production."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
from django.conf import settings

from tests.conftest import LiveDatabase
from tests.live.processes import free_port, until

ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def web(database: LiveDatabase, *, keys: Path) -> Iterator[str]:
    """Granian with four threads, and the keys that sign tickets. Yields its address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [
            *[sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"],
            *["--port", str(port), "--workers", "1", "--blocking-threads", "4"],
            *["--log-level", "warning", "teraa.wsgi:application"],
        ],
        cwd=ROOT,
        env=os.environ
        | database.environment()
        | {"TERAA_SECRET_KEY": settings.SECRET_KEY, "TERAA_KEYS": str(keys)},
        start_new_session=True,
    )
    try:
        until(lambda: _answers(address))
        yield address
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/api/ticketing/nowhere/events/").status_code == 404
    except httpx.TransportError:
        return False
