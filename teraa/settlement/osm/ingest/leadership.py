"""Who may write what the chain says, and how a leader that was replaced notices."""

from __future__ import annotations

from dataclasses import dataclass

from teraa.settlement.osm.models import BlockCursor, Network


class LeadershipLost(Exception):
    """Another leader has taken over: this one must stop writing."""


@dataclass(frozen=True, slots=True)
class Leadership:
    """Who writes: the network, and the epoch in which it may."""

    network: Network
    epoch: int


def locked_cursor(by: Leadership) -> BlockCursor:
    """The cursor, locked until the commit, if we still lead. Raises LeadershipLost."""
    cursor = BlockCursor.objects.select_for_update(no_key=True).get(network=by.network)
    if cursor.epoch != by.epoch:
        raise LeadershipLost(f"epoch {cursor.epoch} follows {by.epoch}")
    return cursor
