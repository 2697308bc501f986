"""Write the file the agent of this machine is started with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from teraa.common.clock import now
from teraa.devices.configuring import Addresses, NoAgentStation, write_agent_file


class Command(BaseCommand):
    help = "Enrol the device agent of this machine and write its agent.toml, keeping a good token."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--station", default="", help="name of the agent's station")
        parser.add_argument("--path", type=Path, default=settings.TERAA_DATA / "agent.toml")
        parser.add_argument("--server", default="", help="address the agent calls")
        parser.add_argument("--live-url", default="", help="address of the websockets")
        parser.add_argument("--authority", type=Path, help="certificate to trust")

    def handle(self, *args: Any, **options: Any) -> None:
        addresses = Addresses(
            server=options["server"]
            or f"{settings.TERAA_SCHEME}://127.0.0.1:{settings.TERAA_PORT}",
            live_url=options["live_url"] or _live_url(),
            authority=options["authority"] or _authority(),
        )
        try:
            station, is_new = write_agent_file(
                options["path"], addresses=addresses, name=options["station"], at=now()
            )
        except NoAgentStation as problem:
            # A house without hardware is a house all the same: say so, and let it start.
            said = problem.as_dict()
            self.stdout.write(f"{said['title']} {said['advice']}")
            return
        word = "enrolled" if is_new else "kept"
        self.stdout.write(f"{station.venue}: {station} {word}, {options['path']}")


def _live_url() -> str:
    scheme = "wss" if settings.TERAA_SCHEME == "https" else "ws"
    return f"{scheme}://127.0.0.1:{settings.TERAA_LIVE_PORT}/ws/"


def _authority() -> Path | None:
    """The authority `script/server --lan` made, when pages are served with its certificates."""
    path: Path = settings.TERAA_DATA / "tls" / "teraa-authority.crt"
    return path if settings.TERAA_SCHEME == "https" and path.exists() else None
