"""The journal port: any room records a sensitive act; the fiscal room plugs in the sink."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from teraa.common.problems import Problem

# The code of the refusal by which the room that keeps the journal says it has no register.
NO_REGISTER_YET = "no_register"


class NoJournal(RuntimeError):
    """No sink is plugged in: the process was started without the fiscal room."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An event as the journal keeps it, for whoever must show later that it was kept.

    ``signature`` is Ed25519 over the UTF-8 bytes of ``payload``; both it and the key are
    hexadecimal.
    """

    number: str
    payload: str
    signature: str
    public_key: str


class Sink(Protocol):
    def __call__(
        self,
        *,
        code: int,
        venue_id: UUID,
        at: datetime.datetime,
        values: Mapping[str, Any],
        station_id: UUID | None,
        operator: str,
    ) -> Kept: ...


_sink: Sink | None = None


def set_sink(sink: Sink) -> None:
    """Plug the room that keeps the journal (called once, when applications are ready)."""
    global _sink
    _sink = sink


def record(
    *,
    code: int,
    venue_id: UUID,
    at: datetime.datetime,
    values: Mapping[str, Any],
    station_id: UUID | None = None,
    operator: str = "",
) -> Kept:
    """Record one technical event (research: JET codes; our own are ≥ 900). Raises NoJournal.

    Joins the caller's transaction: the act and its trace stand or fall together.
    """
    if _sink is None:
        raise NoJournal("teraa.fiscal is not installed")
    return _sink(
        code=code, venue_id=venue_id, at=at, values=values, station_id=station_id, operator=operator
    )


def record_where_kept(
    *,
    code: int,
    venue_id: UUID,
    at: datetime.datetime,
    values: Mapping[str, Any],
    station_id: UUID | None = None,
    operator: str = "",
) -> Kept | None:
    """The same for what also happens in a venue that is being set up; None where there is no journal.

    Such a venue has sold nothing and has no register yet: there is nothing to journal in.
    """
    try:
        return record(
            code=code,
            venue_id=venue_id,
            at=at,
            values=values,
            station_id=station_id,
            operator=operator,
        )
    except Problem as problem:
        if problem.code != NO_REGISTER_YET:
            raise
    return None
