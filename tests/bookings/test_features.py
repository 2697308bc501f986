"""Search by need: only what has all that one asks for, on the page, in a month and in the interface."""

import datetime

import pytest
from django.test import Client

from bookings.searching import Search, month_of, search
from teraa.common.clock import now
from teraa.venues.models import Role
from tests.bookings import cast
from tests.bookings.test_look_after_bookings import signed_in

THURSDAY = datetime.date(2026, 11, 26)


@pytest.fixture
def house(db, keys_dir):
    made = cast.house(name="TERAA Genesis", slug="genesis")
    for offer, features in ((made.a, ["piano", "step_free"]), (made.b, ["piano"])):
        offer.resource.features = features
        offer.resource.save()
    return made


def names(house, at, *features):
    wanted = Search(THURSDAY, 120, 1, frozenset(features))
    return {one.offer.name for one in search(venue=house.venue, wanted=wanted, at=at)}


def test_what_lacks_anything_is_left_out(house, at):
    assert len(names(house, at)) == 4
    assert names(house, at, "piano") == {"Studio A", "Studio B"}
    assert names(house, at, "piano", "step_free") == {"Studio A"}
    assert names(house, at, "kitchen") == set()


def test_a_month_counts_only_what_has_it(house, at):
    days = month_of(
        venue=house.venue,
        first=datetime.date(2026, 12, 1),
        minutes=120,
        people=1,
        features=frozenset({"piano"}),
        at=at,
    )
    assert {(one.open, one.free) for one in days} == {(2, 2)}


def test_the_page_asks_for_what_there_is_and_keeps_it_from_day_to_day(house):
    day = cast.in_three_days(now()).date().isoformat()
    page = Client(headers={"accept-language": "fr"}).get(
        "/book/", {"day": day, "has": ["step_free", "no such thing"]}
    )
    kept = Client(headers={"accept-language": "fr"}).get("/book/", {"day": day, "has": "step_free"})

    assert page.status_code == 200  # what nobody knows is passed over
    shown = kept.content.decode()
    assert "Accès de plain-pied" in shown
    assert 'value="kitchen"' not in shown
    assert "&amp;has=step_free" in shown
    assert "Studio A" in shown
    assert "Studio B" not in shown


def test_the_interface_takes_several(house):
    day = cast.in_three_days(now()).date().isoformat()
    address = "/api/bookings/genesis/search/"

    said = Client().get(address, {"day": day, "has": ["piano", "step_free"]}).json()
    refused = Client().get(address, {"day": day, "has": "moat"})

    (one,) = said["offers"]
    assert (one["name"], one["features"]) == ("Studio A", ["piano", "step_free"])
    assert refused.status_code == 422


def test_a_manager_says_what_a_space_has(house):
    manager = signed_in(house.venue, Role.MANAGER)
    resource = house.b.resource
    address = f"/office/spaces/resource/{resource.pk}/change/"
    form = {
        "name": resource.name,
        "kind": resource.kind,
        "capacity": "4",
        "position": "0",
        "buffer_before_min": "0",
        "buffer_after_min": "0",
        "features": ["lights", "sound"],
        "parts-TOTAL_FORMS": "0",
        "parts-INITIAL_FORMS": "0",
    }

    answer = manager.post(address, form)

    assert answer.status_code == 302, answer.context["errors"]
    resource.refresh_from_db()
    assert resource.features == ["lights", "sound"]
