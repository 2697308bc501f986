"""Coins that come too late, coins that go back, and a chain that is rewritten under a booking.

The house follows a node of ours that has a control API: the development node that a house brings
along has none.
"""

from __future__ import annotations

import csv
import datetime
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from teraa.common.money import parse_osm
from teraa.demo.palaiseau import GENESIS
from teraa.settlement.cases.watching import FINAL_DEPTH
from teraa.settlement.osm import uri
from teraa.settlement.osm.devnet.node import DevelopmentNode
from tests.browsing import PHONE, TABLET, page_at
from tests.journeys.acts import GREEN, assert_books_are_clean, picture
from tests.journeys.test_first_studio import choose, fill
from tests.journeys.test_payment_troubles import ask_for_osm, eventually, last_osm, send
from tests.running import RunningHouse, running_house

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]

BLOCK_S = 2
SOON_MS = 30_000
YOUNG_CHAIN = 100
DEEP_FORK = 60
BAR = GENESIS.payees[0]
CUSTOMER = "the phone of somebody who overpaid"
CASES, REFUNDS = "/office/cases/case/?state__exact=open", "/office/cases/refund/"
REPORT, REFUNDED = "/office/cases/case/books", ["books_out", "refunds"]


@dataclass
class Clock:
    """The node's own: it jumps ahead when many blocks are wanted at once, as if time had passed."""

    ahead: datetime.timedelta = datetime.timedelta()

    def __call__(self) -> datetime.datetime:
        return datetime.datetime.now(tz=datetime.UTC) + self.ahead


@dataclass
class Chain:
    """A node that forges by itself, and what its control API can do to it."""

    node: DevelopmentNode
    clock: Clock

    def asks(self, path: str, **body: Any) -> dict[str, Any]:
        answer = httpx.post(f"{self.node.control_url}/control/{path}", json=body, timeout=30)
        told: dict[str, Any] = answer.raise_for_status().json()
        return told

    def forges(self, count: int) -> None:
        self.clock.ahead += datetime.timedelta(seconds=count * BLOCK_S)
        self.asks("forge", count=count)

    def is_rewritten(self, blocks: int, *, lose: list[str]) -> None:
        """So many blocks are undone, as many others and one more are there instead."""
        self.clock.ahead += datetime.timedelta(seconds=(blocks + 1) * BLOCK_S)
        self.asks("rollback", blocks=blocks, then="other", lose=lose)


@pytest.fixture(scope="module")
def chain() -> Iterator[Chain]:
    clock = Clock()
    with DevelopmentNode(blocktime=BLOCK_S, control_port=0, clock=clock) as node:
        node.forge(YOUNG_CHAIN)
        yield Chain(node, clock)


@pytest.fixture(scope="module")
def house(chain, tmp_path_factory) -> Iterator[RunningHouse]:
    data = tmp_path_factory.mktemp("given_back") / "house"
    followed = {"TERAA_NODE_URLS": f"own={chain.node.url}"}
    with running_house(data, block_seconds=BLOCK_S, environment=followed) as open_:
        yield open_


@pytest.fixture
def office(house, browser) -> Iterator[Page]:
    with page_at(browser, size=TABLET) as page:
        page.goto(house.url + house.fresh_links()["office"])
        page.locator("form button[type=submit]").last.click()
        page.wait_for_url("**/office/")
        yield page


def time_is_up(house: RunningHouse, request: str) -> None:
    """As if the minutes a till waits had gone by: what was asked for is otherwise never changed."""
    owner = house.database_environment()["DATABASE_OWNER_URL"]
    with psycopg.connect(owner) as connection:
        connection.execute("ALTER TABLE osm_request DISABLE TRIGGER osm_request_keeps")
        connection.execute(
            "UPDATE osm_request SET expires_at = created_at + interval '1 ms' WHERE id = %s",
            [request],
        )
        connection.execute("ALTER TABLE osm_request ENABLE ALWAYS TRIGGER osm_request_keeps")


