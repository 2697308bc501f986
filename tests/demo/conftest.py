"""A demonstration with a chain of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from teraa.settlement.osm.devnet.node import DevelopmentNode


@pytest.fixture(scope="module")
def node() -> Iterator[DevelopmentNode]:
    """A node that forges when asked; its chain is this module's."""
    with DevelopmentNode() as running:
        yield running


@pytest.fixture
def demonstration(settings, node: DevelopmentNode, tmp_path) -> None:
    """This house is a demonstration that looks at ``node``."""
    settings.TERAA_DEMO = True
    settings.TERAA_NODE_URL = node.url
    settings.TERAA_NODE_HOOKS_URL = node.hooks_url
    settings.TERAA_NODE_NETHASH = node.nethash
    settings.TERAA_PAPER_DIR = tmp_path / "paper"
