"""`/api/wallets…`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from teraa.settlement.osm import blocks
from teraa.settlement.osm import transactions as kinds
from teraa.settlement.osm.devnet import rows
from teraa.settlement.osm.devnet.chain import Chain
from teraa.settlement.osm.devnet.ledger import Wallet

from . import parameters as ask
from .answers import JsonAnswer, Refused, not_found, page, resource
from .node_state import search_of, state_of
from .transactions import filters_of, transaction_json
from .transactions import listed as transactions_listed

FILTERS: Final[ask.Schema] = {
    "orderBy": ask.text(),
    "address": ask.address,
    "publicKey": ask.public_key,
    "secondPublicKey": ask.public_key,
    "vote": ask.public_key,
    "username": ask.text(),
    "balance": ask.whole(),
    "voteBalance": ask.whole(low=0),
    "producedBlocks": ask.whole(low=0),
}
_INDEX: Final[ask.Schema] = {**ask.PAGING, **FILTERS}
_SEARCH: Final[ask.Schema] = {
    **{name: kind for name, kind in FILTERS.items() if name != "orderBy"},
    "addresses": ask.several(ask.address, 50),
    "balance": ask.between(ask.whole()),
    "voteBalance": ask.between(ask.whole(low=0)),
}
_READ: Final[Mapping[str, Callable[[Wallet], Any]]] = {
    "address": lambda one: one.address,
    "publicKey": lambda one: one.public_key,
    "secondPublicKey": lambda one: None,
    "vote": lambda one: one.vote,
    "username": lambda one: one.username,
    "balance": lambda one: one.balance,
    "voteBalance": lambda one: one.vote_balance,
    "producedBlocks": lambda one: one.produced,
}


def wallet_json(wallet: Wallet, chain: Chain) -> dict[str, Any]:
    """Return a wallet; what is unknown of it is left out. The balance counts confirmed coins only."""
    if chain.dialect != "2.5":
        return _wallet_json_3(wallet, chain)
    known = {
        "address": wallet.address,
        "publicKey": wallet.public_key,
        "username": wallet.username,
        "balance": str(wallet.balance),
        "isDelegate": wallet.username is not None,
        "vote": wallet.vote,
    }
    return {name: value for name, value in known.items() if value is not None}


def _wallet_json_3(wallet: Wallet, chain: Chain) -> dict[str, Any]:
    """3.x: a nonce, and a delegate's figures among attributes."""
    attributes: dict[str, Any] = {}
    if wallet.username is not None:
        attributes["delegate"] = {
            "username": wallet.username,
            "voteBalance": str(wallet.vote_balance),
            "forgedFees": str(wallet.forged_fees),
            "forgedRewards": str(wallet.forged_rewards),
            "producedBlocks": wallet.produced,
            "rank": wallet.rank,
        }
        last = chain.at(wallet.last_height) if wallet.last_height else None
        if last is not None:
            attributes["delegate"]["lastBlock"] = blocks.to_raw(last.header)
        if wallet.rank is not None:
            attributes["delegate"]["round"] = chain.round_number
    if wallet.vote is not None:
        attributes["vote"] = wallet.vote
    key = {} if wallet.public_key is None else {"publicKey": wallet.public_key}
    return {
        "address": wallet.address,
        **key,
        "balance": str(wallet.balance),
        "nonce": str(wallet.nonce),
        "attributes": attributes,
    }


def wallets_listed(
    request: Request, query: Mapping[str, Any], asked: Mapping[str, Any], default: str
) -> JsonAnswer:
    """Answer a page of the wallets that match; these totals are exact."""
    wanted = search_of(query, asked)
    found = [one for one in state_of(request).chain.ledger if _matches(one, wanted.filters)]
    order = list(wanted.order) or rows.parse_order(default)
    found = in_order(found, order[0], {name.lower(): read for name, read in _READ.items()})
    shown = found[wanted.offset : wanted.offset + wanted.limit]
    return page(request, query, _shown(request, shown), total=len(found))


def in_order(
    found: Iterable[Wallet], order: rows.Order, read: Mapping[str, Callable[[Wallet], Any]]
) -> list[Wallet]:
    """Sort by one field; wallets that lack it come last. An unknown field keeps the order."""
    name, direction = order
    if name not in read:
        return list(found)
    key = read[name]
    having = [one for one in found if key(one) is not None]
    lacking = [one for one in found if key(one) is None]
    return sorted(having, key=key, reverse=direction == "desc") + lacking


