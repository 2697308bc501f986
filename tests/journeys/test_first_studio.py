"""A freelancer finds a studio, pays for it in OSM, and has it; eleven others are told what is free.

Everything runs as ``script/server`` starts it. Pictures are kept in ``docs/images/`` when
``TERAA_PICTURES=1``.
"""

from __future__ import annotations

import datetime
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import icalendar
import pytest
from playwright.sync_api import Page, expect

from teraa.common.ids import uuid7
from teraa.demo.palaiseau import GENESIS
from tests.browsing import PHONE, TABLET, page_at
from tests.journeys.acts import assert_books_are_clean, picture
from tests.running import RunningHouse, running_house

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

BLOCK_S = 2
PARIS = ZoneInfo("Europe/Paris")
RIVALS = 12


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[RunningHouse]:
    with running_house(tmp_path_factory.mktemp("studio") / "house", block_seconds=BLOCK_S) as open_:
        yield open_


def next_thursday(weeks: int = 0) -> datetime.date:
    today = datetime.datetime.now(tz=PARIS).date()
    return today + datetime.timedelta(days=(3 - today.weekday()) % 7 + 7 * (weeks + 1))


def choose(page: Page, house: RunningHouse, offer: str, at: str, **asked: Any) -> None:
    """From the front door to the form of a free time."""
    page.goto(house.url)
    page.locator('.door-tile a[href="/book/"]').click()
    page.locator('input[name="day"]').fill(str(asked.get("day", next_thursday())))
    page.locator('select[name="minutes"]').select_option(str(asked.get("minutes", 120)))
    page.locator('input[name="people"]').fill(str(asked.get("people", 2)))
    page.locator(".book-search button[type=submit]").click()
    card = page.locator(".offer", has=page.locator("h3", has_text=re.compile(rf"^{offer}$")))
    expect(card).to_be_visible()
    card.locator(".slot", has_text=at).click()


def fill(page: Page, name: str, pays: str | None = "osm") -> None:
    page.locator('input[name="name"]').fill(name)
    page.locator('input[name="email"]').fill(f"guest{uuid7().hex[-6:]}@example.org")
    if pays:
        page.locator(f'input[name="pays"][value="{pays}"]').check()


def free_slot(house: RunningHouse, name: str, day: datetime.date, at: str) -> dict[str, Any]:
    """The body that books ``name`` at that wall time, all but key and guest."""
    asked = {"day": str(day), "minutes": 120, "people": 1}
    answer = httpx.get(f"{api(house)}/search/", params=asked, timeout=20)
    offer = next(one for one in answer.json()["offers"] if one["name"] == name)
    slot = next(one for one in offer["slots"] if wall(one["starts_at"]) == at)
    return {
        "offer": offer["offer"],
        "starts_at": slot["starts_at"],
        "minutes": 120,
        "people": 1,
        "total_cents": slot["total_cents"],
    }


def api(house: RunningHouse) -> str:
    return f"{house.url}/api/bookings/{GENESIS.slug}"


def wall(iso: str) -> str:
    return datetime.datetime.fromisoformat(iso).astimezone(PARIS).strftime("%H:%M")


def hold(house: RunningHouse, slot: dict[str, Any], name: str) -> httpx.Response:
    guest = {"name": name, "email": f"guest{uuid7().hex[-6:]}@example.org"}
    return httpx.post(
        f"{api(house)}/holds/", json={"key": str(uuid7()), **slot, **guest}, timeout=30
    )


def mails(house: RunningHouse) -> list[dict[str, Any]]:
    """The mails the demonstration keeps, newest first."""
    answer = httpx.get(f"{house.url}/demo/state.json", timeout=10)
    found: list[dict[str, Any]] = answer.json()["mails"]
    return found


