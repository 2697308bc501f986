"""The venue's page, what it says about hours, the language, and the way to trust this machine."""

from __future__ import annotations

import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from django.test import Client

from teraa.front import doors, is_open, week
from teraa.supervisor.addresses import Reach
from teraa.supervisor.authority import ensure_certificates
from teraa.venues.models import OpeningHours
from tests import make

PARIS = ZoneInfo("Europe/Paris")
pytestmark = pytest.mark.django_db


def hours(weekday: int, opens: str, closes: str) -> OpeningHours:
    clock = datetime.time.fromisoformat
    return OpeningHours(weekday=weekday, opens=clock(opens), closes=clock(closes))


def at(day: int, clock: str) -> datetime.datetime:
    """November 2026: the 16th is a Monday."""
    return datetime.datetime.fromisoformat(f"2026-11-{day} {clock}").replace(tzinfo=PARIS)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (at(16, "08:29"), False),
        (at(16, "08:30"), True),
        (at(16, "11:59"), True),
        (at(16, "12:00"), False),
        (at(16, "14:00"), True),
        (at(16, "18:00"), False),
        # Saturday night ends on Sunday morning.
        (at(21, "23:59"), True),
        (at(22, "00:59"), True),
        (at(22, "01:00"), False),
        # and not on the Saturday morning before.
        (at(21, "00:30"), False),
    ],
)
def test_doors_are_open_when_the_hours_say_so(moment, expected):
    opening = [hours(0, "08:30", "12:00"), hours(0, "13:30", "18:00"), hours(5, "10:00", "01:00")]

    assert is_open(opening, moment) is expected


def test_hours_across_the_last_day_of_the_week():
    opening = [hours(6, "18:00", "02:00")]

    assert is_open(opening, at(16, "01:30"))
    assert not is_open(opening, at(16, "02:00"))


def test_the_week_has_seven_days_and_marks_today():
    days = week([hours(0, "13:30", "18:00"), hours(0, "08:30", "12:00")], today=2)

    assert len(days) == 7
    assert [day.ranges for day in days][:2] == [["08:30 – 12:00", "13:30 – 18:00"], []]
    assert [day.today for day in days].index(True) == 2


def test_the_front_page_is_the_first_venue_and_others_have_their_own():
    first = make.venue(name="Premier", slug="zebre")
    second = make.venue(name="Second", slug="abeille")

    assert Client().get("/").context["venue"] == first
    assert Client().get(f"/lieu/{second.slug}/").context["venue"] == second
    assert Client().get("/lieu/nulle-part/").status_code == 404


def test_without_a_venue_the_page_says_what_to_do():
    page = Client().get("/")

    assert page.status_code == 200
    assert "/office/" in page.content.decode()


def test_every_door_that_is_linked_opens(settings):
    settings.TERAA_DEMO = True
    make.venue()

    shown = doors()

    assert [door.url for door in shown if door.url] == [
        *["/book/", "/events/", "/amap/", "/demo/"],
        *["/till/", "/office/"],
    ]
    for door in shown:
        if door.url:
            assert Client().get(door.url, follow=True).status_code == 200, door.url


def test_the_demonstration_is_no_door_elsewhere(settings):
    settings.TERAA_DEMO = False

    assert "/demo/" not in [door.url for door in doors()]


def test_a_visitor_chooses_the_language():
    make.venue()
    browser = Client(headers={"accept-language": "fr"})
    assert 'lang="fr"' in browser.get("/").content.decode()

    browser.post("/language/", {"language": "en", "next": "/"})

    assert 'lang="en"' in browser.get("/").content.decode()


def test_a_page_that_is_not_there_is_said_in_words():
    page = Client().get("/nothing/here/")

    assert page.status_code == 404
    assert "<h1>" in page.content.decode()


def test_an_address_of_the_api_that_is_not_there_is_a_problem():
    answer = Client().get("/api/nothing/")

    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


def test_without_lan_there_is_nothing_to_trust(settings, tmp_path):
    settings.TERAA_DATA = tmp_path

    assert Client().get("/trust/").status_code == 404
    assert Client().get("/trust/teraa-authority.crt").status_code == 404


def test_with_lan_the_certificate_is_served_and_its_fingerprint_shown(settings, tmp_path):
    settings.TERAA_DATA = tmp_path
    (tmp_path / "tls").mkdir()
    reach = Reach(names=("localhost",), addresses=())
    ensure_certificates(tmp_path / "tls", reach, at=datetime.datetime.now(tz=datetime.UTC))

    page = Client().get("/trust/")
    file = Client().get("/trust/teraa-authority.crt")

    assert file.headers["Content-Type"] == "application/x-x509-ca-cert"
    assert file.content == (tmp_path / "tls" / "teraa-authority.crt").read_bytes()
    lines = page.context["fingerprint"]
    assert all(line in page.content.decode() for line in lines)
    assert ":".join(lines) == as_devices_show_it(tmp_path / "tls" / "teraa-authority.crt")


def as_devices_show_it(path: Path) -> str:
    """By another road than ours: the certificate read and digested by ``cryptography``."""
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()
