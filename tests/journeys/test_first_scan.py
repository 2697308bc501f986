"""A ticket's whole life: bought on a telephone, paid on a chain, printed, read back, admitted once.

Everything runs as ``script/server`` starts it. The code that opens the gate is the one a real
decoder read from the picture of the PDF. Pictures are kept with ``TERAA_PICTURES=1``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from playwright.sync_api import Page, expect

from teraa.settlement.osm.devnet.wallet import DevelopmentWallet
from tests.browser.test_look_after_everyone import AXE, RULES
from tests.browsing import PHONE, TABLET, page_at
from tests.journeys.acts import PICTURES, picture
from tests.running import ROOT, RunningHouse, running_house

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

BLOCK_S = 1
GATEKEEPER = "Sami"


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[RunningHouse]:
    with running_house(tmp_path_factory.mktemp("scan") / "house", block_seconds=BLOCK_S) as open_:
        yield open_


def order(page: Page, house: RunningHouse, **counts: int) -> None:
    """Choose so many tickets of the festival day by the name of their rate, and order."""
    page.goto(f"{house.url}/events/")
    picture(page, "events-phone")
    page.get_by_role("link", name="la journée").click()
    for rate, count in counts.items():
        row = page.locator(".order-rate", has_text=rate)
        row.locator("select").select_option(str(count))
    page.get_by_label("Votre nom").fill("Ada Lovelace")
    page.get_by_label("Votre adresse e-mail").fill("ada@example.org")
    expect(page.locator("[data-total]")).to_be_visible()
    picture(page, "event-order-phone")
    page.get_by_role("button", name="Commander").click()
    page.wait_for_url("**/pay/**")


def pay_in_osm(page: Page, wallet: DevelopmentWallet) -> None:
    page.locator("form.pay-form button, .pay-way form button").first.click()
    link = page.locator("[data-uri]")
    expect(link).to_be_visible()
    picture(page, "ticket-pay-phone")
    wallet.pay(link.get_attribute("href") or "")


def tickets_of(page: Page) -> list[str]:
    """Wait for the tickets, then read each code from the picture of its page of the PDF."""
    expect(page.locator(".ticket").first).to_be_visible(timeout=60_000)
    picture(page, "ticket-phone")
    address = page.get_by_role("link", name="Billets en PDF").get_attribute("href")
    answer = page.request.get(page.url.split("/lieu/")[0] + (address or ""))
    assert answer.headers["content-type"] == "application/pdf"
    read = []
    for number, sheet in enumerate(pypdfium2.PdfDocument(answer.body())):
        image = sheet.render(scale=2).to_pil()
        if PICTURES and number == 0:
            image.save(ROOT / "docs" / "images" / "ticket-pdf.png")
        read += [found.text for found in zxingcpp.read_barcodes(image)]
    return read


def open_gate(page: Page, house: RunningHouse, links: dict[str, Any], gate: int) -> None:
    """Through the one-time link, then a PIN, then the session."""
    page.goto(house.url + links["gates"][gate]["url"])
    page.locator("form button[type=submit]").last.click()
    page.locator("[data-staff]", has_text=GATEKEEPER).click()
    page.locator("#pin").fill(links["pins"][GATEKEEPER])
    page.keyboard.press("Enter")
    page.locator("[data-event]", has_text="la journée").click()
    expect(page.locator("#code")).to_be_focused()


def scan(page: Page, code: str) -> None:
    """As a hand scanner does: quick keys, then Enter."""
    page.keyboard.type(code)
    page.keyboard.press("Enter")


def answer(page: Page, tone: str) -> Any:
    shown = page.locator(f'[data-answer][data-tone="{tone}"]')
    expect(shown).to_be_visible()
    return shown


def test_a_ticket_bought_in_osm_opens_one_gate_once(house, browser, wallet):
    with page_at(browser, size=PHONE) as buyer:
        order(buyer, house, **{"Plein tarif": 1, "Tarif solidaire": 1})
        pay_in_osm(buyer, wallet)
        codes = tickets_of(buyer)
        assert len(codes) == 2
        assert len(set(codes)) == 2
        mentions = buyer.locator(".mentions").first.inner_text()
        assert "Les Nuits du Plateau" in mentions
        assert "000001" in mentions

    links = house.fresh_links()
    with page_at(browser, size=PHONE) as garden, page_at(browser, size=PHONE, dark=True) as avenue:
        open_gate(garden, house, links, 0)
        open_gate(avenue, house, links, 1)
        picture(garden, "gate-ready")
        scan(garden, codes[0])
        expect(answer(garden, "ok").locator("[data-word]")).to_have_text("Oui")
        picture(garden, "gate-yes")

        scan(avenue, codes[0])
        refused = answer(avenue, "danger")
        expect(refused).to_have_attribute("data-reason", "already_admitted")
        expect(refused.locator("[data-more]")).to_contain_text(links["gates"][0]["name"])
        picture(avenue, "gate-no")

        # The other ticket, on a keyboard that thinks it is French and has its capitals lock off.
        scan(avenue, codes[1].lower().translate(str.maketrans("aqwzm", "qazw,")))
        answer(avenue, "ok")
        scan(garden, "https://example.org/not-a-ticket")
        expect(answer(garden, "danger")).to_have_attribute("data-reason", "unknown")

    verified = house.manage("verify_fiscal", check=False)
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_a_gate_that_loses_the_network_sends_the_same_scan_again(house, browser):
    with page_at(browser, size=PHONE) as buyer:
        buyer.goto(f"{house.url}/events/cordes-du-plateau/")
        row = buyer.locator(".order-rate", has_text="Moins de 12 ans")
        row.locator("select").select_option("1")
        buyer.get_by_label("Votre nom").fill("Zoé")
        buyer.get_by_label("Votre adresse e-mail").fill("zoe@example.org")
        buyer.get_by_role("button", name="Commander").click()
        [code] = tickets_of(buyer)

    links = house.fresh_links()
    with page_at(browser, size=PHONE) as gate:
        open_gate(gate, house, links, 0)
        sent = []
        # The request arrives and its answer is lost, twice.
        gate.route(
            "**/api/ticketing/scans/",
            lambda route: _lose(route, sent) if len(sent) < 2 else route.continue_(),
        )
        scan(gate, code)
        # It is for the concert; the festival's gate says so, whatever the network does.
        shown = answer(gate, "danger")
        expect(shown).to_have_attribute("data-reason", "other_event")
        assert len(sent) == 2
        assert len(set(sent)) == 1, "one key, however often it is sent"


def _lose(route: Any, sent: list[str]) -> None:
    sent.append(route.request.post_data_json["key"])
    route.fetch()
    route.abort()


def test_free_places_are_not_held_for_ever(house, browser):
    """The page of a held order counts down, and gives its places back when told to."""
    with page_at(browser, size=PHONE) as buyer:
        order(buyer, house, **{"Plein tarif": 2})
        buyer.goto(_order_page(house))
        clock = buyer.locator("[data-seconds]")
        before = clock.inner_text()
        deadline = time.monotonic() + 10
        while clock.inner_text() == before and time.monotonic() < deadline:
            time.sleep(0.2)
        assert clock.inner_text() != before
        picture(buyer, "order-held-phone")
        buyer.get_by_role("button", name="Abandonner").click()
        expect(buyer.get_by_role("link", name="Choisir à nouveau")).to_be_visible()


@pytest.mark.parametrize(("size", "dark"), [(PHONE, True), (TABLET, False)])
def test_everybody_can_use_these_pages(house, browser, size, dark):
    """axe-core finds nothing, and nothing is wider than the screen."""
    wrong: list[str] = []
    links = house.fresh_links()
    with page_at(browser, size=size, dark=dark) as page:

        def look(name: str) -> None:
            page.evaluate(AXE + ";0")
            found = page.evaluate(
                "(rules) => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", RULES
            )
            for violation in found["violations"]:
                for node in violation["nodes"]:
                    wrong.append(f"{name}: {violation['id']} on {node['html'][:160]}")
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wrong.append(f"{name}: wider than the screen")

        page.goto(f"{house.url}/events/")
        look("events")
        page.goto(f"{house.url}/events/cordes-du-plateau/")
        look("event")
        page.locator(".order-rate", has_text="Moins de 12 ans").locator("select").select_option("1")
        page.get_by_label("Votre nom").fill("Zoé")
        page.get_by_label("Votre adresse e-mail").fill("zoe@example.org")
        page.get_by_role("button", name="Commander").click()
        expect(page.locator(".ticket")).to_be_visible()
        look("order")
        page.goto(f"{house.url}/gate/")
        expect(page.locator("[data-show=enrol]")).to_be_visible()
        look("enrol")
        open_gate(page, house, links, 0)
        look("gate, ready")
        scan(page, "unknown")
        answer(page, "danger")
        look("gate, no")
        page.locator('[data-act="lock"]').click()
        expect(page.locator("[data-staff]").first).to_be_visible()
        look("gate, sign on")

    assert not wrong, "\n".join(wrong)


def _order_page(house: RunningHouse) -> str:
    """What the buyer's page would say; the newest held order knows its own address."""
    script = (
        "from ticketing.models import Order;"
        "print(Order.objects.filter(state='hold').latest('placed_at').page_url)"
    )
    return house.manage("shell", "-c", script).stdout.strip().splitlines()[-1]
