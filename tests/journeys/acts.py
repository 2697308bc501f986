"""What people do in journeys, and what is then to be seen: at a till, at its printer, in the books."""

from __future__ import annotations

import json
import os
import time
from typing import Any

import httpx
from playwright.sync_api import Page, expect

from teraa.settlement.osm.devnet.wallet import DevelopmentWallet
from tests.running import ROOT, RunningHouse

PICTURES = os.environ.get("TERAA_PICTURES") == "1"
HOT, BAR, KITCHEN = "Boissons chaudes", "Bières et vins", "À manger"
WAITING = '.money-state[data-state="open"]'
AMBER = '.money-state[data-state="seen"]'
GREEN = '.done[data-state="paid"]'


def open_till(page: Page, house: RunningHouse, till: int = 0) -> None:
    """Through the one-time link of the start block, then a PIN."""
    links = house.fresh_links()
    page.goto(house.url + links["tills"][till]["url"])
    page.locator("form button[type=submit]").last.click()
    someone = links["staff"][0]
    page.locator("[data-staff]", has_text=someone["name"]).click()
    for digit in someone["pin"]:
        page.locator(f'[data-key="{digit}"]').click()
    page.locator('[data-act="sign-on"]').click()
    expect(page.locator("[data-product]").first).to_be_visible()


def tap(page: Page, category: str, label: str) -> None:
    page.locator(".category", has_text=category).click()
    page.locator("[data-product]", has_text=label).first.click()


def pay_after_a_block(house: RunningHouse, wallet: DevelopmentWallet, uri: str) -> str:
    """Pay when a block was just forged: nearly a whole block's time is left to see it coming."""
    before = _height(house)
    deadline = time.monotonic() + 60
    while _height(house) == before:
        assert time.monotonic() < deadline, "the chain stands still"
        time.sleep(0.05)
    return wallet.pay(uri)


def _height(house: RunningHouse) -> int:
    status = httpx.get(f"{house.node_url}/api/node/status", timeout=5).json()
    return int(status["data"]["now"])


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=ROOT / "docs" / "images" / f"{name}.png")


def paper_with(house: RunningHouse, text: str, seconds: float = 10) -> dict[str, Any]:
    """The newest printed ticket that says ``text``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for path in sorted(house.paper.glob("[0-9]*.json"), reverse=True):
            ticket = json.loads(path.read_text())
            if text in read(ticket):
                return ticket | {"picture": path.with_suffix(".png")}
        time.sleep(0.1)
    raise AssertionError(f"no paper says {text!r}: {sorted(house.paper.glob('*'))}")


def read(ticket: dict[str, Any]) -> str:
    return "\n".join(str(line) for line in ticket["lines"])


def assert_books_are_clean(house: RunningHouse) -> None:
    verified = house.manage("verify_fiscal", check=False)
    assert verified.returncode == 0, verified.stdout + verified.stderr


def uri_shown(page: Page) -> str:
    """What a wallet would scan."""
    sale = page.evaluate(
        """async () => {
            const last = await (await fetch("/api/pos/sales/?last=1")).json();
            return (await fetch(`/api/pos/sales/${last.sales[0].key}/`)).json();
        }"""
    )
    tenders = [one for one in sale["tenders"] if one["osm"] and one["state"] == "pending"]
    return tenders[-1]["osm"]["uri"]
