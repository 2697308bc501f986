"""The parts of TERAA: what each runs, what it may know, and whether a venue can open without it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from teraa.supervisor.account import Account
from teraa.supervisor.choices import Choices
from teraa.supervisor.places import ROOT, Places

# Read at start-up by granian; two processes share a host's cores with PostgreSQL and the loops.
WEB_WORKERS = 2
WEB_THREADS = 4


@dataclass(frozen=True)
class Part:
    """One process to keep alive."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    vital: bool = False
    # It counts as up once this port of 127.0.0.1 takes connections; without one, once it has
    # lasted a moment (what it really does shows in its heartbeats).
    port: int | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    patience_seconds: float = 5.0
    account: Account | None = None
    directory: str = field(default=str(ROOT))
    # It may be forked from a process that has done so already.
    imports_django: bool = False


@dataclass(frozen=True)
class Surroundings:
    """The environment variables of one start, by who may see them."""

    common: Mapping[str, str]
    # Fiscal keys: for the parts that seal, and for nobody else.
    keys: Mapping[str, str]
    # The role that owns the tables: for migrations only.
    owner: Mapping[str, str]


def manage(*arguments: str) -> tuple[str, ...]:
    """Return the command line of a management command."""
    return (sys.executable, str(ROOT / "manage.py"), *arguments)


def module(name: str, *arguments: str) -> tuple[str, ...]:
    """Return the command line of a module of ours."""
    return (sys.executable, "-m", name, *arguments)


def node_part(choices: Choices, places: Places, around: Surroundings) -> Part:
    """The development node: a little chain of its own, for the demonstration only."""
    return Part(
        name="devnet",
        command=module(
            "teraa.settlement.osm.devnet",
            "--profile=manifesto",
            f"--blocktime={choices.block_seconds}",
            f"--port={choices.node_port}",
            f"--hooks-port={choices.hooks_port}",
            f"--data={places.data / 'devnet'}",
        ),
        environment=around.common,
        port=choices.node_port,
    )


def house_parts(choices: Choices, places: Places, around: Surroundings) -> list[Part]:
    """Everything that runs once the database is ready, in the order it is started."""

    def loop(name: str, *, vital: bool, sees: Mapping[str, str] | None = None) -> Part:
        environment = {**around.common, "TERAA_PART": name, **(sees or {})}
        return Part(
            name=name,
            command=manage(name),
            environment=environment,
            vital=vital,
            imports_django=True,
        )

    parts = [
        _web(choices, places, around),
        _live(choices, places, around),
        loop("ingest", vital=True),
        loop("effects", vital=True, sees=around.keys),
        loop("relay", vital=True),
        # Closes the days that nobody closed, and signs that nobody did.
        loop("jobs", vital=False, sees=around.keys),
        loop("hooks", vital=False),
    ]
    if choices.demo:
        parts.append(
            Part(
                name="printer",
                command=module(
                    "teraa.devices.fakes.printer",
                    f"--port={choices.printer_port}",
                    f"--data={places.data / 'paper'}",
                ),
                environment=around.common,
                port=choices.printer_port,
            )
        )
    if places.agent.exists():  # no station for an agent, no agent
        parts.append(
            Part(
                name="agent",
                command=module("teraa.devices.agent", f"--config={places.agent}"),
                environment=around.common,
            )
        )
    return parts


def _web(choices: Choices, places: Places, around: Surroundings) -> Part:
    return Part(
        name="web",
        command=_granian(
            "teraa.serving",
            choices,
            places,
            "--interface=wsgi",
            f"--port={choices.port}",
            f"--workers={WEB_WORKERS}",
            f"--blocking-threads={WEB_THREADS}",
            "--no-ws",
            "teraa.wsgi:application",
        ),
        environment={**around.common, **around.keys, "TERAA_PART": "web"},
        vital=True,
        port=choices.port,
        imports_django=True,
    )


def _live(choices: Choices, places: Places, around: Surroundings) -> Part:
    return Part(
        name="live",
        command=_granian(
            "granian",
            choices,
            places,
            "--interface=asgi",
            f"--port={choices.live_port}",
            "--workers=1",
            "--ws",
            "teraa.asgi:application",
        ),
        environment={**around.common, "TERAA_PART": "live"},
        vital=True,
        port=choices.live_port,
        imports_django=True,
    )


def _granian(name: str, choices: Choices, places: Places, *arguments: str) -> tuple[str, ...]:
    tls = (
        (
            f"--ssl-certificate={places.tls / 'server.crt'}",
            f"--ssl-keyfile={places.tls / 'server.key'}",
        )
        if choices.lan
        else ()
    )
    return module(
        name,
        f"--host={'0.0.0.0' if choices.lan else '127.0.0.1'}",  # noqa: S104 (asked for by --lan)
        "--respawn-failed-workers",
        "--workers-kill-timeout=3",
        "--log-level=warning",
        *tls,
        *arguments,
    )
