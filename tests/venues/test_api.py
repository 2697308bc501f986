"""A browser at the station's doors: enrol, ask, sign on, sign off."""

import json

import pytest
from django.test import Client

from teraa.common import journal_codes
from teraa.common.clock import iso_utc, now
from teraa.common.ids import uuid7
from teraa.venues import operations, till_bootstrap
from teraa.venues.models import Role, SignOn, Silence, StationKind
from teraa.venues.permissions_table import ROLE_PERMISSIONS
from tests import make

pytestmark = pytest.mark.django_db

PIN = "2468"


@pytest.fixture
def station():
    return make.station(make.venue(name="TERAA Genèse"))


@pytest.fixture
def till(station):
    """A browser that is the station, as browsers are: CSRF checked, cookies kept."""
    client = Client(enforce_csrf_checks=True)
    client.cookies["teraa_station"] = station.token
    return client


def post(client, path, body, **headers):
    token = client.cookies["csrftoken"].value if "csrftoken" in client.cookies else ""
    return client.post(
        path,
        body if isinstance(body, str | bytes) else json.dumps(body),
        content_type="application/json",
        headers={"X-CSRFToken": token, **headers},
    )


def sign_on(client, staff, pin=PIN):
    client.get("/api/till/")
    return post(client, "/api/till/sign-on/", {"staff": str(staff.pk), "pin": pin})


def test_it_tells_a_till_where_it_is_and_who_works_there(till, station, monkeypatch, count_queries):
    monkeypatch.setattr(till_bootstrap, "_providers", [])
    till_bootstrap.register(lambda session: {"osm": {"symbol": session.venue.name}})
    person = make.staff(station.venue, pin=PIN, role=Role.MANAGER, name="Alma")
    make.staff(station.venue, name="Without PIN")
    make.staff(station.venue, pin=PIN, active=False)
    make.staff(make.venue(), pin=PIN)

    with count_queries() as queries:
        answer = till.get("/api/till/", headers={"host": "127.0.0.1:8000"})

    assert len(queries) == 2
    facts = answer.json()
    csrf = facts.pop("csrf")
    assert facts == {
        "venue": {
            "id": str(station.venue.pk),
            "name": "TERAA Genèse",
            "zone": "Europe/Paris",
            "language": "fr",
            "accent": "#0b6e4f",
            "currency": "EUR",
        },
        "station": {"id": str(station.pk), "name": station.name, "kind": "till"},
        "staff": [{"id": str(person.pk), "name": "Alma", "role": "manager"}],
        "signed_on": None,
        "live_url": "ws://127.0.0.1:8001/ws/",
        "osm": {"symbol": "TERAA Genèse"},
    }
    assert csrf
    assert "csrftoken" in answer.cookies


