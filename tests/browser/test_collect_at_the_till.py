"""A coffee for the bar and a basket for the producers: two payments, two documents."""

from __future__ import annotations

import datetime
import json
import re
import time

import httpx
import pytest
from playwright.sync_api import expect

from teraa.common.clock import now
from teraa.common.ids import uuid7
from teraa.demo.palaiseau import GENESIS
from tests.browser.till import GREEN, Till
from tests.journeys.acts import picture
from tests.running import RunningHouse

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]

OWE = """
import json
from teraa.common.clock import now
from teraa.common.clock import now
from teraa.common.ids import uuid7
from teraa.settlement.models import Due
from teraa.venues.models import Venue
venue = Venue.objects.get(slug="teraa-genesis")
owed = Due.objects.filter(venue=venue, subject="amap.basket", state="open").order_by("pk")
print("OWED" + json.dumps([[due.spoken_code, due.amount_cents, due.payee.name] for due in owed[:2]]))
"""
DOCUMENTS = """
import json
from teraa.fiscal.models import Document
rows = Document.objects.filter(kind="TICKET").order_by("issued_at", "pk")
print("SEALED" + json.dumps([[row.register.payee.name, row.total_cents] for row in rows]))
"""


def ask(house: RunningHouse, code: str, mark: str) -> list:
    found: list = json.loads(house.manage("shell", "-c", code).stdout.split(mark, 1)[1])
    return found


def test_a_coffee_and_a_basket_are_two_payments_and_two_documents(till: Till, house: RunningHouse):
    page = till.page
    (code, cents, producers), *_more = ask(house, OWE, "OWED")
    before = ask(house, DOCUMENTS, "SEALED")
    till.ring_up(0)
    till.act("menu")
    till.act("collect")

    # A scanner types the code and presses Enter: the due is chosen, the field is free again.
    page.locator("#collect-text").fill(code)
    page.keyboard.press("Enter")
    expect(page.locator("[data-collect]")).to_have_attribute("data-collect", str(cents))
    expect(page.locator("#collect-text")).to_have_value("")

    till.act("back")
    till.act("pay-cash")
    till.act("exact")
    expect(page.locator(GREEN)).to_be_visible()
    # What comes next is named on the screen, not left to memory.
    expect(page.locator('[data-act="next"]')).to_contain_text(producers)

    till.act("next")
    till.act("pay-card")
    till.act("card-accepted")
    expect(page.locator(GREEN)).to_be_visible()
    expect(page.locator('[data-act="next"]')).not_to_contain_text(producers)

    sealed = before
    deadline = time.monotonic() + 15  # the producers' ticket is sealed by the effects loop
    while len(sealed) < len(before) + 2 and time.monotonic() < deadline:
        sealed = ask(house, DOCUMENTS, "SEALED")
    new = [tuple(one) for one in sealed[len(before) :]]
    assert len(new) == 2
    assert (producers, cents) in new
    assert len({payee for payee, _total in new}) == 2
    assert house.manage("verify_fiscal").returncode == 0


def test_a_due_in_osm_turns_green_and_its_receipt_is_printed(till: Till, house, wallet):
    page = till.page
    *_first, (code, cents, _producers) = ask(house, OWE, "OWED")
    till.act("menu")
    till.act("collect")
    page.locator("#collect-text").fill(code)
    page.keyboard.press("Enter")
    expect(page.locator("[data-collect]")).to_have_attribute("data-collect", str(cents))
    till.act("pay-osm")
    expect(page.locator(".request-osm")).to_be_visible()
    key = re.search(r"#/collection/([0-9a-f-]+)", page.url)
    assert key is not None

    answer = page.evaluate(
        "async (key) => (await fetch(`/api/pos/collections/${key}/`)).json()", key.group(1)
    )
    wallet.pay(answer["tenders"][0]["osm"]["uri"])
    expect(page.locator(GREEN)).to_be_visible(timeout=20_000)

    till.act("print")
    expect(page.locator(".done-print")).to_be_visible(timeout=15_000)


def test_a_paid_due_says_so_and_cannot_be_chosen(till: Till, house):
    page = till.page
    (code, _cents, _producers), *_more = ask(house, OWE, "OWED")
    till.act("menu")
    till.act("collect")
    page.locator("#collect-text").fill(code)
    page.keyboard.press("Enter")
    till.act("pay-card")
    till.act("card-accepted")
    expect(page.locator(GREEN)).to_be_visible()
    till.act("next")

    till.act("menu")
    till.act("collect")
    page.locator("#collect-text").fill(code)
    row = page.locator(f'[data-due="{code}"]')
    expect(row).to_be_disabled()
    expect(row).to_contain_text("payé")


