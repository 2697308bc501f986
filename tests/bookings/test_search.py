"""What is free that day, and what it costs in euros and OSM."""

import datetime

import pytest

from bookings.searching import Search, search
from tests.bookings import cast
from tests.settlement import cast as money
from tests.spaces import cast as space_cast

DAY = datetime.date(2026, 11, 26)
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def house(db):
    return cast.house()


def found(house, at, **fields):
    wanted = Search(**{"day": DAY, "minutes": 120, "people": 1} | fields)
    return {one.offer.name: one for one in search(venue=house.venue, wanted=wanted, at=at)}


def times(one):
    return [slot.local.strftime("%H:%M") for slot in one.slots]


def test_it_shows_every_time_that_is_free_with_its_price(house, at):
    studio = found(house, at)["Studio A"]

    assert times(studio)[0] == "09:00"
    assert times(studio)[-1] == "21:00"
    assert {slot.total_cents for slot in studio.slots} == {4000}


def test_what_is_taken_is_not_shown_nor_what_shares_its_walls(house, at):
    house.hold(at)

    answer = found(house, at)

    for name in ("Studio A", "Grand Studio"):
        assert "17:00" in times(answer[name])
        assert "17:30" not in times(answer[name])
        assert "21:00" in times(answer[name])
    assert "19:00" in times(answer["Studio B"])


def test_an_expired_hold_is_shown_as_free(house, at):
    booking = house.hold(at).booking

    later = booking.expires_at + datetime.timedelta(minutes=3)

    assert "19:00" in times(found(house, later)["Studio A"])


def test_it_counts_desks_for_people(house, at):
    house.hold(at, house.desk, people=2)

    alone = found(house, at)["Bureau au café"]
    both = found(house, at, people=2)["Bureau au café"]

    assert next(slot.free for slot in alone.slots if slot.local.hour == 19) == 1
    assert "19:00" not in times(both)
    assert both.count == 2


def test_what_is_too_small_is_left_out(house, at):
    assert set(found(house, at, people=8)) == {"Grand Studio", "Bureau au café"}


def test_what_is_not_let_for_so_long_is_left_out(house, at):
    assert not found(house, at, minutes=1440)


def test_a_full_day_names_the_next_free_time(house, at):
    opening = datetime.datetime(2026, 11, 26, 8, tzinfo=datetime.UTC)
    space_cast.claim(
        house.spaces.a, opening, "x", ends_at=opening + 14 * HOUR, at=opening - 48 * HOUR
    )

    studio = found(house, at)["Studio A"]

    assert not studio.slots
    assert not studio.closed
    assert studio.next_free.isoformat() == "2026-11-27T09:00:00+01:00"


def test_a_closed_day_says_so(house, at):
    house.a.hours.filter(weekday=3).delete()

    assert found(house, at)["Studio A"].closed


def test_what_is_free_comes_first(house, at):
    house.a.hours.filter(weekday=3).delete()

    assert list(found(house, at))[-1] == "Studio A"


def test_nothing_is_offered_in_the_past(house):
    afternoon = datetime.datetime(2026, 11, 26, 16, 10, tzinfo=datetime.UTC)

    assert times(found(house, afternoon)["Studio A"])[0] == "17:30"


def test_nothing_is_offered_beyond_the_horizon(house, at):
    day = DAY + datetime.timedelta(days=400)

    assert not found(house, at, day=day)["Studio A"].slots


def test_it_says_the_price_in_osm(house, at):
    money.quote(house.venue.pk, at)

    (slot, *_others) = found(house, at)["Studio A"].slots
    assert slot.osm_units == 2000 * money.OSM  # 40 € at 0.02 € an OSM


def test_a_free_table_has_no_price_in_osm(house, at):
    money.quote(house.venue.pk, at)

    assert found(house, at)["Bureau au café"].slots[0].osm_units is None


def test_the_evening_of_the_change_is_an_evening(house):
    spring = datetime.datetime(2027, 3, 27, 9, tzinfo=datetime.UTC)
    day = datetime.date(2027, 3, 28)

    slots = found(house, spring, day=day)["Studio A"].slots

    assert slots[0].starts_at.hour == 7  # 9:00, in summer time already
    assert slots[0].local.hour == 9


def test_another_venues_offers_are_not_shown(house, at):
    cast.house()

    assert len(found(house, at)) == 4


def test_it_asks_seven_times_whatever_is_let(house, at, count_queries):
    for number in range(5):
        cast.offer(house.spaces.b, house.payee, name=f"Offre {number}")
    house.hold(at)

    with count_queries() as queries:
        assert len(found(house, at)) == 9

    assert len(queries) == 7, "\n".join(queries)
