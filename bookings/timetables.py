"""When an offer is open: its special days, the venue's, public and school holidays, usual days."""

from __future__ import annotations

import datetime

from django.utils.translation import get_language

from bookings.models import Offer, SpecialDays
from bookings.opening import DayPlan, Hours, Timetable, on_weekdays
from bookings.states import DayKind
from teraa.venues.holidays import public_holiday, school_holiday


def timetable_of(offer: Offer) -> Timetable:
    """No query when ``hours`` and the venue's ``special_days`` are prefetched.

    Why a day is special is said in the reader's language.
    """
    language = get_language() or "fr"
    venue = offer.venue
    kinds: dict[str, list[Hours]] = {kind: [] for kind in DayKind.values}
    for row in offer.hours.all():
        kinds[row.during].append(Hours(row.weekday, row.opens, row.closes))
    usual, school, public = (
        on_weekdays(kinds[kind]) for kind in (DayKind.USUAL, DayKind.SCHOOL, DayKind.PUBLIC)
    )
    special = [one for one in venue.special_days.all() if one.offer_id in (None, offer.pk)]

    def plan(day: datetime.date) -> DayPlan:
        if dated := _on(special, day):
            return dated
        name = public_holiday(day, country=venue.country, region=venue.region, language=language)
        if name and not offer.opens_on_holidays:
            return DayPlan((), name)
        if name and kinds[DayKind.PUBLIC]:
            return DayPlan(public(day).hours, name)
        if kinds[DayKind.SCHOOL]:
            name = school_holiday(
                day, country=venue.country, zone=venue.school_zone, language=language
            )
            if name:
                return DayPlan(school(day).hours, name)
        return usual(day)

    return plan


def _on(special: list[SpecialDays], day: datetime.date) -> DayPlan | None:
    there = [one for one in special if one.first_day <= day <= one.last_day]
    mine = [one for one in there if one.offer_id] or there
    if not mine:
        return None
    hours = tuple(
        Hours(None, one.opens, one.closes)
        for one in mine
        if one.opens is not None and one.closes is not None
    )
    return DayPlan(hours, mine[0].name)
