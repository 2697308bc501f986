"""Where a printer is: what the back office accepts and the drivers open. Pure."""

from __future__ import annotations

from typing import Final

RAW_PORT: Final = 9100


class WrongTarget(ValueError):
    """The driver's name or the printer's address makes no sense."""


def parse_network_target(target: str) -> tuple[str, int]:
    """Read `host`, `host:port` or `[v6]:port`. Raises WrongTarget."""
    host, port = target.strip(), ""
    if host.startswith("["):
        host, bracket, rest = host[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise WrongTarget(f"{target!r} is not an address: write [v6]:port")
        port = rest[1:]
    elif host.count(":") == 1:
        host, _, port = host.partition(":")
    if not host or any(character.isspace() for character in host):
        raise WrongTarget(f"{target!r} is not an address: write host or host:port")
    if port and (not port.isdecimal() or not 0 < int(port) < 65_536):
        raise WrongTarget(f"{target!r} has no port from 1 to 65535")
    return host, int(port) if port else RAW_PORT
