"""A stay gets another time of the same price: never two places, never none in between."""

import datetime
from functools import partial

import pytest
from django.test import Client

from bookings.models import Booking
from bookings.operations import cancel_booking, expire_holds, move_booking
from bookings.problems import NotBookable, NotMovable, OtherPrice
from teraa.accounts.models import OutgoingMail
from teraa.common.problems import NotFound
from teraa.fiscal.models import Document
from teraa.settlement.models import Due
from teraa.spaces.models import Claim
from teraa.spaces.problems import JustTaken
from tests.bookings import cast
from tests.spaces.test_claim_at_once import at_once, overlaps

THURSDAY = datetime.datetime(2026, 11, 26, 18, tzinfo=datetime.UTC)  # 19:00 in Paris
HOUR = datetime.timedelta(hours=1)
DAY = 24 * HOUR


@pytest.fixture
def house(db, keys_dir):
    return cast.house()


def moved(house, booking, to, at):
    return move_booking(venue=house.venue, booking_id=booking.pk, starts_at=to, at=at)


def claimed(booking):
    """From when to when the booking has its atoms, buffers left out."""
    rows = Claim.objects.filter(holder=booking.holder, live=True, kind="core")
    return {(row.span.lower, row.span.upper) for row in rows}


def paid(house, at):
    booking = house.hold(at).booking
    cast.pay_in_cash(booking, at)
    cast.deliver(at)
    booking.refresh_from_db()
    assert booking.state == "confirmed"
    return booking


def test_a_held_stay_goes_to_another_day_with_its_words_and_its_due(house, at):
    booking = house.hold(at).booking

    moved(house, booking, THURSDAY + DAY, at)

    booking.refresh_from_db()
    assert (booking.starts_at, booking.ends_at) == (THURSDAY + DAY, THURSDAY + DAY + 2 * HOUR)
    assert claimed(booking) == {(THURSDAY + DAY, THURSDAY + DAY + 2 * HOUR)}
    assert "27 nov." in booking.label
    assert booking.lines[0]["label"].startswith(booking.label)
    assert Due.objects.get(pk=booking.due_id).label == booking.label
    assert (booking.state, booking.version) == ("hold", 2)


def test_it_may_overlap_its_own_former_time(house, at):
    booking = house.hold(at).booking

    moved(house, booking, THURSDAY + HOUR, at)

    assert claimed(booking) == {(THURSDAY + HOUR, THURSDAY + 3 * HOUR)}
    house.hold(at, starts_at=THURSDAY - HOUR, email="ada@example.org")


def test_a_paid_stay_keeps_its_ticket_and_its_guest_gets_a_new_date(house, at):
    booking = paid(house, at)
    before = OutgoingMail.objects.count()
    tickets = list(Document.objects.filter(kind="TICKET").values_list("payload", flat=True))

    moved(house, booking, THURSDAY + DAY, at)

    booking.refresh_from_db()
    assert booking.state == "confirmed"
    assert list(Document.objects.filter(kind="TICKET").values_list("payload", flat=True)) == tickets
    assert OutgoingMail.objects.count() == before + 1
    assert claimed(booking) == {(THURSDAY + DAY, THURSDAY + DAY + 2 * HOUR)}


def test_the_same_move_again_changes_nothing(house, at):
    booking = paid(house, at)
    for _twice in range(2):
        moved(house, booking, THURSDAY + DAY, at)

    booking.refresh_from_db()
    assert OutgoingMail.objects.filter(subject__startswith="Déplac").count() == 1
    assert claimed(booking) == {(THURSDAY + DAY, THURSDAY + DAY + 2 * HOUR)}


def test_where_somebody_is_nobody_goes_and_nothing_is_lost(house, at):
    booking = house.hold(at).booking
    house.hold(at, starts_at=THURSDAY + DAY, email="ada@example.org")

    with pytest.raises(JustTaken) as refused:
        moved(house, booking, THURSDAY + DAY, at)

    assert len(refused.value.context["nearest"]) == 3
    booking.refresh_from_db()
    assert (booking.starts_at, booking.version) == (THURSDAY, 1)
    assert claimed(booking) == {(THURSDAY, THURSDAY + 2 * HOUR)}


def test_a_time_of_another_price_is_refused(house, at):
    """Ten hours over midnight cost a day and more; on one day they are a day."""
    house.a.max_minutes = 600
    house.a.save()
    booking = house.hold(at, starts_at=THURSDAY - 9 * HOUR, minutes=600, total_cents=12_000).booking
    for row in house.a.hours.all():
        row.closes = datetime.time(9)
        row.save()

    with pytest.raises(OtherPrice):
        moved(house, booking, THURSDAY + 2 * HOUR, at)

    assert claimed(booking) == {(THURSDAY - 9 * HOUR, THURSDAY + HOUR)}


