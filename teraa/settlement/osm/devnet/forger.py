"""Makes blocks: on demand, or one per slot in the order of the round."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from teraa.settlement.osm import blocks, signatures, transactions
from teraa.settlement.osm.addresses import KeyPair, key_pair
from teraa.settlement.osm.blocks import BlockHeader, payload_hash
from teraa.settlement.osm.moments import EPOCH, epoch_seconds
from teraa.settlement.osm.transactions_v2 import AnyTransaction

from .chain import Block, Chain
from .events import (
    BLOCK_APPLIED,
    BLOCK_FORGED,
    BLOCK_RECEIVED,
    BLOCK_REVERTED,
    DELEGATE_REGISTERED,
    TRANSACTION_APPLIED,
    TRANSACTION_FORGED,
    TRANSACTION_REVERTED,
    Events,
)
from .forms import placed_form, raw_form
from .pool import Pool

_log = logging.getLogger("osm.devnet")
_LONGEST_NAP: Final = 60.0
"""Seconds: how long a change of the machine's clock may go unnoticed."""


class NobodyCanForge(RuntimeError):
    """No delegate of the round has a key that this node knows."""


class Forger:
    """Forges with the keys of the profile's delegates (`keys` by public key)."""

    def __init__(
        self,
        chain: Chain,
        pool: Pool,
        events: Events,
        *,
        keys: Mapping[str, KeyPair],
        block_time: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._chain = chain
        self._pool = pool
        self._events = events
        self._keys = keys
        self._block_time = block_time
        self._clock = clock
        self._floor = 0

    @property
    def dialect(self) -> str:
        """The dialect of the chain that is made."""
        return self._chain.dialect

    def tell_reverted(self, block: Block) -> None:
        """Announce that a block is undone: 2.5 names the block, 3.x its transactions too."""
        if self.dialect != "2.5":
            self._tell_reverted(block)
        self._events.emit(BLOCK_REVERTED, blocks.to_raw(block.header))

    def leave_behind(self, undone: Sequence[Block]) -> None:
        """Date the next blocks later than undone ones, since time only goes forward.

        Made in the same second they would be the very same blocks.
        """
        self._floor = max([self._floor, *(one.header.timestamp + 1 for one in undone)])

    def forge_on_demand(self, count: int = 1) -> list[Block]:
        """Forge blocks now, in the round's order, and return them.

        Their times end now when there is room since the last block, spread evenly; otherwise
        they follow it second by second, a little into the future. Delegates whose key is unknown
        (registered later, voted in) are passed over. Raises NobodyCanForge.
        """
        forged = []
        # One moment for all: a second that ends meanwhile must not show in their spacing.
        now = self._now()
        for left in range(count, 0, -1):
            last = self._chain.last.header.timestamp
            step = max(1, min(self._block_time, (now - last) // left))
            timestamp = max(last + 1, self._floor, now - (left - 1) * step)
            forged.append(self._forge(timestamp, self._next_generator()))
        return forged

    def forge_slot(self) -> Block | None:
        """Forge the block of the current slot, unless it is made or its delegate's key unknown."""
        slot = self._now() // self._block_time
        timestamp = slot * self._block_time
        if timestamp <= self._chain.last.header.timestamp or timestamp < self._floor:
            return None
        order = self._chain.round_order
        generator = order[slot % len(order)]
        if generator not in self._keys:
            _log.warning("slot %s is missed: the key of %s is not ours", slot, generator)
            return None
        return self._forge(timestamp, generator)

    async def run(self) -> None:
        """Forge at the start of every slot until cancelled. A failed block is logged, not fatal."""
        while True:
            await asyncio.sleep(min(self._until_next_slot(), _LONGEST_NAP))
            try:
                self.forge_slot()
            except Exception:
                _log.exception("no block in this slot")

    def _until_next_slot(self) -> float:
        elapsed = (self._clock() - EPOCH).total_seconds()
        # A few milliseconds late rather than early: a timer may wake a little before its time.
        return self._block_time - elapsed % self._block_time + 0.005

    def _now(self) -> int:
        return epoch_seconds(self._clock().astimezone(UTC))

    def _next_generator(self) -> str:
        order = self._chain.round_order
        start = self._chain.height % len(order)
        for offset in range(len(order)):
            candidate = order[(start + offset) % len(order)]
            if candidate in self._keys:
                return candidate
        raise NobodyCanForge("every delegate of this round was voted in from outside")

    def reapply(self, undone: Sequence[Block]) -> None:
        """Put blocks back on the chain they were taken from, oldest first, and tell of them."""
        for block in undone:
            self._chain.append(block, signatures=False)
            self._announce(block, ours=False)

    def build(
        self, timestamp: int, generator: str, chosen: Sequence[AnyTransaction], *, signer: str = ""
    ) -> Block:
        """Return a signed block that would come next, without putting it on the chain.

        `signer` is whose key signs it when that is not the generator's: a forgery.
        """
        header = BlockHeader(
            version=0,
            timestamp=timestamp,
            height=self._chain.height + 1,
            previous_block=self._chain.last.id,
            number_of_transactions=len(chosen),
            # What a multi-payment moves is not its own amount, and no part of the header.
            total_amount=sum(one.amount for one in chosen),
            total_fee=sum(one.fee for one in chosen),
            reward=self._chain.profile.reward_at(self._chain.height + 1),
            payload_length=32 * len(chosen),
            payload_hash=payload_hash(str(one.id) for one in chosen),
            generator_public_key=generator,
        )
        if not signer:
            return Block(header.signed(self._keys[generator]), tuple(chosen))
        message = header.serialised(with_signature=False)
        forged = replace(
            header, block_signature=signatures.sign(message, key_pair(signer).private_key)
        )
        return Block(replace(forged, id=forged.computed_id()), tuple(chosen))

    def _forge(self, timestamp: int, generator: str) -> Block:
        block = self.build(timestamp, generator, self._pool.for_forging(timestamp))
        self._chain.append(block)
        self._announce(block)
        return block

    def _announce(self, block: Block, *, ours: bool = True) -> None:
        """Tell in the order seen on a real node: received, applied, out of the pool, forged."""
        self._tell_applied(block)
        self._take_in(block, ours=ours)

    def _tell_applied(self, block: Block) -> None:
        header = blocks.to_raw(block.header)
        applied = [_applied(one, block, place) for place, one in enumerate(block.transactions)]
        self._events.emit(BLOCK_RECEIVED, header | {"transactions": applied})
        for one in applied:
            self._events.emit(TRANSACTION_APPLIED, one)
            if one["type"] == transactions.DELEGATE_REGISTRATION:
                self._events.emit(DELEGATE_REGISTERED, one)
        self._events.emit(BLOCK_APPLIED, header)

    def _take_in(self, block: Block, *, ours: bool = True) -> None:
        self._pool.accept_block(block)
        if not ours:
            return
        self._events.emit(BLOCK_FORGED, blocks.to_raw(block.header))
        for transaction in block.transactions:
            self._events.emit(TRANSACTION_FORGED, raw_form(transaction))

    def _tell_reverted(self, block: Block) -> None:
        """Tell of each transaction of an undone block, last first (3.x)."""
        for place, one in reversed(list(enumerate(block.transactions))):
            self._events.emit(TRANSACTION_REVERTED, _applied(one, block, place))


def _applied(one: AnyTransaction, block: Block, sequence: int) -> dict[str, Any]:
    return placed_form(one, block_id=block.id, height=block.header.height, sequence=sequence)
