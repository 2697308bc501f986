"""The till's HTTP interface: every refusal has a code and a sentence, and stores nothing."""

import json

import pytest
from django.test import Client

from pos.models import Sale
from teraa.common.ids import uuid7
from teraa.venues.models import Station
from teraa.venues.operations import sign_on
from tests import make
from tests.pos import cast

pytestmark = pytest.mark.django_db
SALES = "/api/pos/sales/"
CSRF = "c" * 32


@pytest.fixture
def bar(keys_dir):
    return cast.bar()


@pytest.fixture
def till(bar, at):
    """A browser that is this till, with somebody signed on."""
    return browser(bar, at)


def browser(bar, at, *, staff=None):
    client = Client(headers={"X-CSRFToken": CSRF, "Accept-Language": "fr"})
    client.cookies["csrftoken"] = CSRF
    client.cookies["teraa_station"] = bar.station.token
    if staff is not False:
        who = staff or bar.staff
        client.cookies["teraa_shift"] = sign_on(
            station=bar.station, staff_id=who.pk, pin="2468", at=at
        )
    return client


def body_of(bar, **fields):
    return {
        "key": str(uuid7()),
        "catalogue_version": 1,
        "serving": "on_site",
        "receipt": "none",
        "lines": [{"product": str(bar.coffee.pk), "quantity": 2}],
        "total_cents": 300,
        "tenders": [
            {"key": str(uuid7()), "kind": "cash", "amount_cents": 300, "received_cents": 500}
        ],
    } | fields


def post(client, body, path=SALES):
    return client.post(path, body, content_type="application/json")


def assert_refused(answer, status, code):
    assert answer.status_code == status, answer.content
    problem = answer.json()
    assert problem["code"] == code
    assert problem["title"]
    assert problem["advice"]


def test_a_coffee_paid_in_cash(till, bar):
    answer = post(till, body_of(bar))

    assert answer.status_code == 201
    sale = answer.json()
    assert (sale["state"], sale["number"], sale["change_cents"]) == ("paid", "1", 200)
    assert sale["taxes"] == [
        {"rate_bp": 1000, "base_cents": 273, "vat_cents": 27, "total_cents": 300}
    ]


def test_a_coffee_paid_by_card(till, bar):
    tender = {"key": str(uuid7()), "kind": "card", "amount_cents": 300, "authorisation": "A1"}

    answer = post(till, body_of(bar, tenders=[tender]))

    assert answer.status_code == 201
    sale = answer.json()
    assert (sale["state"], sale["paid_cents"], sale["change_cents"]) == ("paid", 300, 0)
    assert till.get(f"{SALES}{sale['key']}/").json() == sale


def test_the_same_request_again_gets_the_first_answer(till, bar):
    body = body_of(bar)
    first = post(till, body)

    again = post(till, body)

    assert (first.status_code, again.status_code) == (201, 200)
    for name in ("key", "state", "number", "total_cents", "change_cents", "taxes"):
        assert again.json()[name] == first.json()[name]
    assert Sale.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"total_cents": 1}, 422, "wrong_total"),
        ({"total_cents": -300}, 422, "invalid"),
        ({"total_cents": "300.0"}, 422, "invalid"),
        ({"total_cents": 10**30}, 422, "invalid"),
        ({"catalogue_version": 9}, 409, "catalogue_outdated"),
        ({"lines": []}, 422, "invalid"),
        ({"lines": [{"product": str(uuid7()), "quantity": 1}]}, 422, "unknown_product"),
        ({"lines": [{"product": "café", "quantity": 1}]}, 422, "invalid"),
        ({"lines": "everything"}, 422, "invalid"),
        ({"key": "1"}, 422, "invalid"),
        ({"key": "0b1f9a52-6a0e-4c41-8d8e-000000000000"}, 422, "invalid"),
        ({"serving": "on the roof"}, 422, "invalid"),
        ({"receipt": "email"}, 422, "invalid"),
        ({"tenders": []}, 422, "wrong_tenders"),
        (
            {"tenders": [{"key": str(uuid7()), "kind": "gold", "amount_cents": 300}]},
            422,
            "invalid",
        ),
        (
            {"tenders": [{"key": str(uuid7()), "kind": "cash", "amount_cents": 100}]},
            422,
            "wrong_tenders",
        ),
        (
            {
                "tenders": [
                    {
                        "key": str(uuid7()),
                        "kind": "cash",
                        "amount_cents": 300,
                        "received_cents": 299,
                    }
                ]
            },
            422,
            "not_enough_cash",
        ),
    ],
)
def test_it_refuses_bad_input_and_stores_nothing(till, bar, fields, status, code):
    assert_refused(post(till, body_of(bar, **fields)), status, code)
    assert not Sale.objects.exists()


