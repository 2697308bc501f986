"""The public pages: they say what is to be had, and the ticket says what the law wants."""

import re

import pypdfium2
import pytest
import zxingcpp
from django.test import Client

from teraa.common.clock import now
from teraa.common.ids import uuid7
from teraa.common.qr import qr_path
from tests.settlement import cast as money
from tests.settlement.cases.moves import scene_of
from tests.ticketing import cast
from tests.ticketing.cast import MINUTE
from ticketing import jobs
from ticketing.models import Order, TicketFile


@pytest.fixture
def show(db, keys_dir):
    return cast.show(at=now(), capacity=20, title="Les Cordes du Plateau")


@pytest.fixture
def browser():
    return Client(headers={"accept-language": "fr"})


def form_of(page, **fields):
    """What the page's form would send, with ``fields`` typed in."""
    hidden = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.content.decode())
    return dict(hidden) | {"name": "Ada Lovelace", "email": "ada@example.org"} | fields


def address(show, path):
    return f"/lieu/{show.venue.slug}/events/{path}"


def test_the_list_shows_what_is_on_sale(show, browser):
    cast.show(at=now(), venue=show.venue, draft=True, title="Rien encore")
    page = browser.get(address(show, "")).content.decode()

    assert "Les Cordes du Plateau" in page
    assert "20" in page
    assert "Rien encore" not in page


def test_without_a_name_it_is_the_first_venues(show, browser):
    assert "Les Cordes du Plateau" in browser.get("/events/").content.decode()


def test_an_order_is_placed_without_javascript_and_leads_to_its_payment(show, browser):
    page = browser.get(address(show, f"{show.event.slug}/"))
    answer = browser.post(page.request["PATH_INFO"], form_of(page, **{f"rate-{show.full.pk}": 2}))

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/pay/")
    order = Order.objects.get()
    assert (order.places, order.total_cents, order.state) == (2, 3600, "hold")
    assert order.page_url == f"http://testserver{address(show, 'o')}/{order.secret}/"
    payment = browser.get(answer.headers["Location"]).content.decode()
    assert order.due.spoken_code in payment


def test_a_double_click_is_one_order(show, browser):
    page = browser.get(address(show, f"{show.event.slug}/"))
    form = form_of(page, **{f"rate-{show.full.pk}": 1})
    first = browser.post(page.request["PATH_INFO"], form)
    again = browser.post(page.request["PATH_INFO"], form)

    assert first.status_code == again.status_code == 302
    assert Order.objects.count() == 1


def test_a_price_that_changed_meanwhile_is_told(show, browser):
    page = browser.get(address(show, f"{show.event.slug}/"))
    show.full.price_cents = 2500
    show.full.save()
    answer = browser.post(page.request["PATH_INFO"], form_of(page, **{f"rate-{show.full.pk}": 1}))

    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not Order.objects.exists()


def test_a_form_without_a_ticket_or_a_name_says_so(show, browser):
    page = browser.get(address(show, f"{show.event.slug}/"))
    answer = browser.post(page.request["PATH_INFO"], form_of(page))
    nameless = browser.post(
        page.request["PATH_INFO"], form_of(page, name="", **{f"rate-{show.full.pk}": 1})
    )

    assert (answer.status_code, nameless.status_code) == (422, 422)
    assert 'role="alert"' in answer.content.decode()


def test_places_that_went_meanwhile_are_told(show, browser):
    page = browser.get(address(show, f"{show.event.slug}/"))
    show.order(10, at=now())
    show.order(10, at=now(), key=uuid7())
    answer = browser.post(page.request["PATH_INFO"], form_of(page, **{f"rate-{show.full.pk}": 1}))

    assert answer.status_code == 409
    assert 'role="alert"' in answer.content.decode()


def test_a_held_order_shows_its_time_and_can_be_given_up(show, browser):
    order = show.order(1, at=now())
    page = browser.get(address(show, f"o/{order.secret}/"))

    assert page.headers["X-Robots-Tag"] == "noindex"
    assert "data-seconds" in page.content.decode()
    browser.post(address(show, f"o/{order.secret}/cancel/"))
    order.refresh_from_db()
    assert order.state == "cancelled"


