"""The node under test: ours, or a real one named by the environment. The tests cannot tell."""

from __future__ import annotations

import shlex
import ssl
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

from teraa.settlement.osm.devnet.node import DevelopmentNode

Seen = TypeVar("Seen")
_PATIENCE = 60.0
"""Seconds: caches of a real node hold 8 and 30 seconds, a slot that was missed four more."""


@dataclass
class Subject:
    """What every test needs of a node. `url` and `hooks_url` are without `/api`."""

    url: str
    hooks_url: str
    dialect: str
    passphrase: str
    http: httpx.Client = field(
        default_factory=lambda: httpx.Client(
            trust_env=False,
            timeout=20,
            verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            # 3.9.1 says keep-alive and cuts the connection after every answer (test_connect.py).
            limits=httpx.Limits(max_keepalive_connections=0),
        )
    )

    def ask(self, path: str, *, method: str = "", hooks: bool = False, **more: Any) -> Any:
        """Return the answer to a request below `/api`."""
        base = self.hooks_url if hooks else self.url
        method = method or ("POST" if "json" in more or "content" in more else "GET")
        return self.http.request(method, f"{base}/api{path}", **more)

    def data(self, path: str) -> Any:
        """Return the `data` of an answer that must be 200."""
        answer = self.ask(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:300]}"
        return answer.json()["data"]

    def tip(self) -> tuple[int, str]:
        """Return height and id of the newest block."""
        found = self.data("/node/syncing")
        return found["height"], found["id"]

    def until(self, question: Callable[[], Seen], enough: Callable[[Seen], object]) -> Seen:
        """Ask until the answer is enough (a real node caches and forges by itself)."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            seen = question()
            if enough(seen):
                return seen
            assert time.monotonic() < deadline, f"still {seen!r:.600}"
            self.wait()

    def forge(self, count: int = 1) -> int:
        """Let `count` more blocks be made; return the height."""
        raise NotImplementedError

    def wait(self) -> None:
        """Let a moment pass between two questions."""
        raise NotImplementedError

    def roll_back(self, count: int) -> None:
        """Have the newest blocks undone."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of what the fixture holds."""
        self.http.close()


@dataclass
class OurSubject(Subject):
    """The development node: blocks are made when asked for."""

    node: DevelopmentNode | None = None

    def forge(self, count: int = 1) -> int:
        assert self.node is not None
        return self.node.forge(count).height

    def wait(self) -> None:
        time.sleep(0.01)

    def roll_back(self, count: int) -> None:
        assert self.node is not None
        self.node.roll_back(count)


@dataclass
class RealSubject(Subject):
    """A node that runs by itself; `rollback_command` has `{n}` where the count goes."""

    rollback_command: str = ""

    def forge(self, count: int = 1) -> int:
        wanted = self.tip()[0] + count
        return self.until(lambda: self.tip()[0], lambda height: height >= wanted)

    def wait(self) -> None:
        time.sleep(0.5)

    def roll_back(self, count: int) -> None:
        before = self.tip()[0]
        command = [part.replace("{n}", str(count)) for part in shlex.split(self.rollback_command)]
        subprocess.run(command, check=True, timeout=60)
        self.until(lambda: self.tip()[0], lambda height: height <= before - count + 1)
