"""What payers really do: too little, too much, twice, late; and a node that goes and comes back."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from teraa.settlement.osm.devnet.wallet import DevelopmentWallet
from tests.browsing import page_at
from tests.journeys.acts import GREEN, HOT, WAITING, assert_books_are_clean, picture, tap, uri_shown
from tests.journeys.test_first_studio import choose, fill
from tests.running import RunningHouse, running_house

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]

BLOCK_S = 4


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[RunningHouse]:
    data = tmp_path_factory.mktemp("troubles") / "house"
    with running_house(data, block_seconds=BLOCK_S) as open_:
        yield open_


def last_osm(page: Page) -> dict[str, Any]:
    """The OSM request of the newest sale, as the till's server tells it."""
    sale = page.evaluate(
        """async () => {
            const last = await (await fetch("/api/pos/sales/?last=1")).json();
            return (await fetch(`/api/pos/sales/${last.sales[0].key}/`)).json();
        }"""
    )
    return next(one["osm"] for one in reversed(sale["tenders"]) if one["osm"])


def ask_for_osm(page: Page) -> dict[str, Any]:
    tap(page, HOT, "Café")
    page.locator('[data-act="pay-osm"]').click()
    expect(page.locator(WAITING)).to_be_visible()
    return last_osm(page)


def send(wallet: DevelopmentWallet, osm: dict[str, Any], units: int) -> str:
    return wallet.send(address=osm["address"], units=units, vendor_field=osm["reference"])


def eventually(truth: Any, *, seconds: float, saying: str) -> Any:
    deadline = time.monotonic() + seconds
    while not (answer := truth()):
        assert time.monotonic() < deadline, saying
        time.sleep(0.2)
    return answer


def test_too_little_asks_for_the_rest_and_then_it_is_paid(house, till, wallet):
    osm = ask_for_osm(till)
    units = int(osm["units"])
    send(wallet, osm, units // 3)

    missing = till.locator("[data-missing]")
    expect(missing).to_be_visible(timeout=5000)
    assert int(missing.get_attribute("data-missing") or 0) == units - units // 3
    picture(till, "till-osm-missing")
    wallet.pay(uri_shown(till))  # the code on the screen asks for the rest

    expect(till.locator(GREEN)).to_be_visible(timeout=(2 * BLOCK_S + 6) * 1000)
    assert last_osm(till)["state"] == "settled"
    assert last_osm(till)["flags"] == []
    assert_books_are_clean(house)


def test_too_much_is_paid_and_says_so(house, till, wallet):
    osm = ask_for_osm(till)
    send(wallet, osm, int(osm["units"]) * 3 // 2)

    expect(till.locator(GREEN)).to_be_visible(timeout=(2 * BLOCK_S + 6) * 1000)
    assert last_osm(till)["flags"] == ["over"]
    assert_books_are_clean(house)


def test_two_tabs_that_both_pay_have_paid_twice(house, browser, wallet):
    with page_at(browser) as first:
        choose(first, house, "Studio A", "19:00")
        fill(first, "Lou Martin")
        first.locator(".guest button[type=submit]").click()
        expect(first).to_have_url(re.compile("/pay/"))
        first.locator(".pay form button[type=submit]").click()
        link = first.locator("[data-uri]").get_attribute("href")
        assert link is not None
        address = first.url
        second = first.context.new_page()
        second.goto(address)
        assert second.locator("[data-uri]").get_attribute("href") == link
        wallet.pay(link)
        wallet.pay(link)
        for tab in (first, second):
            expect(tab).to_have_url(re.compile("/book/b/"), timeout=(4 * BLOCK_S + 20) * 1000)
        found = eventually(
            lambda: _requests(house, "duplicate"),
            seconds=6 * BLOCK_S + 10,
            saying="nobody noticed the second payment",
        )
        assert found == [["settled", ["over", "duplicate"]]]
    assert_books_are_clean(house)


def _requests(house: RunningHouse, flag: str) -> list[Any]:

    done = house.manage(
        "shell",
        "-c",
        "import json\n"
        "from teraa.settlement.osm.models import OsmRequest\n"
        f"rows = OsmRequest.objects.filter({flag}=True, state='settled')\n"
        "print('ROWS' + json.dumps([[row.state, row.flags] for row in rows]))",
    )
    return list(json.loads(done.stdout.split("ROWS", 1)[1]))


def test_a_node_that_goes_and_comes_back_loses_no_parked_sale(house, till, wallet):
    osm = ask_for_osm(till)
    uri = uri_shown(till)
    till.locator('[data-act="next"]').first.click()
    node = int(house.parts()["devnet"]["pid"])
    wallet.pay(uri)
    os.killpg(node, signal.SIGSTOP)
    try:
        status = eventually(
            lambda: _osm_is_off(till),
            seconds=40,
            saying="the till never heard that the node is silent",
        )
        assert status["reason"]
        tap(till, HOT, "Café")
        expect(till.locator('[data-act="pay-osm"]')).to_be_disabled(timeout=20_000)
        picture(till, "till-osm-off")
        till.locator('[data-act="pay-cash"]').click()
        till.locator('[data-act="exact"]').click()
        expect(till.locator(GREEN)).to_be_visible()
        till.locator('[data-act="next"]').first.click()
    finally:
        os.killpg(node, signal.SIGCONT)

    till.locator('[data-act="sales"]').click()
    paid = till.locator(".row-state", has_text="Payé")
    expect(paid.nth(1)).to_be_visible(timeout=60_000)
    request = _request(house, osm["request"])
    assert request == "settled"
    assert_books_are_clean(house)


def _osm_is_off(page: Page) -> dict[str, Any] | None:
    status: dict[str, Any] = page.evaluate(
        "async () => (await (await fetch('/api/till/')).json()).osm"
    )
    return None if status["available"] else status


def _request(house: RunningHouse, request: str) -> str:
    done = house.manage(
        "shell",
        "-c",
        "from teraa.settlement.osm.models import OsmRequest\n"
        f"print('STATE' + OsmRequest.objects.get(pk='{request}').state)",
    )
    return done.stdout.split("STATE", 1)[1].strip()
