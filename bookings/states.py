"""A booking: held while it waits for its money, confirmed, or let go."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from teraa.common.states import Moves


class BookingState(models.TextChoices):
    HOLD = "hold", _("Held, to be paid")
    CONFIRMED = "confirmed", _("Confirmed")
    EXPIRED = "expired", _("Not paid in time")
    CANCELLED = "cancelled", _("Cancelled")
    PAID_WITHOUT_PLACE = "paid_without_place", _("Paid too late: needs a refund")
    REFUNDED = "refunded", _("Refunded")


# Money that comes late takes the place if it is still free, and must be given back if it is not.
BOOKING_MOVES: Moves = {
    BookingState.HOLD: frozenset(
        {
            BookingState.CONFIRMED,
            BookingState.EXPIRED,
            BookingState.CANCELLED,
            BookingState.PAID_WITHOUT_PLACE,
        }
    ),
    BookingState.EXPIRED: frozenset({BookingState.CONFIRMED, BookingState.PAID_WITHOUT_PLACE}),
    BookingState.CONFIRMED: frozenset({BookingState.CANCELLED}),
    BookingState.PAID_WITHOUT_PLACE: frozenset({BookingState.REFUNDED}),
    BookingState.REFUNDED: frozenset(),
    BookingState.CANCELLED: frozenset(),
}


class WaitingState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    OFFERED = "offered", _("Offered")
    GIVEN_UP = "given_up", _("Given up")
    PAST = "past", _("Too late")


# What is offered is a booking from then on, held, confirmed or let go like any other.
WAITING_MOVES: Moves = {
    WaitingState.WAITING: frozenset(
        {WaitingState.OFFERED, WaitingState.GIVEN_UP, WaitingState.PAST}
    ),
    WaitingState.OFFERED: frozenset(),
    WaitingState.GIVEN_UP: frozenset(),
    WaitingState.PAST: frozenset(),
}


class Attendance(models.TextChoices):
    """Whether the guests of a confirmed stay came."""

    EXPECTED = "expected", _("Expected")
    HERE = "here", _("Here")
    GONE = "gone", _("Gone")
    MISSING = "missing", _("Did not come")


class OfferKind(models.TextChoices):
    STUDIO = "studio", _("Studio")
    ROOM = "room", _("Meeting room")
    DESK = "desk", _("Desk")
    PRACTICE = "practice", _("Consulting room")
    HALL = "hall", _("Hall")
    EQUIPMENT = "equipment", _("Equipment")


class PaysHow(models.TextChoices):
    """What the guest means to do; either page lets them change their mind."""

    OSM = "osm", _("Now, in OSM")
    TILL = "till", _("At the bar, in OSM, cash or by card")


class DayKind(models.TextChoices):
    """Which days hours are for: a public holiday before school holidays before any other day."""

    USUAL = "usual", _("usual days")
    SCHOOL = "school", _("school holidays")
    PUBLIC = "public", _("public holidays")


class LimitSpan(models.TextChoices):
    """What a limit of bookings a person counts over, by the beginning of the stays."""

    DAY = "day", _("per day")
    WEEK = "week", _("per week, from Monday")
    MONTH = "month", _("per month")
    AHEAD = "ahead", _("still to come")
