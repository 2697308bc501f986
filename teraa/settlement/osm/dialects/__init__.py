"""Adapters to the nodes' HTTP interfaces, one module a dialect; ``connect`` finds the right one."""

from __future__ import annotations

from decimal import Decimal

import httpx

from teraa.settlement.osm.dialects.ark import CORE2, CORE3, ArkNode, dialect_of
from teraa.settlement.osm.dialects.buckets import TokenBucket
from teraa.settlement.osm.dialects.core2 import Core2Node
from teraa.settlement.osm.dialects.core3 import Core3Node

DIALECTS: dict[str, type[ArkNode]] = {CORE2: Core2Node, CORE3: Core3Node}


def connect(
    url: str,
    hooks_url: str = "",
    *,
    transport: httpx.BaseTransport | None = None,
    bucket: TokenBucket | None = None,
) -> Core2Node | Core3Node:
    """Return a client in the dialect that the node at ``url`` speaks. Raises NodeTrouble."""
    asking = Core2Node(url, hooks_url, transport=transport, bucket=bucket)
    try:
        spoken = dialect_of(asking._data("GET", "node/configuration", parse_float=Decimal))
    except Exception:
        asking.close()
        raise
    if spoken == CORE2:
        return asking
    return Core3Node(url, hooks_url, bucket=asking.bucket, client=asking.client)
