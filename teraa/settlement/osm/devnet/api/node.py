"""`/api/node/…` and `/api/peers…`."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from teraa.settlement.osm import blocks, transactions
from teraa.settlement.osm.devnet import profiles
from teraa.settlement.osm.devnet.chain import height_of

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


async def status(request: Request) -> Response:
    """Height, and how far behind: below zero, as on any node without peers."""
    state = state_of(request)
    return resource(
        {
            "synced": True,
            "now": state.chain.height,
            "blocksCount": -state.chain.height,
            "timestamp": state.now(),
        }
    )


async def syncing(request: Request) -> Response:
    """Height and id of the newest block: the cheapest question there is."""
    chain = state_of(request).chain
    return resource(
        {"syncing": False, "blocks": -chain.height, "height": chain.height, "id": chain.last.id}
    )


async def configuration(request: Request) -> Response:
    """The network's parameters at the present height."""
    state = state_of(request)
    return resource(
        {
            "nethash": state.nethash,
            "slip44": profiles.SLIP44,
            "wif": profiles.WIF_BYTE,
            "token": profiles.TOKEN,
            "symbol": profiles.SYMBOL,
            "explorer": profiles.EXPLORER,
            "version": profiles.ADDRESS_BYTE,
            "ports": {
                "@arkecosystem/core-p2p": None,
                "@arkecosystem/core-api": state.port,
                "@arkecosystem/core-webhooks": state.hooks_port,
            },
            "constants": state.chain.profile.constants_at(state.chain.height, state.block_time),
            "transactionPool": {
                "dynamicFees": {
                    "enabled": True,
                    "minFeePool": profiles.FEE_PER_BYTE,
                    "minFeeBroadcast": profiles.FEE_PER_BYTE,
                    "addonBytes": dict(profiles.FEE_ADDON_BYTES),
                }
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
        transactions.to_post(one, version=profiles.ADDRESS_BYTE)
        | {"senderId": one.sender_id(profiles.ADDRESS_BYTE)}
        for one in genesis.transactions
    ]
    return resource(
        {
            "network": profiles.network_json(state.nethash),
            "milestones": state.chain.profile.milestones(state.block_time),
            "exceptions": {},
            "genesisBlock": header | {"transactions": signed},
        }
    )


async def fees(request: Request) -> Response:
    """Fees paid in the last days, in units, by type."""
    days = ask.read_query(request, _FEES, paged=False).get("days", 7)
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
    found = [_fee_json(number, paid[number]) for number in sorted(paid)]
    return JsonAnswer({"meta": {"days": days}, "data": found})


async def peers(request: Request) -> Response:
    """No peers: the development network has one node."""
    return page(request, ask.read_query(request, _PEERS), [], total=0)


async def show_peer(request: Request) -> Response:
    """No peer."""
    ask.read_path(request, "ip", ask.ip)
    raise not_found("Peer not found")


def _fee_json(number: int, paid: list[int]) -> dict[str, Any]:
    total = sum(paid)
    return {
        "type": number,
        "avg": str((2 * total + len(paid)) // (2 * len(paid))),
        "min": str(min(paid)),
        "max": str(max(paid)),
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