def test_coins_on_their_way_are_not_asked_for_again(show, browser):
    at = now()
    money.live_cursor(at)
    order = show.order(1, at=at)
    request = money.request(order.due, at, required_confirmations=3)
    page = address(show, f"o/{order.secret}/")
    assert "Payer maintenant" in browser.get(page).content.decode()

    scene_of(show.payee, at, phrases="organiser of tests").pays(request)

    shown = browser.get(page).content.decode()
    assert "confirmation en cours" in shown
    assert "Payer maintenant" not in shown
    assert order.due.spoken_code not in shown


def test_the_ticket_has_every_mention_the_law_wants(show, browser):
    ticket = show.sell(1, at=now())[0]
    page = browser.get(address(show, f"o/{ticket.order.secret}/")).content.decode()

    wanted = [
        f"SCIC {show.payee.name}",  # operator
        show.event.licence,
        show.event.title,  # show
        "séance 1",  # session
        show.event.place,
        "Plein tarif",  # category
        "18,00\u00a0€",  # price, VAT included
        "000001",  # ticket's own number
        "opération 1",  # number of the operation
        f"En ligne · {show.venue.name}",  # place of sale
    ]
    assert [words for words in wanted if words not in page] == []
    assert re.search(r"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d", page), "date of sale"
    assert qr_path(ticket.qr).path in page


def test_a_free_entry_says_that_it_is_free(show, browser):
    ticket = show.sell(0, 0, 1, at=now())[0]
    page = browser.get(address(show, f"o/{ticket.order.secret}/")).content.decode()

    assert "Gratuit" in page


def test_a_decoder_reads_the_ticket_from_the_picture_of_its_pdf(show, browser):
    tickets = show.sell(1, 1, at=now())
    order = tickets[0].order
    jobs.make_tickets(str(order.pk))
    answer = browser.get(address(show, f"o/{order.secret}/tickets.pdf"))

    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.content == bytes(TicketFile.objects.get().pdf)
    document = pypdfium2.PdfDocument(answer.content)
    assert len(document) == 2
    for page, ticket in zip(document, tickets, strict=True):
        found = zxingcpp.read_barcodes(page.render(scale=2).to_pil())
        assert [one.text for one in found] == [ticket.qr]
        text = page.get_textpage().get_text_bounded()
        for words in (f"SCIC {show.payee.name}", ticket.category, f"{ticket.number:06d}"):
            assert words in text


def test_another_venues_address_does_not_open_an_order(show, browser):
    order = show.order(1, at=now())
    elsewhere = cast.show(at=now())

    for path in ("", "tickets.pdf"):
        assert browser.get(address(elsewhere, f"o/{order.secret}/{path}")).status_code == 404
    assert browser.post(address(elsewhere, f"o/{order.secret}/cancel/")).status_code == 404


def test_a_draft_is_not_found(show, browser):
    draft = cast.show(at=now(), venue=show.venue, draft=True)

    assert browser.get(address(show, f"{draft.event.slug}/")).status_code == 404


def test_an_expired_order_says_what_to_do(show, browser):
    from ticketing.operations import free_expired

    order = show.order(1, at=now() - 20 * MINUTE)
    free_expired(at=now())
    page = browser.get(address(show, f"o/{order.secret}/")).content.decode()

    assert address(show, show.event.slug) in page
    assert "data-order" not in page


def test_only_the_gate_may_compile_webassembly(show, browser):
    def scripts(path):
        policy = browser.get(path).headers["Content-Security-Policy"]
        return next(part for part in policy.split("; ") if part.startswith("script-src "))

    assert "'wasm-unsafe-eval'" in scripts("/gate/").split()
    assert "'unsafe-eval'" not in scripts("/gate/").split()
    for path in ("/till/", "/events/", address(show, ""), "/"):
        assert "wasm-unsafe-eval" not in scripts(path)


def test_the_gate_says_where_its_reader_is(db, browser):
    page = browser.get("/gate/").content.decode()
    [reader] = re.findall(r'data-reader="([^"]+)"', page)

    assert re.fullmatch(r"/static/vendor/zxing-wasm@[0-9.]+/es/reader/index\.js", reader)