def test_a_tariff_that_changed_meanwhile_does_not_keep_it_where_it_is(house, at):
    booking = paid(house, at)
    house.a.hour_cents = 2500
    house.a.save()

    moved(house, booking, THURSDAY + DAY, at)

    booking.refresh_from_db()
    assert (booking.starts_at, booking.total_cents) == (THURSDAY + DAY, 4000)


@pytest.mark.parametrize(
    ("notice", "before", "may"),
    [
        (24 * 60, DAY, True),
        (24 * 60, DAY - datetime.timedelta(seconds=1), False),
        (0, HOUR, True),
        (0, datetime.timedelta(), False),
        (None, 5 * DAY, False),
    ],
)
def test_until_when_it_may_be_moved(house, at, notice, before, may):
    booking = paid(house, at)
    house.a.move_notice_minutes = notice
    house.a.save()

    if may:
        moved(house, booking, THURSDAY + 2 * DAY, THURSDAY - before)
    else:
        with pytest.raises(NotMovable):
            moved(house, booking, THURSDAY + 2 * DAY, THURSDAY - before)


def test_what_was_let_go_is_not_moved(house, at):
    gone, late = house.hold(at).booking, house.hold(at, starts_at=THURSDAY + DAY).booking
    cancel_booking(booking_id=gone.pk, at=at)
    expire_holds(at=at + HOUR)

    for booking in (gone, late):
        with pytest.raises(NotMovable):
            moved(house, booking, THURSDAY + 2 * DAY, at + HOUR)


def test_the_rules_hold_for_the_new_time_too(house, at):
    booking = house.hold(at).booking

    for start, code in (
        (at - HOUR, "past"),
        (THURSDAY + 400 * DAY, "too_far"),
        (THURSDAY + 7 * HOUR, "closed"),
    ):
        with pytest.raises(NotBookable) as refused:
            moved(house, booking, start, at)
        assert code in [one["code"] for one in refused.value.context["reasons"]]


def test_a_booking_of_another_venue_is_not_found(house, at):
    other = cast.house()
    booking = other.hold(at).booking

    with pytest.raises(NotFound):
        moved(house, booking, THURSDAY + DAY, at)


def test_a_hold_paid_at_the_bar_ends_before_its_new_beginning(house, at):
    booking = house.hold(at, starts_at=THURSDAY + DAY, pays="till").booking
    house.a.till_hold_minutes = 10 * 24 * 60
    house.a.save()
    house.a.move_notice_minutes = 0
    house.a.save()

    soon = datetime.datetime(2026, 11, 19, 18, tzinfo=datetime.UTC)
    moved(house, booking, soon, at)

    booking.refresh_from_db()
    assert booking.expires_at <= soon


def test_a_move_and_a_new_booking_for_one_time_have_one_winner(live_database, keys_dir, at):
    house = cast.house()
    stays = [
        house.hold(at, starts_at=THURSDAY + number * DAY, email=f"g{number}@example.org").booking
        for number in range(1, 6)
    ]
    wanted = [
        house.wanted(starts_at=THURSDAY, email=f"new{number}@example.org") for number in range(5)
    ]

    outcomes = at_once(
        [partial(moved, house, booking, THURSDAY, at) for booking in stays]
        + [partial(cast.hold_space, venue=house.venue, wanted=one, at=at) for one in wanted]
    )

    refused = [one for one in outcomes if isinstance(one, JustTaken)]
    assert len(refused) == 9, outcomes
    assert overlaps() == 0
    for booking in Booking.objects.filter(state="hold"):
        assert claimed(booking) == {(booking.starts_at, booking.ends_at)}


def test_its_page_shows_times_of_the_same_price_and_moves_it(house):
    from teraa.common.clock import now

    at = now()
    day = (at + 3 * DAY).replace(hour=12, minute=0, second=0, microsecond=0)
    booking = house.hold(at, starts_at=day).booking
    client = Client()
    address = f"/lieu/{house.venue.slug}/book/b/{booking.secret}/"

    assert "data-move" in client.get(address).content.decode()
    page = client.get(f"{address}move/?day={(day + DAY).date()}").content.decode()
    answer = client.post(f"{address}move/", {"start": (day + DAY).isoformat()})

    assert page.count('name="start"') > 10
    assert (answer.status_code, answer["Location"]) == (302, address)
    booking.refresh_from_db()
    assert booking.starts_at == day + DAY
    nonsense = client.post(f"{address}move/", {"start": "tomorrow"})
    assert nonsense.status_code == 200
    taken = client.post(f"{address}move/", {"start": (at - DAY).isoformat()})
    assert taken.status_code == 422
