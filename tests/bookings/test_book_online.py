"""The public pages, as a browser without JavaScript sees them."""

from __future__ import annotations

import re

import icalendar
import pytest
from django.test import Client

from bookings.models import Booking, CancellationStep
from teraa.common.clock import now
from teraa.common.ids import uuid7
from teraa.settlement.models import Due, Payout
from tests.bookings import cast
from tests.settlement import cast as money
from tests.settlement.cases.moves import scene_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(keys_dir):
    return cast.house(name="TERAA Genesis")


@pytest.fixture
def browser() -> Client:
    return Client(headers={"accept-language": "fr"})


def next_thursday():
    from datetime import timedelta

    day = now().date() + timedelta(days=2)
    while day.weekday() != 3:
        day += timedelta(days=1)
    return day


def first_time(page, offer) -> str:
    """The address behind the first free time of ``offer`` on the page."""
    times = re.findall(r'class="slot" href="([^"]+)"', page)
    return next(one for one in times if str(offer.pk) in one).replace("&amp;", "&")


def fill(page, **fields):
    """What a browser would send: the hidden fields of the page, and what is typed."""
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    return {**hidden, "name": "Nora Petit", "email": "nora@example.org", "pays": "osm", **fields}


def open_form(browser, house):
    found = browser.get(f"/book/?day={next_thursday()}&minutes=120&people=2").content.decode()
    address = first_time(found, house.a)
    return address, browser.get(address).content.decode()


def test_the_front_door_leads_there(house, browser):
    assert 'href="/book/"' in browser.get("/").content.decode()


def test_a_search_shows_what_is_free_with_prices(house, browser):
    money.quote(house.venue.pk, now())

    page = browser.get(f"/book/?day={next_thursday()}&minutes=120&people=2").content.decode()

    assert "Studio A" in page
    assert "40,00\u00a0€" in page
    assert "2\u202f000,00\u00a0OSM" in page
    assert "19:00" in page


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "day=hier&minutes=x&people=-1",
        "day=0001-01-01",
        "day=9999-12-31",
        "minutes=1",
        "minutes=99999999",
        "people=100000",
        "day=2026-11-26&minutes=45",
        "minutes=%C2%B2",
    ],
)
def test_whatever_is_typed_the_page_answers(house, browser, asked):
    assert browser.get(f"/book/?{asked}").status_code == 200


def test_from_the_search_to_paying(house, browser):
    address, form = open_form(browser, house)
    assert "40,00" in form

    answer = browser.post(address, fill(form))

    booking = Booking.objects.get()
    assert answer.status_code == 302
    assert answer["Location"].startswith("/pay/")
    assert booking.state == "hold"
    page = browser.get(f"/book/b/{booking.secret}/")
    assert "Gardé pour vous" in page.content.decode()
    assert booking.due.spoken_code in page.content.decode()
    assert page["X-Robots-Tag"] == "noindex"


def test_who_pays_at_the_bar_is_shown_the_code(house, browser):
    address, form = open_form(browser, house)

    answer = browser.post(address, fill(form, pays="till"))

    assert answer["Location"] == f"/book/b/{Booking.objects.get().secret}/"


def test_a_button_pressed_twice_makes_one_booking(house, browser):
    address, form = open_form(browser, house)
    filled = fill(form)

    first, second = browser.post(address, filled), browser.post(address, filled)

    assert Booking.objects.count() == 1
    assert first.status_code == second.status_code == 302


def test_a_wrong_address_is_said_beside_its_field(house, browser):
    address, form = open_form(browser, house)

    answer = browser.post(address, fill(form, email="nora"))

    assert answer.status_code == 200
    assert "field-error" in answer.content.decode()
    assert not Booking.objects.exists()


def test_a_price_that_changed_is_shown_before_it_counts(house, browser):
    address, form = open_form(browser, house)
    house.a.hour_cents = 2500
    house.a.save()

    answer = browser.post(address, fill(form))
    page = answer.content.decode()

    assert answer.status_code == 409
    assert 'data-problem="price_changed"' in page
    assert "50,00" in page
    assert browser.post(address, fill(page)).status_code == 302


def test_what_was_just_taken_comes_with_other_times(house, browser):
    address, form = open_form(browser, house)
    browser.post(address, fill(form))

    rival = browser.post(address, fill(form, key=str(uuid7()), email="rival@example.org"))
    page = rival.content.decode()

    assert rival.status_code == 409
    assert 'data-problem="just_taken"' in page
    # One press on another time books it with what was typed.
    another = re.findall(r'formaction="([^"]+)"', page)[0].replace("&amp;", "&")
    kept = fill(page, email="rival@example.org")
    assert browser.post(address.partition("?")[0] + another, kept).status_code == 302
    assert Booking.objects.count() == 2


def test_every_broken_rule_is_on_the_page(house, browser):
    address, form = open_form(browser, house)
    answer = browser.post(address.replace("people=2", "people=40"), fill(form))

    assert answer.status_code == 422
    assert "trop petit" in answer.content.decode()


