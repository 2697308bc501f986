"""A development node per test, and a plain way to ask it."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator

import httpx
import pytest

from teraa.settlement.osm.devnet.node import DevelopmentNode
from tests.conformance.target import Target

SHOP = "odXF2Zix4KpiSgMYvXHCzWh4BR4yvcoanY"


@pytest.fixture
def node() -> Iterator[DevelopmentNode]:
    """A fresh node of the manifesto's network that forges when asked."""
    with DevelopmentNode() as running:
        yield running


@pytest.fixture(scope="module")
def idle_node() -> Iterator[DevelopmentNode]:
    """A node shared by the tests of a module that change nothing."""
    with DevelopmentNode() as running:
        yield running


@pytest.fixture(scope="session")
def shop() -> str:
    """An address that has never sent anything."""
    return SHOP


@pytest.fixture
def target() -> Iterator[Target]:
    """Where webhooks may be sent."""
    listening = Target()
    yield listening
    listening.close()


@pytest.fixture(scope="session")
def http() -> Iterator[httpx.Client]:
    """A client for loopback: it reads no certificates and no proxy settings."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # 3.9 cuts every connection after its answer, whatever it announces.
    limits = httpx.Limits(max_keepalive_connections=0)
    with httpx.Client(trust_env=False, timeout=10, verify=context, limits=limits) as client:
        yield client


@pytest.fixture(scope="session")
def ask(http: httpx.Client) -> Callable[..., httpx.Response]:
    """Return ask(node, path, json=None, method=None) -> answer of the API."""

    def asked(node: DevelopmentNode, path: str, **more: object) -> httpx.Response:
        method = str(more.pop("method", "POST" if "json" in more else "GET"))
        return http.request(method, f"{node.url}/api{path}", **more)

    return asked
