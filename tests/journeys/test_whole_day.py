"""A whole day at one till: count, sell, give back, print again, count, close; then its archive.

The archive is checked by the program inside it, on a Python that knows nothing of us. Pictures are
kept with ``TERAA_PICTURES=1``.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_count_the_drawer import count
from tests.browser.till import Till
from tests.browsing import TABLET, page_at
from tests.journeys.acts import GREEN, HOT, assert_books_are_clean, paper_with, picture, read, tap
from tests.running import RunningHouse, running_house

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[RunningHouse]:
    with running_house(tmp_path_factory.mktemp("day") / "house", block_seconds=4) as open_:
        yield open_


@pytest.fixture
def office(house, browser) -> Iterator[Page]:
    with page_at(browser, size=TABLET) as page:
        page.goto(house.url + house.fresh_links()["office"])
        page.locator("form button[type=submit]").last.click()
        page.wait_for_url("**/office/")
        yield page


class Hands(Till):
    """At a till that is signed on already."""

    def __init__(self, page: Page, house: RunningHouse) -> None:
        self.page, self.house = page, house

    def open_menu(self, item: str) -> None:
        self.act("menu")
        self.act(item)

    def sell_coffee(self) -> None:
        tap(self.page, HOT, "Café")
        self.act("pay-cash")
        self.act("exact")
        expect(self.page.locator(GREEN)).to_be_visible()
        self.next()


def test_a_day_from_the_first_count_to_an_archive_that_checks_itself(house, till, office, tmp_path):
    hands = Hands(till, house)

    hands.open_menu("drawer")
    hands.act("begin-count")
    count(hands, c2000=2, c100=10)
    hands.act("counted")
    expect(till.locator("[data-shift]")).to_be_visible()
    hands.act("back")

    for _ in range(3):
        hands.sell_coffee()
    sold = hands.last_sales()
    price = sold[0]["total_cents"]
    key = sold[0]["key"]
    give_back(hands, key)
    print_again(hands, sold[1]["key"])
    assert "DUPLICATA" in read(paper_with(house, "DUPLICATA"))
    assert "annule" in read(paper_with(house, "annule"))

    count_and_close(hands, should_be=50_00 + 2 * price)
    close_the_day(hands)
    picture(till, "till-day-closed")
    assert_books_are_clean(house)

    made = archive_of(office, house, tmp_path)
    said = checked_by_itself(made, tmp_path / "elsewhere")
    assert said.returncode == 0, said.stdout + said.stderr
    spoilt = tmp_path / "spoilt.zip"
    content = bytearray(made.read_bytes())
    content[len(content) // 2] ^= 1
    spoilt.write_bytes(content)
    assert checked_by_itself(made, tmp_path / "again", of=spoilt).returncode != 0


def open_sale(hands: Hands, key: str) -> None:
    """From the last sales, wherever one is."""
    hands.page.evaluate("() => { location.hash = '#/sales'; }")
    hands.page.locator(f'.row[data-sale="{key}"]').first.click()


def give_back(hands: Hands, key: str) -> None:
    open_sale(hands, key)
    hands.act("refund")
    hands.act("back-all")
    hands.page.locator(".back-reasons button").first.click()
    picture(hands.page, "till-give-back")
    hands.act("give-back")
    expect(hands.page.locator("[data-refund]")).to_have_count(1)


def print_again(hands: Hands, key: str) -> None:
    """The original first, for nobody wanted paper; then a copy."""
    open_sale(hands, key)
    for _ in range(2):
        with hands.page.expect_response(f"**/api/pos/sales/{key}/print/"):
            hands.act("print")


def count_and_close(hands: Hands, *, should_be: int) -> None:
    hands.open_menu("drawer")
    hands.act("begin-count")
    coins, rest = divmod(should_be - 40_00, 100)
    tens, cents = divmod(rest, 10)
    count(hands, c2000=2, c100=coins, c10=tens, c1=cents)
    hands.act("counted")
    hands.page.locator('[data-left="all"]').click()
    hands.act("close-shift")
    expect(hands.page.locator('[data-variance="0"]')).to_be_visible()
    hands.act("back")


def close_the_day(hands: Hands) -> None:
    hands.open_menu("totals")
    hands.act("close-day")
    hands.act("close-now")
    expect(hands.page.locator("[data-closing]").first).to_be_visible()


def archive_of(office: Page, house: RunningHouse, folder: Path) -> Path:
    """Asked for in the office, made by the jobs, taken out when it is there."""
    office.goto(f"{house.url}/office/fiscal/task/add/")
    office.locator('select[name="kind"]').select_option("archive")
    office.locator('[name="_save"]:visible').first.click()
    link = office.locator('a[href*="/download/"]')
    link.first.wait_for(timeout=60_000)
    picture(office, "office-archive")
    with office.expect_download() as download:
        link.first.click()
    path = folder / "archive.zip"
    download.value.save_as(path)
    return path


def checked_by_itself(
    archive: Path, folder: Path, *, of: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the verifier that is in the archive, with nothing else of ours or of anybody's."""
    folder.mkdir()
    with zipfile.ZipFile(archive) as content:
        (name,) = [one for one in content.namelist() if one.endswith(".py")]
        (folder / "verifier.py").write_bytes(content.read(name))
    return subprocess.run(
        [sys.executable, "-I", "-S", "verifier.py", str(of or archive)],
        cwd=folder,
        env={"PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
