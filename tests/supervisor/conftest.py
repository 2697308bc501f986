"""Folders that PostgreSQL's account can reach, whoever runs the tests."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from teraa.supervisor.cluster import is_answering, stop
from teraa.supervisor.database import open_database
from teraa.supervisor.places import Places
from teraa.supervisor.processes import send
from tests.running import free_ports
from tests.supervisor.cast import RunningHouse, eventually, launch

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has another account to use")


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """Make a folder others may pass through; pytest's own are closed to every other account."""
    folder = Path(tempfile.mkdtemp(prefix="teraa-test-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def fresh_data() -> Iterator[Path]:
    """A TERAA_DATA nobody has started on yet."""
    with _folder() as folder:
        yield folder / "data"


@pytest.fixture(scope="session")
def used_data() -> Iterator[Path]:
    """A TERAA_DATA that was started on and stopped, for tests to copy."""
    with _folder() as folder:
        places = Places(folder / "data")
        places.make()
        database = open_database(places)
        server = database.cluster.start(port=database.port, output=subprocess.DEVNULL)
        eventually(lambda: is_answering(database.master_url), saying="PostgreSQL does not answer")
        database.provision()
        stop(server)
        yield folder / "data"


@pytest.fixture
def data(used_data: Path) -> Iterator[Path]:
    """A TERAA_DATA of this test's own, as a clean stop left it."""
    with _folder() as folder:
        subprocess.run(["cp", "-a", "--reflink=auto", used_data, folder], check=True)
        yield folder / "data"


@pytest.fixture
def port() -> int:
    """A port with free ones after it, below those the system hands out by itself."""
    return free_ports()


@pytest.fixture
def listener() -> Iterator[Callable[[int], int]]:
    """Another program that listens on a port of this machine."""
    with socket.socket() as taken:

        def listen(port: int) -> int:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", port))
            taken.listen()
            return port

        yield listen


@pytest.fixture
def start_house(data: Path, port: int) -> Iterator[Callable[[], RunningHouse]]:
    """Start the small house on ``data`` and return when it is open, as often as a test likes."""
    started: list[RunningHouse] = []

    def start() -> RunningHouse:
        house = RunningHouse(launch(data, port=port), data)
        started.append(house)
        house.wait_until_open()
        return house

    yield start
    for house in started:
        house.process.kill()
        house.process.communicate()
        send(house.processes(), signal.SIGKILL)
