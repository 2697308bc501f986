"""Which node is asked.

Without anything in the environment: our development node, both dialects. Otherwise a real one:

    TERAA_REAL_NODE=http://127.0.0.1:4003,http://127.0.0.1:4004,2.5
    TERAA_REAL_PASSPHRASE='…'                    of a funded wallet
    TERAA_REAL_ROLLBACK='some-command {n}'       undoes n blocks, where the node can
    TERAA_REAL_LIMITED=1                         its rate limit is on: only that is tried then
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator

import pytest

from teraa.settlement.osm.devnet.node import DevelopmentNode
from teraa.settlement.osm.devnet.profiles import DEMO_PHRASE
from tests.conformance.payer import Payer
from tests.conformance.subject import OurSubject, RealSubject, Subject
from tests.conformance.target import Target

REAL = os.environ.get("TERAA_REAL_NODE", "")
LIMITED = os.environ.get("TERAA_REAL_LIMITED") == "1"
DIALECTS = ["2.5", "3.9"]


def real_subject() -> Subject:
    url, hooks_url, dialect = [*REAL.split(","), "", ""][:3]
    return RealSubject(
        url=url,
        hooks_url=hooks_url,
        dialect=dialect or "2.5",
        passphrase=os.environ["TERAA_REAL_PASSPHRASE"],
        rollback_command=os.environ.get("TERAA_REAL_ROLLBACK", ""),
    )


def our_subject(node: DevelopmentNode) -> Subject:
    return OurSubject(
        url=node.url,
        hooks_url=node.hooks_url,
        dialect=node.dialect,
        passphrase=DEMO_PHRASE,
        node=node,
    )


@pytest.fixture(scope="session", params=["real"] if REAL else DIALECTS)
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    """The node under test, kept for all tests: each makes its own payments and wallets."""
    if REAL:
        if LIMITED:
            pytest.skip("the limit of this real node is on: only test_limit.py asks it")
        found = real_subject()
        yield found
        found.close()
        return
    with DevelopmentNode(dialect=request.param) as node:
        node.forge(3)
        found = our_subject(node)
        yield found
        found.close()


@pytest.fixture(params=["real"] if REAL else DIALECTS)
def limited(request: pytest.FixtureRequest) -> Iterator[Subject]:
    """A node whose rate limit is on."""
    if REAL:
        if not LIMITED:
            pytest.skip("the limit of this real node is off: start it with one for this test")
        found = real_subject()
        yield found
        found.close()
        return
    with DevelopmentNode(rate_limit=True, dialect=request.param) as node:
        found = our_subject(node)
        yield found
        found.close()


@pytest.fixture(scope="session")
def payer(subject: Subject) -> Payer:
    """The funded wallet."""
    return Payer(subject)


@pytest.fixture
def stranger(subject: Subject) -> Payer:
    """A wallet the chain has never heard of."""
    return Payer(subject, f"conformance {secrets.token_hex(16)}")


@pytest.fixture(scope="session")
def shop(subject: Subject, payer: Payer) -> str:
    """An address that has received once and sent once, so that no search about it fails."""
    wallet = Payer(subject, f"conformance shop {secrets.token_hex(16)}")
    payer.pay(wallet.address, 10 * payer.fee)
    subject.forge()
    subject.until(
        lambda: subject.ask(f"/wallets/{wallet.address}"), lambda answer: answer.status_code == 200
    )
    wallet.pay(payer.address, 1)
    subject.forge()
    return wallet.address


@pytest.fixture
def target() -> Iterator[Target]:
    """Where webhooks may be sent."""
    listening = Target()
    yield listening
    listening.close()