def test_a_freelancer_books_a_studio_and_pays_in_osm(house, browser, wallet):
    with page_at(browser, size=PHONE) as page:
        choose(page, house, "Studio A", "19:00")
        picture(page, "book-form-phone")
        fill(page, "Nora Petit")
        page.locator(".guest button[type=submit]").click()
        expect(page).to_have_url(re.compile("/pay/"))
        page.locator(".pay form button[type=submit]").click()
        uri = page.locator("[data-uri]").get_attribute("href")
        assert uri is not None
        picture(page, "book-pay-phone")

        wallet.pay(uri)

        expect(page.locator('.pay[data-stage="seen"]')).to_be_visible(timeout=10_000)
        # Three confirmations later the page leads back by itself.
        expect(page).to_have_url(re.compile("/book/b/"), timeout=(4 * BLOCK_S + 20) * 1000)
        expect(page.locator('.booking[data-stage="confirmed"]')).to_be_visible(timeout=15_000)
        picture(page, "book-confirmed-phone")

        with page.expect_download() as waiting:
            page.locator("[data-calendar]").click()
        calendar = icalendar.Calendar.from_ical(waiting.value.path().read_bytes())
        (event,) = calendar.walk("VEVENT")
        assert event.start.astimezone(PARIS).strftime("%H:%M") == "19:00"
        assert event.start.astimezone(PARIS).date() == next_thursday()
    assert any("Studio A" in mail["subject"] for mail in mails(house))
    assert_books_are_clean(house)


def test_a_paid_studio_is_moved_and_then_cancelled_for_half(house, browser, wallet):
    """Four days ahead: between the two rungs of the demonstration's ladder."""
    day = datetime.datetime.now(tz=PARIS).date() + datetime.timedelta(days=4)
    with page_at(browser, size=PHONE) as page:
        choose(page, house, "Studio B", "14:00", day=day)
        expect(page.locator(".comes-back")).to_contain_text("22,00")
        fill(page, "Inès Moreau")
        page.locator(".guest button[type=submit]").click()
        expect(page).to_have_url(re.compile("/pay/"))
        page.locator(".pay form button[type=submit]").click()
        uri = page.locator("[data-uri]").get_attribute("href")
        assert uri is not None
        wallet.pay(uri)
        expect(page.locator('.booking[data-stage="confirmed"]')).to_be_visible(timeout=40_000)

        page.locator("[data-move]").click()
        picture(page, "book-move-phone")
        page.locator(".slot", has_text="16:00").click()
        expect(page.locator(".stay-when")).to_contain_text("16:00")

        page.locator(".booking-cancel summary").click()
        picture(page, "book-cancel-phone")
        page.locator(".booking-cancel button").click()
        expect(page.locator('.booking[data-stage="cancelled"]')).to_be_visible()
        expect(page.locator(".booking")).to_contain_text("22,00")
        picture(page, "book-cancelled-phone")
    free_slot(house, "Studio B", day, "16:00")
    assert any("Annulé" in mail["subject"] for mail in mails(house))
    assert_books_are_clean(house)


def test_what_is_held_is_no_longer_offered_nor_both_studios_together(house, browser):
    day = next_thursday(4)
    assert hold(house, free_slot(house, "Studio A", day, "19:00"), "Ana Costa").status_code == 201
    with page_at(browser, size=TABLET) as page:
        page.goto(f"{house.url}/book/?day={day}&minutes=120&people=1")
        for name in ("Studio A", "Grand Studio"):
            card = page.locator(".offer", has=page.locator("h3", has_text=re.compile(rf"^{name}$")))
            expect(card.locator(".slot", has_text="17:00")).to_be_visible()
            expect(card.locator(".slot", has_text="19:00")).to_have_count(0)
        picture(page, "book-search")
        page.locator(".book-month-link a").click()
        expect(page.locator(".month-day.is-free").first).to_be_visible()
        picture(page, "book-month")
    with page_at(browser, size=PHONE, dark=True) as page:
        page.goto(f"{house.url}/book/?day={day}&minutes=120&people=1")
        picture(page, "book-search-phone-dark")