@pytest.mark.parametrize("quantity", [0, -1, 1000, 1.5, "two", None, True])
def test_it_refuses_an_impossible_quantity(till, bar, quantity):
    lines = [{"product": str(bar.coffee.pk), "quantity": quantity}]

    answer = post(till, body_of(bar, lines=lines))

    assert answer.status_code == 422, answer.content
    assert not Sale.objects.exists()


@pytest.mark.parametrize("raw", [b"{", b"[]", b"null", b'"a"', b"\xff\xfe", b'{"key": NaN}'])
def test_it_refuses_what_is_not_a_json_object(till, raw):
    answer = till.post(SALES, raw, content_type="application/json")

    assert 400 <= answer.status_code < 500
    assert answer.json()["code"] in ("malformed", "invalid")


def test_it_refuses_more_than_256_kib(till, bar):
    body = json.dumps(body_of(bar, padding="x" * 300_000))

    assert_refused(till.post(SALES, body, content_type="application/json"), 413, "too_large")


def test_it_refuses_another_kind_of_content(till):
    answer = till.post(SALES, "key=1", content_type="application/x-www-form-urlencoded")

    assert_refused(answer, 415, "unsupported_media_type")


def test_it_refuses_the_same_key_with_another_body(till, bar):
    body = body_of(bar)
    post(till, body)

    assert_refused(post(till, body | {"receipt": "paper"}), 409, "same_key_other_body")


def test_it_refuses_a_browser_that_is_no_station(bar):
    assert_refused(post(Client(), body_of(bar)), 401, "station_unknown")


def test_it_refuses_a_revoked_station(till, bar, at):
    Station.objects.filter(pk=bar.station.pk).update(revoked_at=at)

    assert_refused(post(till, body_of(bar)), 401, "station_revoked")


def test_it_refuses_when_nobody_is_signed_on(bar, at):
    assert_refused(post(browser(bar, at, staff=False), body_of(bar)), 401, "not_signed_on")


@pytest.mark.parametrize("role", ["gate", "treasurer", "auditor"])
def test_it_refuses_a_role_that_does_not_sell(bar, at, role):
    other = make.staff(bar.venue, role=role, pin="2468")

    assert_refused(post(browser(bar, at, staff=other), body_of(bar)), 403, "forbidden")


def test_it_refuses_a_request_forged_by_another_site(till, bar):
    forged = Client(enforce_csrf_checks=True)
    forged.cookies = till.cookies

    assert_refused(post(forged, body_of(bar)), 403, "csrf_failed")


def test_another_venue_cannot_see_or_touch_a_sale(till, bar, at):
    key = post(till, body_of(bar)).json()["key"]
    stranger = browser(cast.bar(), at)
    paths = [f"{SALES}{key}/{rest}" for rest in ("tenders/", "requests/cancel/", "cancel/")]

    assert_refused(stranger.get(f"{SALES}{key}/"), 404, "not_found")
    tender = {"key": str(uuid7()), "kind": "cash", "amount_cents": 1}
    for path in paths:
        assert_refused(post(stranger, tender, path), 404, "not_found")
    assert_refused(post(stranger, {"key": str(uuid7())}, f"{SALES}{key}/print/"), 404, "not_found")


def test_sentences_come_in_french_and_in_english(till, bar):
    body = body_of(bar, total_cents=1)

    french = post(till, body).json()
    english = till.post(
        SALES, body, content_type="application/json", headers={"Accept-Language": "en"}
    ).json()

    assert french["code"] == english["code"]
    assert french["title"] != english["title"]


def test_a_cash_sale_takes_at_most_eight_queries_with_its_authentication(till, bar, count_queries):
    post(till, body_of(bar))

    with count_queries() as queries:
        assert post(till, body_of(bar)).status_code == 201

    assert len(queries) <= 8, "\n".join(queries)


def test_the_last_sales_are_newest_first(till, bar):
    keys = [post(till, body_of(bar)).json()["key"] for _ in range(3)]

    listed = till.get(f"{SALES}?last=2").json()["sales"]

    assert [sale["key"] for sale in listed] == [keys[2], keys[1]]
    assert listed[0]["label"] == "2 × Café"


def test_the_catalogue_is_fetched_once(till, bar):
    first = till.get("/api/pos/catalogue/")
    again = till.get("/api/pos/catalogue/", headers={"If-None-Match": first.headers["ETag"]})

    assert first.json()["categories"][0]["products"][1]["rates"] == {
        "on_site": 1000,
        "takeaway": 1000,
    }
    assert (again.status_code, again.content) == (304, b"")


def test_the_x_reading_adds_up(till, bar):
    for _ in range(3):
        post(till, body_of(bar))

    reading = till.get("/api/pos/x-reading/").json()

    assert reading["total_cents"] == 900
    assert reading["tenders"] == [
        {"kind": "cash", "count": 3, "amount_cents": 900, "osm_units": None}
    ]
    assert (reading["first_sequence"], reading["last_sequence"]) == (1, 3)
