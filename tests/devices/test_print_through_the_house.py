"""Our web server, our agent and a printer, each a process or a socket of its own."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from django.conf import settings

from teraa.common.clock import now
from teraa.common.paper import Columns, Cut, Page, Text
from teraa.devices.agent.config import load_config
from teraa.devices.agent.loop import Agent
from teraa.devices.configuring import Addresses
from teraa.devices.fakes.printer import FakePrinter
from teraa.devices.fakes.tray import Ticket
from teraa.devices.models import PrintJob
from teraa.live.models import Heartbeat
from teraa.venues.models import Station
from tests import make
from tests.conftest import LONG, LiveDatabase
from tests.devices import cast
from tests.live.processes import free_port, running_command, running_live, until

ROOT = Path(__file__).parents[2]
KILLS = 200 if LONG else 6


@contextlib.contextmanager
def web(database: LiveDatabase, port: int) -> Iterator[int]:
    """The web part, answering; yields its process group, since a killed parent leaves a worker."""
    command = [
        *["-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)],
        *["--workers", "1", "--blocking-threads", "4", "--log-level", "warning"],
        "teraa.wsgi:application",
    ]
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | database.environment() | {"TERAA_SECRET_KEY": settings.SECRET_KEY},
        start_new_session=True,
    )
    try:
        until(lambda: _answers(port))
        yield process.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        until(lambda: not _answers(port))


def _answers(port: int) -> bool:
    try:
        return httpx.post(f"http://127.0.0.1:{port}/api/agent/lease/").status_code == 401
    except httpx.TransportError:
        return False


@contextlib.contextmanager
def agent(config: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "teraa.devices.agent", "--config", str(config)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        env=os.environ,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


class Paper(FakePrinter):
    """Remembers all that came out: two hundred kills print more than a fake printer keeps."""

    def __init__(self, folder: Path) -> None:
        self.came: list[Ticket] = []
        super().__init__(folder, on_ticket=self.came.append)


@pytest.fixture
def counter(live_database, tmp_path) -> Iterator[tuple[Paper, object, Path, int]]:
    """A printer on the counter, its row, the agent's file, and the port of a web server to be."""
    port = free_port()
    with Paper(tmp_path / "paper") as paper:
        row = cast.printer(make.venue(), target=paper.target)
        config = tmp_path / "agent.toml"
        config.write_text(_file(row.station, port))
        yield paper, row, config, port


def _file(station: Station, port: int) -> str:
    here = Addresses(f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port + 1}/ws/")
    token: str = station.token  # type: ignore[attr-defined]
    return f'server = "{here.server}"\nlive_url = "{here.live_url}"\ntoken = "{token}"\n'


def page(number: int) -> Page:
    return Page(
        48,
        (
            Text(f"Ticket n° {number:03d}.", align="center", bold=True),
            Columns((("Œuf, café crème", "left", 3), ("4,30\u202f€", "right", 1))),
            Cut(),
        ),
    )


def states() -> Counter[str]:
    return Counter(PrintJob.objects.values_list("state", flat=True))


def printed(paper: Paper, number: int) -> int:
    return sum(ticket.text.count(f"n° {number:03d}.") for ticket in paper.came)


def test_a_page_goes_from_the_queue_to_the_paper(live_database, counter):
    paper, row, config, port = counter
    with web(live_database, port), agent(config):
        job = cast.queued(row, now(), page=page(1))
        until(lambda: states()["confirmed"])

    (ticket,) = paper.tickets
    assert ticket.lines == (
        " " * 17 + "Ticket n° 001.",
        "Œuf, café crème                           4,30 €",
    )
    job.refresh_from_db()
    assert job.attempt == 1
    assert job.sent_at <= job.done_at
    assert Heartbeat.objects.get(part="agent").detail["name"] == row.station.name


def test_the_relay_nudges_the_agent_long_before_it_would_have_asked(live_database, counter):
    paper, row, config, port = counter
    with (
        web(live_database, port),
        running_command(live_database, "relay"),
        running_live(live_database) as live_port,
    ):
        told = replace(load_config(config), live_url=f"ws://127.0.0.1:{live_port}/ws/")
        nudged = Agent(told, poll_seconds=3_600)
        thread = threading.Thread(target=nudged.run, daemon=True)
        thread.start()
        try:
            # Asked once by itself and once at the hello: from here on only a nudge moves it.
            until(lambda: Heartbeat.objects.filter(part="agent").exists())
            for number in range(3):
                cast.queued(row, now(), page=page(number))
                until(lambda: states()["confirmed"] > number)  # noqa: B023
        finally:
            nudged.stop()
            thread.join(10)

    assert [printed(paper, number) for number in range(3)] == [1, 1, 1]


def test_it_goes_on_when_the_server_is_killed_and_comes_back(live_database, counter):
    paper, row, config, port = counter
    with agent(config):
        with web(live_database, port) as server:
            cast.queued(row, now(), page=page(1))
            until(lambda: states()["confirmed"] == 1)
            os.killpg(server, signal.SIGKILL)
        cast.queued(row, now(), page=page(2))
        with web(live_database, port):
            until(lambda: states()["confirmed"] == 2, seconds=60)

    assert [printed(paper, number) for number in (1, 2)] == [1, 1]


@pytest.mark.timeout(1_800 if LONG else 300)
def test_killed_at_any_moment_it_prints_nothing_twice_and_loses_nothing(live_database, counter):
    """kill -9 of the agent, again and again, at moments drawn from a seed."""
    paper, row, config, port = counter
    moments = random.Random(20261119)
    jobs: list[PrintJob] = []

    with web(live_database, port):
        for _ in range(KILLS):
            jobs += [cast.queued(row, now(), page=page(len(jobs) + n)) for n in range(4)]
            waiting = states()["queued"]
            with agent(config) as process:
                until(lambda: states()["queued"] < waiting, seconds=30)  # noqa: B023
                time.sleep(moments.uniform(0, 0.35))
                process.send_signal(signal.SIGKILL)
                process.wait()
        with agent(config):
            until(lambda: set(states()) <= {"confirmed", "unknown"}, seconds=30 + 2 * len(jobs))

    for number, job in enumerate(jobs):
        job.refresh_from_db()
        copies = printed(paper, number)
        assert copies <= 1, f"{number} came out {copies} times"
        if job.state == "confirmed":
            assert copies == 1, f"{number} was confirmed and never came out"
    assert states()["unknown"] <= KILLS
    assert states().total() == len(jobs)
