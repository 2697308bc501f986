"""A connection of one's own to LISTEN on; it shares nothing with Django's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg
from django.db import connection
from psycopg import sql

# A server that vanished without a word is noticed in seconds rather than in hours.
KEEPALIVE = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}


def connection_arguments(name: str) -> dict[str, Any]:
    """How to reach the database Django uses; ``name`` is what pg_stat_activity shows."""
    parameters = connection.get_connection_params()
    for own in ("cursor_factory", "context", "pool"):
        parameters.pop(own, None)
    wanted = {"autocommit": True, "application_name": name, "connect_timeout": 3}
    return {**parameters, **KEEPALIVE, **wanted}


def listen(channels: Iterable[str], *, name: str) -> psycopg.Connection[Any]:
    """Open a connection that listens on ``channels``. Raises psycopg.OperationalError."""
    listening: psycopg.Connection[Any] = psycopg.connect(**connection_arguments(name))
    for channel in channels:
        listening.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
    return listening