async def index(request: Request) -> Response:
    """A page of wallets, richest first unless another order is asked for."""
    query = ask.read_query(request, _INDEX)
    return wallets_listed(request, query, {}, "balance:desc")


async def top(request: Request) -> Response:
    """A page of wallets, richest first."""
    query = ask.read_query(request, _INDEX)
    wanted = search_of(query)
    found = sorted(state_of(request).chain.ledger, key=lambda one: -one.balance)
    shown = found[wanted.offset : wanted.offset + wanted.limit]
    return page(request, query, _shown(request, shown), total=len(found))


async def search(request: Request) -> Response:
    """A page of wallets found by addresses or ranges."""
    query = ask.read_query(request, {**ask.PAGING, "orderBy": ask.text()})
    return wallets_listed(request, query, await ask.read_body(request, _SEARCH), "balance:desc")


async def show(request: Request) -> Response:
    """A wallet by address, public key or username; 404 before its first confirmed transaction."""
    return resource(wallet_json(_found(request), state_of(request).chain))


async def transactions(request: Request) -> Response:
    """A page of what a wallet sent and received: oldest first unless an order is asked for.

    Filters are not looked at. When the page would be full and the wallet has never sent, the
    query of 2.5 fails: status 500. 3.x gives the newest first.
    """
    query = ask.read_query(request, _transactions(request))
    wallet = _found(request)
    state = state_of(request)
    wanted = search_of(query)
    if state.dialect != "2.5" and not wanted.order:
        wanted = replace(wanted, order=[("timestamp", "desc"), ("sequence", "desc")])
    found = rows.find_of_wallet(state.chain, wallet.address, wanted)
    cold = wallet.public_key is None and state.dialect == "2.5"
    if len(found.rows) == wanted.limit and cold:
        raise Refused(500, "An internal server error occurred")
    shown = [transaction_json(state, one, transform=query["transform"]) for one in found.rows]
    return page(request, query, shown, total=found.count, estimate=found.estimate)


async def sent(request: Request) -> Response:
    """A page of what a wallet sent, newest first."""
    query = ask.read_query(request, _transactions(request, "senderPublicKey", "senderId"))
    wallet = _found(request)
    return transactions_listed(request, query, senderPublicKey=wallet.public_key or "")


async def received(request: Request) -> Response:
    """A page of what a wallet received, newest first; its own votes and registrations count in."""
    query = ask.read_query(request, _transactions(request, "recipientId"))
    wallet = _found(request)
    return transactions_listed(request, query, recipientId=wallet.address)


async def votes(request: Request) -> Response:
    """A page of a wallet's votes, newest first."""
    query = ask.read_query(request, {**ask.PAGING, **ask.TRANSFORM})
    wallet = _found(request)
    sender = wallet.public_key or ""
    return transactions_listed(request, query, senderPublicKey=sender, type=kinds.VOTE)


def _transactions(request: Request, *without: str) -> ask.Schema:
    filters = filters_of(state_of(request).dialect)
    kept = {name: kind for name, kind in filters.items() if name not in without}
    return {**ask.PAGING, **kept, **ask.TRANSFORM}


def _shown(request: Request, wallets: Iterable[Wallet]) -> list[dict[str, Any]]:
    chain = state_of(request).chain
    return [wallet_json(one, chain) for one in wallets]


def _found(request: Request) -> Wallet:
    wallet = state_of(request).chain.ledger.find(request.path_params["id"])
    if wallet is None:
        raise not_found("Wallet not found")
    return wallet


def _matches(wallet: Wallet, filters: Mapping[str, Any]) -> bool:
    for name, wanted in filters.items():
        if name == "addresses":
            if wallet.address not in wanted:
                return False
            continue
        value = _READ[name](wallet)
        if isinstance(wanted, Mapping):
            low, high = wanted.get("from", value), wanted.get("to", value)
            if value is None or not low <= value <= high:
                return False
        elif value != wanted:
            return False
    return True


def routes(dialect: str) -> list[Route]:
    """Return the routes of a dialect: 3.x searches by GET."""
    searching = [Route("/api/wallets/search", search, methods=["POST"])]
    return [
        Route("/api/wallets", index),
        Route("/api/wallets/top", top),
        *(searching if dialect == "2.5" else []),
        Route("/api/wallets/{id}", show),
        Route("/api/wallets/{id}/transactions", transactions),
        Route("/api/wallets/{id}/transactions/sent", sent),
        Route("/api/wallets/{id}/transactions/received", received),
        Route("/api/wallets/{id}/votes", votes),
    ]
