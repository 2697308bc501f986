"""`/api/transactions…` and `/api/votes…`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from teraa.settlement.osm import transactions
from teraa.settlement.osm.amounts import UNITS_PER_COIN
from teraa.settlement.osm.devnet import rows
from teraa.settlement.osm.devnet.chain import Placed
from teraa.settlement.osm.devnet.forms import AnyTransaction, api_form, placed_form, raw_form
from teraa.settlement.osm.moments import timestamp_json
from teraa.settlement.osm.transactions_v2 import TransactionV2

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
_FILTERS_3: Final[ask.Schema] = {
    **{name: kind for name, kind in FILTERS.items() if name != "vendorFieldHex"},
    "address": ask.address,
    "typeGroup": ask.whole(low=0),
    "nonce": ask.whole(low=0),
    "vendorField": ask.text(),
    **ask.ranged("timestamp", ask.whole(low=0)),
    **ask.ranged("amount", ask.amount),
    **ask.ranged("fee", ask.amount),
}
_SEARCH: Final[ask.Schema] = {
    **{name: ask.between(kind) if name in _RANGES else kind for name, kind in FILTERS.items()},
    "addresses": ask.several(ask.address, 50),
    "asset": ask.anything,
}
_LOCK_TYPES: Final = {"HtlcLock": 8, "HtlcClaim": 9, "HtlcRefund": 10}
_MAGISTRATE: Final = ("business", "bridgechain")
_MAGISTRATE_FEE: Final = 50 * UNITS_PER_COIN
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


def filters_of(dialect: str) -> ask.Schema:
    """Return what transactions can be asked for by, in a query."""
    return FILTERS if dialect == "2.5" else _FILTERS_3


def transaction_json(
    state: NodeState, placed: Placed, *, transform: bool, placeless: bool = False
) -> dict[str, Any]:
    """Return a confirmed transaction: transformed, or its raw form.

    `placeless`: without its time and with 0 confirmations, as some lists of 3.x show it.
    """
    one = placed.transaction
    version_2 = isinstance(one, TransactionV2)
    if not transform:
        place = placed.header
        if version_2:
            return placed_form(
                one, block_id=str(place.id), height=place.height, sequence=placed.sequence
            )
        return raw_form(one)
    at = placed.header.timestamp if isinstance(one, TransactionV2) else one.timestamp
    return api_form(
        one,
        timestamp=None if placeless else timestamp_json(at),
        block_id=placed.header.id,
        confirmations=0 if placeless else state.chain.height - placed.header.height + 1,
    )


def listed(
    request: Request,
    query: dict[str, Any],
    payload: Mapping[str, Any] | None = None,
    *,
    placeless: bool = False,
    **fixed: Any,
) -> JsonAnswer:
    """Answer a page of confirmed transactions."""
    state = state_of(request)
    found = rows.find_transactions(state.chain, search_of(query, payload, **fixed))
    shown = [
        transaction_json(state, one, transform=query["transform"], placeless=placeless)
        for one in found.rows
    ]
    return page(request, query, shown, total=found.count, estimate=found.estimate)


async def index(request: Request) -> Response:
    """A page of confirmed transactions."""
    return listed(request, ask.read_query(request, _index(request)))


async def search(request: Request) -> Response:
    """A page of confirmed transactions found by ranges."""
    query = ask.read_query(request, {**ask.PAGING, **ask.TRANSFORM})
    return listed(request, query, await ask.read_body(request, _SEARCH))


async def store(request: Request) -> Response:
    """Take transactions into the pool. The status is 200 even when all of them are refused."""
    state = state_of(request)
    posted = await read_posted(request, dialect=state.dialect)
    return JsonAnswer(state.pool.submit(posted).as_json(dialect=state.dialect))


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
    """A waiting transaction by id; 404 once it is in a block.

    2.5 does not look at the query; 3.9 shows the raw form unless `transform=true` is asked for.
    """
    waiting = state_of(request).pool.find(ask.read_path(request, "id", ask.transaction_id))
    if waiting is None:
        raise not_found("Transaction not found")
    if state_of(request).dialect == "2.5":
        return resource(_waiting_json(waiting, transform=True))
    query = ask.read_query(request, ask.TRANSFORM, paged=False)
    asked = "transform" in request.query_params and query["transform"]
    return resource(_waiting_json(waiting, transform=asked))


async def types(request: Request) -> Response:
    """The numbers of the transaction types."""
    state = state_of(request)
    if state.dialect == "2.5":
        return resource(_TYPES)
    kept = {name: number for name, number in _TYPES.items() if number < 6}
    later = {"MultiPayment": 6, "DelegateResignation": 7}
    locks = _LOCK_TYPES if state.chain.locks_allowed else {}
    plugin = {
        f"{name[0].upper()}{name[1:]}": number for number, name in enumerate(_magistrate_names())
    }
    return resource({"1": kept | later | locks, "2": plugin})


async def fees(request: Request) -> Response:
    """The static fees, in units."""
    state = state_of(request)
    static = state.chain.profile.fees_of(state.dialect)
    if state.dialect == "2.5":
        return resource(dict(static))
    shown = {
        name: str(fee)
        for name, fee in static.items()
        if state.chain.locks_allowed or not name.startswith("htlc")
    }
    plugin = dict.fromkeys(_magistrate_names(), str(_MAGISTRATE_FEE))
    return resource({"1": shown, "2": plugin})


async def votes(request: Request) -> Response:
    """A page of confirmed votes."""
    schema = {name: kind for name, kind in _index(request).items() if name != "type"}
    new = state_of(request).dialect != "2.5"
    query = ask.read_query(request, schema)
    return listed(request, query, placeless=new, type=transactions.VOTE)


async def show_vote(request: Request) -> Response:
    """A confirmed vote by id."""
    query = ask.read_query(request, ask.TRANSFORM, paged=False)
    transaction_id = ask.read_path(request, "id", ask.transaction_id)
    placed = state_of(request).chain.transaction(transaction_id)
    if placed is None or placed.transaction.type != transactions.VOTE:
        raise not_found("Vote not found")
    return resource(transaction_json(state_of(request), placed, transform=query["transform"]))


def _magistrate_names() -> list[str]:
    """The types of a plug-in that every node of 3.x carries and nobody here uses."""
    acts = ("Registration", "Resignation", "Update")
    return [f"{kind}{act}" for kind in _MAGISTRATE for act in acts]


def _index(request: Request) -> ask.Schema:
    return {**ask.PAGING, **filters_of(state_of(request).dialect), **ask.TRANSFORM}


def _waiting_json(one: AnyTransaction, *, transform: bool) -> dict[str, Any]:
    if not transform:
        return raw_form(one)
    at = None if isinstance(one, TransactionV2) else timestamp_json(one.timestamp)
    return api_form(one, timestamp=at)


def routes(dialect: str) -> list[Route]:
    """Return the routes of a dialect: 3.x searches by GET."""
    searching = [Route("/api/transactions/search", search, methods=["POST"])]
    return [
        Route("/api/transactions", index),
        Route("/api/transactions", store, methods=["POST"]),
        *(searching if dialect == "2.5" else []),
        Route("/api/transactions/unconfirmed", unconfirmed),
        Route("/api/transactions/unconfirmed/{id}", show_unconfirmed),
        Route("/api/transactions/types", types),
        Route("/api/transactions/fees", fees),
        Route("/api/transactions/{id}", show),
        Route("/api/votes", votes),
        Route("/api/votes/{id}", show_vote),
    ]
