"""`/api/delegates…` and `/api/rounds/{id}/delegates`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from teraa.settlement.osm.devnet import rows
from teraa.settlement.osm.devnet.ledger import Wallet
from teraa.settlement.osm.moments import timestamp_json

from . import parameters as ask
from .answers import JsonAnswer, not_found, page, resource
from .blocks import block_json
from .node_state import NodeState, search_of, state_of
from .wallets import FILTERS as WALLET_FILTERS
from .wallets import in_order, wallets_listed

_IDENTIFIER: Final = ask.text(
    pattern=r"[a-zA-Z0-9!@$&_.]+",
    problem='"{name}" with value "{value}" fails to match the required pattern: '
    "/^[a-zA-Z0-9!@$&_.]+$/",
    longest=66,
)
_USERNAME: Final = ask.text(
    pattern=r"[a-z0-9!@$&_.]+",
    problem='"{name}" with value "{value}" fails to match the required pattern: '
    "/^[a-z0-9!@$&_.]+$/",
    longest=20,
)
_INDEX: Final[ask.Schema] = {**ask.PAGING, **WALLET_FILTERS, "username": _USERNAME}
_VOTERS: Final[ask.Schema] = {**_INDEX, **ask.TRANSFORM}
_BLOCKS: Final[ask.Schema] = {**ask.PAGING, "orderBy": ask.text(), **ask.TRANSFORM}
_SEARCH: Final[ask.Schema] = {
    "address": ask.address,
    "publicKey": ask.public_key,
    "username": _USERNAME,
    "producedBlocks": ask.between(ask.whole(low=0)),
    "voteBalance": ask.between(ask.whole(low=0)),
    "forgedFees": ask.between(ask.whole(low=0)),
    "forgedRewards": ask.between(ask.whole(low=0)),
    "forgedTotal": ask.between(ask.whole(low=0)),
}
_READ: Final[Mapping[str, Callable[[Wallet], Any]]] = {
    "address": lambda one: one.address,
    "publicKey": lambda one: one.public_key,
    "secondPublicKey": lambda one: None,
    "vote": lambda one: one.vote,
    "username": lambda one: one.username,
    "balance": lambda one: one.balance,
    "voteBalance": lambda one: one.vote_balance,
    "votes": lambda one: one.vote_balance,
    "producedBlocks": lambda one: one.produced,
    "forgedFees": lambda one: one.forged_fees,
    "forgedRewards": lambda one: one.forged_rewards,
    "forgedTotal": lambda one: one.forged_fees + one.forged_rewards,
    "approval": lambda one: one.vote_balance,
    "rank": lambda one: one.rank,
    "rate": lambda one: one.rank,
}


def delegate_json(state: NodeState, wallet: Wallet) -> dict[str, Any]:
    """Return a delegate. `rank` is of the last round's opening; `blocks.last` may be missing."""
    blocks: dict[str, Any] = {"produced": wallet.produced}
    block = state.chain.at(wallet.last_height) if wallet.last_height else None
    if block:
        blocks["last"] = {
            "id": block.id,
            "height": block.header.height,
            "timestamp": timestamp_json(block.header.timestamp),
        }
    data: dict[str, Any] = {
        "username": wallet.username,
        "address": wallet.address,
        "publicKey": wallet.public_key,
        "votes": str(wallet.vote_balance),
        "rank": wallet.rank,
        "blocks": blocks,
        "production": {"approval": _approval(state, wallet)},
        "forged": {
            "fees": str(wallet.forged_fees),
            "rewards": str(wallet.forged_rewards),
            "total": str(wallet.forged_fees + wallet.forged_rewards),
        },
    }
    if wallet.rank is None:
        del data["rank"]
    if state.dialect == "2.5":
        return data
    last = ("blocks", "production", "forged")
    early = {name: value for name, value in data.items() if name not in last}
    return early | {"isResigned": False} | {name: data[name] for name in last}


async def index(request: Request) -> Response:
    """A page of delegates by rank."""
    query = ask.read_query(request, _INDEX)
    return _listed(request, query, {})


async def search(request: Request) -> Response:
    """A page of delegates found by ranges."""
    query = ask.read_query(request, {**ask.PAGING, "orderBy": ask.text()})
    return _listed(request, query, await ask.read_body(request, _SEARCH))


async def show(request: Request) -> Response:
    """A delegate by username, address or public key."""
    return resource(delegate_json(state_of(request), _found(request)))


async def blocks(request: Request) -> Response:
    """A page of the blocks a delegate forged, newest first."""
    query = ask.read_query(request, _BLOCKS)
    state, delegate = state_of(request), _found(request)
    paging = {name: query[name] for name in query if name in ask.PAGING}
    wanted = search_of(paging, generatorPublicKey=delegate.public_key)
    found = rows.find_blocks(state.chain, wanted)
    shown = [block_json(state, one, transform=query["transform"]) for one in found.rows]
    return page(request, query, shown, total=found.count, estimate=found.estimate)


async def voters(request: Request) -> Response:
    """A page of the wallets that vote for a delegate now, richest first."""
    old = state_of(request).dialect == "2.5"
    query = ask.read_query(request, _VOTERS if old else _INDEX)
    delegate = _found(request)
    return wallets_listed(request, query, {"vote": delegate.public_key}, "balance:desc")


async def of_round(request: Request) -> Response:
    """The delegates of the present round, by rank. (Those of other rounds are not kept.)"""
    number = ask.read_path(request, "id", ask.whole(low=1))
    chain = state_of(request).chain
    if number != chain.round_number:
        raise not_found("Round not found")
    return resource([{"publicKey": key, "votes": str(votes)} for key, votes in chain.round_votes])


def _listed(request: Request, query: Mapping[str, Any], asked: Mapping[str, Any]) -> JsonAnswer:
    state = state_of(request)
    wanted = search_of(query, asked)
    found = [one for one in state.chain.ledger.delegates() if _matches(one, wanted.filters)]
    order = list(wanted.order) or [("rank", "asc")]
    found = in_order(found, order[0], {name.lower(): read for name, read in _READ.items()})
    shown = [
        delegate_json(state, one) for one in found[wanted.offset : wanted.offset + wanted.limit]
    ]
    return page(request, query, shown, total=len(found))


def _matches(wallet: Wallet, filters: Mapping[str, Any]) -> bool:
    for name, wanted in filters.items():
        value = _READ[name](wallet)
        if name == "username":
            if wanted not in value:
                return False
        elif isinstance(wanted, Mapping):
            if not wanted.get("from", value) <= value <= wanted.get("to", value):
                return False
        elif value != wanted:
            return False
    return True


def _found(request: Request) -> Wallet:
    name = ask.read_path(request, "id", _IDENTIFIER)
    delegate = state_of(request).chain.ledger.delegate(name)
    if delegate is None:
        old = state_of(request).dialect == "2.5"
        raise not_found("Delegate not found" if old else "Wallet not found")
    return delegate


def _approval(state: NodeState, wallet: Wallet) -> float | int:
    """Per cent of the supply, two decimals: a JSON number at the node, and no amount of money."""
    profile = state.chain.profile
    supply = profile.premine + profile.reward * max(0, state.chain.height - 2)
    share = (Decimal(wallet.vote_balance) * 100 / supply).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return int(share) if share == int(share) else float(share)


ROUTES: Final = [
    Route("/api/delegates", index),
    Route("/api/delegates/search", search, methods=["POST"]),
    Route("/api/delegates/{id}", show),
    Route("/api/delegates/{id}/blocks", blocks),
    Route("/api/delegates/{id}/voters", voters),
    Route("/api/rounds/{id}/delegates", of_round),
]
