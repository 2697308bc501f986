"""What a node is good for, judged by what it said lately. Pure (settlement.md §3.11)."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from teraa.settlement.osm.states import PeerHealth

SILENT_AFTER = datetime.timedelta(seconds=3)
SLOTS_STILL = 5
LONGEST_STILL = datetime.timedelta(seconds=60)
TOO_FAR_BEHIND = 3
CLOCK_OFF_S = 30
FORKED_FOR = datetime.timedelta(minutes=10)
QUARANTINE = datetime.timedelta(hours=1)
STRIKES = 3


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a node at one moment; times are None for what never happened."""

    answered_at: datetime.datetime | None = None
    failing_since: datetime.datetime | None = None
    height: int | None = None
    tip_moved_at: datetime.datetime | None = None
    syncing: bool = False
    clock_off_s: int | None = None
    forked_since: datetime.datetime | None = None
    quarantined_until: datetime.datetime | None = None
    disabled: bool = False
    differs_at: int | None = None


def best_height(linked: Iterable[int | None]) -> int:
    """The highest block that a node was seen to hold on a chain that leads to ours.

    A tip that does not link to ours proves nothing: anybody can name a height.
    """
    return max((one for one in linked if one is not None), default=0)


def health_of(
    facts: Facts, *, best: int, block_seconds: int, at: datetime.datetime
) -> tuple[PeerHealth, str]:
    """The node's health and, unless it is well, why (a sentence for operators)."""
    if facts.disabled:
        return PeerHealth.DISABLED, "false answers, again and again"
    if facts.quarantined_until is not None and at < facts.quarantined_until:
        return PeerHealth.QUARANTINED, "a false answer"
    if facts.failing_since is not None and at - facts.failing_since >= SILENT_AFTER:
        return PeerHealth.SILENT, "no usable answer"
    if facts.answered_at is None or facts.height is None:
        return PeerHealth.UNKNOWN, ""
    if stale := _staleness(facts, best, block_seconds, at):
        return PeerHealth.STALE, stale
    return PeerHealth.HEALTHY, ""


def still_after(block_seconds: int) -> datetime.timedelta:
    """How long a tip may stand still before it is news."""
    return max(datetime.timedelta(seconds=SLOTS_STILL * block_seconds), LONGEST_STILL)


def quarantine_for(lies: int) -> datetime.timedelta:
    """How long a node is not believed after its first lie, its second, its third…"""
    return QUARANTINE * (1 << max(0, lies - 1))


def _staleness(facts: Facts, best: int, block_seconds: int, at: datetime.datetime) -> str:
    if facts.syncing:
        return "it is catching up itself"
    if facts.height is not None and best - facts.height >= TOO_FAR_BEHIND:
        return f"{best - facts.height} blocks behind the best"
    if facts.clock_off_s is not None and abs(facts.clock_off_s) > CLOCK_OFF_S:
        return f"its clock is off by {facts.clock_off_s} s"
    if facts.tip_moved_at is not None and at - facts.tip_moved_at > still_after(block_seconds):
        return f"no new block since {facts.tip_moved_at:%H:%M:%S}"
    if facts.forked_since is not None and at - facts.forked_since > FORKED_FOR:
        return "on another chain"
    if facts.differs_at is not None:
        return f"another block at height {facts.differs_at}"
    return ""
