"""`/api/node/…` and `/api/peers…`."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from teraa.settlement.osm import blocks, transactions_v2
from teraa.settlement.osm.devnet import profiles
from teraa.settlement.osm.devnet.chain import height_of
from teraa.settlement.osm.devnet.forms import post_form

from . import parameters as ask
from .answers import JsonAnswer, not_found, page, resource
from .node_state import state_of

_PEERS: Final[ask.Schema] = {
    **ask.PAGING,
    "ip": ask.ip,
    "status": ask.text(),
    "port": ask.whole(low=0, high=65535),
    "version": ask.text(),
    "orderBy": ask.text(),
}
_FEES: Final[ask.Schema] = {"days": ask.whole(low=1, high=30)}
_DAY: Final = 86_400
CORE_VERSION_3: Final = "3.9.1"
_POOL_LIMITS_3: Final = {
    "maxTransactionsInPool": 15_000,
    "maxTransactionsPerSender": 150,
    "maxTransactionsPerRequest": 40,
    "maxTransactionAge": 2700,
    "maxTransactionBytes": 2_000_000,
}


async def status(request: Request) -> Response:
    """Height, and how far behind: below zero in 2.5, as on any node without peers."""
    state = state_of(request)
    behind = -state.chain.height if state.dialect == "2.5" else 0
    return resource(
        {
            "synced": True,
            "now": state.chain.height,
            "blocksCount": behind,
            "timestamp": state.now(),
        }
    )


async def syncing(request: Request) -> Response:
    """Height and id of the newest block: the cheapest question there is."""
    chain = state_of(request).chain
    behind = -chain.height if chain.dialect == "2.5" else 0
    return resource(
        {"syncing": False, "blocks": behind, "height": chain.height, "id": chain.last.id}
    )


async def configuration(request: Request) -> Response:
    """The network's parameters at the present height."""
    state = state_of(request)
    old = state.dialect == "2.5"
    ports: dict[str, int | None] = {"@arkecosystem/core-webhooks": None}
    addons, limits = profiles.FEE_ADDON_BYTES_3, _POOL_LIMITS_3
    if old:
        addons, limits = profiles.FEE_ADDON_BYTES, {}
        ports = {
            "@arkecosystem/core-p2p": None,
            "@arkecosystem/core-api": state.port,
            "@arkecosystem/core-webhooks": state.hooks_port,
        }
    return resource(
        {
            **({} if old else {"core": {"version": CORE_VERSION_3}}),
            "nethash": state.nethash,
            "slip44": profiles.SLIP44,
            "wif": profiles.WIF_BYTE,
            "token": profiles.TOKEN,
            "symbol": profiles.SYMBOL,
            "explorer": profiles.EXPLORER,
            "version": profiles.ADDRESS_BYTE,
            "ports": ports,
            "constants": state.chain.profile.constants_at(
                state.chain.height,
                state.block_time,
                state.dialect,
                locks=state.chain.locks_allowed,
            ),
            "transactionPool": {
                "dynamicFees": {
                    "enabled": True,
                    "minFeePool": profiles.FEE_PER_BYTE,
                    "minFeeBroadcast": profiles.FEE_PER_BYTE,
                    "addonBytes": dict(addons),
                },
                **limits,
            },
        }
    )


async def configuration_crypto(request: Request) -> Response:
    """Network, milestones and the genesis block with its transactions."""
    state = state_of(request)
    genesis = state.chain.genesis
    header = blocks.to_raw(genesis.header)
    del header["idHex"]
    signed = [
        post_form(one) | {"senderId": one.sender_id(profiles.ADDRESS_BYTE)}
        for one in genesis.transactions
    ]
    milestones = state.chain.profile.milestones(
        state.block_time, state.dialect, locks=state.chain.locks_allowed
    )
    parts: dict[str, Any] = {
        "network": profiles.network_json(state.nethash),
        "milestones": milestones,
        "exceptions": {},
        "genesisBlock": header | {"transactions": signed},
    }
    order = ("network", "milestones", "exceptions", "genesisBlock")
    if state.dialect != "2.5":
        order = ("network", "exceptions", "milestones", "genesisBlock")
    return resource({name: parts[name] for name in order})


async def fees(request: Request) -> Response:
    """Fees paid in the last days, in units, by type."""
    asked = ask.read_query(request, _FEES, paged=False)
    days = asked.get("days", 7)
    state = state_of(request)
    oldest = state.now() - days * _DAY
    paid: defaultdict[int, list[int]] = defaultdict(list)
    for where in reversed(state.chain.positions()):
        block = state.chain.at(height_of(where))
        if block is None or block.header.timestamp < oldest:
            break
        one = state.chain.placed(where).transaction
        if one.fee >= profiles.FEE_PER_BYTE:
            paid[one.type].append(one.fee)
    if state.dialect == "2.5":
        found = [_fee_json(number, paid[number]) for number in sorted(paid)]
        return JsonAnswer({"meta": {"days": days}, "data": found})
    by_name = {
        name: _fee_parts(paid[number])
        for number, name in transactions_v2.TYPE_NAMES.items()
        if number in paid or "days" not in asked
    }
    return JsonAnswer({"meta": asked, "data": {"1": by_name}})


async def peers(request: Request) -> Response:
    """No peers: the development network has one node."""
    return page(request, ask.read_query(request, _PEERS), [], total=0)


async def show_peer(request: Request) -> Response:
    """No peer."""
    ask.read_path(request, "ip", ask.ip)
    raise not_found("Peer not found")


def _fee_json(number: int, paid: list[int]) -> dict[str, Any]:
    parts = _fee_parts(paid)
    return {"type": number, **{name: parts[name] for name in ("avg", "min", "max", "sum")}}


def _fee_parts(paid: list[int]) -> dict[str, str | int]:
    """Figures of what was paid, in units; plain zeros where nothing was, as 3.x shows."""
    if not paid:
        return dict.fromkeys(("avg", "max", "min", "sum"), 0)
    total = sum(paid)
    return {
        "avg": str((2 * total + len(paid)) // (2 * len(paid))),
        "max": str(max(paid)),
        "min": str(min(paid)),
        "sum": str(total),
    }


ROUTES: Final = [
    Route("/api/node/status", status),
    Route("/api/node/syncing", syncing),
    Route("/api/node/configuration", configuration),
    Route("/api/node/configuration/crypto", configuration_crypto),
    Route("/api/node/fees", fees),
    Route("/api/peers", peers),
    Route("/api/peers/{ip}", show_peer),
]
