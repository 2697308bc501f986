"""Every screen of the till, and the public pages, for every eye and hand.

Nothing that axe-core calls a violation (WCAG 2.2 AA and its best practices), no target smaller than
12 mm, and the next step always within reach without scrolling, on a phone in one hand as on a
tablet. Ordinary runs look at one phone and one tablet; ``--long`` at every size, light and dark.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_collect_at_the_till import a_studio_to_pay_at_the_bar
from tests.browser.till import AMBER, GREEN, WAITING, Till
from tests.browsing import PHONE, TABLET, page_at
from tests.conftest import LONG

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]

AXE = (Path(__file__).resolve().parents[1] / "vendor" / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SMALL_TABLET = {"width": 1024, "height": 600}
LEAST_PX = 46  # 12 mm are 45.4 CSS pixels

MEASURE_TARGETS = """() => [...document.querySelectorAll("button, a, input, textarea, summary")]
    .filter((one) => one.checkVisibility({ visibilityProperty: true }))
    // A link whose whole tile answers is as large as the tile.
    .map((one) => [one, one.matches(".door-tile a") ? one.closest(".door-tile") : one])
    .map(([one, area]) => [one.textContent.trim() || one.id, area.getBoundingClientRect()])
    .map(([name, box]) => ({ name, width: Math.round(box.width), height: Math.round(box.height) }))"""

LOOKS = [
    pytest.param((PHONE, True, "fr-FR"), id="phone-dark-fr"),
    pytest.param((TABLET, False, "en-GB"), id="tablet-light-en"),
]
if LONG:
    LOOKS += [
        pytest.param((PHONE, False, "en-GB"), id="phone-light-en"),
        pytest.param((TABLET, True, "fr-FR"), id="tablet-dark-fr"),
        pytest.param((SMALL_TABLET, False, "fr-FR"), id="small-tablet-light-fr"),
        pytest.param((SMALL_TABLET, True, "en-GB"), id="small-tablet-dark-en"),
    ]


class Inspector:
    """Collects what is wrong, screen by screen, so that one run names it all."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.wrong: list[str] = []
        self.seen: list[str] = []

    def look(self, name: str, *within_reach: str) -> None:
        self.seen.append(name)
        self.page.evaluate(AXE + ";0")
        found = self.page.evaluate(
            "(rules) => axe.run(document, { runOnly: rules, resultTypes: ['violations'] })", RULES
        )
        for violation in found["violations"]:
            for node in violation["nodes"]:
                self.wrong.append(f"{name}: {violation['id']} on {node['html'][:120]}")
        for target in self.page.evaluate(MEASURE_TARGETS):
            if min(target["width"], target["height"]) < LEAST_PX:
                self.wrong.append(f"{name}: small target {target}")
        for selector in within_reach:
            self._reach(name, selector)

    def _reach(self, name: str, selector: str) -> None:
        box: dict[str, Any] | None = self.page.locator(f"{selector}:visible").last.bounding_box()
        size = self.page.viewport_size
        assert size is not None
        if box is None or box["y"] < 0 or box["y"] + box["height"] > size["height"] + 1:
            self.wrong.append(f"{name}: {selector} is out of reach: {box}")


@pytest.fixture(params=LOOKS)
def page(request, browser) -> Iterator[Page]:
    size, dark, language = request.param
    with page_at(browser, size=size, dark=dark, language=language) as page:
        yield page


@pytest.fixture
def inspector(page) -> Iterator[Inspector]:
    inspector = Inspector(page)
    yield inspector
    assert inspector.wrong == [], "\n".join(sorted(set(inspector.wrong)))


@pytest.fixture
def till(page, house, enrolled) -> Till:
    return Till(page, house, enrolled)