def test_who_finds_it_taken_waits_and_gets_what_becomes_free(house, browser):
    day = next_thursday(3)
    slot = free_slot(house, "Studio A", day, "19:00") | {"pays": "till"}
    taken = hold(house, slot, "Ana Costa").json()
    with page_at(browser, size=PHONE, dark=True) as page:
        page.goto(f"{house.url}/book/{slot['offer']}/wait/?start={slot['starts_at']}&minutes=120")
        fill(page, "Sami Roux", pays=None)
        page.locator(".guest button[type=submit]").click()
        expect(page.locator('.booking[data-stage="waiting"]')).to_be_visible()
        picture(page, "book-waiting-phone-dark")
        gone = httpx.post(f"{api(house)}/bookings/{taken['secret']}/cancel/", json={}, timeout=20)
        assert gone.json()["state"] == "cancelled"

        deadline = time.monotonic() + 90  # the job strikes every minute
        while page.locator('.booking[data-stage="offered"]').count() == 0:
            assert time.monotonic() < deadline, "nothing was offered"
            time.sleep(1)
            page.reload()
        page.locator(".booking-acts a").click()
        expect(page.locator('.booking[data-stage="hold"]')).to_be_visible()
    assert any("Libre pour vous" in mail["subject"] for mail in mails(house))


def test_a_free_table_needs_no_payment(house, browser):
    with page_at(browser, size=PHONE) as page:
        choose(page, house, "Table du café", "10:00", minutes=60, people=1)
        fill(page, "Sami Roux", pays=None)
        page.locator(".guest button[type=submit]").click()
        expect(page.locator('.booking[data-stage="confirmed"]')).to_be_visible()


def test_without_javascript_it_is_held_for_the_bar(house, browser):
    context = browser.new_context(java_script_enabled=False, locale="fr-FR", viewport=PHONE)
    try:
        page = context.new_page()
        choose(page, house, "Studio B", "10:00", day=next_thursday(1))
        fill(page, "Léo Blanc", pays="till")
        page.locator(".guest button[type=submit]").click()
        expect(page.locator('.booking[data-stage="hold"]')).to_be_visible()
        code = page.locator(".booking-code").text_content() or ""
        assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}", code.strip())
        picture(page, "book-till-phone")
        page.locator(".booking-cancel summary").click()
        page.locator(".booking-cancel button").click()
        expect(page.locator('.booking[data-stage="cancelled"]')).to_be_visible()
    finally:
        context.close()


def test_of_twelve_rivals_one_has_the_studio_and_the_others_are_told_what_is_free(house):
    slot = free_slot(house, "Studio A", next_thursday(2), "09:00")

    with ThreadPoolExecutor(RIVALS) as pool:
        answers = list(pool.map(lambda n: hold(house, slot, f"Rivale {n}"), range(RIVALS)))

    assert sorted(one.status_code for one in answers) == [201] + [409] * (RIVALS - 1)
    for refused in (one.json() for one in answers if one.status_code == 409):
        assert refused["code"] == "just_taken"
        assert refused["context"]["nearest"]


def test_the_team_sees_the_day_on_one_board(house, browser):
    day = next_thursday(5)
    hold(house, free_slot(house, "Studio A", day, "19:00"), "Ana Costa")
    hold(house, free_slot(house, "Studio B", day, "09:00"), "Malo Le Goff")
    hold(house, free_slot(house, "Table du café", day, "10:00"), "Sami Roux")
    links = house.fresh_links()
    with page_at(browser, size=TABLET) as page:
        page.goto(house.url + links["office"])
        page.locator("form button[type=submit]").last.click()
        page.goto(f"{house.url}/office/bookings/booking/board/?day={day}")
        row = page.locator(".day-board-row", has=page.locator("h3", has_text="Grand Studio"))
        expect(row.locator(".day-board-bar")).to_have_count(2)
        expect(row).to_contain_text("Ana Costa")
        expect(row).to_contain_text("à payer")
        picture(page, "book-board")


def test_the_clock_of_the_page_counts_down(house, browser):
    with page_at(browser, size=PHONE) as page:
        choose(page, house, "Salle de réunion", "14:00", day=next_thursday(3))
        fill(page, "Inès Morel")
        page.locator(".guest button[type=submit]").click()
        page.locator(".pay p a", has_text=re.compile("Retour")).last.click()
        clock = page.locator("[data-seconds]")
        expect(clock).to_be_visible()
        before = clock.text_content()
        deadline = time.monotonic() + 10
        while clock.text_content() == before and time.monotonic() < deadline:
            time.sleep(0.2)
        assert clock.text_content() != before
        picture(page, "book-hold-phone")
