"""The file an agent on this machine is started with: where to call, and the token to call with."""

from __future__ import annotations

import datetime
import json
import os
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from teraa.common.problems import Problem
from teraa.venues.authentication import StationRevoked, StationUnknown, session_for
from teraa.venues.models import Station, StationKind
from teraa.venues.operations import enrol_agent


class NoAgentStation(Problem):
    code = "no_agent_station"
    status = 409
    title = _("No station of the kind “device agent” exists yet.")
    advice = _("Add one in the back office, under Stations, then start again.")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the agent finds the server. `authority` is the certificate to trust, if not public."""

    server: str
    live_url: str
    authority: Path | None = None


def write_agent_file(
    path: Path, *, addresses: Addresses, name: str = "", at: datetime.datetime
) -> tuple[Station, bool]:
    """Write the agent's file; return its station and whether it was enrolled anew.

    A token that still opens the door is kept, so that running this again disturbs nobody. Else
    the station called `name` is enrolled, or the agent station with the most printers.

    Raises:
        NoAgentStation: there is no such station.
    """
    token = _kept_token(path)
    station = _station_of(token)
    if station is None or (name and station.name != name):
        station = _choose(name)
        token = enrol_agent(station=station, at=at)
        is_new = True
    else:
        is_new = False
    lines = {
        "server": addresses.server,
        "live_url": addresses.live_url,
        "token": token,
        "verify": str(addresses.authority) if addresses.authority else "",
        "state_dir": "agent-state",
    }
    # A JSON string is a TOML string.
    text = "".join(f"{key} = {json.dumps(value)}\n" for key, value in lines.items() if value)
    _write_private(path, "# Written by manage.py agent_config; the token is a secret.\n" + text)
    return station, is_new


def _kept_token(path: Path) -> str:
    try:
        kept = tomllib.loads(path.read_text()).get("token", "")
    except (OSError, ValueError):
        return ""
    return kept if isinstance(kept, str) else ""


def _station_of(token: str) -> Station | None:
    if not token:
        return None
    try:
        station = session_for(station_token=token).station
    except (StationUnknown, StationRevoked):
        return None
    return station if station.kind == StationKind.AGENT else None


def _choose(name: str) -> Station:
    agents = Station.objects.filter(kind=StationKind.AGENT)
    if name:
        agents = agents.filter(name=name)
    agents = agents.annotate(hands=Count("printers", filter=Q(printers__active=True)))
    station = agents.order_by("-hands", "pk").first()
    if station is None:
        raise NoAgentStation()
    return station


def _write_private(path: Path, text: str) -> None:
    """Write the file whole, readable by its owner only from its first byte on."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".agent-", delete=False) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(path)
