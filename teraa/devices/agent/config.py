"""The agent's one file.

server = "https://teraa.example"         # where jobs come from
live_url = "wss://teraa.example/ws/"     # where nudges come from; without it, polling alone
token = "…"                              # the station's token
verify = "/etc/teraa/authority.pem"      # authority to trust; without it, the system's
state_dir = "/var/lib/teraa-agent"       # beside the file, when absent

[printers."Bar"]                         # a printer the server knows, reached another way
driver = "network"
target = "192.168.1.40:9100"
"""

from __future__ import annotations

import ssl
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

_KNOWN: Final = {"server", "live_url", "token", "verify", "state_dir", "printers"}
_PRINTER_KNOWN: Final = {"driver", "target", "profile"}
WEBSOCKET_PATH: Final = "/ws/"


class ConfigError(Exception):
    """The agent's file is missing, unreadable or says something it must not."""


@dataclass(frozen=True, slots=True)
class PrinterOverride:
    """How this machine reaches a printer, where it differs from what the server says."""

    driver: str | None = None
    target: str | None = None
    profile: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """What the agent was told."""

    server: str
    token: str = field(repr=False)
    state_dir: Path
    live_url: str | None = None
    verify: Path | None = None
    printers: Mapping[str, PrinterOverride] = field(default_factory=dict)

    def trust(self) -> ssl.SSLContext:
        """The certificates the agent believes. Raises ConfigError."""
        try:
            return ssl.create_default_context(cafile=str(self.verify) if self.verify else None)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"verify: {self.verify} holds no certificate: {error}") from error


def load_config(path: Path) -> AgentConfig:
    """Read the file. Raises ConfigError, which says what to change in it."""
    try:
        values = tomllib.loads(path.read_text())
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error
    if unknown := set(values) - _KNOWN:
        raise ConfigError(f"{path}: nothing is called {', '.join(sorted(unknown))} here")
    live_url = _text(values, "live_url", "")
    verify = _text(values, "verify", "")
    here = path.resolve().parent
    return AgentConfig(
        server=_address(_text(values, "server"), "server", {"http", "https"}).rstrip("/"),
        token=_text(values, "token"),
        live_url=_socket_address(live_url) if live_url else None,
        verify=here / verify if verify else None,
        state_dir=here / _text(values, "state_dir", "agent-state"),
        printers=_printers(values.get("printers", {})),
    )


def _text(values: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = values.get(name, default)
    if not isinstance(value, str) or (default is None and not value.strip()):
        raise ConfigError(f"{name} must be given, as text")
    return value.strip()


def _address(value: str, name: str, schemes: set[str]) -> str:
    try:
        parts = urlsplit(value)
        valid = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise ConfigError(f"{name} must be an address such as {min(schemes)}://host:8000")
    return value


def _socket_address(value: str) -> str:
    parts = urlsplit(_address(value, "live_url", {"ws", "wss"}))
    return urlunsplit(parts if parts.path.strip("/") else parts._replace(path=WEBSOCKET_PATH))


def _printers(values: object) -> dict[str, PrinterOverride]:
    if not isinstance(values, dict):
        raise ConfigError('printers must be tables, such as [printers."Bar"]')
    overrides = {}
    for name, given in values.items():
        if not isinstance(given, dict) or set(given) - _PRINTER_KNOWN:
            raise ConfigError(f"printers.{name} takes driver, target and profile only")
        profile = given.get("profile")
        if profile is not None and not isinstance(profile, dict):
            raise ConfigError(f"printers.{name}.profile must be a table")
        overrides[name] = PrinterOverride(
            driver=_text(given, "driver", "") or None,
            target=_text(given, "target", "") or None,
            profile=profile,
        )
    return overrides