@pytest.mark.parametrize("start", ["", "demain", "2026-13-01", "9999-12-31T23:00", "0001-01-01"])
def test_a_time_that_is_none_leads_back_to_the_search(house, browser, start):
    answer = browser.get(f"/book/{house.a.pk}/?start={start}")

    assert answer["Location"] == "/book/"


def test_a_free_table_is_booked_without_paying(house, browser):
    at = f"{next_thursday()}T10:00"
    address = f"/book/{house.desk.pk}/?start={at}&minutes=60"
    form = browser.get(address).content.decode()

    answer = browser.post(address, fill(form), follow=True)

    page = answer.content.decode()
    assert "Confirmé" in page
    assert Booking.objects.get().state == "confirmed"
    assert "Dans mon agenda" in page


def test_the_calendar_file_is_there(house, browser):
    booking = house.hold(now(), house.desk, starts_at=thursday_morning()).booking

    answer = browser.get(f"/book/b/{booking.secret}/calendar.ics")

    assert answer["Content-Type"].startswith("text/calendar")
    (event,) = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")
    assert event["uid"].startswith(str(booking.pk))
    assert event["status"] == "CONFIRMED"


def thursday_morning():
    from bookings.opening import day_span

    start, _end = day_span(next_thursday(), "Europe/Paris")
    return start + 10 * cast.HOUR


def test_what_is_no_longer_needed_is_let_go(house, browser):
    booking = house.hold(now(), starts_at=thursday_morning()).booking

    answer = browser.post(f"/book/b/{booking.secret}/cancel/", follow=True)

    assert "Annulé" in answer.content.decode()
    assert Booking.objects.get().state == "cancelled"


def test_a_paid_booking_says_so_and_what_comes_back_before_it_is_let_go(house, browser):
    at = now()
    CancellationStep.objects.create(venue=house.venue, offer=house.a, minutes_before=60, percent=50)
    booking = house.hold(at, starts_at=thursday_morning()).booking
    cast.pay_in_cash(booking, at)
    assert "confirmation en cours" in browser.get(f"/book/b/{booking.secret}/").content.decode()
    cast.deliver(at)

    page = f"/book/b/{booking.secret}/"
    shown = browser.get(page).content.decode()
    assert "Confirmé" in shown
    assert 'name="least_cents" value="2000"' in shown
    assert "rendus" in shown

    answer = browser.post(f"{page}cancel/", {"least_cents": "4000"})
    assert answer.status_code == 409
    assert "On rend moins maintenant" in answer.content.decode()

    answer = browser.post(f"{page}cancel/", {"least_cents": "2000"}, follow=True)
    assert Payout.objects.get().spoken_code in answer.content.decode()
    assert "20,00\u00a0€ pour vous au bar" in answer.content.decode()


def test_coins_on_their_way_are_not_asked_for_again(house, browser):
    """Neither while they wait for confirmations, nor while a fork has them out of their block."""
    at = now()
    money.live_cursor(at)
    booking = house.hold(at, starts_at=thursday_morning()).booking
    due = Due.objects.get(pk=booking.due_id)
    request = money.request(due, at, required_confirmations=3)
    page = f"/book/b/{booking.secret}/"
    assert "data-pay" in browser.get(page).content.decode()
    of = scene_of(house.payee, at)

    came = of.pays(request, request.units // 2)
    assert "data-pay" in browser.get(page).content.decode(), "half of it is not all of it"
    came = of.pays(request, request.units - request.units // 2)
    for _in_or_out_of_its_block in range(2):
        shown = browser.get(page).content.decode()
        assert 'data-stage="paying"' in shown
        assert "data-pay" not in shown
        assert due.spoken_code not in shown
        of.goes_out_of_its_block(came.transaction)

    of.vanishes(came.transaction)
    assert "data-pay" in browser.get(page).content.decode()


def test_a_venue_has_its_own_address(house, browser):
    other = cast.house(slug="la-grange", name="La Grange")

    page = browser.get(f"/lieu/la-grange/book/?day={next_thursday()}").content.decode()

    assert "La Grange" in page
    assert f"/lieu/la-grange/book/{other.a.pk}/" in page
    assert str(house.a.pk) not in page


def test_another_venues_things_are_not_found(house, browser):
    other = cast.house(slug="la-grange")
    theirs = other.hold(now(), starts_at=thursday_morning()).booking

    assert browser.get(f"/book/{other.a.pk}/?start=2026-11-26T19:00").status_code == 404
    assert browser.get(f"/book/b/{theirs.secret}/").status_code == 404
    assert browser.post(f"/book/b/{theirs.secret}/cancel/").status_code == 404
    assert browser.get(f"/lieu/la-grange/book/b/{theirs.secret}/").status_code == 200


def test_a_search_costs_eight_queries(house, browser, count_queries):
    """The venue, then six; special days are one more than was promised (docs/measurements.md)."""
    browser.get("/book/")
    with count_queries() as queries:
        browser.get(f"/book/?day={next_thursday()}&minutes=120&people=2")

    assert len(queries) == 8, "\n".join(queries)
