"""Paying at the till when the world does not cooperate: one sale, never two, never none."""

from __future__ import annotations

import datetime

import pytest
from playwright.sync_api import Route, expect

from tests.browser.till import AMBER, GREEN, WAITING

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]

SALES = "**/api/pos/sales/"
POSTED = "teraa.till.unsent"


def test_it_keeps_the_cart_over_a_reload(till):
    till.ring_up(0, 0, 2)
    total = till.total_cents()

    till.page.reload()

    expect(till.page.locator("[data-line]")).to_have_count(2)
    assert till.total_cents() == total > 0


def test_it_takes_back_what_was_taken_out(till):
    till.ring_up(0, 1)
    total = till.total_cents()

    till.act("clear")
    expect(till.page.locator("[data-line]")).to_have_count(0)
    till.act("undo")

    expect(till.page.locator("[data-line]")).to_have_count(2)
    assert till.total_cents() == total


def test_it_takes_cash_with_the_keyboard_alone(till):
    till.ring_up(0)
    due = till.total_cents()
    till.page.locator("[data-total]").last.wait_for()
    till.page.keyboard.press("Enter")  # the ways to pay
    till.page.locator(".way:focus").wait_for()
    till.page.locator('[data-act="pay-cash"]').focus()
    till.page.keyboard.press("Enter")
    expect(till.page.locator(".cash-pane")).to_be_visible()
    for digit in "2000":
        till.page.keyboard.press(digit)
    till.page.keyboard.press("Enter")

    expect(till.page.locator(GREEN)).to_be_visible()
    change = till.page.locator(".done [data-change]").get_attribute("data-change")
    assert int(change or 0) == 2000 - due
    till.page.keyboard.press("Enter")  # next customer
    expect(till.page.locator("[data-product]").first).to_be_visible()
    assert till.lines() == 0


def test_it_sends_the_same_sale_again_when_the_answer_is_lost(till):
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

    before = {sale["key"] for sale in till.last_sales()}
    till.page.route(SALES, lose_the_first_answer)
    till.ring_up(0)
    till.pay("cash")
    till.act("exact")

    expect(till.page.locator(GREEN)).to_be_visible(timeout=15_000)
    assert len(posted) == 2
    assert posted[0] == posted[1], "the same keys, the same body"
    assert len({sale["key"] for sale in till.last_sales()} - before) == 1


def test_it_says_the_change_while_the_network_is_away_and_sends_when_it_is_back(till):
    till.ring_up(0)
    due = till.total_cents()
    till.pay("cash")
    till.page.context.set_offline(True)
    till.page.locator('[data-note="2000"]').click()

    expect(till.page.locator('[data-act="retry"]')).to_be_visible()
    shown = till.page.locator(".sending [data-change]").get_attribute("data-change")
    assert int(shown or 0) == 2000 - due
    kept = till.page.evaluate(f"JSON.parse(localStorage['{POSTED}']).body.key")

    till.page.context.set_offline(False)
    expect(till.page.locator(GREEN)).to_be_visible(timeout=15_000)
    assert till.last_sales()[0]["key"] == kept
    assert till.page.evaluate(f"localStorage['{POSTED}'] ?? null") is None


def test_it_sends_after_a_reload_what_had_no_answer_before(till):
    before = {sale["key"] for sale in till.last_sales()}
    till.page.route(SALES, lambda route: route.abort())
    till.ring_up(0)
    till.pay("card")
    till.act("card-accepted")
    expect(till.page.locator('[data-act="retry"]')).to_be_visible()

    till.page.unroute(SALES)
    till.page.reload()

    expect(till.page.locator(GREEN)).to_be_visible(timeout=15_000)
    assert len({sale["key"] for sale in till.last_sales()} - before) == 1
    till.next()
    assert till.lines() == 0


def test_it_goes_on_after_somebody_signs_on_again(till):
    """The shift was ended elsewhere while the customer was paying."""
    till.ring_up(0)
    till.pay("cash")
    till.page.evaluate(
        """async () => fetch("/api/till/sign-off/", { method: "POST", body: "{}", headers: {
            "Content-Type": "application/json",
            "X-CSRFToken": document.cookie.match(/csrftoken=([^;]+)/)[1] } })"""
    )
    till.act("exact")

    expect(till.page.locator("[data-staff]").first).to_be_visible()
    till.enter_pin()

    expect(till.page.locator(GREEN)).to_be_visible(timeout=15_000)


