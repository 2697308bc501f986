"""The demonstration page: play money, real signatures, real paper, and nothing without TERAA_DEMO."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest
from django.core.mail import send_mail
from django.test import Client

from pos.operations import TenderWanted, ring_up
from teraa.common.clock import now
from teraa.common.ids import uuid7
from teraa.common.paper import Cut, Page, Text
from teraa.devices.drivers.network import NetworkDriver
from teraa.devices.escpos import encode
from teraa.devices.fakes.printer import FakePrinter
from teraa.devices.profiles import Profile
from teraa.settlement.operations import current_quote
from teraa.settlement.osm.addresses import address_of_passphrase
from teraa.settlement.osm.models import OsmRequest
from teraa.settlement.osm.uri import build
from tests.pos.cast import bar
from tests.settlement.osm.channel import following

OSM = 100_000_000
DOORS = ["/demo/", "/demo/state.json", "/demo/paper/000001.png"]


def pay(uri: object) -> object:
    return Client().post("/demo/pay/", {"uri": uri}, "application/json")


def state() -> dict:
    return Client().get("/demo/state.json").json()


@pytest.mark.django_db
@pytest.mark.parametrize("door", DOORS)
def test_without_a_demonstration_it_does_not_exist(settings, door):
    settings.TERAA_DEMO = False

    assert Client().get(door).status_code == 404
    assert pay("ark:x").status_code == 404


@pytest.mark.django_db
def test_a_waiting_till_is_listed_and_paid_with_a_real_signature(
    demonstration, node, keys_dir, live_sale
):
    with following(node) as channel:
        request = live_sale()
        (waiting,) = state()["waiting"]
        assert waiting["amount_cents"] == 300
        assert waiting["units"] == str(request.units)
        assert waiting["state"] == "open"

        before = int(state()["wallet"]["balance_units"])
        txid = pay(waiting["uri"]).json()["txid"]
        assert len(txid) == 64
        node.forge()
        channel.look()

        request.refresh_from_db()
        assert request.state == "settled"
        assert state()["waiting"] == []
        assert int(state()["wallet"]["balance_units"]) == before - request.units - OSM
        assert state()["node"]["height"] == node.height
        assert state()["node"]["profile"] == "manifesto"


@pytest.fixture
def live_sale():
    def rung() -> OsmRequest:
        at = now()
        shop = bar(at=at)
        quote = current_quote(venue_id=shop.venue.pk, at=at)
        wanted = shop.wanted(tenders=[TenderWanted(uuid7(), "osm", 300, quote=quote.pk)])
        ring_up(session=shop.session, wanted=wanted, at=at)
        return OsmRequest.objects.get()

    return rung


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("link", "code"),
    [
        ("https://example.org", "not_a_payment_link"),
        ("ark:nothing?amount=1", "not_a_payment_link"),
        # An address of another network: the byte does not match.
        (f"ark:{address_of_passphrase('elsewhere', 23)}?amount=1", "not_a_payment_link"),
        (f"ark:{address_of_passphrase('somebody', 115)}", "no_amount"),
        (
            build(address=address_of_passphrase("somebody", 115), units=2_000_000 * OSM),
            "not_enough_osm",
        ),
    ],
)
def test_it_says_why_a_link_cannot_be_paid(demonstration, link, code):
    answer = pay(link)

    assert 400 <= answer.status_code < 500
    assert answer.json()["code"] == code


@pytest.mark.django_db
@pytest.mark.parametrize("uri", [None, 3, ["ark:"], "x" * 3000])
def test_it_refuses_what_is_no_link_at_all(demonstration, uri):
    assert pay(uri).json()["code"] == "malformed"


@pytest.mark.django_db
def test_it_pays_nothing_without_the_token_of_the_page(demonstration):
    browser = Client(enforce_csrf_checks=True)

    answer = browser.post("/demo/pay/", {"uri": "ark:x"}, "application/json")

    assert answer.status_code == 403


class _OrdinaryNode(http.server.BaseHTTPRequestHandler):
    """A node like any other: it never says that it is a development node."""

    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"data": {}}')

    do_POST = do_GET

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def ordinary_node() -> Iterator[str]:
    _OrdinaryNode.asked = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _OrdinaryNode) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.django_db
def test_its_phrase_never_meets_a_real_network(demonstration, settings, ordinary_node):
    settings.TERAA_NODE_URL = ordinary_node
    link = build(address=address_of_passphrase("somebody", 115), units=OSM)

    assert pay(link).json()["code"] == "not_a_development_node"
    assert state()["wallet"]["problem"]["code"] == "not_a_development_node"
    assert all("transactions" not in path for path in _OrdinaryNode.asked)


@pytest.mark.django_db
def test_a_node_that_is_away_leaves_the_rest_of_the_page(demonstration, settings):
    settings.TERAA_NODE_URL = "http://127.0.0.1:9"

    found = state()

    assert found["wallet"]["problem"]["code"] == "node_unreachable"
    assert found["waiting"] == []


@pytest.mark.django_db
def test_paper_that_came_out_is_shown(demonstration, settings):
    with FakePrinter(settings.TERAA_PAPER_DIR) as printer:
        page = Page(width_columns=48, blocks=(Text("Œuf mayo 3,90 €"), Cut()))
        with NetworkDriver(printer.target) as driver:
            driver.send(encode(page, Profile()))
        printer.wait_for_tickets(1)
        (sheet,) = state()["paper"]

    assert "Œuf mayo 3,90 €" in sheet["text"]
    picture = Client().get(sheet["url"])
    assert picture.headers["Content-Type"] == "image/png"
    assert b"".join(picture.streaming_content).startswith(b"\x89PNG")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["000009.png", "..%2f..%2fsecret", "state.json", "000001.txt"])
def test_nothing_but_pictures_of_paper_is_served(demonstration, settings, name):
    settings.TERAA_PAPER_DIR.mkdir()
    (settings.TERAA_PAPER_DIR / "state.json").write_text("{}")
    (settings.TERAA_PAPER_DIR / "000001.txt").write_text("x")
    (settings.TERAA_PAPER_DIR.parent / "secret").write_text("x")

    assert Client().get(f"/demo/paper/{name}").status_code == 404


@pytest.mark.django_db
def test_mail_that_was_sent_is_shown(demonstration, settings):
    settings.EMAIL_BACKEND = "teraa.accounts.mail.StoredEmailBackend"
    send_mail("Bonjour", "Votre code : 1234", None, ["camille@genesis.example"])

    (mail,) = state()["mails"]

    assert mail["to"] == "camille@genesis.example"
    assert mail["subject"] == "Bonjour"
    assert "1234" in mail["text"]
