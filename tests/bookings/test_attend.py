"""Who came and who did not, at the till; and a word before."""

import datetime

import pytest

from bookings.models import Booking
from bookings.operations import move_booking, note_attendance, remind_guests
from bookings.problems import NotHereNow
from teraa.accounts.models import OutgoingMail
from teraa.common.clock import now
from teraa.common.ids import uuid7
from teraa.common.problems import NotFound
from tests import make
from tests.bookings import cast
from tests.pos import cast as pos
from tests.pos.test_sales_api import browser, post

THURSDAY = datetime.datetime(2026, 11, 26, 18, tzinfo=datetime.UTC)  # 19:00 in Paris
MINUTE = datetime.timedelta(minutes=1)
HOUR = 60 * MINUTE
DAY = 24 * HOUR
ARRIVALS = "/api/bookings-desk/arrivals/"


@pytest.fixture
def house(db, keys_dir):
    return cast.house()


def paid(house, at, **fields):
    booking = house.hold(at, **fields).booking
    cast.pay_in_cash(booking, at)
    cast.deliver(at)
    return cast.again(booking)


def note(house, booking, attendance, at):
    return note_attendance(
        venue_id=house.venue.pk, booking_id=booking.pk, attendance=attendance, by="Ada", at=at
    )


def test_guests_come_and_leave_and_a_wrong_press_is_taken_back(house, at):
    booking = paid(house, at)

    for attendance in ("here", "here", "gone", "here", "expected", "missing", "expected"):
        noted = note(house, booking, attendance, THURSDAY + MINUTE)
        assert noted.attendance == attendance

    again = cast.again(booking)
    assert (again.attended_at, again.attended_by, again.state) == (None, "Ada", "confirmed")
    assert again.version == booking.version + 6


@pytest.mark.parametrize(
    ("attendance", "when", "allowed"),
    [
        ("here", -3 * HOUR, False),
        ("here", -2 * HOUR, True),
        ("missing", -MINUTE, False),
        ("missing", MINUTE, True),
        ("here", 2 * HOUR + DAY, True),
        ("here", 2 * HOUR + DAY + MINUTE, False),
    ],
)
def test_it_is_noted_around_the_stay_only(house, at, attendance, when, allowed):
    booking = paid(house, at)

    if allowed:
        assert note(house, booking, attendance, THURSDAY + when).attendance == attendance
    else:
        with pytest.raises(NotHereNow):
            note(house, booking, attendance, THURSDAY + when)


def test_who_has_not_paid_is_not_here_and_nobody_elses_guest_is_found(house, at):
    booking = house.hold(at, pays="till").booking

    with pytest.raises(NotHereNow):
        note(house, booking, "here", THURSDAY)
    with pytest.raises(NotFound):
        note_attendance(
            venue_id=make.venue().pk, booking_id=booking.pk, attendance="here", by="", at=THURSDAY
        )


# -- at the till -------------------------------------------------------------------------------------


@pytest.fixture
def bar(db, keys_dir):
    return pos.bar()


@pytest.fixture
def till(bar):
    return browser(bar, now())


@pytest.fixture
def today(bar):
    """A studio paid for, and one to be paid, both under way."""
    house = cast.house(bar.venue)
    at = now()
    stays = []
    for offer, name, due in ((house.a, "Nora Petit", True), (house.b, "Ines Moreau", False)):
        booking = house.hold(at, offer, starts_at=cast.in_three_days(at), name=name).booking
        if due:
            cast.pay_in_cash(booking, at)
            cast.deliver(at)
        soon = at - 5 * MINUTE  # whatever the hour: a stay that began is about
        Booking.objects.filter(pk=booking.pk).update(starts_at=soon, ends_at=soon + 2 * HOUR)
        stays.append(cast.again(booking))
    return stays


def found(till, text=""):
    return [one["name"] for one in till.get(ARRIVALS, {"q": text}).json()["stays"]]


def test_todays_stays_are_listed_and_found_by_code_or_name(till, bar, today):
    nora, ines = today
    assert sorted(found(till)) == ["Ines Moreau", "Nora Petit"]
    assert found(till, nora.code) == found(till, nora.spoken_code.lower()) == ["Nora Petit"]
    assert found(till, "more") == ["Ines Moreau"]
    assert found(till, "zz%") == []
    (owing,) = till.get(ARRIVALS, {"q": "ines"}).json()["stays"]
    assert owing["due_code"] == ines.due.spoken_code
    assert owing["owed_cents"] == ines.total_cents
    assert "secret" not in owing


def test_a_press_checks_in_and_is_answered_the_same_twice(till, today):
    nora, ines = today
    address = f"/api/bookings-desk/stays/{nora.pk}/attendance/"

    first = post(till, {"attendance": "here"}, address)
    second = post(till, {"attendance": "here"}, address)

    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()
    assert first.json()["attendance"] == "here"
    refused = post(till, {"attendance": "here"}, f"/api/bookings-desk/stays/{ines.pk}/attendance/")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_here_now")
    assert post(till, {"attendance": "dead"}, address).status_code == 422
    unknown = f"/api/bookings-desk/stays/{uuid7()}/attendance/"
    assert post(till, {"attendance": "here"}, unknown).status_code == 404


def test_the_till_learns_whether_guests_arrive_here(till, bar):
    assert till.get("/api/till/").json()["lets"] is False
    cast.house(bar.venue)
    assert till.get("/api/till/").json()["lets"] is True


# -- a word before -----------------------------------------------------------------------------------


def subjects():
    return list(OutgoingMail.objects.order_by("pk").values_list("subject", flat=True))


def test_a_guest_is_reminded_once_a_day_before(house, at):
    booking = paid(house, at)
    before = len(subjects())

    assert remind_guests(at=THURSDAY - DAY - MINUTE) == 0
    assert remind_guests(at=THURSDAY - DAY) == 1
    assert remind_guests(at=THURSDAY - DAY + 5 * MINUTE) == 0

    assert subjects()[before:] == [f"Bientôt : {booking.label}"]


def test_who_just_booked_has_read_it_and_who_cancelled_reads_nothing(house, at):
    fresh = paid(house, THURSDAY - 5 * HOUR)
    other = paid(house, at, offer=house.b, email="b@example.org")
    Booking.objects.filter(pk=other.pk).update(state="cancelled", refund_cents=0)
    before = len(subjects())

    assert remind_guests(at=THURSDAY - 4 * HOUR) == 0
    assert len(subjects()) == before
    assert cast.again(fresh).reminded_at is not None


def test_a_stay_that_moved_is_reminded_of_again_and_an_offer_may_leave_it(house, at):
    booking = paid(house, at)
    remind_guests(at=THURSDAY - DAY)
    move_booking(
        venue=house.venue,
        booking_id=booking.pk,
        starts_at=THURSDAY + 3 * DAY,
        at=THURSDAY - DAY,
    )

    assert remind_guests(at=THURSDAY + 2 * DAY) == 1
    Booking.objects.update(reminded_at=None)
    house.a.remind_minutes = None
    house.a.save()
    assert remind_guests(at=THURSDAY + 2 * DAY) == 0