def test_it_gives_the_cart_back_when_the_server_says_no(till):
    """A total that is not the catalogue's is refused, in words, and nothing is stored."""

    def falsify(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        body = dict(route.request.post_data_json)
        body["total_cents"] += 1
        body["tenders"][0]["amount_cents"] += 1
        route.continue_(post_data=body)

    before = till.last_sales()
    till.page.route(SALES, falsify)
    till.ring_up(0, 1)
    till.pay("card")
    till.act("card-accepted")

    expect(till.page.locator(".notice.tone-danger")).to_be_visible()
    assert till.lines() == 2
    assert till.last_sales() == before


def test_it_keeps_a_waiting_payment_over_a_reload_and_turns_green(till, wallet):
    till.ring_up(0)
    till.pay("osm")
    expect(till.page.locator(WAITING)).to_be_visible()

    till.page.reload()
    expect(till.page.locator(".qr")).to_be_visible()
    wallet.pay(till.uri())

    expect(till.page.locator(f"{AMBER}, {GREEN}").first).to_be_visible()
    expect(till.page.locator(GREEN)).to_be_visible(timeout=30_000)


def test_it_tells_of_a_parked_sale_when_its_money_comes(till, wallet):
    till.ring_up(0)
    till.pay("osm")
    expect(till.page.locator(WAITING)).to_be_visible()
    uri = till.uri()
    till.next()
    expect(till.page.locator('.chip[data-state="open"]').first).to_be_visible()

    till.ring_up(1)  # the next customer is served meanwhile
    wallet.pay(uri)

    chip = till.page.locator('.chip[data-state="paid"]')
    expect(chip).to_be_visible(timeout=30_000)
    assert till.lines() == 1, "the cart of the next customer is untouched"
    chip.click()
    expect(till.page.locator(".paper")).to_be_visible()
    expect(chip).to_have_count(0)


def test_it_pays_otherwise_when_the_customer_has_no_coins(till):
    till.ring_up(0)
    till.pay("osm")
    expect(till.page.locator(WAITING)).to_be_visible()

    till.act("pay-otherwise")
    expect(till.page.locator(".unpaid-pane")).to_be_visible()
    till.act("pay-cash")
    till.act("exact")

    expect(till.page.locator(GREEN)).to_be_visible()
    sale = till.sale(till.last_sales()[0]["key"])
    assert [
        (one["kind"], one["state"]) for one in sale["tenders"] if one["state"] == "settled"
    ] == [("cash", "settled")]


def test_it_gives_a_sale_up_only_when_undo_has_run_out(till):
    till.ring_up(0)
    till.pay("osm")
    expect(till.page.locator(WAITING)).to_be_visible()
    key = till.last_sales()[0]["key"]

    till.act("abandon")
    till.act("undo")
    expect(till.page.locator(WAITING)).to_be_visible()
    assert till.sale(key)["state"] == "waiting"

    till.act("abandon")
    expect(till.page.locator('[data-act="undo"]')).to_have_count(0, timeout=15_000)
    expect(till.page.locator(f'.chip[data-sale="{key}"]')).to_have_count(0)
    assert till.sale(key)["state"] == "cancelled"


def test_it_splits_a_bill_between_card_and_cash(till):
    till.ring_up(0, 1, 2)
    total = till.total_cents()
    till.show_ways()
    till.act("split")
    till.page.locator('[data-portion="2"]').click()
    till.act("pay-card")
    till.act("card-accepted")
    expect(till.page.locator(".part")).to_be_visible()
    assert till.total_cents() == total - (total + 1) // 2

    till.act("pay-cash")
    till.act("exact")

    expect(till.page.locator(GREEN)).to_be_visible()
    sale = till.sale(till.last_sales()[0]["key"])
    assert sorted(one["kind"] for one in sale["tenders"]) == ["card", "cash"]
    assert sum(one["amount_cents"] for one in sale["tenders"]) == total


def test_a_till_that_was_alone_for_long_says_so_when_it_is_back(till):
    till.page.context.set_offline(True)
    expect(till.page.locator(".troubles .tone-danger")).to_be_visible(timeout=45_000)
    # Two minutes pass: only the beginning is moved, nobody waits for them.
    till.page.evaluate(
        "localStorage.setItem('teraa.silence', JSON.stringify({since: Date.now() - 120000}))"
    )

    with till.page.expect_response("**/api/till/silence/", timeout=45_000) as heard:
        till.page.context.set_offline(False)

    told = heard.value.json()
    since, until = (datetime.datetime.fromisoformat(told[name]) for name in ("since", "until"))
    assert 118 <= (until - since).total_seconds() <= 170
    till.page.wait_for_function("localStorage.getItem('teraa.silence') === null")
