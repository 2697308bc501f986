"""The kinds of events there are: each room names its own, with a contract for what they carry.

A contract is a JSON schema in ``contracts/<api version>/<kind>.json``: what receivers were
promised. Adding a field is fine; one that vanishes, changes its type or its meaning needs a new
api version (shops broke over exactly that: BTCPay #5496).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from teraa.common.problems import Sentence
from teraa.webhooks.problems import UnknownKind

API_VERSION = "1"
EVERYTHING = "*"
PING = "ping"
KIND_LENGTH = 60
CONTRACTS = Path(__file__).resolve().parent / "contracts"
_NAME = re.compile(r"[a-z][a-z_]*(\.[a-z][a-z_]*)?")


@dataclass(frozen=True)
class Kind:
    """One kind of event: ``<what>.<what happened>``."""

    name: str
    description: Sentence


_kinds: dict[str, Kind] = {}


def register(*, kind: str, description: Sentence) -> None:
    """Name a kind of event (in AppConfig.ready); its contract must be there. Raises ValueError."""
    if not _NAME.fullmatch(kind) or len(kind) > KIND_LENGTH:
        raise ValueError(f"no name for a kind of event: {kind!r}")
    _kinds[kind] = Kind(kind, description)


def registered() -> list[Kind]:
    """All of them, by name."""
    return [_kinds[name] for name in sorted(_kinds)]


def is_registered(kind: str) -> bool:
    """Whether some room named this kind."""
    return kind in _kinds


def patterns_of(kind: str) -> list[str]:
    """What an endpoint may want and then gets ``kind``: ``*``, ``due.*``, ``due.settled``."""
    return [EVERYTHING, f"{kind.partition('.')[0]}.*", kind]


def patterns() -> list[str]:
    """All that can be wanted, the widest first. A ping comes when asked for, wanted or not."""
    names = [kind.name for kind in registered() if kind.name != PING]
    families = sorted({f"{name.partition('.')[0]}.*" for name in names})
    return [EVERYTHING, *families, *names]


def check_wanted(wanted: Sequence[str]) -> list[str]:
    """``wanted`` in order and each once. Raises UnknownKind for what no room ever announces."""
    known = patterns()
    for pattern in wanted:
        if pattern not in known:
            raise UnknownKind(kind=pattern)
    return [pattern for pattern in known if pattern in wanted]


@cache
def contract(kind: str, api_version: str = API_VERSION) -> dict[str, Any]:
    """The JSON schema of the whole body of ``kind``. Raises FileNotFoundError."""
    text = (CONTRACTS / api_version / f"{kind}.json").read_text(encoding="utf-8")
    promised: dict[str, Any] = json.loads(text)
    return promised
