"""A payee who trusts small payments serves before the block, and is warned when it is overdue."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from teraa.settlement.osm.devnet.wallet import DevelopmentWallet
from tests.browsing import PHONE
from tests.journeys.acts import GREEN, HOT, WAITING, assert_books_are_clean, picture, tap, uri_shown
from tests.running import RunningHouse, running_house

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]

BLOCK_S = 8
ACCEPTED = '.money-state[data-state="accepted"]'
OVERDUE = '.money-state[data-state="overdue"]'

TRUST = """
from teraa.common.clock import now
from teraa.settlement.models import PaymentPolicy
from teraa.settlement.osm.models import Network, NodePeer
from teraa.venues.models import Payee
for payee in Payee.objects.filter(osm_address__gt=""):
    PaymentPolicy.objects.update_or_create(
        payee=payee, defaults={"venue_id": payee.venue_id, "trust_up_to_cents": 2000}
    )
NodePeer.objects.create(
    network=Network.objects.get(), url="%s", role="public", source="office"
)
"""

SECOND_NODE = """
from teraa.settlement.osm.models import NodePeer
print("HEALTH" + NodePeer.objects.get(role="public").health)
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[RunningHouse]:
    data = tmp_path_factory.mktemp("trust") / "house"
    with running_house(data, block_seconds=BLOCK_S) as open_:
        # The same chain by another name: what a second node of the network would answer.
        open_.manage("shell", "-c", TRUST % open_.node_url.replace("127.0.0.1", "localhost"))
        wait_for_second_node(open_)
        yield open_


def wait_for_second_node(house: RunningHouse) -> None:
    for _ in range(60):
        said = house.manage("shell", "-c", SECOND_NODE).stdout
        if said.split("HEALTH", 1)[1].strip() == "healthy":
            return
    raise AssertionError("the second node was never healthy")


def ask_for_coffee(till: Page) -> str:
    tap(till, HOT, "Café")
    till.locator('[data-act="pay-osm"]').click()
    expect(till.locator(WAITING)).to_be_visible()
    return uri_shown(till)


def test_the_coffee_is_served_before_its_block_and_paid_by_it(house, till, wallet):
    wallet.pay(ask_for_coffee(till))
    expect(till.locator(f"{ACCEPTED}, {GREEN}").first).to_be_visible(timeout=5000)
    expect(till.locator(GREEN)).to_be_visible(timeout=(2 * BLOCK_S + 6) * 1000)
    assert_books_are_clean(house)


def wait_for_block(house: RunningHouse) -> None:
    """Return with a whole block's time ahead."""
    url = f"{house.node_url}/api/node/syncing"
    before = httpx.get(url).json()["data"]["height"]
    while httpx.get(url).json()["data"]["height"] == before:
        time.sleep(0.1)


def pay_and_stop_the_chain(house: RunningHouse, till: Page, wallet: DevelopmentWallet) -> int:
    """Leave the till with a payment that is believed and in no block; returns the node's group.

    On a slow machine the block may be faster than we are: then with another coffee.
    """
    node = int(house.parts()["devnet"]["pid"])
    for _ in range(4):
        uri = ask_for_coffee(till)
        wait_for_block(house)
        wallet.pay(uri)
        expect(till.locator(f"{ACCEPTED}, {GREEN}").first).to_be_visible(timeout=20_000)
        os.killpg(node, signal.SIGSTOP)
        till.wait_for_timeout(1500)  # what was under way arrives
        if till.locator(ACCEPTED).is_visible():
            return node
        os.killpg(node, signal.SIGCONT)
        expect(till.locator(GREEN)).to_be_visible(timeout=60_000)
        till.locator('[data-act="next"]').first.click()
    raise AssertionError("each of four coffees was in a block before the chain could be stopped")


def test_the_till_warns_when_the_block_is_overdue(house, till, wallet):
    node = pay_and_stop_the_chain(house, till, wallet)
    try:
        picture(till, "till-osm-accepted")
        overdue = till.locator(OVERDUE)
        expect(overdue).to_be_visible(timeout=(4 * BLOCK_S + 6) * 1000)
        expect(overdue.get_by_role("alert")).to_be_visible()
        picture(till, "till-osm-overdue")
        till.set_viewport_size(PHONE)
        expect(overdue.get_by_role("alert")).to_be_in_viewport()
    finally:
        os.killpg(node, signal.SIGCONT)
    expect(till.locator(GREEN)).to_be_visible(timeout=60_000)
    assert_books_are_clean(house)
