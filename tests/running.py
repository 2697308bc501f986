"""A whole house for one test: the real supervisor, every process, a chain of its own.

with running_house(tmp_path, block_seconds=1) as house:
    house.url, house.till_link("Bar"), house.kill("relay"), house.manage("verify_fiscal")
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from teraa.supervisor.account import account_for_database
from teraa.supervisor.database import home_for

ROOT = Path(__file__).resolve().parents[1]
OPENING_PATIENCE_S = 240


@dataclass
class RunningHouse:
    """A house that serves, and the means to look inside and to hurt it."""

    data: Path
    port: int
    process: subprocess.Popen[str]
    environment: dict[str, str]
    links: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def node_url(self) -> str:
        return f"http://127.0.0.1:{self.port + 3}"

    @property
    def paper(self) -> Path:
        return self.data / "paper"

    def parts(self) -> dict[str, Any]:
        parts: dict[str, Any] = json.loads((self.data / "run" / "parts.json").read_text())["parts"]
        return parts

    def health(self) -> httpx.Response:
        return httpx.get(f"{self.url}/healthz", timeout=5)

    def database_environment(self) -> dict[str, str]:
        """What Django needs to enter this house's database, also as its owner, keys included."""
        kept = json.loads((self.data / "database.json").read_text())
        return {
            **self.environment,
            "TERAA_SECRET_KEY": (self.data / "secret").read_text().strip(),
            "TERAA_KEYS": str(self.data / "keys"),
            "DATABASE_URL": _url(kept, "teraa_app"),
            "DATABASE_OWNER_URL": _url(kept, "teraa_owner"),
            "TERAA_NODE_URL": self.node_url,
            "TERAA_NODE_HOOKS_URL": f"http://127.0.0.1:{self.port + 4}",
        }

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a management command inside this house, as ``script/manage`` does."""
        return subprocess.run(
            [sys.executable, "-m", "teraa.supervisor.managing", *arguments],
            cwd=ROOT,
            env=self.environment,
            check=check,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def fresh_links(self) -> dict[str, Any]:
        """One-time links, unused."""
        links: dict[str, Any] = json.loads(self.manage("demo_links").stdout)
        return links

    def kill(self, part: str) -> int:
        """SIGKILL one part; return the pid that died."""
        pid = int(self.parts()[part]["pid"])
        os.kill(pid, signal.SIGKILL)
        return pid

    def wait_until_healthy(self, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                if self.health().status_code == 200:
                    return
            time.sleep(0.05)
        raise AssertionError(f"not healthy after {seconds} s: {self.parts()}")

    def logs(self) -> str:
        """The end of every part's log, for a failure's message."""
        return "\n".join(
            f"--- {log.stem}\n{log.read_text(errors='replace')[-1500:]}"
            for log in sorted((self.data / "logs").glob("*.log"))
        )


def _url(kept: dict[str, Any], role: str) -> str:
    return f"postgresql://{role}:{kept['passwords'][role]}@127.0.0.1:{kept['port']}/teraa"


def free_ports(count: int = 6) -> int:
    """A port with ``count`` free ones from it on. Another program may still be quicker.

    Below the range from which the system takes ports for connections going out: one of those
    would be free now and taken a moment later.
    """
    first, last = 10_000, 32_000
    start = first + os.getpid() * count % (last - first)
    for base in (*range(start, last, count), *range(first, start, count)):
        with contextlib.ExitStack() as held, contextlib.suppress(OSError):
            for port in range(base, base + count):
                probe = held.enter_context(socket.socket())
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
            return base
    raise AssertionError("no free ports")


PREPARED = ("browser_modules", "collectstatic", "compile_texts", "migrate")
"""What a start does once for a folder, by the names in ``stamps.json``."""


@functools.cache
def prepared_house() -> Path:
    """A house that has been prepared and never opened: its tables made, its files gathered.

    Made by a real first start, once a run; whoever opens a house goes on from a copy of it.
    """
    data = Path(tempfile.mkdtemp(prefix="teraa-prepared-"))
    data.chmod(0o711)  # PostgreSQL's account passes through
    atexit.register(shutil.rmtree, data, ignore_errors=True)
    own = {
        **os.environ,
        "TERAA_DATA": str(data),
        "TERAA_PORT": str(free_ports()),
        "TERAA_DEMO": "0",
    }
    command = [sys.executable, "-m", "teraa.supervisor"]
    with (data / "supervisor.out").open("w+") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=own, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            deadline = time.monotonic() + OPENING_PATIENCE_S
            while not _is_prepared(data):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError((data / "supervisor.out").read_text())
                time.sleep(0.1)
        finally:
            process.terminate()
            process.wait(timeout=30)
    return data


def _is_prepared(data: Path) -> bool:
    with contextlib.suppress(OSError, ValueError):
        done = json.loads((data / "stamps.json").read_text())
        return set(PREPARED) <= done.keys()
    return False


def copy_prepared(data: Path) -> None:
    """Put a copy of the prepared house into the empty folder ``data``."""
    prepared = prepared_house()
    cluster = home_for(data, account_for_database()) / "pg"
    for source, target in (
        (prepared / "pg", cluster),
        *((prepared / name, data / name) for name in ("static", "secret", "stamps.json")),
    ):
        subprocess.run(["/bin/cp", "-a", source, target], check=True)
    record = json.loads((prepared / "database.json").read_text())
    record["data"] = "pg" if cluster.is_relative_to(data.resolve()) else str(cluster)
    kept = data / "database.json"
    kept.write_text(json.dumps(record))
    kept.chmod(0o600)


@contextlib.contextmanager
def running_house(
    data: Path,
    *,
    block_seconds: int = 2,
    environment: dict[str, str] | None = None,
    is_first_start: bool = False,
) -> Iterator[RunningHouse]:
    """Start a house with the demonstration in ``data``; stop it and all its parts at the end.

    ``is_first_start``: from nothing at all, as on somebody's machine, which takes longer.
    """
    if not is_first_start and not (data / "database.json").exists():
        data.mkdir(parents=True, exist_ok=True)
        copy_prepared(data)
    port = free_ports()
    own = {
        **os.environ,
        "TERAA_DATA": str(data),
        "TERAA_PORT": str(port),
        "TERAA_DEMO": "1",
        "TERAA_DEMO_BLOCK_SECONDS": str(block_seconds),
        **(environment or {}),
    }
    data.mkdir(parents=True, exist_ok=True)
    output = (data / "supervisor.out").open("w+")
    process = subprocess.Popen(
        [sys.executable, "-m", "teraa.supervisor"],
        cwd=ROOT,
        env=own,
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
    )
    house = RunningHouse(data, port, process, own)
    try:
        deadline = time.monotonic() + OPENING_PATIENCE_S
        while time.monotonic() < deadline:
            if process.poll() is not None:
                break
            with contextlib.suppress(httpx.HTTPError):
                if house.health().status_code == 200:
                    break
            time.sleep(0.1)
        if process.poll() is not None or house.health().status_code != 200:
            raise AssertionError((data / "supervisor.out").read_text() + house.logs())
        yield house
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        output.close()
