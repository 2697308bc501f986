"""What this start was asked for: from the command line, the environment, and earlier starts."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from teraa.supervisor.places import ROOT, Places, write_whole
from teraa.supervisor.refusals import Refusal
from teraa.supervisor.texts import _

DEMO_BLOCK_SECONDS = 8


@dataclass(frozen=True)
class Choices:
    """One start, decided."""

    data: Path
    port: int
    demo: bool
    lan: bool = False
    # Of the development node; a chain keeps the one it began with.
    block_seconds: int = DEMO_BLOCK_SECONDS
    # Both set: somebody else's PostgreSQL. Both empty: our own.
    database_url: str = ""
    database_owner_url: str = ""

    @property
    def live_port(self) -> int:
        """The port of the websockets."""
        return self.port + 1

    @property
    def node_port(self) -> int:
        """The port of the development node."""
        return self.port + 3

    @property
    def hooks_port(self) -> int:
        """The port where the development node takes webhooks' addresses."""
        return self.port + 4

    @property
    def printer_port(self) -> int:
        """The port of the fake printer."""
        return self.port + 5

    @property
    def is_embedded(self) -> bool:
        """Whether PostgreSQL is ours to run."""
        return not self.database_url

    @property
    def scheme(self) -> str:
        """How the pages are reached."""
        return "https" if self.lan else "http"

    def ports(self) -> list[int]:
        """Return every port this start needs for itself."""
        demo_ports = [self.node_port, self.hooks_port, self.printer_port] if self.demo else []
        return [self.port, self.live_port, *demo_ports]


def read_choices(arguments: Sequence[str], environment: Mapping[str, str]) -> Choices:
    """Return what this start was asked for.

    The demonstration is on at the first start of a fresh TERAA_DATA, off with a PostgreSQL of
    one's own (whose tables may hold a real venue), and then stays as ``TERAA_DEMO`` last said.

    Raises:
        Refusal: a variable holds something it cannot.
    """
    parser = argparse.ArgumentParser(prog="script/server", description=_("Start TERAA."))
    parser.add_argument(
        "--lan",
        action="store_true",
        help=_("serve tablets and phones on the local network, over TLS"),
    )
    lan: bool = parser.parse_args(list(arguments)).lan
    data = Path(environment.get("TERAA_DATA") or ROOT / ".data").absolute()
    database_url = environment.get("DATABASE_URL", "")
    owner_url = environment.get("DATABASE_OWNER_URL", "")
    if bool(database_url) != bool(owner_url):
        raise Refusal(
            _(
                "Your own PostgreSQL needs two addresses: DATABASE_URL for the role teraa_app and"
                " DATABASE_OWNER_URL for the role teraa_owner. docs/operations.md says how to make"
                " both roles."
            )
        )
    return Choices(
        data=data,
        port=_port(environment.get("TERAA_PORT") or "8000"),
        demo=_demo(data, environment.get("TERAA_DEMO", ""), is_embedded=not database_url),
        lan=lan,
        block_seconds=_block_seconds(environment.get("TERAA_DEMO_BLOCK_SECONDS") or ""),
        database_url=database_url,
        database_owner_url=owner_url,
    )


def remember_choices(places: Places, choices: Choices) -> None:
    """Keep what holds for the next start."""
    write_whole(places.choices, json.dumps({"demo": choices.demo}) + "\n")


def _port(text: str) -> int:
    # The parts take the five ports above this one, and those below 1024 belong to root.
    if text.isascii() and text.isdigit() and 1024 <= int(text) <= 65_530:
        return int(text)
    raise Refusal(
        _("TERAA_PORT is “{text}”; it must be a number from 1024 to 65530.").format(text=text)
    )


def _block_seconds(text: str) -> int:
    if not text:
        return DEMO_BLOCK_SECONDS
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 60:
        return int(text)
    raise Refusal(
        _("TERAA_DEMO_BLOCK_SECONDS is “{text}”; it must be a number from 1 to 60.").format(
            text=text
        )
    )


def _demo(data: Path, text: str, *, is_embedded: bool) -> bool:
    if text in {"0", "1"}:
        return text == "1"
    if text:
        raise Refusal(_("TERAA_DEMO is “{text}”; it must be 0 or 1.").format(text=text))
    try:
        kept: bool = json.loads((data / "choices.json").read_text(encoding="utf-8"))["demo"]
    except FileNotFoundError:
        return is_embedded
    return kept


def outer_environment() -> dict[str, str]:
    """Return our own environment without what only some parts may see."""
    hidden = ("DATABASE_URL", "DATABASE_OWNER_URL", "TERAA_KEYS", "TERAA_SECRET_KEY", "TERAA_ROLE")
    return {name: value for name, value in os.environ.items() if name not in hidden}
