"""One look at a node that we do not follow: where it is, and whether its chain is ours.

Runs in a thread of its own and touches no table: a node that hangs delays nobody.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from teraa.common.clock import now
from teraa.settlement.osm.ingest.verify import BlockCheck, BlockForged, verify_header
from teraa.settlement.osm.node import Configuration, NodeClient, NodeTrouble, Tip

WALK = 25
"""Headers read back from a node's tip, one by one, to find the block we share."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look at. ``held`` are ids of our chain's newest blocks by height."""

    held: Mapping[int, str]
    check: BlockCheck = BlockCheck.SIGNATURES
    network: bool = False
    clock: bool = False
    delegates: int = 0
    now: Callable[[], datetime.datetime] = now


@dataclass(slots=True)
class Observation:
    """What a node said. ``shared`` is the highest height at which it holds the block we hold.

    ``above`` are ids of its blocks above that height; ``forked`` says that one of them stands
    where we hold another. ``shared`` is None when it could not be told: the node is behind
    everything we remember, or far ahead.
    """

    tip: Tip | None = None
    shared: int | None = None
    above: dict[int, str] = field(default_factory=dict)
    forked: bool = False
    configuration: Configuration | None = None
    clock: int | None = None
    asked_at: datetime.datetime | None = None
    delegates: list[str] = field(default_factory=list)
    client: NodeClient | None = None
    lie: str = ""
    trouble: str = ""


def observe(
    client: NodeClient | None, connect: Callable[[], NodeClient], wanted: Wanted
) -> Observation:
    """Look at a node, connecting first if need be. Never raises; trouble and lies are told."""
    seen = Observation(client=client)
    try:
        if seen.client is None:
            seen.client = connect()
        _look(seen, seen.client, wanted)
    except BlockForged as error:
        seen.lie = str(error)
    except NodeTrouble as error:
        seen.trouble = f"{type(error).__name__}: {error}"
    return seen


def _look(seen: Observation, client: NodeClient, wanted: Wanted) -> None:
    if wanted.network:
        seen.configuration = client.configuration()
    if wanted.clock:
        seen.asked_at = wanted.now()
        seen.clock = client.clock()
    if wanted.delegates:
        seen.delegates = client.delegates(wanted.delegates)
    seen.tip = tip = client.tip()
    if not wanted.held:
        return
    ours, lowest = max(wanted.held), min(wanted.held)
    if tip.height < lowest:
        return
    if wanted.held.get(tip.height) == tip.block_id:
        seen.shared = tip.height
    elif tip.height - ours > WALK:
        # Too far ahead to walk: whether its next block follows our last one says enough.
        found = client.headers(ours + 1, ours + 1)
        if found and verify_header(found[0], wanted.check):
            seen.shared = ours if found[0].previous_block == wanted.held[ours] else None
            seen.forked = seen.shared is None
    else:
        _walk(seen, client, wanted, lowest)


def _walk(seen: Observation, client: NodeClient, wanted: Wanted, lowest: int) -> None:
    """Back from the tip, by the links, to a block we hold."""
    tip = seen.tip
    if tip is None:
        return
    height, block_id = tip.height, tip.block_id
    while height >= lowest:
        if wanted.held.get(height) == block_id:
            seen.shared = height
            break
        if tip.height - height > 2 * WALK:
            break
        header = client.header(block_id)
        if header.height != height:
            raise BlockForged(f"{block_id} was said to be at {height}, it is at {header.height}")
        verify_header(header, wanted.check)
        seen.above[height] = block_id
        height, block_id = height - 1, header.previous_block
    seen.forked = any(one in wanted.held for one in seen.above)
