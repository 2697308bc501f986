"""Where two chains part, however deep, and where our own rows do not hang together."""

from __future__ import annotations

from django.db import connection

from teraa.settlement.osm.models import Block, Network
from teraa.settlement.osm.node import NodeClient

BROKEN_LINK = """
SELECT upper.height FROM osm_block AS upper
LEFT JOIN osm_block AS lower ON lower.network_id = upper.network_id
    AND lower.height = upper.height - 1 AND lower.canonical
WHERE upper.network_id = %s AND upper.canonical AND upper.height > %s
    AND lower.block_id IS DISTINCT FROM upper.previous_id
ORDER BY upper.height LIMIT 1
"""


def common_height(network: Network, node: NodeClient, *, below: int) -> int | None:
    """The highest height up to ``below`` at which the node holds the block we hold; None: nowhere.

    A search by halves over single heights: chains part once. Raises NodeTrouble.
    """
    ours = Block.objects.filter(network=network, canonical=True)
    lowest = ours.order_by("height").values_list("height", flat=True).first()
    if lowest is None or not _is_shared(ours.get(height=lowest), node):
        return None
    low, high = lowest, below
    while low < high:
        middle = (low + high + 1) // 2
        block = ours.filter(height=middle).first()
        if block is not None and _is_shared(block, node):
            low = middle
        else:
            high = middle - 1
    return low


def first_broken_link(network: Network, *, from_height: int) -> int | None:
    """The lowest height above ``from_height`` whose block does not follow the one we hold below."""
    with connection.cursor() as cursor:
        cursor.execute(BROKEN_LINK, [network.pk, from_height])
        row = cursor.fetchone()
    return row[0] if row else None


def _is_shared(block: Block, node: NodeClient) -> bool:
    found = node.headers(block.height, block.height)
    return len(found) == 1 and found[0].id == block.block_id
