"""Which network a node belongs to, and that it is ours."""

from __future__ import annotations

import datetime
import secrets

from teraa.settlement.osm.models import Network, NodePeer
from teraa.settlement.osm.node import Configuration
from teraa.settlement.osm.states import PeerRole

SEGMENT_BYTES = 16


class WrongNetwork(Exception):
    """The node answers happily, for another chain (T22)."""


def learn_network(configuration: Configuration, *, pinned: str, at: datetime.datetime) -> Network:
    """Store what the node says of its network. Raises WrongNetwork when it is not ours.

    Ours is the one the operator pinned; unpinned, the first that was ever seen here.
    """
    ours = pinned or Network.objects.order_by("pk").values_list("nethash", flat=True).first()
    if ours and configuration.nethash != ours:
        raise WrongNetwork(f"the node is on {configuration.nethash}, ours is {ours}")
    network, _ = Network.objects.update_or_create(
        nethash=configuration.nethash,
        defaults={
            "token": configuration.token,
            "symbol": configuration.symbol,
            "address_version": configuration.address_version,
            "dialect": configuration.dialect,
            "block_seconds": configuration.block_seconds,
            "fee_units": configuration.fee_units,
            "memo_bytes": configuration.memo_bytes,
            "delegates": configuration.delegates,
            "epoch": configuration.epoch,
            "read_at": at,
        },
    )
    return network


def own_peer(*, network: Network, url: str, hooks_url: str) -> NodePeer:
    """The row of our own node at ``url``, with its unguessable path for hooks."""
    peer, _ = NodePeer.objects.update_or_create(
        network=network,
        url=url,
        defaults={"hooks_url": hooks_url},
        create_defaults={
            "hooks_url": hooks_url,
            "role": PeerRole.OWN,
            "segment": secrets.token_hex(SEGMENT_BYTES),
        },
    )
    return peer
