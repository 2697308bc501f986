"""The bookings' API: public, idempotent, and firm with what makes no sense."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.test import Client

from bookings.models import Booking, CancellationStep
from teraa.common.clock import iso_utc, now
from teraa.common.ids import uuid7
from teraa.settlement.models import Payout
from tests.bookings import cast
from tests.bookings.test_book_online import next_thursday, thursday_morning
from tests.settlement import cast as money

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(keys_dir):
    return cast.house(slug="genesis")


@pytest.fixture
def client() -> Client:
    # As a stranger's program would: no cookie, no token.
    return Client(enforce_csrf_checks=True, headers={"accept-language": "en"})


def body(house, **fields: Any) -> dict[str, Any]:
    return {
        "key": str(uuid7()),
        "offer": str(house.a.pk),
        "starts_at": iso_utc(thursday_morning()),
        "minutes": 120,
        "people": 2,
        "name": "Nora Petit",
        "email": "nora@example.org",
        "total_cents": 4000,
    } | fields


def hold(client, sent, slug="genesis"):
    return client.post(f"/api/bookings/{slug}/holds/", sent, content_type="application/json")


def test_a_search_answers_with_prices_as_integers_and_units_as_text(house, client):
    money.quote(house.venue.pk, now())

    answer = client.get(f"/api/bookings/genesis/search/?day={next_thursday()}&minutes=120")

    studio = next(one for one in answer.json()["offers"] if one["name"] == "Studio A")
    assert answer.json()["zone"] == "Europe/Paris"
    assert studio["slots"][0]["total_cents"] == 4000
    assert studio["slots"][0]["osm_units"] == str(2000 * money.OSM)
    assert studio["payee"] == house.payee.name


@pytest.mark.parametrize(
    "asked",
    ["", "day=hier", "day=2026-11-26&minutes=1", "day=2026-11-26&people=0", "day=9999-12-31"],
)
def test_a_search_that_makes_no_sense_is_refused(house, client, asked):
    answer = client.get(f"/api/bookings/genesis/search/?{asked}")

    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid"


def test_a_hold_is_made_once(house, client):
    sent = body(house)

    first, again = hold(client, sent), hold(client, sent)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["secret"] == again.json()["secret"]
    assert first.json()["state"] == "hold"
    assert first.json()["pay"].startswith("/pay/")
    assert first.json()["total_cents"] == sum(one["total_cents"] for one in first.json()["lines"])
    assert Booking.objects.get().page_url == f"http://testserver{first.json()['page']}"


def test_the_same_key_with_another_body_is_refused(house, client):
    sent = body(house)
    hold(client, sent)

    answer = hold(client, sent | {"people": 3})

    assert (answer.status_code, answer.json()["code"]) == (409, "same_key_other_body")


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        ({"key": "1"}, 422, "invalid"),
        ({"minutes": "120"}, 422, "invalid"),
        ({"minutes": 120.0}, 422, "invalid"),
        ({"people": True}, 422, "invalid"),
        ({"total_cents": -1}, 422, "invalid"),
        ({"email": "nora"}, 422, "invalid"),
        ({"name": ""}, 422, "invalid"),
        ({"name": "a\x00b"}, 422, "invalid"),
        ({"starts_at": "demain"}, 422, "invalid"),
        ({"starts_at": "9999-12-31T23:59:59Z"}, 422, "invalid"),
        ({"pays": "shells"}, 422, "invalid"),
        ({"offer": "0198f000-0000-7000-8000-000000000000"}, 404, "not_found"),
        ({"total_cents": 1}, 409, "price_changed"),
        ({"minutes": 20, "people": 99}, 422, "not_bookable"),
        ({"minutes": 45}, 422, "not_bookable"),
    ],
    ids=str,
)
def test_it_refuses_what_makes_no_sense(house, client, wrong, status, code):
    answer = hold(client, body(house) | wrong)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Booking.objects.exists()


def test_it_refuses_what_is_no_object(house, client):
    assert hold(client, [1]).status_code == 422
    assert hold(client, "{").status_code in (400, 422)


def test_it_takes_a_wall_time_with_its_offset(house, client):
    sent = body(house, starts_at=thursday_morning().astimezone(paris()).isoformat())

    assert hold(client, sent).status_code == 201


def paris():
    from zoneinfo import ZoneInfo

    return ZoneInfo("Europe/Paris")


def test_what_was_just_taken_names_other_times(house, client):
    hold(client, body(house))

    answer = hold(client, body(house, email="rival@example.org"))

    assert (answer.status_code, answer.json()["code"]) == (409, "just_taken")
    nearest = answer.json()["context"]["nearest"]
    assert len(nearest) == 3
    assert all(
        datetime.datetime.fromisoformat(one["ends_at"])
        - datetime.datetime.fromisoformat(one["starts_at"])
        == 2 * cast.HOUR
        for one in nearest
    )


def test_a_booking_is_read_and_let_go_by_its_secret(house, client):
    secret = hold(client, body(house)).json()["secret"]
    address = f"/api/bookings/genesis/bookings/{secret}/"
    assert client.get(address).json()["state"] == "hold"

    for _twice in range(2):
        answer = client.post(f"{address}cancel/", {}, content_type="application/json")
        assert answer.json()["state"] == "cancelled"


def test_another_venues_name_opens_nothing(house, client):
    cast.house(slug="la-grange")
    secret = hold(client, body(house)).json()["secret"]

    assert client.get(f"/api/bookings/la-grange/bookings/{secret}/").status_code == 404
    assert client.get(f"/api/bookings/nowhere/bookings/{secret}/").status_code == 404
    assert hold(client, body(house), slug="la-grange").status_code == 404


def test_a_paid_booking_is_let_go_for_what_its_ladder_says(house, client):
    at = now()
    CancellationStep.objects.create(venue=house.venue, offer=house.a, minutes_before=60, percent=50)
    secret = hold(client, body(house)).json()["secret"]
    booking = Booking.objects.get()
    cast.pay_in_cash(booking, at)
    cast.deliver(at)

    address = f"/api/bookings/genesis/bookings/{secret}/"
    (promise,) = client.get(address).json()["comes_back"]
    assert (promise["percent"], promise["cents"]) == (50, booking.total_cents // 2)

    def cancel(**body):
        return client.post(f"{address}cancel/", body, content_type="application/json")

    refused = cancel(least_cents=booking.total_cents)
    assert (refused.status_code, refused.json()["code"]) == (409, "gives_back_less")

    answer = cancel(least_cents=promise["cents"])
    assert answer.status_code == 200, answer.content
    said = answer.json()
    assert (said["state"], said["refund_cents"]) == ("cancelled", promise["cents"])
    assert said["payout_code"] == Payout.objects.get().spoken_code
    assert said["comes_back"] == []
    assert cancel().json() == said


def test_refusals_speak_french_when_asked(house, client):
    answer = client.post(
        "/api/bookings/genesis/holds/",
        body(house, minutes=20),
        content_type="application/json",
        headers={"accept-language": "fr"},
    )

    assert answer.json()["title"] == "Cela ne peut pas être réservé ainsi."
    reasons = [one["text"] for one in answer.json()["context"]["reasons"]]
    assert "Il ne se loue que pour plus longtemps." in reasons


def test_its_description_names_every_address(client):
    paths = client.get("/api/schema/?format=json").json()["paths"]

    mine = {path: set(methods) for path, methods in paths.items() if "/bookings/" in path}
    assert mine == {
        "/api/bookings/{slug}/search/": {"get"},
        "/api/bookings/{slug}/month/": {"get"},
        "/api/bookings/{slug}/quote/": {"get"},
        "/api/bookings/{slug}/holds/": {"post"},
        "/api/bookings/{slug}/bookings/{secret}/": {"get"},
        "/api/bookings/{slug}/bookings/{secret}/cancel/": {"post"},
        "/api/bookings/{slug}/bookings/{secret}/move/": {"post"},
        "/api/bookings/{slug}/waiting/": {"post"},
        "/api/bookings/{slug}/waiting/{secret}/": {"get"},
        "/api/bookings/{slug}/waiting/{secret}/give-up/": {"post"},
    }


def test_waiting_is_asked_for_read_and_given_up(house, client):
    hold(client, taken := body(house))
    wish = {
        "key": str(uuid7()),
        "offer": taken["offer"],
        "day": taken["starts_at"][:10],
        "starts_at": taken["starts_at"],
        "minutes": taken["minutes"],
        "name": "Ada",
        "email": "ada@example.org",
    }
    address = "/api/bookings/genesis/waiting/"

    def post(path, **fields):
        return client.post(path, fields, content_type="application/json")

    first, second = post(address, **wish), post(address, **wish)

    assert (first.status_code, second.status_code) == (201, 200)
    said = first.json()
    assert said == second.json()
    assert (said["state"], said["before"], said["booking"]) == ("waiting", 0, None)
    own = f"{address}{said['secret']}/"
    assert client.get(own).json() == said
    assert post(f"{own}give-up/").json()["state"] == "given_up"
    refused = post(address, **wish | {"name": "Bob"})
    assert (refused.status_code, refused.json()["code"]) == (409, "same_key_other_body")
    assert post(address, **wish | {"day": "9999-12-31"}).status_code == 422
    assert client.get(f"{address}nobody/").status_code == 404