def test_signing_on(till, inspector):
    till.open()
    till.page.locator("[data-staff], [data-product]").first.wait_for()
    if till.page.locator("[data-product]").count():
        lock(till)
    inspector.look("who is at the till", "[data-staff]")
    till.page.locator("[data-staff]", has_text=till.staff["name"]).click()
    till.page.keyboard.press("0")
    inspector.look("typing a PIN", '[data-act="sign-on"]', '[data-key="0"]')
    for digit in "999":
        till.page.keyboard.press(digit)
    till.page.keyboard.press("Enter")
    till.page.locator(".tone-text-danger").wait_for()
    inspector.look("a wrong PIN", '[data-act="sign-on"]')
    for digit in till.staff["pin"]:
        till.page.keyboard.press(digit)
    till.page.keyboard.press("Enter")
    expect(till.page.locator("[data-product]").first).to_be_visible()


def lock(till: Till) -> None:
    till.act("menu")
    till.act("lock")
    expect(till.page.locator("[data-staff]").first).to_be_visible()


def test_selling_for_cash(till, inspector):
    till.sign_on()
    inspector.look("an empty cart", "[data-product]", ".category")
    till.ring_up(0, 0, 1, 2)
    inspector.look(
        "a cart", ".category", '[data-act="pay"]' if till.is_phone else '[data-act="pay-osm"]'
    )
    till.show_ways()
    inspector.look(
        "ways to pay", '[data-act="pay-osm"]', '[data-act="pay-cash"]', '[data-act="pay-card"]'
    )
    till.page.locator(".step").nth(2).click()
    inspector.look("something taken out", '[data-act="undo"]')
    till.act("pay-cash")
    inspector.look("cash", '[data-act="exact"]', '[data-note="5000"]', '[data-key="0"]')
    for digit in "5000":
        till.page.keyboard.press(digit)
    inspector.look("cash typed", '[data-act="settle-cash"]')
    till.act("settle-cash")
    expect(till.page.locator(GREEN)).to_be_visible()
    inspector.look("paid", '[data-act="print"]', '[data-act="next"]')
    till.act("print")
    expect(till.page.locator(".done-print")).to_be_visible()
    inspector.look("paid, paper on its way", '[data-act="next"]')


def test_a_card_refused_and_a_bill_split(till, inspector):
    till.sign_on()
    till.ring_up(0, 1)
    till.pay("card")
    inspector.look("card", '[data-act="card-accepted"]', '[data-act="card-refused"]')
    till.act("card-refused")
    expect(till.page.locator(".notice")).to_be_visible()
    inspector.look("card refused")
    till.page.keyboard.press("Escape")
    till.show_ways()
    till.act("split")
    till.page.locator('[data-portion="2"]').click()
    inspector.look("split", '[data-act="pay-osm"]', '[data-act="pay-card"]', '[data-key="0"]')
    till.act("pay-card")
    till.act("card-accepted")
    expect(till.page.locator(".part")).to_be_visible()
    inspector.look("one part paid", '[data-act="pay-osm"]', '[data-act="pay-card"]')
    till.act("pay-card")
    till.act("card-accepted")
    expect(till.page.locator(GREEN)).to_be_visible()


def test_selling_for_osm(till, inspector, wallet):
    till.sign_on()
    till.ring_up(0)
    till.pay("osm")
    expect(till.page.locator(WAITING)).to_be_visible()
    inspector.look(
        "waiting for OSM", ".qr", WAITING, '[data-act="next"]', '[data-act="pay-otherwise"]'
    )
    wallet.pay(till.uri())
    expect(till.page.locator(f"{AMBER}, {GREEN}").first).to_be_visible()
    inspector.look("OSM on its way", '[data-act="next"]')
    expect(till.page.locator(GREEN)).to_be_visible(timeout=30_000)
    inspector.look("OSM there", '[data-act="next"]')
    till.next()
    till.ring_up(1)
    till.pay("osm")
    expect(till.page.locator(WAITING)).to_be_visible()
    till.next()
    inspector.look("a sale waits in the strip", ".chip")
    till.page.locator(".chip").first.click()
    if till.page.locator(".row").count():  # several wait on a phone: the list says which
        till.page.locator(".row").first.click()
    expect(till.page.locator(WAITING)).to_be_visible()
    till.act("pay-otherwise")
    expect(till.page.locator(".unpaid-pane")).to_be_visible()
    inspector.look("to be paid otherwise", '[data-act="pay-osm"]', '[data-act="pay-cash"]')
    till.act("abandon")
    expect(till.page.locator('[data-act="undo"]')).to_be_visible()
    inspector.look("given up, for now", '[data-act="undo"]')


