"""One coffee through every room: a real browser, a real signature, a real chain, a printed ticket.

Everything runs as ``script/server`` starts it. Pictures for the README are taken on the way and
kept in ``docs/images/`` when ``TERAA_PICTURES=1``.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from teraa.settlement.osm.devnet.wallet import DevelopmentWallet
from tests.browsing import PHONE, QUIET, chromium_path, page_at
from tests.journeys.acts import (
    AMBER,
    BAR,
    GREEN,
    HOT,
    KITCHEN,
    PICTURES,
    WAITING,
    assert_books_are_clean,
    open_till,
    paper_with,
    pay_after_a_block,
    picture,
    read,
    tap,
    uri_shown,
)
from tests.running import ROOT, RunningHouse, free_ports, running_house

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]

BLOCK_S = 4  # long enough to see amber before green


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[RunningHouse]:
    data = tmp_path_factory.mktemp("coffee") / "house"
    # From nothing at all, as the README says.
    with running_house(data, block_seconds=BLOCK_S, is_first_start=True) as open_:
        yield open_


def test_a_coffee_paid_in_osm_and_printed(house, till, wallet):
    tap(till, HOT, "Café")
    till.locator('[data-act="paper"]').click()
    picture(till, "till-tablet-light")
    till.locator('[data-act="pay-osm"]').click()
    expect(till.locator(WAITING)).to_be_visible()
    picture(till, "till-osm")

    pay_after_a_block(house, wallet, uri_shown(till))
    accepted = time.monotonic()
    expect(till.locator(AMBER)).to_be_visible(timeout=1000)
    amber_after = time.monotonic() - accepted
    picture(till, "till-osm-seen")
    expect(till.locator(GREEN)).to_be_visible(timeout=(BLOCK_S + 4) * 1000)
    picture(till, "till-paid")

    assert amber_after < 1
    ticket = paper_with(house, "OSM")
    text = read(ticket)
    assert "Café" in text
    assert "€" in text
    assert "TOTAL" in text
    if PICTURES:
        (ROOT / "docs" / "images" / "receipt.png").write_bytes(Path(ticket["picture"]).read_bytes())
    assert_books_are_clean(house)


def test_a_starter_paid_in_cash_with_its_change(house, till):
    tap(till, KITCHEN, "Œuf")
    till.locator('[data-act="paper"]').click()
    till.locator('[data-act="pay-cash"]').click()
    till.locator('[data-note="2000"]').click()
    change = till.locator("[data-change]").last
    expect(change).to_be_visible()

    ticket = paper_with(house, "Œuf")
    assert "€" in read(ticket)
    assert ticket["kicks"], "cash opens the drawer"
    assert int(change.get_attribute("data-change") or 0) > 0
    assert_books_are_clean(house)


def test_a_beer_paid_by_card_without_paper(house, till):
    before = len(list(house.paper.glob("[0-9]*.json")))
    tap(till, BAR, "Blonde 25 cl")
    till.locator('[data-act="pay-card"]').click()
    till.locator('[data-act="card-accepted"]').click()
    expect(till.locator(GREEN)).to_be_visible()

    time.sleep(1)
    assert len(list(house.paper.glob("[0-9]*.json"))) == before, "paper only when asked for"
    assert_books_are_clean(house)


def test_osm_then_cash_on_one_sale(house, till, wallet):
    tap(till, HOT, "Café")
    tap(till, HOT, "Café")
    till.locator('[data-act="split"]').click()
    till.locator('[data-portion="2"]').click()
    till.locator('[data-act="pay-osm"]').first.click()
    expect(till.locator(WAITING)).to_be_visible()
    pay_after_a_block(house, wallet, uri_shown(till))
    expect(till.locator(AMBER)).to_be_visible()
    picture(till, "till-osm-then-cash")
    # Half is on its way; the other half is taken in cash meanwhile.
    till.locator('.request-rest [data-act="pay-cash"]').click()
    till.locator('[data-act="exact"]').click()
    expect(till.locator(GREEN)).to_be_visible(timeout=(BLOCK_S + 6) * 1000)

    sale = till.evaluate(
        """async () => {
            const last = await (await fetch("/api/pos/sales/?last=1")).json();
            return (await fetch(`/api/pos/sales/${last.sales[0].key}/`)).json();
        }"""
    )
    assert sorted(one["kind"] for one in sale["tenders"]) == ["cash", "osm"]
    assert {one["state"] for one in sale["tenders"]} == {"settled"}
    assert_books_are_clean(house)


def test_the_next_customer_does_not_wait(house, till, wallet):
    tap(till, HOT, "Café")
    till.locator('[data-act="pay-osm"]').click()
    expect(till.locator(WAITING)).to_be_visible()
    uri = uri_shown(till)
    till.locator('[data-act="next"]').first.click()

    tap(till, BAR, "Blonde 25 cl")
    till.locator('[data-act="pay-cash"]').click()
    till.locator('[data-act="exact"]').click()
    expect(till.locator(GREEN)).to_be_visible()
    till.locator('[data-act="next"]').first.click()

    wallet.pay(uri)
    till.locator('[data-act="sales"]').click()
    paid = till.locator(".row-state", has_text="Payé")
    expect(paid.nth(1)).to_be_visible(timeout=(BLOCK_S + 6) * 1000)
    picture(till, "till-last-sales")
    assert_books_are_clean(house)


def test_green_within_two_seconds_of_the_block_with_the_socket_port_closed(house, browser, wallet):
    """Nobody listens where this browser finds the sockets' port."""
    closed = free_ports(1)
    deaf = browser.browser_type.launch(
        executable_path=chromium_path(),
        args=[*QUIET, f"--host-resolver-rules=MAP 127.0.0.1:{house.port + 1} 127.0.0.1:{closed}"],
    )
    try:
        with page_at(deaf, size=PHONE) as page:
            refused: list[str] = []
            page.on("console", lambda message: refused.append(message.text))
            _green_within_two_seconds_of_the_block(house, page, wallet)
            assert any("ERR_CONNECTION_REFUSED" in text for text in refused), refused
    finally:
        deaf.close()
    assert_books_are_clean(house)


