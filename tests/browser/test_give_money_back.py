"""At the till: money given back with one hand, a bill before it is paid, and practising."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Route, expect

from teraa.common.ids import uuid7
from tests.browser.test_look_after_everyone import (  # noqa: F401  fixtures
    Inspector,
    inspector,
    page,
    till,
)
from tests.browser.till import GREEN, Till

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]

REFUNDS = re.compile(r"/api/pos/sales/[0-9a-f-]+/refunds/$")


def sold(till: Till, *places: int) -> str:  # noqa: F811
    """Ring up, take cash, go on; the key of the sale."""
    till.ring_up(*places)
    till.pay("cash")
    till.act("exact")
    expect(till.page.locator(GREEN)).to_be_visible()
    till.next()
    key: str = till.last_sales()[0]["key"]
    return key


def open_refund(till: Till, key: str) -> None:  # noqa: F811
    till.act("sales")
    till.page.locator(f'.row[data-sale="{key}"]').first.click()
    till.act("refund")
    expect(till.page.locator("[data-back]").first).to_be_visible()


def corrections(till: Till, key: str) -> dict:  # noqa: F811
    found: dict = till.page.evaluate(
        "async (key) => (await fetch(`/api/pos/sales/${key}/refunds/`)).json()", key
    )
    return found


def test_one_of_two_comes_back_then_the_rest(till: Till, inspector: Inspector):  # noqa: F811
    till.sign_on()
    key = sold(till, 0, 0, 1)
    before = corrections(till, key)
    first = before["lines"][0]
    one = first["total_cents"] // 2

    open_refund(till, key)
    inspector.look("what comes back", '[data-act="give-back"]', ".back")
    till.page.locator("[data-back]").first.click()
    till.page.locator("[data-less]").click()
    expect(till.page.locator("[data-pieces]")).to_have_attribute("data-pieces", "1")
    expect(till.page.locator('[data-act="give-back"]')).to_be_disabled()  # no reason yet
    till.page.locator(".back-reasons button").first.click()
    expect(till.page.locator('[data-act="give-back"]')).to_have_attribute("data-cents", str(one))
    inspector.look("one comes back", '[data-act="give-back"]')
    till.act("give-back")

    returned = till.page.locator("[data-returned]").first
    expect(returned).to_have_attribute("data-returned", str(one))
    inspector.look("one sale, part of it given back", ".back")
    after = corrections(till, key)
    assert (after["returned_cents"], len(after["refunds"])) == (one, 1)

    till.act("refund")
    till.act("back-all")
    till.page.locator("#back-reason").fill("Tout refait")
    till.act("give-back")
    expect(till.page.locator("[data-refund]")).to_have_count(2)
    after = corrections(till, key)
    assert (after["returned_cents"], after["lines"]) == (before["total_cents"], [])
    expect(till.page.locator('[data-act="refund"]')).to_have_count(0)
    assert till.house.manage("verify_fiscal").returncode == 0


def test_another_way_needs_a_reason_and_a_card_its_number(till: Till):  # noqa: F811
    till.sign_on()
    key = sold(till, 1)
    open_refund(till, key)
    till.act("back-all")
    till.page.locator(".back-reasons button").nth(1).click()
    till.act("back-card")

    give = till.page.locator('[data-act="give-back"]')
    expect(give).to_be_disabled()
    till.page.locator("#back-other").fill("Plus de monnaie")
    expect(give).to_be_disabled()
    till.page.locator("#back-authorisation").fill("123456")
    give.click()

    expect(till.page.locator("[data-refund]")).to_have_count(1)


def test_the_same_refund_is_sent_again_when_the_answer_is_lost(till: Till):  # noqa: F811
    till.sign_on()
    key = sold(till, 0)
    posted: list[str] = []

    def lose_the_first_answer(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        posted.append(route.request.post_data or "")
        if len(posted) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    open_refund(till, key)
    till.act("back-all")
    till.page.locator(".back-reasons button").first.click()
    till.page.route(REFUNDS, lose_the_first_answer)
    till.act("give-back")
    till.page.locator(".notice-button").first.click()  # try again

    expect(till.page.locator("[data-refund]")).to_have_count(1)
    assert len(posted) == 2
    assert posted[0] == posted[1], "the same key, the same body"
    assert len(corrections(till, key)["refunds"]) == 1


def test_a_ticket_is_found_by_its_number(till: Till):  # noqa: F811
    till.sign_on()
    key = sold(till, 0)
    number = till.sale(key)["number"]
    till.act("sales")
    till.page.locator("#find-number").fill(number)
    till.page.keyboard.press("Enter")

    till.page.locator(f'.found .row[data-sale="{key}"]').click()
    expect(till.page.locator(".paper")).to_be_visible()


def test_a_bill_is_printed_and_then_paid(till: Till, inspector: Inspector):  # noqa: F811
    till.sign_on()
    till.ring_up(*[0] * 20)
    till.show_ways()
    expect(till.page.locator("[data-note-due]:visible").first).to_be_visible()
    inspector.look("a note is due", '[data-act="pay-cash"]', '[data-act="bill"]')
    till.act("bill")

    expect(till.page.locator(".unpaid-pane")).to_be_visible()
    expect(till.page.locator(".notice")).to_be_visible()
    inspector.look("a bill was printed", '[data-act="pay-cash"]')
    sale = till.last_sales()[0]
    assert sale["state"] == "waiting"
    till.act("pay-card")
    till.act("card-accepted")
    expect(till.page.locator(GREEN)).to_be_visible()
    assert till.sale(sale["key"])["state"] == "paid"


def test_what_the_customer_was_shown_is_given_up_for_a_reason(till: Till, inspector: Inspector):  # noqa: F811
    till.sign_on()
    till.ring_up(0)
    till.show_ways()
    till.act("bill")
    expect(till.page.locator(".unpaid-pane")).to_be_visible()
    expect(till.page.locator(".notice")).to_be_visible()
    key = till.last_sales()[0]["key"]

    till.act("abandon")
    inspector.look("why a bill is not paid", '[data-reason="0"]', ".back")
    till.act("back")
    expect(till.page.locator(".unpaid-pane")).to_be_visible()
    till.act("abandon")
    till.page.locator('[data-reason="0"]').click()
    expect(till.page.locator('[data-act="undo"]')).to_be_visible()
    expect(till.page.locator('[data-act="undo"]')).to_have_count(0, timeout=15_000)

    assert till.sale(key)["state"] == "cancelled"


def test_a_bill_printed_in_the_same_moment_is_asked_about_after_all(till: Till):  # noqa: F811
    """The till does not know of the bill yet when it gives the sale up: the server does."""
    till.sign_on()
    till.ring_up(0)
    till.pay("osm")
    till.act("pay-otherwise")
    expect(till.page.locator(".unpaid-pane")).to_be_visible()
    sale = till.last_sales()[0]["key"]
    bill = {"key": str(uuid7()), "kind": "bill"}

    till.act("abandon")
    answer = till.page.evaluate(
        """async ([path, body]) => {
            const { post } = await import("/static/js/http.js");
            return (await post(path, body)).bills;
        }""",
        [f"/api/pos/sales/{sale}/bills/", bill],
    )
    till.page.locator('[data-reason="1"]').click(timeout=20_000)
    expect(till.page.locator('[data-act="undo"]')).to_be_visible()
    expect(till.page.locator('[data-act="undo"]')).to_have_count(0, timeout=15_000)

    assert answer == 1
    assert till.sale(sale)["state"] == "cancelled"


def test_practising_is_unmistakable_and_counts_for_nothing(
    till: Till,  # noqa: F811
    inspector: Inspector,  # noqa: F811
):
    till.sign_on()
    real = [sale["key"] for sale in till.last_sales()]
    till.act("menu")
    till.act("training")
    try:
        expect(till.page.locator(".training-banner")).to_be_visible()
        inspector.look("practising", "[data-product]")
        key = sold(till, 0)
        assert till.last_sales()[0]["key"] == key
        assert till.sale(key)["training"] is True
    finally:
        till.act("menu")
        till.act("training")
        expect(till.page.locator(".training-banner")).to_have_count(0)
    assert [sale["key"] for sale in till.last_sales()] == real
