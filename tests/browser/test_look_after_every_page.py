"""The pages of bookings, events, gates, baskets and payment, and our own pages of the back office.

Nothing that axe-core calls a violation (WCAG 2.2 AA and its best practices), nothing wider than its
screen: in French and English, in the light and the dark, on a phone and a tablet. An ordinary run
looks at each page twice, at a size drawn by a seed; ``--long`` in every way. ``TERAA_PICTURES=1``
keeps what was looked at in ``.data/screens/``.
"""

from __future__ import annotations

import datetime
import os
import random
import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from teraa.common.money import UNITS_PER_OSM as OSM
from teraa.demo.palaiseau import GENESIS
from tests.browser.test_collect_at_the_till import a_studio_to_pay_at_the_bar
from tests.browser.test_look_after_everyone import AXE, RULES
from tests.browsing import FAILURES, PHONE, TABLET, page_at
from tests.conftest import LONG
from tests.running import RunningHouse

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600)]

SCREENS = FAILURES.parent / "screens" if os.environ.get("TERAA_PICTURES") == "1" else None
SIZES = [PHONE, TABLET]
LOOKS = [("fr", False), ("en", True)]
if LONG:
    LOOKS += [("fr", True), ("en", False)]
RUN_AXE = """([rules, within]) => axe.run(within ? { include: [within] } : document, {
    runOnly: rules, resultTypes: ["violations"] })"""
# Unfold draws the frame of the back office; what stands in it is ours.
OFFICE = "#content"
BAR = GENESIS.payees[0]


class Visitor:
    """Goes from page to page in one language and one light, and looks at each."""

    def __init__(self, page: Page, house: RunningHouse, language: str, *, dark: bool) -> None:
        self.page = page
        self.house = house
        self.language = language
        self.light = "dark" if dark else "light"
        self.wrong: list[str] = []
        self.chance = random.Random(f"pages in {language}")

    def goes(self, path: str) -> None:
        answer = self.page.goto(self.house.url + path)
        assert answer is not None
        assert answer.status < 500, path

    def opens(self, listed: str, page: str) -> None:
        """The ``page`` of the first row that a list of the back office shows."""
        self.goes(listed)
        row = self.page.locator("#result_list tbody a[href*='/change/']").first
        self.goes(str(row.get_attribute("href")).split("/change/")[0] + page)

    def looks(self, name: str, within: str = "") -> None:
        """Look at what is shown now, in a sample of its looks."""
        expect(self.page.locator("html")).to_have_attribute("lang", self.language)
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE + ";0")
        for size in SIZES if LONG else [self.chance.choice(SIZES)]:
            self.page.set_viewport_size(size)  # type: ignore[arg-type]
            self._measure(f"{name} {self.language} {self.light} {size['width']}", within)

    def _measure(self, look: str, within: str) -> None:
        if SCREENS:
            SCREENS.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(
                path=SCREENS / f"{re.sub(r'[^a-z0-9]+', '-', look.lower())}.png", full_page=True
            )
        found = self.page.evaluate(RUN_AXE, [RULES, within])
        for violation in found["violations"]:
            for node in violation["nodes"]:
                why = (node.get("failureSummary") or "").split("\n")[-1].strip()[:140]
                self.wrong.append(f"{look}: {violation['id']} on {node['html'][:140]} ({why})")
        over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        if self.page.evaluate(over) > 0:
            self.wrong.append(f"{look}: wider than the screen")


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look[0]}-{'dark' if look[1] else 'light'}")
def visitor(request, browser, house: RunningHouse) -> Iterator[Visitor]:
    language, dark = request.param
    spoken = {"fr": "fr-FR", "en": "en-GB"}[language]
    with page_at(browser, size=TABLET, dark=dark, language=spoken) as page:
        visitor = Visitor(page, house, language, dark=dark)
        yield visitor
        assert not visitor.wrong, "\n".join(sorted(set(visitor.wrong)))