def test_green_within_two_seconds_of_the_block_without_any_socket(house, browser, wallet):
    """The socket's process hangs: it takes connections and never says a word."""
    live = int(house.parts()["live"]["pid"])
    os.killpg(live, signal.SIGSTOP)
    try:
        with page_at(browser, size=PHONE) as page:
            _green_within_two_seconds_of_the_block(house, page, wallet)
    finally:
        os.killpg(live, signal.SIGCONT)
    assert_books_are_clean(house)


def _green_within_two_seconds_of_the_block(
    house: RunningHouse, page: Page, wallet: DevelopmentWallet
) -> None:
    open_till(page, house, till=1)
    tap(page, HOT, "Café")
    page.locator('[data-act="pay"], [data-act="open-sheet"]').first.click()
    picture(page, "till-phone-light")
    page.locator('[data-act="pay-osm"]').first.click()
    expect(page.locator(WAITING)).to_be_visible()
    _wait_for_block_of(house, wallet.pay(uri_shown(page)))
    found = time.monotonic()
    expect(page.locator(GREEN)).to_be_visible(timeout=10_000)
    assert time.monotonic() - found < 2


def _wait_for_block_of(house: RunningHouse, txid: str) -> None:
    deadline = time.monotonic() + BLOCK_S * 3 + 5
    while time.monotonic() < deadline:
        answer = httpx.get(f"{house.node_url}/api/transactions/{txid}")
        if answer.status_code == 200 and answer.json()["data"].get("blockId"):
            return
        time.sleep(0.02)
    raise AssertionError("the node did not take the transaction into a block")
