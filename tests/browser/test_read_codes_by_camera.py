"""A gate's camera in a real browser: a film of the ticket's QR in, one entry out.

Chromium on Linux reads no codes by itself, so these run what tablets and iPhones run: our own copy
of the WebAssembly reader, behind the page's content security policy, with every other host shut.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from teraa.settlement.osm.devnet.profiles import DEMO_PHRASE
from teraa.settlement.osm.devnet.wallet import DevelopmentWallet
from tests.browser.film import film, with_camera
from tests.browsing import PHONE, page_at
from tests.journeys.test_first_scan import (
    answer,
    open_gate,
    order,
    pay_in_osm,
    picture,
    tickets_of,
)

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

CAMERA = '[data-act="camera"]'
TORCH = '[data-act="torch"]'
# Longer than the page takes to look thirty times, and than one round of the film.
A_WHILE_MS = 4_500


@pytest.fixture(scope="module")
def tickets(house, browser) -> list[str]:
    """The codes of tickets of the festival day, one for each test that lets somebody in."""
    with page_at(browser, size=PHONE) as buyer:
        order(buyer, house, **{"Plein tarif": 4})
        pay_in_osm(buyer, DevelopmentWallet(house.node_url, DEMO_PHRASE))
        codes = tickets_of(buyer)
    assert len(codes) == 4
    return codes


class Gate:
    """A page at a gate, what it asked of the server, and whom else it asked."""

    def __init__(self, page: Page, house: Any) -> None:
        self.page = page
        self.scanned: list[str] = []
        self.fetched: list[str] = []
        page.on("request", self._note)
        open_gate(page, house, house.fresh_links(), 0)

    def _note(self, request: Any) -> None:
        self.fetched.append(request.url)
        if request.url.endswith("/api/ticketing/scans/"):
            self.scanned.append(json.loads(request.post_data)["code"])

    def look(self) -> None:
        self.page.locator(CAMERA).click()

    def pauses(self) -> None:
        """Let the film play on; nothing is awaited, for nothing must happen."""
        self.page.wait_for_timeout(A_WHILE_MS)


@pytest.fixture
def at_the_gate(house, browser: Browser, tmp_path):
    """``with at_the_gate(scenes…) as gate``."""

    @contextlib.contextmanager
    def standing(*scenes: Any, **camera: Any) -> Iterator[Gate]:
        shown = film(tmp_path / "seen.y4m", *scenes) if scenes else None
        with with_camera(browser, shown, **camera) as seeing, page_at(seeing, size=PHONE) as page:
            yield Gate(page, house)

    return standing


def test_a_ticket_shown_is_admitted_once_and_seen_again_says_nothing(at_the_gate, house, tickets):
    # Held up, taken away, held up again, for ever.
    with at_the_gate(((), 1.0), ((tickets[0],), 1.0), ((), 1.0)) as gate:
        assert not [one for one in gate.fetched if "zxing" in one], "not before it is needed"
        gate.look()
        expect(gate.page.locator("video")).to_be_visible()
        shown = answer(gate.page, "ok")
        expect(shown.locator("[data-word]")).to_have_text("Oui")
        picture(gate.page, "gate-camera")
        gate.pauses()
        answer(gate.page, "ok")
        assert gate.scanned == [tickets[0]]

        wanted = [one for one in gate.fetched if "zxing" in one]
        assert any(one.endswith(".wasm") for one in wanted)
        assert all(one.startswith((house.url, "blob:", "data:")) for one in gate.fetched)

        gate.page.locator(CAMERA).click()
        expect(gate.page.locator("video")).to_be_hidden()
        gate.look()  # a new look is a new question
        expect(answer(gate.page, "danger")).to_have_attribute("data-reason", "already_admitted")
        assert gate.scanned == [tickets[0]] * 2


def test_two_tickets_on_one_sheet_are_two_entries_and_no_refusal(at_the_gate, tickets):
    both = tickets[1:3]
    with at_the_gate((both, 0.5), (both[:1], 0.3), (both[1:], 0.3), ((), 0.3)) as gate:
        gate.look()
        answer(gate.page, "ok")
        gate.pauses()
        answer(gate.page, "ok")
        assert sorted(gate.scanned) == sorted(both)


def test_a_camera_left_on_stops_with_the_work(at_the_gate, tickets):
    with at_the_gate(((), 1.0)) as gate:
        gate.look()
        expect(gate.page.locator("video")).to_be_visible()
        expect(gate.page.locator(CAMERA)).to_have_text("Arrêter la caméra")
        gate.page.locator('[data-act="choose"]').click()
        gate.page.locator("[data-event]", has_text="la journée").click()
        expect(gate.page.locator("video")).to_be_hidden()
        expect(gate.page.locator(CAMERA)).to_have_text("Utiliser la caméra")
        assert gate.page.evaluate("document.querySelector('video').srcObject") is None


def type_instead(gate: Gate, code: str) -> None:
    gate.page.locator("#code").fill(code)
    gate.page.keyboard.press("Enter")
    expect(answer(gate.page, "danger")).to_have_attribute("data-reason", "unknown")
    assert gate.scanned == [code]


def test_a_camera_that_is_refused_says_so_and_typing_goes_on(at_the_gate):
    # Nobody answers the browser's question in a headless window: it refuses by itself.
    with at_the_gate(((), 1.0), allowed=False) as gate:
        gate.look()
        expect(answer(gate.page, "attention").locator("[data-sentence]")).to_contain_text(
            "n’est pas autorisée"
        )
        expect(gate.page.locator(CAMERA)).to_be_enabled()
        expect(gate.page.locator(CAMERA)).to_have_text("Utiliser la caméra")
        type_instead(gate, "AAAA-AAAA-AAAA-AAAA")


def test_a_device_without_a_camera_says_so_and_typing_goes_on(at_the_gate):
    with at_the_gate() as gate:
        gate.look()
        expect(answer(gate.page, "attention").locator("[data-sentence]")).to_contain_text(
            "n’offre pas de caméra"
        )
        type_instead(gate, "AAAA-AAAA-AAAA-AAAA")


def test_a_reader_that_does_not_arrive_says_so_and_is_asked_again(at_the_gate, tickets):
    with at_the_gate(((tickets[3],), 1.0)) as gate:
        gate.page.route("**/zxing_reader.wasm", lambda route: route.abort())
        gate.look()
        expect(answer(gate.page, "attention").locator("[data-sentence]")).to_contain_text("réseau")
        expect(gate.page.locator("video")).to_be_hidden()
        gate.page.unroute("**/zxing_reader.wasm")
        gate.look()
        answer(gate.page, "ok")
        assert gate.scanned == [tickets[3]]


# What a telephone's camera says of its lamp; Chromium's make-believe one has none.
LAMP = """([works]) => {
    const track = MediaStreamTrack.prototype;
    const own = track.getCapabilities;
    track.getCapabilities = function () { return { ...own.call(this), torch: true }; };
    track.applyConstraints = async function (wanted) {
        if (!works) throw new DOMException("no", "NotSupportedError");
        window.lamp = wanted.advanced[0].torch;
    };
}"""


@pytest.mark.parametrize("works", [True, False])
def test_a_lamp_is_switched_or_says_why_not(at_the_gate, works):
    with at_the_gate(((), 1.0)) as gate:
        expect(gate.page.locator(TORCH)).to_be_hidden()
        gate.page.evaluate(LAMP, [works])
        gate.look()
        gate.page.locator(TORCH).click()
        if works:
            expect(gate.page.locator(TORCH)).to_have_attribute("aria-pressed", "true")
            assert gate.page.evaluate("window.lamp") is True
            gate.page.locator(TORCH).click()
            expect(gate.page.locator(TORCH)).to_have_attribute("aria-pressed", "false")
            assert gate.page.evaluate("window.lamp") is False
        else:
            sentence = answer(gate.page, "attention").locator("[data-sentence]")
            expect(sentence).to_contain_text("lampe")
            expect(gate.page.locator("video")).to_be_visible()
