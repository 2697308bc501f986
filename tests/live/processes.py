"""Our own processes on a test's own database, and a client for their sockets."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from websockets.sync.client import ClientConnection, connect

from teraa.common.clock import now
from teraa.live.models import Heartbeat
from tests.conftest import LiveDatabase

ROOT = Path(__file__).resolve().parents[2]
# Much longer than anything takes: only a machine under heavy load comes near it.
PATIENCE_S = 60.0


def until(condition: Callable[[], Any], *, seconds: float = PATIENCE_S) -> Any:
    """Poll until ``condition()`` is true and return what it returned."""
    deadline = time.monotonic() + seconds
    while True:
        if found := condition():
            return found
        assert time.monotonic() < deadline, f"waited {seconds} s for nothing"
        time.sleep(0.01)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(database: LiveDatabase, *command: str, **variables: str) -> Iterator[Any]:
    """A process of ours; SIGTERM at the end must end it well, unless the test killed it."""
    environment = {
        **os.environ,
        **database.environment(),
        "TERAA_SECRET_KEY": settings.SECRET_KEY,
        **variables,
    }
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        assert code in (0, -signal.SIGKILL), f"{command} ended with {code}"


def _beats(part: str, *, since: datetime.datetime) -> bool:
    return Heartbeat.objects.filter(part=part, beat_at__gte=since).exists()


@contextlib.contextmanager
def running_command(database: LiveDatabase, name: str) -> Iterator[Any]:
    """One of our loops, once it says that it is alive."""
    since = now()
    with running(database, "manage.py", name) as process:
        until(lambda: _beats(name, since=since))
        yield process


@contextlib.contextmanager
def running_live(database: LiveDatabase, **variables: str) -> Iterator[int]:
    """The live process; gives its port once it answers and listens."""
    port, since = free_port(), now()
    arguments = ["--interface", "asgi", "--host", "127.0.0.1", "--port", str(port)]
    command = ["-m", "granian", *arguments, "--workers", "1", "--no-access-log"]
    with running(database, *command, "teraa.asgi:application", **variables) as process:

        def answers() -> bool:
            assert process.poll() is None, "the live process ended"
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return True
            return False

        until(answers)
        until(lambda: _beats("live", since=since))
        yield port


class Ear:
    """A websocket client that keeps what it heard."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.heard: list[dict[str, Any]] = []

    def next(self, *, seconds: float = PATIENCE_S) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.connection.recv(timeout=seconds))
        self.heard.append(message)
        return message

    def wait_for(self, **wanted: Any) -> dict[str, Any]:
        """The next message that has all these values."""
        while True:
            message = self.next()
            if all(message.get(name) == value for name, value in wanted.items()):
                return message


@contextlib.contextmanager
def ear(
    port: int, *, path: str = "/ws/", origin: str | None = None, **headers: str
) -> Iterator[Ear]:
    names = {name.capitalize(): value for name, value in headers.items()}
    with connect(
        f"ws://127.0.0.1:{port}{path}",
        additional_headers=names,
        origin=origin,
        open_timeout=10,
        # A slow machine is no broken line.
        ping_interval=None,
    ) as connection:
        yield Ear(connection)
