"""Everything of a node but its sockets and files: chain, pool, forger, webhooks, and its faults."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Final

from teraa.settlement.osm.addresses import KeyPair, key_pair
from teraa.settlement.osm.moments import epoch_seconds

from .acts import Acts
from .api.node_state import NodeState
from .chain import Chain, ChainBroken
from .events import Events
from .faults.forging import FaultyForger
from .faults.hooks import HookGate
from .faults.switches import Faults
from .genesis import genesis_of, nethash_of
from .ledger import LedgerBroken
from .payments import Payments
from .pool import Pool
from .profiles import PROFILES
from .storage import Lines, SmallFiles, StorageBroken
from .webhooks import Webhooks

DIALECTS: Final = ("2.5", "3.9")


class UnknownProfile(ValueError):
    """There is no profile of that name."""


class UnknownDialect(ValueError):
    """The node speaks 2.5 and 3.9 only."""


class Machine:
    """A node on given logs and small files. `clock` says what time it is, `seed` what chance does.

    With `locks` a node of 3.9 takes HTLC transactions, which its network must have switched on.

    Raises UnknownProfile, UnknownDialect, and storage.StorageBroken for a chain that does not
    add up.
    """

    def __init__(
        self,
        *,
        profile: str,
        dialect: str,
        block_log: Lines,
        pool_log: Lines,
        files: SmallFiles,
        clock: Callable[[], datetime],
        block_time: int | None = None,
        locks: bool = False,
        seed: int = 0,
    ) -> None:
        check_names(profile, dialect)
        self.profile = PROFILES[profile]
        self.dialect = dialect
        self.block_time = block_time or self.profile.block_time
        self.nethash = nethash_of(profile, dialect)
        self.clock = clock
        self.faults = Faults()
        events = Events()
        try:
            genesis = genesis_of(profile, dialect)
            self.chain = Chain(self.profile, genesis, block_log, dialect=dialect, locks=locks)
        except (ChainBroken, LedgerBroken) as error:
            raise StorageBroken(f"the log of blocks does not add up: {error}") from error
        self.pool = Pool(self.chain, pool_log, events, block_time=self.block_time, now=self.now)
        self.forger = FaultyForger(
            self.chain,
            self.pool,
            events,
            keys=delegate_keys(profile),
            block_time=self.block_time,
            clock=clock,
        )
        self.acts = Acts(self.chain, self.pool, self.forger, self.faults)
        self.forger.beset(self.faults, self.acts, random.Random(seed))  # noqa: S311
        self.payments = Payments(self.chain, self.pool, self.faults)
        self.webhooks = Webhooks(files)
        self.gate = HookGate(self.faults, self.webhooks, dialect=dialect)
        events.listen(self.gate.take)
        self.state = NodeState(
            chain=self.chain,
            pool=self.pool,
            nethash=self.nethash,
            block_time=self.block_time,
            now=self.now,
        )

    def now(self) -> int:
        """Return the network's time: whole seconds since its epoch."""
        return epoch_seconds(self.clock())


@cache
def delegate_keys(profile: str) -> Mapping[str, KeyPair]:
    """Return the keys of a profile's delegates by public key."""
    found = [key_pair(phrase) for phrase in PROFILES[profile].delegate_phrases()]
    return {keys.public_key: keys for keys in found}


def check_names(profile: str, dialect: str) -> None:
    """Raise UnknownProfile or UnknownDialect for a name we do not have."""
    if profile not in PROFILES:
        raise UnknownProfile(f"{profile}: choose one of {', '.join(PROFILES)}")
    if dialect not in DIALECTS:
        raise UnknownDialect(f"{dialect}: choose one of {', '.join(DIALECTS)}")
