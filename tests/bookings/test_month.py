"""A month at a glance: on which days anything is open, and free."""

import datetime

import pytest
from django.test import Client

from bookings.models import OfferHours, SpecialDays
from bookings.searching import month_of
from teraa.common.clock import now
from tests import make
from tests.bookings import cast

DECEMBER = datetime.date(2026, 12, 1)


@pytest.fixture
def house(db, keys_dir):
    return cast.house()


def month(house, at, first=DECEMBER, **fields):
    found = month_of(
        **{"venue": house.venue, "first": first, "minutes": 120, "people": 1, "at": at} | fields
    )
    return {one.day.day: (one.open, one.free) for one in found}


def test_every_day_says_how_many_are_open_and_free(house, at):
    day = datetime.datetime(2026, 12, 3, 8, tzinfo=datetime.UTC)
    house.hold(at, starts_at=day, minutes=600, total_cents=12_000)
    evening = day + datetime.timedelta(hours=10)
    house.hold(at, starts_at=evening, minutes=240, total_cents=7000, email="b@example.org")
    SpecialDays.objects.create(
        venue=house.venue,
        name="Travaux",
        first_day=datetime.date(2026, 12, 24),
        last_day=datetime.date(2026, 12, 26),
    )

    found = month(house, at)

    assert len(found) == 31
    assert found[2] == (4, 4)
    assert found[3] == (4, 2)  # the studio, and both studios together, are taken all day
    assert {found[number] for number in (24, 25, 26)} == {(0, 0)}


def test_of_one_offer_and_for_so_many_people(house, at):
    assert month(house, at, offer_id=house.a.pk)[2] == (1, 1)
    assert month(house, at, people=10)[2] == (
        2,
        1,
    )  # both studios together; of desks there are three
    assert month(house, at, offer_id=house.venue.pk)[2] == (0, 0)


def test_what_is_past_or_too_far_ahead_is_closed(house, at):
    november = month(house, at, first=datetime.date(2026, 11, 1))
    assert (november[18], november[20]) == ((0, 0), (4, 4))
    assert set(month(house, at, first=datetime.date(2027, 7, 1)).values()) == {(0, 0)}


def test_a_short_month_and_the_nights_of_the_clocks(house, at):
    OfferHours.objects.update(opens=datetime.time(0), closes=datetime.time(0))

    assert len(month(house, at, first=datetime.date(2027, 2, 1))) == 28
    assert month(house, at, first=datetime.date(2027, 3, 1))[28] == (4, 4)


def test_it_asks_six_times_whatever_is_let(house, at, count_queries):
    with count_queries() as queries:
        month(house, at)

    assert len(queries) == 6, "\n".join(queries)


@pytest.mark.parametrize("asked", ["", "2026-13", "9999-12", "x", "2026-12"])
def test_its_page_shows_some_month_whatever_is_typed(db, keys_dir, asked):
    cast.house(name="TERAA Genesis", slug="genesis")

    answer = Client().get("/book/month/", {"month": asked, "offer": "x", "minutes": "-1"})

    assert answer.status_code == 200
    assert b'class="month"' in answer.content


def test_a_venue_that_lets_nothing_has_an_empty_month(db):
    make.venue(name="TERAA Genesis", slug="genesis")

    page = Client().get("/book/month/").content.decode()

    assert "is-free" not in page
    assert "is-closed" in page


def test_a_free_day_leads_to_its_hours_and_the_interface_says_the_same(db, keys_dir):
    house = cast.house(name="TERAA Genesis", slug="genesis")
    day = cast.in_three_days(now()).date()
    asked = {"month": f"{day:%Y-%m}", "minutes": "120"}

    page = Client().get("/book/month/", {**asked, "offer": str(house.a.pk)}).content.decode()
    said = Client().get("/api/bookings/genesis/month/", asked).json()

    assert f"/book/?day={day.isoformat()}&amp;minutes=120&amp;people=1" in page
    assert {"day": day.isoformat(), "open": 4, "free": 4} in said["days"]
    assert Client().get("/api/bookings/genesis/month/", {"month": "12"}).status_code == 422
