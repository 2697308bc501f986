"""What the supervisor's tests look at: running houses, their processes, their state."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from teraa.supervisor.places import ROOT
from teraa.supervisor.processes import marked, working_in

PATIENCE_SECONDS = 30.0


def eventually(truth: Callable[[], Any], *, saying: str) -> Any:
    """Return the first true answer of ``truth``; fail after a while, ``saying`` what never came."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (answer := truth()):
        assert time.monotonic() < deadline, saying
        time.sleep(0.05)
    return answer


@dataclass
class RunningHouse:
    """A supervisor of its own, as a process."""

    process: subprocess.Popen[str]
    data: Path

    def wait_until_open(self) -> None:
        """Return when the house says it is open."""
        assert self.process.stdout is not None
        said = []
        for line in self.process.stdout:
            said.append(line)
            if line == "open\n":
                return
        raise AssertionError("the house did not open: " + "".join(said))

    @property
    def run(self) -> str:
        return str(json.loads((self.data / "run" / "supervisor.json").read_text())["run"])

    def parts(self) -> dict[str, Any]:
        path = self.data / "run" / "parts.json"
        return dict(json.loads(path.read_text())["parts"]) if path.exists() else {}

    def wait_for(self, name: str, state: str) -> dict[str, Any]:
        def there() -> dict[str, Any] | None:
            part = self.parts().get(name, {})
            return part if part.get("state") == state else None

        found: dict[str, Any] = eventually(there, saying=f"{name} never became {state}")
        return found

    def processes(self) -> list[int]:
        """Everything this run has started, PostgreSQL's processes included."""
        return [*marked(self.run), *working_in(self.data / "pg", program="postgres")]

    def end(self, number: signal.Signals = signal.SIGTERM) -> str:
        self.process.send_signal(number)
        return self.process.communicate(timeout=PATIENCE_SECONDS)[0]


def refused_start(data: Path, *, port: int) -> str:
    """Start the small house where it must be refused, and return the sentence."""
    process = launch(data, port=port)
    words = process.communicate(timeout=PATIENCE_SECONDS)[0]
    assert process.returncode == 1, words
    return words


def launch(data: Path, *, port: int) -> subprocess.Popen[str]:
    """Start the small house as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.supervisor.small_house"],
        cwd=ROOT,
        env={
            **os.environ,
            "TERAA_DATA": str(data),
            "TERAA_PORT": str(port),
            "TERAA_DEMO": "0",
            "DATABASE_URL": "",
            "DATABASE_OWNER_URL": "",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
