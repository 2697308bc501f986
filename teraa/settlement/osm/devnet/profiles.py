"""The two published shapes of the OSM network that the development node can take.

`manifesto`: what the founding text promises. `published`: what OSMOSE's last repositories ran.
Amounts are units of 10^-8 coin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from teraa.settlement.osm.addresses import address_of
from teraa.settlement.osm.amounts import UNITS_PER_COIN
from teraa.settlement.osm.moments import EPOCH

ADDRESS_BYTE: Final = 115
WIF_BYTE: Final = 30
SLIP44: Final = 1789
TOKEN: Final = "OSMOSE"  # noqa: S105 - the coin's name, not a secret
SYMBOL: Final = "OSM"
EXPLORER: Final = "http://127.0.0.1"
MEMO_BYTES: Final = 255
MAX_BLOCK_TRANSACTIONS: Final = 150
MAX_BLOCK_BYTES: Final = 6_291_456

FEE_PER_BYTE: Final = 3000
FEE_ADDON_BYTES: Final[Mapping[str, int]] = {
    "transfer": 100,
    "secondSignature": 250,
    "delegateRegistration": 400_000,
    "vote": 100,
    "multiSignature": 500,
    "ipfs": 250,
    "timelockTransfer": 500,
    "multiPayment": 500,
    "delegateResignation": 100,
}

FEE_ADDON_BYTES_3: Final[Mapping[str, int]] = {
    **{name: size for name, size in FEE_ADDON_BYTES.items() if name != "timelockTransfer"},
    "htlcLock": 100,
    "htlcClaim": 0,
    "htlcRefund": 0,
}

PREMINE_PHRASE: Final = "teraa development network premine"
RESERVE_PHRASE: Final = "teraa development network reserve"
DEMO_PHRASE: Final = "teraa development network demo wallet"


@dataclass(frozen=True, slots=True)
class Profile:
    """One shape of the network. `block_time` in seconds, amounts in units of 10^-8."""

    name: str
    block_time: int
    delegates: int
    premine: int
    delegate_share: int
    demo_share: int
    reward: int
    fees: Mapping[str, int]

    def delegate_phrases(self) -> list[str]:
        """Return the public phrases of the delegates, first to last."""
        return [f"teraa development network delegate {n + 1}" for n in range(self.delegates)]

    def reward_at(self, height: int) -> int:
        """Return what the forger of that height earns; the genesis block earns nothing."""
        return self.reward if height > 1 else 0

    def fees_of(self, dialect: str) -> Mapping[str, int]:
        """Return the static fees by type: 3.x has locks where 2.5 has time-locked transfers."""
        if dialect == "2.5":
            return self.fees
        kept = {name: fee for name, fee in self.fees.items() if name != "timelockTransfer"}
        return {**kept, "htlcLock": self.fees["transfer"], "htlcClaim": 0, "htlcRefund": 0}

    def milestones(self, block_time: int, dialect: str, *, locks: bool) -> list[dict[str, Any]]:
        """Return the node's milestones: one for the genesis block, one from height 2 on."""
        return [self._milestone(height, block_time, dialect, locks) for height in (1, 2)]

    def constants_at(
        self, height: int, block_time: int, dialect: str, *, locks: bool
    ) -> dict[str, Any]:
        """Return the milestone in force at a height."""
        return self._milestone(1 if height < 2 else 2, block_time, dialect, locks)

    def _milestone(self, height: int, block_time: int, dialect: str, locks: bool) -> dict[str, Any]:
        reward: int | str = self.reward_at(height)
        later: dict[str, Any] = {}
        if dialect != "2.5":
            reward = str(reward)
            later = {"multiPaymentLimit": 256, "aip11": True}
            later |= {"htlcEnabled": True} if locks else {}
        return {
            "height": height,
            "reward": reward,
            "activeDelegates": self.delegates,
            "blocktime": block_time,
            "block": {
                "version": 0,
                "maxTransactions": MAX_BLOCK_TRANSACTIONS,
                "maxPayload": MAX_BLOCK_BYTES,
                "acceptExpiredTransactionTimestamps": False,
                "idFullSha256": True,
            },
            "epoch": EPOCH.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "fees": {"staticFees": dict(self.fees_of(dialect))},
            "vendorFieldLength": MEMO_BYTES,
            **later,
        }


@lru_cache(4096)
def own_address(public_key: str) -> str:
    """Return the address of a public key (66 hex) on this network."""
    return address_of(public_key, ADDRESS_BYTE)


def addon_bytes(name: str) -> int:
    """Return how many bytes a type of transaction counts beyond its own for the least fee."""
    return FEE_ADDON_BYTES_3.get(name) or FEE_ADDON_BYTES.get(name, 0)


def _fees(*, transfer: int, second: int, registration: int, vote: int) -> dict[str, int]:
    """Units of 10^-8, in the node's order; what nobody published keeps the node's own values."""
    return {
        "transfer": transfer,
        "secondSignature": second,
        "delegateRegistration": registration,
        "vote": vote,
        "multiSignature": 5 * UNITS_PER_COIN,
        "ipfs": 5 * UNITS_PER_COIN,
        "multiPayment": transfer,
        "delegateResignation": 25 * UNITS_PER_COIN,
        "timelockTransfer": 0,
    }


MANIFESTO: Final = Profile(
    name="manifesto",
    block_time=20,
    delegates=51,
    premine=10_000_000_000 * UNITS_PER_COIN,
    delegate_share=1_000_000 * UNITS_PER_COIN,
    demo_share=1_000_000 * UNITS_PER_COIN,
    reward=2000 * UNITS_PER_COIN,
    fees=_fees(
        transfer=UNITS_PER_COIN,
        second=100 * UNITS_PER_COIN,
        registration=4000 * UNITS_PER_COIN,
        vote=10 * UNITS_PER_COIN,
    ),
)
PUBLISHED: Final = Profile(
    name="published",
    block_time=8,
    delegates=42,
    premine=8_000_000 * UNITS_PER_COIN,
    delegate_share=1000 * UNITS_PER_COIN,
    demo_share=100_000 * UNITS_PER_COIN,
    reward=UNITS_PER_COIN,
    fees=_fees(
        transfer=UNITS_PER_COIN // 100,
        second=5 * UNITS_PER_COIN,
        registration=50 * UNITS_PER_COIN,
        vote=UNITS_PER_COIN,
    ),
)
PROFILES: Final[Mapping[str, Profile]] = {one.name: one for one in (MANIFESTO, PUBLISHED)}


def network_json(nethash: str) -> dict[str, Any]:
    """Return the `network` part of `/api/node/configuration/crypto`."""
    return {
        "name": "osmose",
        "messagePrefix": "OSMOSE message:\n",
        "bip32": {"public": 46090600, "private": 46089520},
        "pubKeyHash": ADDRESS_BYTE,
        "nethash": nethash,
        "wif": WIF_BYTE,
        "slip44": SLIP44,
        "aip20": 0,
        "client": {"token": TOKEN, "symbol": SYMBOL, "explorer": EXPLORER},
    }
