"""What webhooks say of a stay: each step once, in its contract's shape, and nobody's name."""

import datetime
import json

import jsonschema
import pytest

from bookings.models import Booking
from bookings.operations import (
    cancel_booking,
    expire_holds,
    move_booking,
    note_attendance,
)
from teraa.common.ids import uuid7
from teraa.webhooks import kinds
from teraa.webhooks.models import HookEvent
from teraa.webhooks.operations import create_endpoint
from tests.bookings import cast

THURSDAY = datetime.datetime(2026, 11, 26, 18, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)


@pytest.fixture
def house(db, keys_dir, at):
    made = cast.house()
    create_endpoint(
        key=uuid7(),
        venue_id=made.venue.pk,
        url="https://hooks.example/bookings",
        wanted=["booking.*"],
        by="Ada",
        at=at,
    )
    return made


def told():
    found = HookEvent.objects.order_by("pk")
    for event in found:
        jsonschema.validate(json.loads(event.payload), kinds.contract(event.kind))
        assert "Nora" not in event.payload
        assert "nora" not in event.payload
    return [(event.kind, event.version) for event in found]


def test_a_stay_is_told_step_by_step(house, at):
    booking = house.hold(at).booking
    cast.pay_in_cash(booking, at)
    cast.deliver(at)
    move_booking(venue=house.venue, booking_id=booking.pk, starts_at=THURSDAY + DAY, at=at)
    for attendance in ("here", "here", "gone"):
        note_attendance(
            venue_id=house.venue.pk,
            booking_id=booking.pk,
            attendance=attendance,
            by="Ada",
            at=THURSDAY + DAY,
        )

    assert told() == [
        ("booking.confirmed", 2),
        ("booking.moved", 3),
        ("booking.attended", 4),
        ("booking.attended", 5),
    ]


def test_what_is_let_go_is_told_as_what_it_was(house, at):
    first = house.hold(at).booking
    cancel_booking(booking_id=first.pk, at=at)
    house.hold(at)
    expire_holds(at=at + DAY)
    paid = house.hold(at, house.b).booking
    cast.pay_in_cash(paid, at)
    cast.deliver(at)
    cancel_booking(booking_id=paid.pk, at=at)
    cancel_booking(booking_id=paid.pk, at=at)

    assert [kind for kind, _version in told()] == [
        "booking.cancelled",
        "booking.expired",
        "booking.confirmed",
        "booking.cancelled",
    ]


def test_what_is_free_is_told_when_it_is_booked(house, at):
    house.hold(at, house.desk)

    assert told() == [("booking.confirmed", 1)]


def test_nothing_is_told_of_what_was_rolled_back(house, at):
    booking = house.hold(at).booking
    Booking.objects.filter(pk=booking.pk).update(state="expired")

    assert expire_holds(at=at + DAY) == 0
    assert told() == []
