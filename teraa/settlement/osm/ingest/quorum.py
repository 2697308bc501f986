"""Up to where nodes agree with the chain we hold, and when they do not agree at all. Pure.

One node may be wrong, stuck on a fork or lying. So three confirmations and more count only as deep
as two healthy nodes hold the same block ids, forty-two and more only as deep as all healthy ones
do; one or two are believed on the word of a node we trust, or of two others (settlement.md §3.11).
Whoever knows one node only has nobody to ask: then nothing of this applies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

QUORUM = 2


class Agreement(NamedTuple):
    """Heights up to which blocks are vouched for, agreed on by two, by all; None: one node only."""

    vouched: int | None
    agreed: int | None
    unanimous: int | None


ALONE = Agreement(None, None, None)


@dataclass(frozen=True, slots=True)
class Voice:
    """A healthy node: the height up to which it holds our blocks, and whether we trust it.

    ``forked`` when, above that height, it holds another block than ours.
    """

    height: int
    trusted: bool
    forked: bool = False


def agreement_of(voices: Sequence[Voice], *, configured: int) -> Agreement:
    """What healthy nodes (``voices``) say together, of ``configured`` ones.

    A node that is not healthy has no voice, but it counts among the configured: an operator who
    wants two to agree is not content with one because the other was caught lying.
    """
    if configured < QUORUM:
        return ALONE
    heights = sorted((one.height for one in voices), reverse=True)
    enough = len(heights) >= QUORUM
    agreed = heights[QUORUM - 1] if enough else 0
    trusted = max((one.height for one in voices if one.trusted), default=0)
    return Agreement(
        vouched=max(trusted, agreed), agreed=agreed, unanimous=heights[-1] if enough else 0
    )


def is_split(voices: Sequence[Voice]) -> bool:
    """Whether as many nodes hold another chain as hold ours: somebody is wrong, perhaps we."""
    against = sum(one.forked for one in voices)
    return against > 0 and against >= len(voices) - against
