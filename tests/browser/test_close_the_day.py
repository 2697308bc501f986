"""The treasurer's evening: read the day, close it, print it, and sell on."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.till import GREEN

pytestmark = [pytest.mark.journey]


def closings(house):
    """Every signed day of the house, as its database has them."""
    code = (
        "from teraa.fiscal.closings.models import Closing; import json;"
        "print('CLOSED' + json.dumps(list(Closing.objects.filter(level='day')"
        ".order_by('closed_at').values_list('register__name', 'number', 'total_cents'))))"
    )
    return house.manage("shell", "-c", code).stdout.split("CLOSED", 1)[1].strip()


def test_the_day_is_closed_once_and_sales_go_on(till, house):
    till.ring_up(0, 1)
    till.pay("cash")
    till.act("exact")
    expect(till.page.locator(GREEN)).to_be_visible()
    till.next()

    till.act("menu")
    till.act("totals")
    expect(till.page.locator(".taxes")).to_be_visible()
    total = till.page.locator(".paper-total").first.inner_text()
    till.act("close-day")
    expect(till.page.locator('[data-act="close-now"]')).to_be_visible()
    till.act("close-now")

    closed = till.page.locator("[data-closing]")
    expect(closed.first).to_be_visible()
    assert total in [one.inner_text() for one in till.page.locator(".paper-total").all()]
    first = closings(house)
    till.page.locator('[data-act="print-z"]').first.click()
    expect(till.page.locator('[data-act="print-z"]').first).to_contain_text("imprimante")
    assert closings(house) == first, "printing closes nothing"

    till.page.locator(".back").first.click()
    till.ring_up(0)
    till.pay("card")
    till.act("card-accepted")
    expect(till.page.locator(GREEN)).to_be_visible()
    done = house.manage("verify_fiscal", check=False)
    assert done.returncode == 0, done.stderr


def test_an_answer_that_was_lost_is_asked_for_again_and_closes_nothing_more(till, house):
    till.ring_up(0)
    till.pay("card")
    till.act("card-accepted")
    expect(till.page.locator(GREEN)).to_be_visible()
    till.next()
    before = closings(house)
    lost = []

    def lose_the_first(route):
        lost.append(route.request.post_data_json["key"])
        if len(lost) == 1:
            route.fetch()  # it was done …
            route.abort()  # … and nobody heard
        else:
            route.continue_()

    till.page.route("**/api/pos/closings/", lose_the_first)
    till.act("menu")
    till.act("totals")
    till.act("close-day")
    till.act("close-now")
    till.page.locator(".notice button").first.click()

    expect(till.page.locator("[data-closing]").first).to_be_visible()
    assert len(set(lost)) == 1 < len(lost)
    after = closings(house)
    assert after.count("[") == before.count("[") + till.page.locator("[data-closing]").count()
