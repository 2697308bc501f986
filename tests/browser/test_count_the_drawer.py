"""The drawer at the till: a shift from count to count, looked at on the way."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_look_after_everyone import LOOKS, Inspector
from tests.browser.till import Till
from tests.browsing import PHONE, page_at
from tests.journeys.acts import picture

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]


@pytest.fixture(params=LOOKS)
def looked_at(request, browser, house, enrolled):
    size, dark, language = request.param
    with page_at(browser, size=size, dark=dark, language=language) as page:
        inspector = Inspector(page)
        yield Till(page, house, enrolled), inspector, f"{request.node.callspec.id}"
        assert inspector.wrong == [], "\n".join(sorted(set(inspector.wrong)))


def count(till, **pieces):
    for cents, number in pieces.items():
        till.page.locator(f'[data-piece="{cents.removeprefix("c")}"]').click()
        for digit in str(number):
            till.page.locator(f'[data-key="{digit}"]').click()


def open_drawer(till):
    till.act("menu")
    till.act("drawer")
    till.page.locator('[data-act="begin-count"]').wait_for()
    if till.page.locator("[data-shift]").count():  # of a test that failed
        close(till)


def close(till):
    till.act("begin-count")
    till.act("counted")
    till.page.locator('[data-left="none"]').click()
    till.act("close-shift")
    expect(till.page.locator("[data-last]")).to_be_visible()


def test_a_shift_from_count_to_count(looked_at):
    till, inspector, look = looked_at
    page = till.page
    till.sign_on()
    open_drawer(till)
    inspector.look("no shift", '[data-act="begin-count"]')
    till.act("begin-count")
    count(till, c2000=3, c100=12)
    inspector.look("counting to begin", '[data-act="counted"]', '[data-key="0"]')
    expect(page.locator(".count-total")).to_contain_text("72")
    if look == "tablet-light-en":
        picture(page, "till-drawer-count")
    till.act("counted")
    expect(page.locator("[data-shift]")).to_be_visible()
    inspector.look("a shift", '[data-act="cash-out"]', '[data-act="begin-count"]')
    shift = page.locator("[data-shift]").get_attribute("data-shift")

    till.act("cash-out")
    for digit in "450":
        page.locator(f'[data-key="{digit}"]').click()
    page.locator('[data-field="reason"]').fill("du pain")
    inspector.look("cash out", '[data-act="move-cash"]')
    till.act("move-cash")
    expect(page.locator("[data-shift]")).to_contain_text("du pain")

    till.act("open-drawer")
    inspector.look("open the drawer", '[data-act="kick"]')
    page.locator('[data-field="reason"]').fill("monnaie")
    till.act("kick")
    expect(page.locator("[data-shift]")).to_be_visible()

    till.act("begin-count")
    count(till, c2000=3, c100=7, c50=1)
    # A tablet that dies while somebody counts loses nothing.
    with page.expect_response("**/api/pos/drawer/count/"):
        pass
    page.reload()
    page.locator('[data-act="begin-count"]').wait_for()
    till.act("begin-count")
    expect(page.locator('[data-piece="2000"]')).to_contain_text("3")
    till.act("counted")
    inspector.look("what stays", '[data-act="close-shift"]')
    if look == "phone-dark-fr":
        picture(page, "till-drawer-leave-phone-dark")
    page.locator('[data-left="all"]').click()
    till.act("close-shift")
    last = page.locator(f'[data-last="{shift}"]')
    expect(last).to_be_visible()
    inspector.look("a closed shift", '[data-act="begin-count"]')
    # 72.00 less 4.50 is what was counted: nothing is missing.
    expect(last.locator('[data-variance="0"]')).to_be_visible()


def test_the_keyboard_counts_too(browser, house, enrolled):
    with page_at(browser, size=PHONE) as page:
        till = Till(page, house, enrolled)
        till.sign_on()
        open_drawer(till)
        till.act("begin-count")
        page.locator('[data-piece="50"]').click()
        for key in ("4", "2", "Backspace"):
            page.keyboard.press(key)
        expect(page.locator(".count-now strong")).to_have_text("4")
        page.keyboard.press("Enter")
        page.keyboard.press("7")
        expect(page.locator('[data-piece="20"]')).to_contain_text("7")
        expect(page.locator(".count-total")).to_contain_text("3,40")
        till.act("back")
        expect(page.locator('[data-act="begin-count"]')).to_be_visible()
