import logging

import pytest

from teraa.settlement.osm.devnet.node import DevelopmentNode
from tests.settlement.osm.channel import following


@pytest.fixture(scope="session")
def chain_node():
    """One development chain for all tests that only add to it; blocks come when asked for."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    with DevelopmentNode() as node:
        node.forge()
        yield node


@pytest.fixture
def channel(db, chain_node):
    chain_node.forge()  # takes what another test left in the pool
    with following(chain_node) as channel:
        yield channel
