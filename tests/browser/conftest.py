"""One house for all that is looked at in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from teraa.settlement.osm.devnet.profiles import DEMO_PHRASE
from teraa.settlement.osm.devnet.wallet import DevelopmentWallet
from tests.browser.till import Till
from tests.browsing import page_at
from tests.running import RunningHouse, running_house

BLOCK_S = 2


@pytest.fixture(scope="session")
def house(tmp_path_factory) -> Iterator[RunningHouse]:
    with running_house(
        tmp_path_factory.mktemp("browser") / "house", block_seconds=BLOCK_S
    ) as open_:
        yield open_


@pytest.fixture
def wallet(house) -> DevelopmentWallet:
    return DevelopmentWallet(house.node_url, DEMO_PHRASE)


@pytest.fixture(scope="session")
def enrolled(house, browser) -> dict[str, Any]:
    """The cookies of a browser that has become the first till of the demonstration."""
    with page_at(browser) as page:
        links = house.fresh_links()
        page.goto(house.url + links["tills"][0]["url"])
        page.locator("form button[type=submit]").last.click()
        page.locator("[data-staff]").first.wait_for()
        return {"cookies": page.context.cookies(), "staff": links["staff"][0]}


@pytest.fixture
def till(house, browser, enrolled) -> Iterator[Till]:
    """A tablet, light, French, signed on."""
    with page_at(browser) as page:
        till = Till(page, house, enrolled)
        till.sign_on()
        yield till
