"""The till's page as hands use it."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.running import RunningHouse

WAITING = '.money-state[data-state="open"]'
AMBER = '.money-state[data-state="seen"]'
GREEN = '.done[data-state="paid"]'


class Till:
    """One browser page that is an enrolled till."""

    def __init__(self, page: Page, house: RunningHouse, enrolled: dict[str, Any]) -> None:
        self.page = page
        self.house = house
        self.staff = enrolled["staff"]
        page.context.add_cookies(enrolled["cookies"])

    @property
    def is_phone(self) -> bool:
        size = self.page.viewport_size
        return size is not None and size["width"] < 720

    def act(self, name: str) -> None:
        """Press the button that does ``name``; the last one when the same is offered twice."""
        self.page.locator(f'[data-act="{name}"]:visible').last.click()

    def open(self) -> None:
        self.page.goto(f"{self.house.url}/till/")

    def sign_on(self) -> None:
        self.open()
        self.page.locator("[data-staff], [data-product]").first.wait_for()
        if self.page.locator("[data-staff]").count():
            self.enter_pin()
        expect(self.page.locator("[data-product]").first).to_be_visible()

    def enter_pin(self) -> None:
        self.page.locator("[data-staff]", has_text=self.staff["name"]).click()
        for digit in self.staff["pin"]:
            self.page.keyboard.press(digit)
        self.page.keyboard.press("Enter")

    def ring_up(self, *places: int) -> None:
        """Tap the tiles at these places of the grid."""
        for place in places or (0, 1):
            self.page.locator("[data-product]:enabled").nth(place).click()

    def show_ways(self) -> None:
        """On a phone the ways to pay are under the sheet."""
        if self.is_phone and self.page.locator('[data-act="pay"]').count():
            self.act("pay")

    def pay(self, way: str) -> None:
        self.show_ways()
        self.act(f"pay-{way}")

    def next(self) -> None:
        self.act("next")
        expect(self.page.locator("[data-product]").first).to_be_visible()

    def total_cents(self) -> int:
        return int(self.page.locator("[data-total]:visible").last.get_attribute("data-total") or 0)

    def lines(self) -> int:
        return self.page.locator("[data-line]").count()

    def last_sales(self) -> list[dict[str, Any]]:
        """What the server has, as this till may read it."""
        sales: list[dict[str, Any]] = self.page.evaluate(
            "async () => (await (await fetch('/api/pos/sales/?last=20')).json()).sales"
        )
        return sales

    def sale(self, key: str) -> dict[str, Any]:
        sale: dict[str, Any] = self.page.evaluate(
            "async (key) => (await fetch(`/api/pos/sales/${key}/`)).json()", key
        )
        return sale

    def uri(self) -> str:
        """What a wallet would scan on the newest sale."""
        pending = [
            tender["osm"]["uri"]
            for tender in self.sale(self.last_sales()[0]["key"])["tenders"]
            if tender["osm"] and tender["state"] == "pending"
        ]
        return str(pending[-1])
