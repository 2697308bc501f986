"""The first basket: files come in from Cagette, two tills hand out, files go back out the same.

The coordinator works in the back office, two tills stand at the counter, everything runs as
``script/server`` starts it. What goes out is compared byte by byte with the sample files.
"""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browsing import PHONE, TABLET, page_at
from tests.journeys.acts import assert_books_are_clean, open_till, picture
from tests.pos.amap.files import BY_MEMBER, CAMAP_PRODUCTS, FOLDER, MEMBERS, ORDERS, sample
from tests.running import RunningHouse, running_house

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]

ENTRANCE = """
from teraa.accounts.operations import make_sign_in_link
from teraa.common.clock import now
from teraa.venues.models import StaffMember
person = StaffMember.objects.get(name="Maud", venue__slug="teraa-genesis")
print("secret=" + make_sign_in_link(user=person.user, at=now(), minutes=30))
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[RunningHouse]:
    with running_house(tmp_path_factory.mktemp("basket") / "house", block_seconds=2) as open_:
        yield open_


@pytest.fixture
def office(house, browser) -> Iterator[Page]:
    """Maud, who coordinates the AMAP, at her laptop."""
    said = house.manage("shell", "-v", "0", "-c", ENTRANCE).stdout
    found = re.search(r"secret=(\S+)", said)
    assert found is not None, said
    with page_at(browser, size=TABLET) as page:
        page.goto(f"{house.url}/enter/{found[1]}/")
        page.locator("form button[type=submit]").last.click()
        page.wait_for_url("**/office/")
        yield page


def tomorrow() -> datetime.date:
    return datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=2)


def add_distribution(page: Page, house: RunningHouse) -> str:
    """A distribution of the sample's orders alone; the address of its desk."""
    page.goto(f"{house.url}/office/amap/distribution/add/")
    page.select_option("#id_group", index=1)
    for name, value in (
        ("starts_at_0", tomorrow().isoformat()),
        ("starts_at_1", "18:30"),
        ("ends_at_0", tomorrow().isoformat()),
        ("ends_at_1", "20:00"),
        ("place", "Cour du lieu"),
    ):
        page.fill(f"#id_{name}", value)
    page.locator('button[name="_continue"], input[name="_continue"]').first.click()
    page.wait_for_url("**/change/**")
    return page.url.split("/change/")[0] + "/desk/"


def files_page(page: Page, house: RunningHouse) -> str:
    page.goto(f"{house.url}/office/amap/amapgroup/")
    page.locator("#result_list a", has_text="AMAP de l’Yvette").first.click()
    page.wait_for_url("**/change/**")
    return page.url.split("/change/")[0] + "/files/"


def bring(page: Page, address: str, name: str, kind: str, **choices: str) -> None:
    page.goto(address)
    page.select_option("#id_kind", kind)
    for field, label in choices.items():
        option = page.locator(f"#id_{field} option", has_text=label).first
        page.select_option(f"#id_{field}", option.get_attribute("value"))
    page.set_input_files("#id_file", FOLDER / name)
    page.locator(".farm-main").click()
    expect(page.locator(".farm-rows")).to_be_visible()


def take_over(page: Page) -> None:
    page.locator('button[value="apply"]').click()
    expect(page.locator(".farm-counts")).to_be_visible()
    expect(page.locator(".farm-rows")).to_have_count(0)


def export(page: Page, desk: str, kind: str, catalog: str = "") -> tuple[str, bytes]:
    page.goto(desk)
    button = page.locator(f'[data-export="{kind}"]')
    if catalog:
        button = page.locator(f'[data-export="{kind}"][data-catalog="{catalog}"]')
    with page.expect_download() as download:
        button.click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def open_baskets(page: Page, place: str) -> None:
    page.locator('[data-act="menu"]').click()
    page.locator('[data-act="baskets"]').click()
    option = page.locator(".farm-choice option", has_text=place)
    page.locator(".farm-choice select").select_option(option.first.get_attribute("value"))


def find(page: Page, letters: str) -> None:
    page.locator('[data-act="find-household"]').fill(letters)
    expect(page.locator(".farm-row")).to_have_count(1)