def test_booking_and_paying_from_afar(visitor):
    page = visitor.page
    visitor.goes("/book/")
    visitor.looks("what is let")
    # Late in the evening nothing of today is left to book.
    in_a_week = datetime.datetime.now(tz=datetime.UTC).date() + datetime.timedelta(days=7)
    page.locator('input[name="day"]').fill(in_a_week.isoformat())
    page.locator(".book-search button[type=submit]").click()
    page.locator(".offer .slot").first.wait_for()
    visitor.looks("what is free")
    page.locator(".book-month-link a").click()
    page.locator(".month").wait_for()
    visitor.looks("a month")
    page.go_back()
    page.locator(".offer .slot").first.click()
    page.locator("input[name=email]").wait_for()
    page.locator(".discount summary").click()
    page.locator("#code").fill("nothing")
    page.locator(".discount button").click()
    page.locator("#code_error").wait_for()
    visitor.looks("the form of a booking")
    page.locator("input[name=name]").fill("Ada Lovelace")
    page.locator("input[name=email]").fill("ada@example.org")
    page.locator("input[value=till]").check()
    page.locator("main form button[type=submit]").last.click()
    page.locator("[data-move]").wait_for()
    visitor.looks("one's own booking")
    page.locator("[data-move]").click()
    page.locator("button.slot").first.wait_for()
    visitor.looks("another time for it")
    page.locator("button.slot").first.click()
    page.locator("[data-pay]").click()
    page.wait_for_load_state()
    visitor.looks("paying for a booking")


def test_what_is_taken_and_what_is_given_up(visitor, house):
    page = visitor.page
    stay, _code = a_studio_to_pay_at_the_bar(house)
    taken = httpx.get(stay, timeout=10).json()
    begins = taken["starts_at"]
    visitor.goes(f"/book/{taken['offer']}/wait/?start={begins}&minutes=120")
    visitor.looks("asking to wait")
    page.locator("input[name=name]").fill("Ada Lovelace")
    page.locator("input[name=email]").fill(f"ada{visitor.light}{visitor.language}@example.org")
    page.locator("main form button[type=submit]").last.click()
    page.locator('[data-stage="waiting"]').wait_for()
    page.locator(".booking-cancel summary").click()
    visitor.looks("on the waiting list")
    page.locator(".booking-cancel button").click()
    page.locator('[data-stage="given_up"]').wait_for()
    visitor.looks("off the waiting list")
    visitor.goes("/book/?minutes=60")
    page.locator(".book-features summary").click()
    visitor.looks("what it must have")


def test_events_orders_and_what_is_owed(visitor):
    page = visitor.page
    visitor.goes("/events/")
    visitor.looks("events")
    visitor.goes("/events/festival/")
    visitor.looks("an event")
    page.locator(".order-rate select").first.select_option("1")
    page.locator("input[name=name]").fill("Ada Lovelace")
    page.locator("input[name=email]").fill("ada@example.org")
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_url("**/pay/**")
    visitor.looks("ways to pay")
    page.locator("form.pay-form button, .pay-way form button").first.click()
    expect(page.locator("[data-uri]")).to_be_visible()
    visitor.looks("a code for the wallet")


def test_a_gate(visitor):
    page, house = visitor.page, visitor.house
    visitor.goes("/gate/")
    expect(page.locator("[data-show=enrol]")).to_be_visible()
    visitor.looks("a gate nobody knows")
    links = house.fresh_links()
    page.goto(house.url + links["gates"][0]["url"])
    visitor.looks("becoming a gate")
    page.locator("form button[type=submit]").last.click()
    page.locator("[data-staff]", has_text="Sami").click()
    visitor.looks("who is at the gate")
    page.locator("#pin").fill(links["pins"]["Sami"])
    page.keyboard.press("Enter")
    page.locator("[data-event]").first.wait_for()
    visitor.looks("which event")
    page.locator("[data-event]").first.click()
    expect(page.locator("[data-answer][data-tone=ready]")).to_be_visible()
    visitor.looks("a gate that is ready")
    page.locator("[data-act=camera]").click()
    expect(page.locator("[data-answer][data-tone=attention]")).to_be_visible()
    visitor.looks("a gate without a camera")
    page.locator("#code").fill("AAAA-AAAA-AAAA-AAAA")
    page.keyboard.press("Enter")
    expect(page.locator("[data-answer][data-tone=danger]")).to_be_visible()
    visitor.looks("a gate that says no")


