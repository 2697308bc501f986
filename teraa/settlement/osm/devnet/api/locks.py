"""`/api/locks` (3.x): coins locked until a secret is shown."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from teraa.settlement.osm.devnet.locks import Lock

from . import parameters as ask
from .answers import not_found, page, resource
from .node_state import search_of, state_of


async def index(request: Request) -> Response:
    """A page of the open locks."""
    query = ask.read_query(request, ask.PAGING)
    wanted = search_of(query)
    found = list(state_of(request).chain.ledger.locks.open())
    shown = [_json(name, lock) for name, lock in found[wanted.offset :][: wanted.limit]]
    return page(request, query, shown, total=len(found))


async def show(request: Request) -> Response:
    """An open lock by the id of the transaction that made it."""
    name = ask.read_path(request, "id", ask.transaction_id)
    found = dict(state_of(request).chain.ledger.locks.open())
    if name not in found:
        raise not_found("Lock not found")
    return resource(_json(name, found[name]))


def _json(name: str, lock: Lock) -> dict[str, Any]:
    return {
        "lockId": name,
        "amount": str(lock.amount),
        "secretHash": lock.secret_hash,
        "recipientId": lock.recipient_id,
        "expirationType": lock.kind,
        "expirationValue": lock.value,
    }


ROUTES: Final = [Route("/api/locks", index), Route("/api/locks/{id}", show)]