def test_baskets_from_cagette_and_back(house: RunningHouse, browser: Browser, office: Page):
    desk = add_distribution(office, house)
    files = files_page(office, house)

    bring(office, files, MEMBERS, "members")
    expect(office.locator('[data-count="new"]')).to_have_text(re.compile("^3 "))
    take_over(office)
    bring(office, files, MEMBERS, "members")
    expect(office.locator('[data-count="known"]')).to_have_text(re.compile("^3 "))
    office.locator('button[value="drop"]').click()

    bring(office, files, CAMAP_PRODUCTS, "products", catalog="Légumes d’hiver")
    expect(office.locator("[data-detected]")).to_contain_text("CAMAP")
    picture(office, "amap-import")
    take_over(office)
    day = tomorrow().isoformat()
    bring(office, files, ORDERS, "orders", distribution=day)
    expect(office.locator('[data-count="new"]')).to_have_text(re.compile("^5 "))
    take_over(office)

    office.goto(desk)
    office.locator('button[value="close"]').click()
    expect(office.locator('button[value="close"]')).to_have_count(0)
    picture(office, "amap-desk")
    name, data = export(office, desk, "day")
    assert name == ORDERS.replace("2026-12-03", day)
    assert data == sample(ORDERS)
    name, data = export(office, desk, "catalog", "Légumes")
    assert name.endswith(BY_MEMBER.replace("2026-12-03", day).removeprefix("AMAP Fictive"))
    assert data == sample(BY_MEMBER)

    with page_at(browser) as first, page_at(browser, size=PHONE, dark=True) as second:
        open_till(first, house, till=0)
        open_till(second, house, till=1)
        one_basket_two_tills(first, second, "18:30")
        collect_and_hand_out(first)

    day_after = sample(ORDERS).decode().splitlines()
    paid = [line.replace('"false"', '"true"') if "FICTIVE" in line else line for line in day_after]
    assert export(office, desk, "day")[1].decode().splitlines() == paid
    name, data = export(office, desk, "cash_desk")
    assert name.startswith("Encaissements ")
    assert name.endswith("18-30.csv.csv")
    written = data.decode()
    assert '"Encaissements en liquide";"19.75"\n' in written
    assert '"EXEMPLE Émile";"19,80"\n' in written
    assert '"D\'ESSAI Maud";"18,38"\n' in written
    # HT and TTC of all three baskets, VAT taken out once.
    assert '"5.5%";"54,91";"57,93"\n' in written

    the_sheet(office, desk)
    assert_books_are_clean(house)


def one_basket_two_tills(first: Page, second: Page, hour: str) -> None:
    """Both have it on the screen; the second hears nothing of the first before it is too late."""
    for till in (first, second):
        till.locator('[data-act="menu"]').click()
        till.locator('[data-act="baskets"]').click()
        expect(till.locator(".farm-row").first).to_be_visible()
    picture(first, "till-baskets")
    for till in (first, second):
        choice = till.locator(".farm-choice select")
        last = choice.locator("option").last
        choice.select_option(last.get_attribute("value"))
        expect(till.locator(".farm-row")).to_have_count(3)
        find(till, "exem")
        till.locator(".farm-row").click()
        expect(till.locator('[data-act="hand-out"]')).to_be_visible()
    second.route(re.compile(r"/api/amap/baskets/[^/]+/$"), lambda route: route.abort())
    first.locator('[data-act="hand-out"]').click()
    expect(first.locator('[data-basket-state="handed_out"]')).to_be_visible()

    second.locator('[data-act="hand-out"]').click()
    expect(second.locator(".notice")).to_contain_text("Bar")
    picture(second, "till-basket-already")
    second.unroute(re.compile(r"/api/amap/baskets/[^/]+/$"))
    expect(second.locator('[data-basket-state="handed_out"]')).to_be_visible()


def collect_and_hand_out(till: Page) -> None:
    till.locator('[data-act="back"]').click()
    find(till, "invente")  # the partner’s name, typed without its accent
    till.locator(".farm-row").click()
    picture(till, "till-basket")
    till.locator('[data-act="collect-basket"]').click()
    expect(till.locator("[data-collect]")).to_have_attribute("data-collect", "1975")
    picture(till, "till-basket-collect")
    till.locator('.collect-now [data-act="pay-cash"]').click()
    till.locator('[data-act="exact"]').click()
    expect(till.locator('.done[data-state="paid"]')).to_be_visible()
    till.locator('[data-act="next"]').first.click()

    till.locator('[data-act="menu"]').click()
    till.locator('[data-act="baskets"]').click()
    find(till, "fictive")
    expect(till.locator('[data-money="paid"]')).to_be_visible()
    till.locator(".farm-row").click()
    till.locator(".farm-line").last.click()
    till.locator('[data-act="hand-out"]').click()
    expect(till.locator('[data-basket-state="handed_out"]')).to_be_visible()
    expect(till.locator('[data-gone="true"]')).to_have_count(1)


def the_sheet(office: Page, desk: str) -> None:
    office.goto(desk.replace("/desk/", "/sheet/"))
    expect(office.locator("tbody")).to_have_count(3)
    expect(office.locator("body")).to_contain_text("Pommes de terre 1 kg")
    picture(office, "amap-sheet")
    with office.expect_download() as download:
        office.locator(".tools button").click()
    pdf = pypdfium2.PdfDocument(io.BytesIO(Path(download.value.path()).read_bytes()))
    text = " ".join(pdf[0].get_textpage().get_text_range().split())
    for words in ("FICTIVE Zoé / INVENTÉ Axel", "Poulet", "18,38"):
        assert words in text
    drawn = pdf[0].render(scale=1).to_pil()
    assert drawn.width < drawn.height, "A4, upright"
    assert drawn.convert("L").point(lambda value: value < 128 and 255).getbbox() is not None


def test_the_public_page_says_when_and_nobodys_name(house: RunningHouse, browser: Browser):
    for size, dark, name in ((TABLET, False, "amap-public"), (PHONE, True, "amap-public-phone")):
        with page_at(browser, size=size, dark=dark) as page:
            page.goto(f"{house.url}/amap/")
            # In the evening the demonstration’s own of today is over.
            expect(page.locator(".amap-next")).to_contain_text(
                re.compile("Grande salle|Cour du lieu")
            )
            expect(page.locator("body")).not_to_contain_text("BRUYÈRE")
            width = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert width <= 0
            picture(page, name)
