"""`/api/webhooks…`, on a port of its own. Whoever reaches it may read, change and delete all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from teraa.settlement.osm.devnet.webhooks import Webhooks

from . import parameters as ask
from .answers import JsonAnswer, not_found, resource

_CONDITIONS: Final = (
    *("between", "contains", "eq", "falsy", "gt", "gte", "lt", "lte", "ne", "not-between"),
    *("regexp", "truthy"),
)


def _target(value: Any, name: str) -> str:
    target = str(ask.text()(value, name))
    parts = urlsplit(target)
    if not parts.scheme or not (parts.netloc or parts.path.startswith("/")):
        raise ask.Wrong(f'"{name}" must be a valid uri')
    return target


def _conditions(value: Any, name: str) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise ask.Wrong(f'"{name}" must be an array')
    for place, condition in enumerate(value):
        if why := _condition_problem(condition):
            raise ask.Wrong(f'"{name}" at position {place} fails because [{why}]')
    return value


def _condition_problem(condition: Any) -> str | None:
    if not isinstance(condition, Mapping):
        return '"0" must be an object'
    if not condition.get("key"):
        return 'child "key" fails because ["key" is required]'
    if not condition.get("condition"):
        return 'child "condition" fails because ["condition" is required]'
    if condition["condition"] not in _CONDITIONS:
        names = ", ".join(_CONDITIONS)
        return f'child "condition" fails because ["condition" must be one of [{names}]]'
    unknown = [name for name in condition if name not in ("key", "value", "condition")]
    return f'"{unknown[0]}" is not allowed' if unknown else None


_HOOK: Final[ask.Schema] = {
    "event": ask.text(),
    "target": _target,
    "enabled": ask.boolean,
    "conditions": _conditions,
}


async def index(request: Request) -> Response:
    """Every hook, without tokens."""
    return resource(_webhooks(request).all())


async def store(request: Request) -> Response:
    """Register a hook for any event name; 201 with the token, shown this once."""
    wanted = await _read_hook(request, required=("event", "target", "conditions"))
    hook = _webhooks(request).create({"enabled": True, **wanted})
    order = ("id", "event", "target", "token", "enabled", "conditions")
    return JsonAnswer({"data": {name: hook[name] for name in order}}, status_code=201)


async def show(request: Request) -> Response:
    """One hook, without its token."""
    hook = _webhooks(request).find(request.path_params["id"])
    if hook is None:
        raise not_found()
    order = ("id", "event", "target", "enabled", "conditions")
    return resource({name: hook[name] for name in order})


async def update(request: Request) -> Response:
    """Replace a hook's event, target, conditions and whether it is enabled: 204."""
    wanted = await _read_hook(request, required=("event", "target", "enabled", "conditions"))
    if not _webhooks(request).update(request.path_params["id"], wanted):
        raise not_found()
    return Response(status_code=204)


async def destroy(request: Request) -> Response:
    """Forget a hook: 204."""
    if not _webhooks(request).delete(request.path_params["id"]):
        raise not_found()
    return Response(status_code=204)


async def _read_hook(request: Request, *, required: tuple[str, ...]) -> dict[str, Any]:
    body = await ask.read_json(request)
    if not isinstance(body, Mapping):
        body = {}
    dialect = request.app.state.node.dialect
    for name in _HOOK:
        if name in required and name not in body:
            raise ask.required(name, dialect=dialect)
        if name in body:
            ask.check_object({name: body[name]}, _HOOK, dialect=dialect)
    return ask.check_object(body, _HOOK, dialect=dialect)


def _webhooks(request: Request) -> Webhooks:
    webhooks: Webhooks = request.app.state.webhooks
    return webhooks


ROUTES: Final = [
    Route("/api/webhooks", index),
    Route("/api/webhooks", store, methods=["POST"]),
    Route("/api/webhooks/{id}", show),
    Route("/api/webhooks/{id}", update, methods=["PUT"]),
    Route("/api/webhooks/{id}", destroy, methods=["DELETE"]),
]
