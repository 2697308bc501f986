"""What the end of a start prints really opens."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from teraa.demo.links import demo_links
from teraa.demo.loading import load_venue
from teraa.demo.palaiseau import GENESIS
from teraa.venues.models import Venue
from teraa.venues.operations import set_pin


@pytest.fixture
def demo(db, keys_dir, at, settings) -> Venue:
    settings.TERAA_DEMO = True
    load_venue(GENESIS, at=at)
    return Venue.objects.get(slug=GENESIS.slug)


def printed() -> dict:
    out = io.StringIO()
    call_command("demo_links", stdout=out)
    return json.loads(out.getvalue().strip().splitlines()[-1])


def test_the_till_links_enrol_this_browser_once(demo):
    links = printed()
    assert [till["name"] for till in links["tills"]] == ["Bar", "Terrasse"]
    assert links["till"] == links["tills"][0]["url"]

    for till in links["tills"]:
        browser = Client()
        assert browser.post(till["url"]).status_code == 302
        assert browser.get("/api/till/").json()["station"]["name"] == till["name"]
        assert Client().post(till["url"]).status_code == 409


def test_the_pins_sign_people_on(demo):
    links = printed()
    browser = Client()
    browser.post(links["till"])

    people = {one["name"]: one["id"] for one in browser.get("/api/till/").json()["staff"]}
    assert links["pins"].keys() == people.keys()
    for name, pin in links["pins"].items():
        answer = browser.post(
            "/api/till/sign-on/", {"staff": people[name], "pin": pin}, "application/json"
        )
        assert answer.json()["signed_on"]["name"] == name


def test_a_pin_that_was_changed_is_not_printed(demo, at):
    set_pin(staff=demo.staff.get(name="Noé"), pin="9264", at=at)

    assert "Noé" not in demo_links(GENESIS, at=at)["pins"]


def test_the_office_link_opens_the_back_office_once(demo):
    links = printed()
    browser = Client()

    assert browser.post(links["office"]).headers["Location"] == "/office/"
    page = browser.get("/office/")

    assert page.status_code == 200
    assert "TERAA Genesis" in page.content.decode()
    assert Client().post(links["office"]).status_code == 410


def test_without_a_demonstration_it_prints_nothing(db, settings):
    settings.TERAA_DEMO = False

    with pytest.raises(CommandError, match="no demonstration"):
        printed()


def test_before_the_demonstration_is_loaded_it_says_what_to_do(db, settings):
    settings.TERAA_DEMO = True

    with pytest.raises(CommandError, match="load_demo"):
        printed()