def a_studio_to_pay_at_the_bar(house: RunningHouse) -> tuple[str, str]:
    """The address of its booking, and its code at the till."""
    api = f"{house.url}/api/bookings/{GENESIS.slug}"
    day = str(now().date() + datetime.timedelta(days=20))
    asked = {"day": day, "minutes": 120, "people": 1}
    offers = httpx.get(f"{api}/search/", params=asked, timeout=20).json()["offers"]
    offer = next(one for one in offers if one["name"] == "Studio A")
    slot = offer["slots"][0]
    body = {
        "key": str(uuid7()),
        "offer": offer["offer"],
        "starts_at": slot["starts_at"],
        "minutes": 120,
        "people": 1,
        "name": "Inès Moreau",
        "email": "ines@example.org",
        "total_cents": slot["total_cents"],
        "pays": "till",
    }
    held = httpx.post(f"{api}/holds/", json=body, timeout=20)
    assert held.status_code == 201, held.text
    return f"{api}/bookings/{held.json()['secret']}/", held.json()["due_code"]


def test_a_cancelled_studio_is_given_back_from_the_drawer(till: Till, house):
    page = till.page
    booking, code = a_studio_to_pay_at_the_bar(house)
    till.act("menu")
    till.act("collect")
    page.locator("#collect-text").fill(code)
    page.keyboard.press("Enter")
    till.act("pay-cash")
    till.act("exact")
    expect(page.locator(GREEN)).to_be_visible()
    till.act("next")
    deadline = time.monotonic() + 20
    while httpx.get(booking, timeout=10).json()["state"] != "confirmed":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    cancelled = httpx.post(f"{booking}cancel/", json={}, timeout=20).json()
    assert cancelled["state"] == "cancelled"

    till.act("menu")
    till.act("collect")
    page.locator("#collect-text").fill("moreau")
    row = page.locator("[data-payout]")
    expect(row).to_contain_text("à rendre")
    picture(page, "till-payout-found")
    page.locator("#collect-text").fill(cancelled["payout_code"])
    page.keyboard.press("Enter")
    expect(page.locator(".payout-amount")).to_have_attribute(
        "data-cents", str(cancelled["refund_cents"])
    )
    picture(page, "till-payout")
    till.act("pay-out")
    expect(page.locator('.payout-given[data-state="given"]')).to_be_visible()
    picture(page, "till-payout-given")
    expect(page.locator('[data-act="print-payout"]')).to_be_enabled(timeout=15_000)
    till.act("print-payout")
    expect(page.locator('[data-act="print-payout"]')).to_contain_text("Imprimé", timeout=15_000)
    till.act("payout-done")
    expect(page.locator("[data-product]").first).to_be_visible()
    deadline = time.monotonic() + 20
    while (str(-cancelled["refund_cents"])) not in house.manage("shell", "-c", DOCUMENTS).stdout:
        assert time.monotonic() < deadline, "its ticket is not sealed"
    assert house.manage("verify_fiscal").returncode == 0


BEGIN_NOW = """
import datetime
from bookings.models import Booking
from teraa.common.clock import now
for booking in Booking.objects.filter(guest_name="Inès Moreau", state__in=("hold", "confirmed")):
    at = now() - datetime.timedelta(minutes=5)
    booking.starts_at, booking.ends_at = at, at + datetime.timedelta(hours=2)
    booking.save()
"""


def test_who_comes_is_checked_in_by_a_code_and_unpaid_stays_say_so(till: Till, house):
    page = till.page
    booking, due = a_studio_to_pay_at_the_bar(house)
    till.act("menu")
    till.act("collect")
    page.locator("#collect-text").fill(due)
    page.keyboard.press("Enter")
    till.act("pay-card")
    till.act("card-accepted")
    expect(page.locator(GREEN)).to_be_visible()
    till.act("next")
    deadline = time.monotonic() + 20
    while (code := httpx.get(booking, timeout=10).json())["state"] != "confirmed":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    a_studio_to_pay_at_the_bar(house)
    house.manage("shell", "-c", BEGIN_NOW)

    till.act("menu")
    till.act("arrivals")
    mine = page.locator("[data-stay]", has_text="Inès Moreau")
    expect(mine.filter(has_text="Attendu")).to_have_count(1)
    expect(mine.filter(has_text="à payer").first).to_be_visible()
    picture(page, "till-arrivals")
    page.locator("#arrivals-text").fill(code["code"])
    page.keyboard.press("Enter")
    here = page.locator(f'[data-stay="{code["code"]}"]')
    expect(here).to_have_attribute("data-attendance", "here")
    till.act("note-gone")
    expect(here).to_have_attribute("data-attendance", "gone")