def test_looking_back(till, inspector):
    till.sign_on()
    till.ring_up(0)
    till.pay("card")
    till.act("card-accepted")
    expect(till.page.locator(GREEN)).to_be_visible()
    till.next()
    till.act("sales")
    expect(till.page.locator(".row").first).to_be_visible()
    inspector.look("last sales", ".back")
    till.page.locator(".row", has=till.page.locator(".tone-ok")).first.click()
    expect(till.page.locator(".paper")).to_be_visible()
    inspector.look("one sale", ".back")
    till.act("menu")
    inspector.look("the menu", '[data-act="lock"]')
    till.act("totals")
    expect(till.page.locator(".taxes")).to_be_visible()
    inspector.look("totals of the day", ".back")
    till.act("close-day")
    expect(till.page.locator('[data-act="close-now"]')).to_be_visible()
    inspector.look("before closing the day", '[data-act="close-now"]', ".back")
    till.act("close-now")
    expect(till.page.locator("[data-closing]").first).to_be_visible()
    inspector.look("the day is closed", ".back")


def test_guests_who_come_and_money_that_goes_back(till, inspector, house):
    page = till.page
    booking, code = a_studio_to_pay_at_the_bar(house)
    till.sign_on()
    till.act("menu")
    till.act("collect")
    page.locator("#collect-text").fill(code)
    page.keyboard.press("Enter")
    till.act("pay-card")
    till.act("card-accepted")
    expect(page.locator(GREEN)).to_be_visible()
    till.next()
    deadline = time.monotonic() + 20
    while (stay := httpx.get(booking, timeout=10).json())["state"] != "confirmed":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    till.act("menu")
    till.act("arrivals")
    page.locator("#arrivals-text").fill(stay["code"])
    expect(page.locator(f'[data-stay="{stay["code"]}"]')).to_be_visible()
    inspector.look("who comes", ".back")
    cancelled = httpx.post(f"{booking}cancel/", json={}, timeout=20).json()
    till.act("menu")
    till.act("collect")
    page.locator("#collect-text").fill(cancelled["payout_code"])
    page.locator("[data-payout]").wait_for()
    inspector.look("money to give back", ".back")
    page.locator("[data-payout]").click()
    till.act("payout-card")
    inspector.look("how it goes back", ".back")
    page.locator("#payout-authorisation").fill("4242")
    till.act("pay-out")
    expect(page.locator('.payout-given[data-state="given"]')).to_be_visible()
    inspector.look("it was given back", '[data-act="payout-done"]')


def test_no_answer_from_the_server(till, inspector):
    till.sign_on()
    till.ring_up(0)
    till.pay("cash")
    till.page.context.set_offline(True)
    till.act("exact")
    expect(till.page.locator('[data-act="retry"]')).to_be_visible()
    inspector.look("no network", '[data-act="retry"]')
    till.page.context.set_offline(False)
    expect(till.page.locator(GREEN)).to_be_visible(timeout=15_000)


def test_a_browser_nobody_knows(page, house, inspector):
    page.goto(f"{house.url}/till/")
    page.locator("#code").fill("abcd-efgh")
    inspector.look("enrolment", ".primary-button")
    page.locator(".primary-button").click()
    page.locator(".tone-text-danger").wait_for()
    inspector.look("a wrong code", ".primary-button")


@pytest.mark.parametrize("door", ["/", "/demo/"])
def test_public_pages(page, house, inspector, door):
    page.goto(house.url + door)
    if door == "/demo/":
        page.locator("#holding").wait_for()
    inspector.look(door, ".site-name")
