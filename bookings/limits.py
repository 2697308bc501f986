"""How much one person may book: counted per venue by e-mail, over stays that are held or confirmed."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Upper
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookings import opening
from bookings.models import Booking, BookingLimit, Offer
from bookings.states import BookingState, LimitSpan
from bookings.wanting import Reason, Wanted, minutes_in_words
from teraa.venues.models import Venue

TAKEN = (BookingState.HOLD, BookingState.CONFIRMED)
DAY = datetime.timedelta(days=1)


MINUTE = datetime.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Stay:
    """One more stay that somebody wants, known by the ``key`` of its request."""

    venue: Venue
    offer_id: UUID
    key: UUID
    email: str
    starts_at: datetime.datetime
    ends_at: datetime.datetime


def stay_of(venue: Venue, offer: Offer, wanted: Wanted) -> Stay:
    return Stay(
        venue, offer.pk, wanted.key, wanted.email, wanted.starts_at, wanted.starts_at + wanted.lasts
    )


def limits_on(*, venue_id: UUID, offer_id: UUID) -> list[BookingLimit]:
    """Those of the offer and of the whole venue (one query)."""
    return list(
        BookingLimit.objects.filter(
            Q(offer=None) | Q(offer=offer_id), venue=venue_id
        ).select_related("offer")
    )


def one_at_a_time(stay: Stay) -> None:
    """Until the commit, nobody else counts what this person has."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"bookings.person:{stay.venue.pk}:{stay.email.upper()}"],
        )


def reasons_against(
    stay: Stay, limits: Iterable[BookingLimit], *, at: datetime.datetime
) -> list[Reason]:
    """Every limit that one more stay would break (one query each)."""
    return [("limit", _words(limit)) for limit in limits if _breaks(limit, stay, at)]


def _breaks(limit: BookingLimit, stay: Stay, at: datetime.datetime) -> bool:
    mine = Booking.objects.annotate(email=Upper("guest_email")).filter(
        venue=stay.venue, email=stay.email.upper(), state__in=TAKEN
    )
    mine = mine.exclude(key=stay.key)
    if limit.offer_id is not None:
        mine = mine.filter(offer=limit.offer_id)
    if limit.over == LimitSpan.AHEAD:
        mine = mine.filter(ends_at__gt=at)
    else:
        begins, ends = _span(limit.over, stay.starts_at, stay.venue.zone)
        mine = mine.filter(starts_at__gte=begins, starts_at__lt=ends)
    had = mine.aggregate(stays=Count("pk"), lasted=Sum(F("ends_at") - F("starts_at")))
    lasted = (had["lasted"] or 0 * MINUTE) + stay.ends_at - stay.starts_at
    return (limit.most_bookings is not None and had["stays"] >= limit.most_bookings) or (
        limit.most_minutes is not None and lasted > limit.most_minutes * MINUTE
    )


def _span(over: str, moment: datetime.datetime, zone: str) -> opening.Span:
    """The local day, week or month that ``moment`` lies in."""
    first = moment.astimezone(ZoneInfo(zone)).date()
    last = first
    if over == LimitSpan.WEEK:
        first -= first.weekday() * DAY
        last = first + 6 * DAY
    elif over == LimitSpan.MONTH:
        first = first.replace(day=1)
        last = (first + 31 * DAY).replace(day=1) - DAY
    return opening.day_span(first, zone)[0], opening.day_span(last, zone)[1]


def _words(limit: BookingLimit) -> str:
    if limit.message:
        return limit.message
    over = limit.get_over_display()
    if limit.most_bookings is not None:
        text = ngettext(
            "One person may have %(count)d booking %(over)s.",
            "One person may have %(count)d bookings %(over)s.",
            limit.most_bookings,
        )
        return text % {"count": limit.most_bookings, "over": over}
    time = minutes_in_words(limit.most_minutes or 0)
    return _("One person may book %(time)s %(over)s.") % {"time": time, "over": over}
