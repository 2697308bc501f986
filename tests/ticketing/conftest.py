"""One development chain for the tests in which coins come."""

from tests.settlement.osm.conftest import chain_node, channel  # noqa: F401  fixtures by name