def open_case(office: Page, house: RunningHouse, kind: str) -> None:
    """From the inbox to the newest case of that kind."""
    row = office.locator("#result_list tbody tr", has_text=kind).first

    def is_there() -> bool:
        office.goto(house.url + CASES)
        return row.is_visible()

    eventually(is_there, seconds=20, saying=f"no case says “{kind}”")
    row.locator("a[href*='/change/']").first.click()
    expect(office.locator("#what")).to_contain_text(kind)


def does(office: Page, action: str) -> None:
    office.locator(f'.case button[value="{action}"]').click()
    office.wait_for_load_state()


def assert_every_coin_stands_somewhere(house: RunningHouse, chain: Chain) -> None:
    """What the node holds for each payee is what our rows say came in, less what left."""
    with psycopg.connect(house.database_environment()["DATABASE_URL"]) as connection:
        held = connection.execute(
            "SELECT w.address, sum(CASE r.direction WHEN 'in' THEN r.amount_units"
            " ELSE -r.amount_units - t.fee_units END)::bigint"
            " FROM osm_receipt r JOIN osm_watched_address w ON w.id = r.watched_id"
            " JOIN osm_chain_transaction t ON t.id = r.transaction_id WHERE t.gone_at IS NULL GROUP BY 1"
        ).fetchall()
        astray = connection.execute(
            "SELECT r.id FROM osm_receipt r WHERE r.direction = 'in' AND r.amount_units <>"
            " (SELECT coalesce(sum(a.amount_units), 0) FROM osm_allocation a"
            " WHERE a.receipt_id = r.id AND a.reversed_at IS NULL)"
        ).fetchall()
        paid, sealed = connection.execute(
            "SELECT (SELECT sum(amount_cents) FROM settlement_tender WHERE state = 'settled'),"
            " (SELECT sum(amount_cents) FROM fiscal_document_tender)"
        ).fetchall()[0]
        undecided = connection.execute(
            "SELECT kind FROM cases_case WHERE state = 'open'"
        ).fetchall()
    assert held
    for address, units in held:
        answer = httpx.get(f"{chain.node.url}/api/wallets/{address}")
        assert int(answer.raise_for_status().json()["data"]["balance"]) == units, address
    assert not astray
    assert not undecided
    assert paid == sealed


def codes_of(picture_: bytes) -> list[str]:
    """What a wallet's camera reads in a picture."""
    return [one.text for one in zxingcpp.read_barcodes(Image.open(io.BytesIO(picture_)))]


def codes_of_sheet(office: Page, house: RunningHouse) -> list[str]:
    """The sheet in the browser shows what the printed one does."""
    office.goto(house.url + REFUNDS)
    office.locator("a[href*='/sheet']").first.click()
    expect(office.locator(".sheet")).to_be_visible()
    shown = codes_of(office.screenshot(full_page=True))
    address = office.locator(".sheet-doors a[href$='.pdf']").get_attribute("href") or ""
    printed = office.request.get(house.url + address)
    assert printed.headers["content-type"] == "application/pdf"
    sheets = pypdfium2.PdfDocument(printed.body())
    read = [
        found.text
        for sheet in sheets
        for found in zxingcpp.read_barcodes(sheet.render(scale=3).to_pil())
    ]
    assert read == shown
    return read


def wait_until_refund_is(office: Page, refund: str, state: str) -> None:
    """Look at the page of a refund until it says ``state``: nobody presses “done”."""

    def says_so() -> bool:
        office.goto(refund)
        return office.locator(f'.case [data-state="{state}"]').is_visible()

    eventually(says_so, seconds=30, saying=f"the refund is not {state}")