def test_it_signs_on_and_off(till, station, journal_kept):
    person = make.staff(station.venue, pin=PIN, role=Role.CASHIER)
    answer = sign_on(till, person)
    assert answer.status_code == 200
    expected = {
        "id": str(person.pk),
        "name": person.name,
        "role": "cashier",
        "permissions": sorted(ROLE_PERMISSIONS[Role.CASHIER]),
    }
    assert answer.json() == {"signed_on": expected}
    cookie = answer.cookies["teraa_shift"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Strict")
    assert till.get("/api/till/").json()["signed_on"] == expected

    for _twice in range(2):
        answer = post(till, "/api/till/sign-off/", {})
        assert (answer.status_code, answer.json()) == (200, {"signed_on": None})
    assert till.get("/api/till/").json()["signed_on"] is None
    assert not SignOn.objects.filter(ended_at=None).exists()


def test_it_answers_wrong_pins_with_the_tries_left_then_locks(till, station, journal_kept):
    person = make.staff(station.venue, pin=PIN)
    answers = [sign_on(till, person, "9999") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [403] * 6
    assert [answer.json()["code"] for answer in answers] == ["wrong_pin"] * 4 + ["pin_locked"] * 2
    assert answers[0].json()["context"] == {"left": 4}
    assert answers[5].json()["context"]["minutes"] == 15


def test_it_does_not_sign_on_the_staff_of_another_venue(till):
    answer = sign_on(till, make.staff(make.venue(), pin=PIN))
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_staff")


@pytest.mark.parametrize("path", ["/api/till/", "/api/till/sign-on/", "/api/till/sign-off/"])
@pytest.mark.parametrize("cookie", [None, "guessed"])
def test_it_knows_no_stranger(path, cookie):
    stranger = Client()
    if cookie:
        stranger.cookies["teraa_station"] = cookie
    answer = stranger.get(path) if path == "/api/till/" else post(stranger, path, {})
    assert (answer.status_code, answer.json()["code"]) == (401, "station_unknown")
    assert set(answer.json()) == {"code", "title", "advice", "context"}


def test_it_tells_a_revoked_station_so(till, station, journal_kept, at):
    operations.revoke_station(station=station, at=at)
    answer = till.get("/api/till/")
    assert (answer.status_code, answer.json()["code"]) == (401, "station_revoked")


def test_it_refuses_a_post_that_another_site_could_make(till, station):
    person = make.staff(station.venue, pin=PIN)
    body = {"staff": str(person.pk), "pin": PIN}
    till.get("/api/till/")
    answer = till.post("/api/till/sign-on/", json.dumps(body), content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
    answer = post(till, "/api/till/sign-on/", body, Origin="https://elsewhere.example")
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
    answer = till.post("/api/till/sign-on/", body)
    assert answer.status_code in (403, 415)
    assert not SignOn.objects.exists()


def test_it_lets_an_agent_in_by_its_header_without_csrf(at):
    agent = make.station(make.venue(), kind=StationKind.AGENT)
    client = Client(enforce_csrf_checks=True)
    headers = {"Authorization": f"Station {agent.token}"}
    assert client.get("/api/till/", headers=headers).json()["station"]["kind"] == "agent"
    left = client.post("/api/till/sign-off/", content_type="application/json", headers=headers)
    assert left.status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{", 400, "malformed"),
        ("[]", 422, "invalid"),
        ("{}", 422, "invalid"),
        ('{"staff": "x", "pin": "2468"}', 422, "invalid"),
        (
            '{"staff": "01a20094-44a2-7c18-b57f-ad533bb66a96", "pin": "12345678901234567"}',
            422,
            "invalid",
        ),
        ('{"pin": "' + "1" * 300_000 + '"}', 413, "too_large"),
        ("\x00\xff", 400, "malformed"),
    ],
)
def test_it_refuses_what_makes_no_sense(till, body, status, code):
    till.get("/api/till/")
    answer = post(till, "/api/till/sign-on/", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_it_enrols_a_browser_with_a_cookie_it_cannot_read(station, journal_kept, settings):
    code = operations.make_enrolment_code(station=station, at=now())
    browser = Client(enforce_csrf_checks=True)
    answer = post(browser, "/api/stations/enrol/", {"code": code})
    assert answer.status_code == 201
    assert answer.json() == {
        "station": {"id": str(station.pk), "name": station.name, "kind": "till"},
        "token": None,
    }
    cookie = answer.cookies["teraa_station"]
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Strict", "")
    assert cookie["max-age"] == 400 * 24 * 3600
    assert browser.get("/api/till/").json()["station"]["id"] == str(station.pk)

    again = post(Client(), "/api/stations/enrol/", {"code": code})
    assert (again.status_code, again.json()["code"]) == (409, "enrolment_code_spent")
    unknown = post(Client(), "/api/stations/enrol/", {"code": "nope"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "enrolment_code_unknown")


def test_it_marks_cookies_secure_where_the_site_is(station, journal_kept, settings):
    settings.TERAA_SCHEME = "https"
    code = operations.make_enrolment_code(station=station, at=now())
    answer = post(Client(), "/api/stations/enrol/", {"code": code})
    assert answer.cookies["teraa_station"]["secure"] is True


def test_it_gives_an_agent_its_token_and_no_cookie(journal_kept):
    agent = make.station(make.venue(), kind=StationKind.AGENT)
    code = operations.make_enrolment_code(station=agent, at=now())
    refused = post(Client(), "/api/stations/enrol/", {"code": code})
    assert (refused.status_code, refused.json()["code"]) == (409, "code_for_other_device")
    answer = post(Client(), "/api/stations/enrol/", {"code": code, "agent": True})
    assert "teraa_station" not in answer.cookies
    token = answer.json()["token"]
    facts = Client().get("/api/till/", headers={"Authorization": f"Station {token}"}).json()
    assert facts["station"]["id"] == str(agent.pk)


def test_it_stops_a_guesser(journal_kept):
    answers = [post(Client(), "/api/stations/enrol/", {"code": "0000-0000"}) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [422] * 10 + [429]
    assert answers[-1].json()["code"] == "too_many_tries"


def test_it_spends_a_link_when_its_button_is_pressed_not_when_it_is_looked_at(
    station, journal_kept
):
    code = operations.make_enrolment_code(station=station, at=now())
    browser = Client(enforce_csrf_checks=True)
    for _preview in range(2):
        page = browser.get(f"/till/enter/{code}/")
        assert page.status_code == 200
        assert "teraa_station" not in page.cookies
    token = page.context["csrf_token"]
    answer = browser.post(f"/till/enter/{code}/", {"csrfmiddlewaretoken": str(token)})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/till/")
    assert browser.get("/api/till/").json()["station"]["id"] == str(station.pk)

    again = browser.post(f"/till/enter/{code}/", {"csrfmiddlewaretoken": str(token)})
    assert again.status_code == 409
    assert again.context["problem"]["code"] == "enrolment_code_spent"
    assert str(again.context["problem"]["title"]) in again.content.decode()


def test_it_never_wears_a_station_of_another_venue(journal_kept):
    """One browser, two enrolments: the later one counts, and nobody stays signed on."""
    browser = Client(enforce_csrf_checks=True)
    here, there = make.station(make.venue()), make.station(make.venue())
    for station in (here, there):
        code = operations.make_enrolment_code(station=station, at=now())
        post(browser, "/api/stations/enrol/", {"code": code})
        person = make.staff(station.venue, pin=PIN)
        sign_on(browser, person)
    facts = browser.get("/api/till/").json()
    assert facts["venue"]["id"] == str(there.venue.pk)
    browser.cookies["teraa_station"] = here.token
    assert browser.get("/api/till/").json()["code"] == "station_unknown"


def tell_silence(till, **given):
    return post(till, "/api/till/silence/", {"key": str(uuid7()), "seconds": 90} | given)


def test_a_silence_is_told_once_and_kept_in_the_journal(till, station, journal_kept):
    till.get("/api/till/")
    key = str(uuid7())

    first, again = (tell_silence(till, key=key) for _ in range(2))

    assert (first.status_code, first.json()) == (200, again.json())
    told = Silence.objects.get(station=station)
    assert (told.until - told.since).total_seconds() == 90
    (event,) = [one for one in journal_kept if one["code"] == journal_codes.OFFLINE_ENDED]
    assert event["values"] == {"since": iso_utc(told.since), "until": iso_utc(told.until)}
    assert event["station_id"] == station.pk


@pytest.mark.parametrize(
    "given",
    [
        {"seconds": 0},
        {"seconds": -5},
        {"seconds": 30 * 24 * 3600 + 1},
        {"seconds": 1.5},
        {"key": "5f3b7a52-7a33-4d6e-9b1c-111111111111"},
        {"key": None},
    ],
)
def test_a_silence_that_makes_no_sense_is_refused(till, journal_kept, given):
    till.get("/api/till/")

    assert tell_silence(till, **given).status_code == 422
    assert not Silence.objects.exists()
