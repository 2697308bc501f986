"""The back office in a real browser: entered by its link, under its browser policy, on any screen.

``page_at`` fails a test on any script error and any refusal of the browser policy.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browsing import PHONE, TABLET, page_at
from tests.running import RunningHouse

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(
    params=[
        pytest.param((TABLET, False), id="tablet"),
        pytest.param((PHONE, True), id="phone-dark"),
    ]
)
def office(request, browser, house: RunningHouse) -> Iterator[Page]:
    size, dark = request.param
    with page_at(browser, size=size, dark=dark) as page:
        page.goto(house.url + house.fresh_links()["office"])
        page.locator("form button[type=submit]").last.click()
        page.wait_for_url("**/office/")
        yield page


def lists(page: Page) -> list[str]:
    """The addresses of the menu: /office/room/list/."""
    hrefs = [str(one.get_attribute("href")) for one in page.locator("a[href^='/office/']").all()]
    return list(dict.fromkeys(href for href in hrefs if href.count("/") == 4 and "?" not in href))


def test_every_list_opens_without_a_word_from_the_browser(office, house):
    expect(office.locator("h2", has_text="TERAA Genesis")).to_be_visible()
    addresses = lists(office)
    assert len(addresses) > 15

    for address in addresses:
        answer = office.goto(house.url + address)
        assert answer is not None
        assert answer.status == 200, address
        assert office.evaluate(OVERFLOW) <= 0, f"{address} is wider than the screen"
        expect(office.locator("html")).to_have_attribute("lang", "fr")


def test_filters_and_search_answer(office, house):
    office.goto(f"{house.url}/office/pos/product/")
    office.get_by_text("Filtres").first.click()
    expect(office.get_by_text("Par catégorie")).to_be_visible()

    office.goto(f"{house.url}/office/pos/product/?q=mayo")
    expect(office.locator("#result_list tbody")).to_have_count(1)
    office.goto(f"{house.url}/office/pos/product/?q=zzzz")
    expect(office.get_by_text("Rien ne correspond")).to_be_visible()


def test_a_new_price_reaches_the_tills(office, house):
    office.goto(f"{house.url}/office/pos/product/?q=mayo")
    office.locator("#result_list tbody a", has_text="Œuf mayo").click()
    price = office.locator("input[name=price_cents]")
    before = price.input_value()
    price.fill("4,10" if before != "4,10" else "3,90")
    office.locator("button[name=_save], input[name=_save]").first.click()

    expect(office.get_by_text("Les caisses vendent désormais")).to_be_visible()


def test_a_station_is_given_an_enrolment_code(office, house):
    office.goto(f"{house.url}/office/venues/station/?q=Terrasse")
    office.locator("#result_list tbody a", has_text="Terrasse").click()
    office.wait_for_url("**/change/**")
    more = office.locator("[x-on\\:click*=showActions]")
    if more.is_visible():  # on a telephone the actions wait behind a button
        more.click()
    office.get_by_text("Code d’enrôlement", exact=True).first.click()
    office.get_by_role("button", name="Créer un code").click()

    expect(office.get_by_text("/till/enter/").first).to_be_visible()