def assert_the_report_tells_of(office: Page, house: RunningHouse, units: int) -> None:
    """The reconciliation of the bar's address: on the screen, on paper, and as figures."""
    office.goto(house.url + REPORT)
    picture(office, "office-books")
    expect(office.locator(".case-note")).to_contain_text("disent la même chose")
    paper, figures = (
        office.request.get(
            house.url + str(office.locator(f"a[href*='{name}']").get_attribute("href"))
        )
        for name in ("books.pdf", "books.csv")
    )
    assert (
        BAR.osm_address in pypdfium2.PdfDocument(paper.body())[0].get_textpage().get_text_bounded()
    )
    told = [line for line in csv.reader(io.StringIO(figures.text())) if line[:2] == REFUNDED]
    assert [parse_osm(line[3]) for line in told if line[3]] == [units]


def wire_form(chain: Chain, txid: str) -> dict[str, Any]:
    """A transaction as a wallet posts it: what a phone still holds when the chain has lost it."""
    answer = httpx.get(f"{chain.node.url}/api/transactions/{txid}")
    told = answer.raise_for_status().json()["data"]
    kept = ("id", "type", "version", "senderPublicKey", "signature", "vendorField")
    return {
        **{name: told[name] for name in kept},
        "recipientId": told["recipient"],
        "timestamp": told["timestamp"]["epoch"],
        "amount": int(told["amount"]),
        "fee": int(told["fee"]),
    }


# Every stage the page ever showed, also one that was there for the blink of an eye.
REMEMBER_STAGES = """() => {
    const note = () => {
        const stages = JSON.parse(sessionStorage.stages || "[]");
        const stage = document.querySelector(".pay")?.dataset.stage;
        if (stage && stages.at(-1) !== stage) sessionStorage.stages = JSON.stringify([...stages, stage]);
    };
    note();
    new MutationObserver(note).observe(document.body, { childList: true, subtree: true });
}"""


def test_coins_that_come_late_wait_for_a_person_who_accepts_them(house, chain, till, office):
    osm = ask_for_osm(till)
    time_is_up(house, osm["request"])
    expect(till.locator(".unpaid-pane .tone-attention")).to_be_visible(timeout=SOON_MS)
    expect(till.locator(".paper-tenders")).to_contain_text("Expiré")

    send(chain.node.demo_wallet, osm, int(osm["units"]))
    open_case(office, house, "Payé trop tard")
    expect(office.locator(".case")).to_contain_text(osm["reference"])
    assert last_osm(till)["state"] == "expired"  # nothing was credited by itself
    does(office, "accept_late")

    expect(office.locator(".case .is-done").first).to_contain_text("Paiement tardif accepté")
    expect(till.locator(GREEN)).to_be_visible(timeout=SOON_MS)
    assert last_osm(till)["state"] == "settled"
    assert "late" in last_osm(till)["flags"]
    office.goto(house.url + CASES)
    expect(office.locator("#result_list tbody tr", has_text="Payé trop tard")).to_have_count(0)
    assert_books_are_clean(house)
    assert_every_coin_stands_somewhere(house, chain)


