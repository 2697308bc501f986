"""Holidays, special days, notice: when an offer is open on a day that is not like the others."""

import datetime

import pytest
from django.utils import translation

from bookings import searching
from bookings.models import OfferHours, SpecialDays
from bookings.problems import NotBookable
from bookings.searching import Search
from bookings.timetables import timetable_of
from tests.bookings import cast

pytestmark = pytest.mark.django_db

CHRISTMAS = datetime.date(2026, 12, 25)  # a Friday, in the school holidays of every zone
SATURDAY = datetime.date(2026, 12, 26)
TUESDAY = datetime.date(2026, 12, 8)
NINE, NOON, TWO, SIX, ELEVEN = (datetime.time(hour) for hour in (9, 12, 14, 18, 23))


def hours(offer, during, opens, closes, weekday=None):
    OfferHours.objects.create(
        venue=offer.venue, offer=offer, during=during, weekday=weekday, opens=opens, closes=closes
    )


def special(venue, first, last=None, *, name="Travaux", offer=None, opens=None, closes=None):
    return SpecialDays.objects.create(
        venue=venue,
        offer=offer,
        name=name,
        first_day=first,
        last_day=last or first,
        opens=opens,
        closes=closes,
    )


def plan(offer, day):
    offer.refresh_from_db()
    found = timetable_of(offer)(day)
    return [(one.opens, one.closes) for one in found.hours], found.why


def test_a_holiday_is_like_any_day_unless_the_offer_says_otherwise():
    house = cast.house()

    assert plan(house.a, CHRISTMAS) == ([(NINE, ELEVEN)], "")


def test_an_offer_closed_on_public_holidays_says_which():
    house = cast.house()
    house.a.opens_on_holidays = False
    house.a.save()

    assert plan(house.a, CHRISTMAS) == ([], "Noël")
    with translation.override("en"):
        assert plan(house.a, CHRISTMAS) == ([], "Christmas Day")
    assert plan(house.a, SATURDAY) == ([(NINE, ELEVEN)], "")
    house.venue.region = "6AE"
    house.venue.save()
    assert plan(house.a, SATURDAY) == ([], "Saint-Étienne")


def test_public_holidays_may_have_hours_of_their_own():
    house = cast.house()
    hours(house.a, "public", TWO, SIX)

    assert plan(house.a, CHRISTMAS) == ([(TWO, SIX)], "Noël")
    assert plan(house.a, TUESDAY) == ([(NINE, ELEVEN)], "")


def test_school_holidays_have_hours_where_a_zone_is_set():
    house = cast.house()
    hours(house.a, "school", NINE, NOON, weekday=SATURDAY.weekday())
    assert plan(house.a, SATURDAY) == ([(NINE, ELEVEN)], "")

    house.venue.school_zone = "Zone C"
    house.venue.save()

    assert plan(house.a, SATURDAY) == ([(NINE, NOON)], "Vacances de Noël")
    assert plan(house.a, SATURDAY + datetime.timedelta(days=1)) == ([], "Vacances de Noël")
    assert plan(house.a, TUESDAY) == ([(NINE, ELEVEN)], "")


def test_special_days_come_before_holidays_and_the_offers_own_before_the_venues():
    house = cast.house()
    special(house.venue, CHRISTMAS, SATURDAY, name="Fête", opens=TWO, closes=SIX)
    special(house.venue, SATURDAY, name="Concert", offer=house.a)
    special(house.venue, CHRISTMAS, name="Ailleurs", offer=house.b)
    house.a.opens_on_holidays = False
    house.a.save()

    assert plan(house.a, CHRISTMAS) == ([(TWO, SIX)], "Fête")
    assert plan(house.a, SATURDAY) == ([], "Concert")
    assert plan(house.b, CHRISTMAS) == ([], "Ailleurs")


def test_several_rows_of_one_day_are_several_openings():
    house = cast.house()
    special(house.venue, TUESDAY, opens=NINE, closes=NOON)
    special(house.venue, TUESDAY, opens=TWO, closes=SIX)

    assert plan(house.a, TUESDAY) == ([(NINE, NOON), (TWO, SIX)], "Travaux")


def test_a_search_says_why_it_is_closed_and_asks_no_more(at, count_queries):
    house = cast.house()
    special(house.venue, TUESDAY, name="Congés d’hiver", offer=house.a)

    with count_queries() as queries:
        found = searching.search(venue=house.venue, wanted=Search(TUESDAY, 120, 2), at=at)

    by_name = {one.offer.pk: one for one in found}
    assert (by_name[house.a.pk].slots, by_name[house.a.pk].why_closed) == ([], "Congés d’hiver")
    assert by_name[house.a.pk].next_free.date() == TUESDAY + datetime.timedelta(days=1)
    assert by_name[house.b.pk].slots
    assert len(queries) <= 7


def reasons(refused):
    return [one["code"] for one in refused.value.context["reasons"]]


def test_a_refusal_names_the_day_and_the_nearest_times(at):
    house = cast.house()
    special(house.venue, TUESDAY, name="Congés d’hiver")
    noon = datetime.datetime(2026, 12, 8, 11, 0, tzinfo=datetime.UTC)

    with pytest.raises(NotBookable) as refused:
        house.hold(at, house.a, starts_at=noon)

    assert reasons(refused) == ["closed"]
    assert "Congés d’hiver" in refused.value.context["reasons"][0]["text"]
    nearest = [one["starts_at"] for one in refused.value.context["nearest"]]
    assert nearest[0].startswith("2026-12-07T")
    assert len(nearest) == 3


def test_it_must_be_booked_ahead(at):
    house = cast.house()
    house.a.notice_minutes = 24 * 60
    house.a.save()
    soon = (at + datetime.timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)

    with pytest.raises(NotBookable) as refused:
        house.hold(at, house.a, starts_at=soon)

    (reason,) = refused.value.context["reasons"]
    assert (reason["code"], reason["text"]) == (
        "too_soon",
        "Il faut réserver au moins 1\u00a0jour à l’avance.",
    )
    first = datetime.datetime.fromisoformat(refused.value.context["nearest"][0]["starts_at"])
    assert first >= at + datetime.timedelta(hours=24)


def test_a_refusal_lists_every_rule_at_once(at):
    house = cast.house()
    house.a.notice_minutes = 24 * 60
    house.a.save()
    special(house.venue, at.date(), at.date() + datetime.timedelta(days=1))
    soon = (at + datetime.timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)

    with pytest.raises(NotBookable) as refused:
        house.hold(at, house.a, starts_at=soon, minutes=15, people=99)

    assert set(reasons(refused)) >= {"too_short", "too_many_people", "too_soon", "closed"}
    assert "nearest" not in refused.value.context
