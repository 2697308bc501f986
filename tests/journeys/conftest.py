"""Who takes part in a journey; what was on the screen is kept when one fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from teraa.settlement.osm.devnet.profiles import DEMO_PHRASE
from teraa.settlement.osm.devnet.wallet import DevelopmentWallet
from tests.browsing import FAILURES, TABLET, page_at
from tests.journeys.acts import open_till
from tests.running import RunningHouse


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    page = getattr(item, "funcargs", {}).get("till")
    if report.when == "call" and report.failed and isinstance(page, Page):
        FAILURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=FAILURES / f"{item.name}.png")
    return report


@pytest.fixture
def wallet(house: RunningHouse) -> DevelopmentWallet:
    """A customer's, on the house's own chain."""
    return DevelopmentWallet(house.node_url, DEMO_PHRASE)


@pytest.fixture
def till(house: RunningHouse, browser: Browser) -> Iterator[Page]:
    """The first till, with somebody at it."""
    with page_at(browser, size=TABLET) as page:
        open_till(page, house)
        yield page
