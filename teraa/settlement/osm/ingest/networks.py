"""Which network a node belongs to, and that it is ours."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from teraa.settlement.osm.models import Network, NodePeer
from teraa.settlement.osm.node import Configuration
from teraa.settlement.osm.states import PeerRole, PeerSource


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


def entered_peers(urls: Sequence[str], *, hooks_url: str) -> list[NodePeer]:
    """The nodes of the settings as unsaved rows, the one that is asked first in front.

    An entry is an address, after ``own=``, ``trusted=`` or ``public=``. Without such a word the
    first one is our own and the others are public. Only the first own one sends us webhooks.
    Raises ValueError for an unknown word.
    """
    rows: list[NodePeer] = []
    for entry in (one.strip() for one in urls if one.strip()):
        word, equals, rest = entry.partition("=")
        if equals and "/" not in word:
            role, url = PeerRole(word.strip()), rest.strip()
        else:
            role, url = PeerRole.PUBLIC if rows else PeerRole.OWN, entry
        hooks = hooks_url if role == PeerRole.OWN and not any(one.hooks_url for one in rows) else ""
        if url.rstrip("/") not in {one.url.rstrip("/") for one in rows}:
            rows.append(NodePeer(url=url, hooks_url=hooks, role=role, source=PeerSource.SETTINGS))
    return rows
