"""Tables of the OSM channel: networks and nodes, the chain as we know it, requests for coins."""

from teraa.settlement.osm.models.chain import Block, ChainTransaction, Receipt, WatchedAddress
from teraa.settlement.osm.models.networks import (
    AddressBalance,
    BlockCursor,
    Network,
    NodeHint,
    NodeHook,
    NodePeer,
)
from teraa.settlement.osm.models.requests import Allocation, OsmRequest, RequestAct
from teraa.settlement.osm.models.trust import DistrustedSender, Lease

__all__ = [
    "AddressBalance",
    "Allocation",
    "Block",
    "BlockCursor",
    "ChainTransaction",
    "DistrustedSender",
    "Lease",
    "Network",
    "NodeHint",
    "NodeHook",
    "NodePeer",
    "OsmRequest",
    "Receipt",
    "RequestAct",
    "WatchedAddress",
]