def test_baskets_the_door_and_what_is_not_there(visitor):
    for path, name in [
        ("/", "the venue"),
        ("/amap/", "farm baskets"),
        ("/account/login/code/", "asking for a code"),
        ("/nothing/here/", "nothing there"),
    ]:
        visitor.goes(path)
        visitor.looks(name)


def test_our_pages_of_the_back_office(visitor):
    page, house = visitor.page, visitor.house
    page.goto(house.url + house.fresh_links()["office"])
    page.locator("form button[type=submit]").last.click()
    page.wait_for_url("**/office/")
    # The house remembers which language somebody speaks; here it is the browser's.
    page.context.add_cookies(
        [{"name": "django_language", "value": visitor.language, "url": house.url}]
    )
    visitor.goes("/office/")
    visitor.looks("the office", OFFICE)
    visitor.goes("/office/bookings/booking/board/")
    visitor.looks("the day's board", OFFICE)
    visitor.opens("/office/amap/distribution/", "/desk/")
    visitor.looks("a distribution's desk", OFFICE)
    visitor.opens("/office/amap/distribution/", "/sheet/")
    visitor.looks("the sheet to sign")
    visitor.opens("/office/amap/amapgroup/", "/files/")
    visitor.looks("a group's files", OFFICE)
    visitor.opens("/office/ticketing/event/", "/statement/")
    visitor.looks("a receipts statement", OFFICE)


def test_coins_that_nobody_expected_and_their_way_back(visitor, wallet):
    page, house = visitor.page, visitor.house
    page.goto(house.url + house.fresh_links()["office"])
    page.locator("form button[type=submit]").last.click()
    page.wait_for_url("**/office/")
    page.context.add_cookies(
        [{"name": "django_language", "value": visitor.language, "url": house.url}]
    )
    memo = f"merci {visitor.language} {visitor.light}"
    txid = wallet.send(address=BAR.osm_address, units=40 * OSM, vendor_field=memo)
    row = page.locator("#result_list tbody tr", has_text=memo)
    for _look in range(20):
        visitor.goes("/office/cases/case/?state__exact=open")
        if row.count():
            break
        page.wait_for_timeout(500)
    row.locator("a[href*='/change/']").first.click()
    visitor.looks("a case", OFFICE)
    page.locator(".case input[name=to][value=claim]").check()
    page.locator(".case-form .case-main").click()
    page.wait_for_url("**/cases/refund/**")
    refund = page.url.removeprefix(house.url)
    page.locator(".case button[value=invite]").click()
    visitor.looks("a refund without an address", OFFICE)
    claim = page.locator("[data-claim]").get_attribute("data-claim") or ""
    visitor.goes(claim.removeprefix(house.url))
    visitor.looks("where a refund shall go")
    page.locator("#address").fill("nowhere")
    page.locator(".claim-form button").click()
    expect(page.locator("#address")).to_have_attribute("aria-invalid", "true")
    visitor.looks("an address with a slip")
    page.locator("#address").fill(wallet.address)
    page.locator(".claim-form button").click()
    expect(page.locator(".claim-address")).to_be_visible()
    visitor.looks("the address shown back")
    page.locator("button[name=sure]").click()
    expect(page.locator(".pay[data-stage=given]")).to_be_visible()
    visitor.looks("an address that was given")
    visitor.goes(refund)
    page.locator(".case button[value=approve]").click()
    expect(page.locator(".case-qr")).to_be_visible()
    visitor.looks("a refund to send", OFFICE)
    for path, name, within in [
        ("/office/cases/refund/sheet", "the sheet of refunds", ""),
        (f"/office/cases/case/explore?q={txid}", "the chain explorer", OFFICE),
        ("/office/cases/case/books", "the reconciliation", OFFICE),
    ]:
        visitor.goes(path)
        visitor.looks(name, within)
