"""Makes blocks as `forger` does, and as no honest node would when a switch says so."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from teraa.settlement.osm import schnorr, signatures
from teraa.settlement.osm.addresses import KeyPair, key_pair
from teraa.settlement.osm.blocks import payload_hash
from teraa.settlement.osm.devnet.acts import Acts, Then
from teraa.settlement.osm.devnet.chain import Block
from teraa.settlement.osm.devnet.forger import Forger
from teraa.settlement.osm.devnet.forms import AnyTransaction
from teraa.settlement.osm.devnet.payments import unsigned_payment
from teraa.settlement.osm.devnet.profiles import DEMO_PHRASE, RESERVE_PHRASE

from .switches import Faults

STRANGER_PHRASE: Final = "teraa development network stranger"
FORGED_UNITS: Final = 10**9
FEWEST_UNDONE: Final = 4
MOST_UNDONE: Final = 102


class FaultyForger(Forger):
    """A forger whose blocks can be announced too early, never saved, or forged."""

    faults: Faults
    acts: Acts
    chance: random.Random
    _announced: Block | None = None
    _answers_left = 0
    _twins: dict[str, Block]

    def beset(self, faults: Faults, acts: Acts, chance: random.Random) -> None:
        """Take the switches to obey and what to rewrite the chain with."""
        self.faults, self.acts, self.chance = faults, acts, chance
        self._twins = {}

    def answer_given(self) -> None:
        """Count an answer of the API: a block that was announced is saved after some of them."""
        if self._announced is not None:
            self._answers_left -= 1
            if self._answers_left <= 0:
                self.save_announced()

    def save_announced(self) -> bool:
        """Put the block that was announced before it was saved on the chain; say whether.

        If the chain was rewritten meanwhile it never will be.
        """
        block, self._announced = self._announced, None
        if block is None or block.header.previous_block != self._chain.last.id:
            return False
        self._chain.append(block)
        self._take_in(block)
        return True

    def twin(self) -> Block:
        """Return a second block for the newest height, rightly signed by the same delegate.

        It is empty and a second younger.
        """
        last = self._chain.last
        if last.id not in self._twins:
            header = replace(
                last.header,
                timestamp=last.header.timestamp + 1,
                number_of_transactions=0,
                total_amount=0,
                total_fee=0,
                payload_length=0,
                payload_hash=payload_hash(()),
                block_signature=None,
                id=None,
            )
            self._twins[last.id] = Block(header.signed(self._keys[header.generator_public_key]))
        return self._twins[last.id]

    def twin_of_id(self, block_id: str) -> Block | None:
        """Return a twin that was made, by its own id."""
        return next((one for one in self._twins.values() if one.id == block_id), None)

    def forge_slot(self) -> Block | None:
        """Forge the block of the current slot, unless the slot is to be skipped."""
        self.save_announced()
        if self.faults.take("skipped_slot") is not None:
            return None
        return super().forge_slot()

    def _forge(self, timestamp: int, generator: str) -> Block:
        rewritten = self.save_announced()
        faults = self.faults
        recovery = faults.take("t09_fork_recovery")
        if recovery is not None:
            self._recover(recovery)
        if rewritten or recovery is not None:
            timestamp = max(timestamp, self._floor, self._chain.last.header.timestamp + 1)
            generator = self._next_generator()
        left = faults.take("t18_left_waiting") is not None
        chosen = [] if left else self._pool.for_forging(timestamp)
        forged_payment = faults.take("forged_transaction_signature")
        if forged_payment is not None:
            chosen = [*chosen, self._unsigned(timestamp, forged_payment)]
        forged_header = faults.take("forged_block_signature")
        signer = "" if forged_header is None else STRANGER_PHRASE
        if forged_header is not None and forged_header.get("stranger"):
            generator = key_pair(STRANGER_PHRASE).public_key
        block = self.build(timestamp, generator, chosen, signer=signer)
        if faults.take("t07_phantom_applied") is not None:
            self._tell_applied(block)
            self._take_back_words(block)
            return block
        early = faults.take("t07_hook_before_save")
        if early is not None:
            self._announced, self._answers_left = block, int(early.get("answers", 3))
            self._tell_applied(block)
            return block
        self._chain.append(block, signatures=forged_header is None and forged_payment is None)
        self._announce(block)
        return block

    def _recover(self, options: Mapping[str, Any]) -> None:
        count = int(options.get("blocks") or self.chance.randint(FEWEST_UNDONE, MOST_UNDONE))
        then: Then = options.get("then", "same")
        self.acts.roll_back(count, then=then)

    def _take_back_words(self, block: Block) -> None:
        """3.x says that the block it failed to save is reverted; 2.5 says nothing."""
        if self.dialect != "2.5":
            self.tell_reverted(block)

    def _unsigned(self, timestamp: int, options: Mapping[str, Any]) -> AnyTransaction:
        """A payment out of the richest wallet, signed by somebody else."""
        rich = key_pair(RESERVE_PHRASE)
        made = unsigned_payment(
            self._chain,
            sender=rich,
            address=str(options.get("address") or "") or self._own_address(key_pair(DEMO_PHRASE)),
            units=int(options.get("units", FORGED_UNITS)),
            memo=str(options.get("memo", "")),
            timestamp=timestamp,
        )
        secret = key_pair(STRANGER_PHRASE).private_key
        message = made.signed_bytes(with_signature=False)
        scheme = signatures if self.dialect == "2.5" else schnorr
        forged = replace(made, signature=scheme.sign(message, secret))
        return replace(forged, id=forged.computed_id())

    def _own_address(self, keys: KeyPair) -> str:
        return self._chain.address_of(keys.public_key)
