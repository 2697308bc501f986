"""What a topic sets off, beyond being pushed: rooms above register it when applications are ready.

    topics.register("mail", defer_sending)

A reaction runs in the relay, in the transaction that marks the row published, so it happens once
or not at all. It only writes to the database (defers a job, inserts a delivery): no network.
"""

from __future__ import annotations

import datetime
from typing import Protocol

# The key of the news that who may listen has changed: the topic's sockets are checked again.
ACCESS_KEY = "access"


class Reaction(Protocol):
    def __call__(self, *, topic: str, key: str, version: int, at: datetime.datetime) -> None: ...


_reactions: dict[str, list[Reaction]] = {}


def register(prefix: str, reaction: Reaction) -> None:
    """Let ``reaction`` answer every topic ``prefix`` or ``prefix.…``; twice counts once."""
    known = _reactions.setdefault(prefix, [])
    if reaction not in known:
        known.append(reaction)


def reactions_to(topic: str) -> list[Reaction]:
    """Whoever registered for the topic's first word."""
    prefix, _dot, _rest = topic.partition(".")
    return _reactions.get(prefix, [])
