"""`/api/transactions…` and `/api/votes…`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from teraa.settlement.osm import transactions
from teraa.settlement.osm.devnet import rows
from teraa.settlement.osm.devnet.chain import Placed
from teraa.settlement.osm.devnet.profiles import ADDRESS_BYTE
from teraa.settlement.osm.moments import timestamp_json
from teraa.settlement.osm.transactions import Transaction

from . import parameters as ask
from .answers import JsonAnswer, not_found, page, resource
from .node_state import NodeState, search_of, state_of
from .posted import read_posted

_RANGES: Final = ("timestamp", "amount", "fee")
FILTERS: Final[ask.Schema] = {
    "orderBy": ask.text(),
    "id": ask.transaction_id,
    "blockId": ask.block_id,
    "type": ask.whole(low=0),
    "version": ask.whole(positive=True),
    "senderPublicKey": ask.public_key,
    "senderId": ask.address,
    "recipientId": ask.address,
    "timestamp": ask.whole(low=0),
    "amount": ask.amount,
    "fee": ask.amount,
    "vendorFieldHex": ask.hexadecimal(),
}
_INDEX: Final[ask.Schema] = {**ask.PAGING, **FILTERS, **ask.TRANSFORM}
_VOTES: Final[ask.Schema] = {name: kind for name, kind in _INDEX.items() if name != "type"}
_SEARCH: Final[ask.Schema] = {
    **{name: ask.between(kind) if name in _RANGES else kind for name, kind in FILTERS.items()},
    "addresses": ask.several(ask.address, 50),
    "asset": ask.anything,
}
_TYPES: Final = {
    "Transfer": 0,
    "SecondSignature": 1,
    "DelegateRegistration": 2,
    "Vote": 3,
    "MultiSignature": 4,
    "Ipfs": 5,
    "TimelockTransfer": 6,
    "MultiPayment": 7,
    "DelegateResignation": 8,
}


def transaction_json(state: NodeState, placed: Placed, *, transform: bool) -> dict[str, Any]:
    """Return a confirmed transaction: transformed, or its raw form."""
    if not transform:
        return transactions.to_raw(placed.transaction, version=ADDRESS_BYTE)
    return transactions.to_api(
        placed.transaction,
        version=ADDRESS_BYTE,
        timestamp=timestamp_json(placed.transaction.timestamp),
        block_id=placed.header.id,
        confirmations=state.chain.height - placed.header.height + 1,
    )


def listed(
    request: Request,
    query: dict[str, Any],
    payload: Mapping[str, Any] | None = None,
    **fixed: Any,
) -> JsonAnswer:
    """Answer a page of confirmed transactions."""
    state = state_of(request)
    found = rows.find_transactions(state.chain, search_of(query, payload, **fixed))
    shown = [transaction_json(state, one, transform=query["transform"]) for one in found.rows]
    return page(request, query, shown, total=found.count, estimate=found.estimate)


async def index(request: Request) -> Response:
    """A page of confirmed transactions."""
    return listed(request, ask.read_query(request, _INDEX))


async def search(request: Request) -> Response:
    """A page of confirmed transactions found by ranges."""
    query = ask.read_query(request, {**ask.PAGING, **ask.TRANSFORM})
    return listed(request, query, await ask.read_body(request, _SEARCH))


async def store(request: Request) -> Response:
    """Take transactions into the pool. The status is 200 even when all of them are refused."""
    posted = await read_posted(request)
    return JsonAnswer(state_of(request).pool.submit(posted).as_json())


async def show(request: Request) -> Response:
    """A confirmed transaction by id."""
    query = ask.read_query(request, ask.TRANSFORM, paged=False)
    transaction_id = ask.read_path(request, "id", ask.transaction_id)
    placed = state_of(request).chain.transaction(transaction_id)
    if placed is None:
        raise not_found("Transaction not found")
    return resource(transaction_json(state_of(request), placed, transform=query["transform"]))


async def unconfirmed(request: Request) -> Response:
    """A page of what waits in the pool."""
    query = ask.read_query(request, {**ask.PAGING, **ask.TRANSFORM})
    wanted = search_of(query)
    waiting = state_of(request).pool.ordered()
    shown = [
        _waiting_json(one, transform=query["transform"])
        for one in waiting[wanted.offset : wanted.offset + wanted.limit]
    ]
    return page(request, query, shown, total=len(waiting))


async def show_unconfirmed(request: Request) -> Response:
    """A waiting transaction by id; 404 once it is in a block. (The query is not looked at.)"""
    waiting = state_of(request).pool.find(ask.read_path(request, "id", ask.transaction_id))
    if waiting is None:
        raise not_found("Transaction not found")
    return resource(_waiting_json(waiting, transform=True))


async def types(request: Request) -> Response:
    """The numbers of the transaction types."""
    return resource(_TYPES)


async def fees(request: Request) -> Response:
    """The static fees, in units."""
    return resource(dict(state_of(request).chain.profile.fees))


async def votes(request: Request) -> Response:
    """A page of confirmed votes."""
    return listed(request, ask.read_query(request, _VOTES), type=transactions.VOTE)


async def show_vote(request: Request) -> Response:
    """A confirmed vote by id."""
    query = ask.read_query(request, ask.TRANSFORM, paged=False)
    transaction_id = ask.read_path(request, "id", ask.transaction_id)
    placed = state_of(request).chain.transaction(transaction_id)
    if placed is None or placed.transaction.type != transactions.VOTE:
        raise not_found("Vote not found")
    return resource(transaction_json(state_of(request), placed, transform=query["transform"]))


def _waiting_json(one: Transaction, *, transform: bool) -> dict[str, Any]:
    if not transform:
        return transactions.to_raw(one, version=ADDRESS_BYTE)
    return transactions.to_api(one, version=ADDRESS_BYTE, timestamp=timestamp_json(one.timestamp))


ROUTES: Final = [
    Route("/api/transactions", index),
    Route("/api/transactions", store, methods=["POST"]),
    Route("/api/transactions/search", search, methods=["POST"]),
    Route("/api/transactions/unconfirmed", unconfirmed),
    Route("/api/transactions/unconfirmed/{id}", show_unconfirmed),
    Route("/api/transactions/types", types),
    Route("/api/transactions/fees", fees),
    Route("/api/transactions/{id}", show),
    Route("/api/votes", votes),
    Route("/api/votes/{id}", show_vote),
]
