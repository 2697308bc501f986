"""Who forges when: rounds of as many blocks as there are active delegates, shuffled as ARK does."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def round_of(height: int, delegates: int) -> int:
    """Return the round, counted from 1, that the block of a height belongs to."""
    return (height - 1) // delegates + 1


def opens_round(height: int, delegates: int) -> bool:
    """Say whether the block of that height is the first of its round."""
    return (height - 1) % delegates == 0


def shuffled(public_keys: Sequence[str], round_number: int) -> tuple[str, ...]:
    """Return the forging order of a round from its delegates by rank.

    ARK's order: SHA-256 of the round's number seeds the swaps, four bytes at a time, and is hashed
    again for the next four. Anyone can compute it ahead.
    """
    order = list(public_keys)
    seed = hashlib.sha256(str(round_number).encode()).digest()
    index = 0
    while index < len(order):
        for byte in seed[:4]:
            if index == len(order):
                break
            other = byte % len(order)
            order[other], order[index] = order[index], order[other]
            index += 1
        # The seed is renewed after four swaps, and one place is passed over, as the node's loop does.
        index += 1
        seed = hashlib.sha256(seed).digest()
    return tuple(order)
