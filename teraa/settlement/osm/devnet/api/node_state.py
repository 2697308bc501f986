"""What every handler needs: the chain, the pool and the settings behind the application."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from starlette.requests import Request

from teraa.settlement.osm.devnet.chain import Chain
from teraa.settlement.osm.devnet.pool import Pool
from teraa.settlement.osm.devnet.rows import Search, parse_order


@dataclass(slots=True)
class NodeState:
    """`now` gives the network's seconds; ports are filled in when the sockets are bound."""

    chain: Chain
    pool: Pool
    nethash: str
    block_time: int
    now: Callable[[], int]
    port: int = 0
    hooks_port: int = 0
    control_port: int = 0

    @property
    def dialect(self) -> str:
        """`2.5` or `3.9`."""
        return self.chain.dialect


def state_of(request: Request) -> NodeState:
    """Return the state of the node that serves a request."""
    return cast(NodeState, request.app.state.node)


def search_of(
    query: Mapping[str, Any],
    payload: Mapping[str, Any] | None = None,
    **fixed: Any,
) -> Search:
    """Return the search that a checked query, a checked body and fixed filters ask for."""
    asked = _with_ranges({**query, **(payload or {}), **fixed})
    order = parse_order(asked.pop("orderBy", None))
    number, limit = asked.pop("page"), asked.pop("limit")
    offset = asked.pop("offset", 0) or (number - 1) * limit
    asked.pop("transform", None)
    return Search(asked, order, offset, limit)


def _with_ranges(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Turn `height.from=2` into what a posted search has: `{"height": {"from": 2}}`."""
    found: dict[str, Any] = {}
    for name, value in asked.items():
        field, _, end = name.partition(".")
        if end:
            found[field] = {**found.get(field, {}), end: value}
        else:
            found[name] = value
    return found
