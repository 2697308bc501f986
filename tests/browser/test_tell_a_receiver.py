"""A manager adds an address, copies its secret, and sees the test arrive, on any screen."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from urllib.request import urlopen

import pytest
from playwright.sync_api import Page, expect

from teraa.webhooks.signing import signature_header
from tests.browsing import PHONE, TABLET, page_at
from tests.running import RunningHouse
from tests.webhooks.receiver import receiving

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(
    params=[
        pytest.param((TABLET, False), id="tablet"),
        pytest.param((PHONE, True), id="phone-dark"),
    ]
)
def office(request, browser, house: RunningHouse) -> Iterator[Page]:
    size, dark = request.param
    with page_at(browser, size=size, dark=dark) as page:
        page.goto(house.url + house.fresh_links()["office"])
        page.locator("form button[type=submit]").last.click()
        page.wait_for_url("**/office/")
        yield page


def test_a_new_endpoint_is_tried_and_its_test_arrives_signed(office, house):
    with receiving() as receiver:
        office.goto(f"{house.url}/office/webhooks/hookendpoint/add/")
        venues = office.locator("select[name=venue]")
        if venues.count() and venues.input_value() == "":
            venues.select_option(index=1)
        office.locator("[name=description]").fill("Comptabilité")
        office.locator("[name=url]").fill(receiver.url)
        assert office.locator("[name=wanted]:checked").count() == 1
        assert office.evaluate(OVERFLOW) <= 0
        office.locator("[name=_continue]").last.click()
        office.wait_for_url("**/change/**")
        secret = re.search(r"whsec_[\w-]{43}", office.locator("body").inner_text())
        assert secret, "the secret is shown"
        assert office.evaluate(OVERFLOW) <= 0
        office.goto(f"{office.url.partition('/change/')[0]}/change/")
        assert "whsec_" not in office.content()

        office.goto(f"{office.url.partition('/change/')[0]}/ping")
        office.locator("form button[type=submit]").last.click()
        [request] = receiver.wait_for(1)

        t = int(re.search(r"t=(\d+)", request.headers["teraa-signature"]).group(1))
        assert request.headers["teraa-signature"] == signature_header(
            [secret.group()], t=t, body=request.body
        )
        assert json.loads(request.body)["kind"] == "ping"
        office.goto(f"{house.url}/office/webhooks/hookdelivery/")
        expect(office.locator("body")).to_contain_text("Reçu")
        assert office.evaluate(OVERFLOW) <= 0
    health = json.load(urlopen(f"{house.url}/healthz"))
    assert health["parts"]["hooks"]["state"] == "up"
    assert health["parts"]["hooks"]["vital"] is False