def test_what_was_too_much_goes_back_to_where_the_customer_says(
    house, chain, till, office, browser
):
    osm = ask_for_osm(till)
    units, too_much = int(osm["units"]), int(osm["units"]) // 2
    send(chain.node.demo_wallet, osm, units + too_much)
    expect(till.locator(GREEN)).to_be_visible(timeout=SOON_MS)

    open_case(office, house, "Payé en trop")
    picture(office, "office-case-over")
    office.locator('.case select[name="variant"]').select_option("surplus")
    office.locator('.case input[name="to"][value="claim"]').check()
    office.locator(".case-form .case-main").click()
    office.wait_for_url("**/cases/refund/**")
    refund = office.url
    does(office, "invite")
    link = office.locator("[data-claim]").get_attribute("data-claim") or ""

    with page_at(browser, size=PHONE) as phone:
        address = chain.node.address(CUSTOMER)
        phone.goto(link)
        phone.locator("#address").fill(address[:-1])
        phone.locator(".claim-form button").click()
        expect(phone.locator("#address")).to_have_attribute("aria-invalid", "true")
        phone.locator("#address").fill(f" {address} ")
        phone.locator(".claim-form button").click()
        expect(phone.locator(".claim-address b").first).to_have_text(address[:6])
        picture(phone, "refund-sure-phone")
        phone.locator('button[name="sure"]').click()
        expect(phone.locator('.pay[data-stage="given"]')).to_be_visible()

        office.goto(refund)
        does(office, "approve")
        picture(office, "office-refund-code")
        asked = codes_of(office.locator(".case-qr").screenshot())
        assert asked == codes_of_sheet(office, house)
        (link_for_wallet,) = asked
        wanted = uri.parse(link_for_wallet)
        assert (wanted.address, wanted.units) == (address, too_much)

        chain.node.wallet(BAR.phrase).pay(link_for_wallet)

        wait_until_refund_is(office, refund, "paid")
        phone.reload()
        expect(phone.locator('.pay[data-stage="sent"]')).to_be_visible()
    assert httpx.get(f"{chain.node.url}/api/wallets/{address}").json()["data"]["balance"] == str(
        too_much
    )

    chain.forges(FINAL_DEPTH)

    wait_until_refund_is(office, refund, "closed")
    office.goto(house.url + CASES)
    expect(office.locator("#result_list tbody tr", has_text="Payé en trop")).to_have_count(0)
    assert_the_report_tells_of(office, house, too_much)
    assert_books_are_clean(house)
    assert_every_coin_stands_somewhere(house, chain)


@pytest.fixture
def slots_pass(chain) -> Iterator[None]:
    """Blocks are made when the test asks for them, and not in between."""
    chain.asks("skip_slot", slots=10_000)
    yield
    chain.asks("clear")


@pytest.mark.usefixtures("slots_pass")
def test_sixty_blocks_are_rewritten_while_a_booking_waits_for_its_third(house, chain, browser):
    with page_at(browser, size=PHONE) as page:
        choose(page, house, "Studio A", "19:00")
        fill(page, "Nora Petit")
        page.locator(".guest button[type=submit]").click()
        page.wait_for_url("**/pay/**")
        page.locator(".pay form button[type=submit]").click()
        link = page.locator("[data-uri]").get_attribute("href") or ""
        page.evaluate(REMEMBER_STAGES)

        txid = chain.node.demo_wallet.pay(link)
        expect(page.locator('.pay[data-stage="seen"]')).to_be_visible()
        chain.forges(2)
        expect(page.locator(".pay-depth .is-there")).to_have_count(2)
        signed = wire_form(chain, txid)

        chain.is_rewritten(DEEP_FORK, lose=[txid])
        checked = page.locator(".pay-state", has_text="vérifié à nouveau")
        expect(checked).to_be_visible()
        picture(page, "pay-checked-phone")
        chain.forges(3)  # deep enough for a payment, if one were there
        with page.context.expect_page() as opened:
            page.evaluate("open(document.querySelector('.pay').dataset.back)")
        opened.value.wait_for_load_state()
        expect(opened.value.locator('.booking[data-stage="paying"]')).to_be_visible()
        opened.value.close()
        expect(checked).to_be_visible()

        posted = httpx.post(
            f"{chain.node.url}/api/transactions", json={"transactions": [signed]}, timeout=10
        )
        assert posted.json()["data"]["accept"] == [txid], posted.text
        chain.forges(3)
        expect(page).to_have_url(re.compile("/book/b/"), timeout=SOON_MS)
        expect(page.locator('.booking[data-stage="confirmed"]')).to_be_visible()
        stages = page.evaluate("JSON.parse(sessionStorage.stages)")
        assert stages == ["send", "seen", "paid"]
    assert_books_are_clean(house)
    assert_every_coin_stands_somewhere(house, chain)
