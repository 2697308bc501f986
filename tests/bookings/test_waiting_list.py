"""Who waits for a time that is taken: in turn, each with a while to pay, once."""

import datetime

import pytest
from django.test import Client

from bookings.jobs import expire
from bookings.models import Booking, BookingLimit, WaitingEntry
from bookings.operations import (
    WaitingWanted,
    cancel_booking,
    expire_holds,
    give_up_waiting,
    join_waiting_list,
    offer_places,
    waiting,
)
from bookings.problems import NotBookable, StillFree, TooManyWaiting
from teraa.common.clock import now
from teraa.common.ids import uuid7
from teraa.common.problems import Invalid, NotFound, SameKeyOtherBody
from teraa.settlement.models import Due
from tests import make
from tests.bookings import cast
from tests.spaces.test_claim_at_once import at_once, overlaps

THURSDAY = datetime.datetime(2026, 11, 26, 18, tzinfo=datetime.UTC)  # 19:00 in Paris
MINUTE = datetime.timedelta(minutes=1)
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@pytest.fixture
def house(db, keys_dir):
    return cast.house()


def wish(house, name="Ada", **fields):
    return WaitingWanted(
        **{
            "key": uuid7(),
            "offer": house.a.pk,
            "day": datetime.date(2026, 11, 26),
            "starts_at": THURSDAY,
            "minutes": 120,
            "people": 1,
            "name": name,
            "email": f"{name.lower()}@example.org",
            "language": "fr",
        }
        | fields
    )


def waits(house, at, name="Ada", **fields):
    return join_waiting_list(
        venue=house.venue,
        wanted=wish(house, name, **fields),
        at=at,
        page=lambda secret: f"https://lieu.example/book/w/{secret}/",
        booking_page=lambda secret: f"https://lieu.example/book/b/{secret}/",
    ).entry


def again(entry):
    return WaitingEntry.objects.select_related("booking").get(pk=entry.pk)


def test_what_is_let_go_is_held_for_who_asked_first(house, at):
    held = house.hold(at).booking
    first, second = waits(house, at, "Ada"), waits(house, at + MINUTE, "Bob")
    assert offer_places(at=at + 2 * MINUTE) == 0
    cancel_booking(booking_id=held.pk, at=at + 3 * MINUTE)

    assert offer_places(at=at + 4 * MINUTE) == 1

    first = again(first)
    assert (first.state, again(second).state) == ("offered", "waiting")
    booking = first.booking
    assert (booking.state, booking.starts_at, booking.guest_name) == ("hold", THURSDAY, "Ada")
    assert booking.expires_at == at + 4 * MINUTE + 120 * MINUTE
    assert booking.page_url == f"https://lieu.example/book/b/{booking.secret}/"
    assert offer_places(at=at + 5 * MINUTE) == 0
    assert overlaps() == 0


def test_who_lets_it_pass_has_had_their_turn_and_the_next_gets_it(house, at):
    held = house.hold(at).booking
    first, second = waits(house, at, "Ada"), waits(house, at + MINUTE, "Bob")
    cancel_booking(booking_id=held.pk, at=at)
    offer_places(at=at)
    later = at + 121 * MINUTE

    expire_holds(at=later)
    offer_places(at=later)

    assert again(first).booking.state == "expired"
    assert again(second).booking.state == "hold"


def test_who_pays_in_time_has_it_like_anybody(house, at):
    held = house.hold(at).booking
    entry = waits(house, at)
    cancel_booking(booking_id=held.pk, at=at)
    offer_places(at=at)
    booking = again(entry).booking

    cast.pay_in_cash(booking, at + HOUR)
    cast.deliver(at + HOUR)

    assert cast.again(booking).state == "confirmed"


def test_it_is_kept_no_longer_than_until_it_begins(house, at):
    held = house.hold(at).booking
    entry = waits(house, at)
    cancel_booking(booking_id=held.pk, at=at)

    offer_places(at=THURSDAY - 30 * MINUTE)

    assert again(entry).booking.expires_at == THURSDAY


def test_any_time_of_a_day_is_the_first_that_becomes_free(house, at):
    day = {"starts_at": datetime.datetime(2026, 11, 26, 8, tzinfo=datetime.UTC), "minutes": 600}
    morning = house.hold(at, total_cents=12_000, **day).booking
    house.hold(at, starts_at=THURSDAY, minutes=240, total_cents=7000, email="b@example.org")
    entry = waits(house, at, starts_at=None)
    assert offer_places(at=at) == 0

    cancel_booking(booking_id=morning.pk, at=at)
    offer_places(at=at)

    assert again(entry).booking.starts_at == day["starts_at"]


def test_nobody_waits_for_what_is_free_or_never_let(house, at):
    with pytest.raises(StillFree) as free:
        waits(house, at)
    assert free.value.context["starts_at"] == "2026-11-26T18:00:00.000Z"
    with pytest.raises(NotBookable):
        waits(house, at, starts_at=THURSDAY.replace(hour=2))
    with pytest.raises(NotBookable):
        waits(house, at, minutes=15)
    with pytest.raises(NotBookable):
        waits(house, at, starts_at=at - DAY, day=(at - DAY).date())
    with pytest.raises(NotFound):
        waits(house, at, offer=uuid7())
    assert not WaitingEntry.objects.exists()


def test_the_same_key_is_the_same_place_and_another_wish_is_refused(house, at):
    house.hold(at)
    wanted = wish(house)
    first = join_waiting_list(venue=house.venue, wanted=wanted, at=at)
    second = join_waiting_list(venue=house.venue, wanted=wanted, at=at)

    assert (first.entry.pk, first.is_new, second.is_new) == (second.entry.pk, True, False)
    with pytest.raises(SameKeyOtherBody):
        waits(house, at, "Bob", key=wanted.key)
    with pytest.raises(Invalid):
        waits(house, at, key=wanted.key.__class__(int=1))


def test_one_person_waits_for_five_places_at_most(house, at):
    house.hold(at)
    for _ in range(5):
        waits(house, at)

    with pytest.raises(TooManyWaiting):
        waits(house, at)
    waits(house, at, "Bob")


def test_who_gives_up_is_passed_over_and_lets_go_what_was_offered(house, at):
    held = house.hold(at).booking
    first, second = waits(house, at, "Ada"), waits(house, at + MINUTE, "Bob")

    def give_up(entry):
        return give_up_waiting(venue=house.venue, secret=entry.secret, at=at)

    assert give_up(first).state == "given_up"
    assert give_up(first).state == "given_up"
    cancel_booking(booking_id=held.pk, at=at)
    offer_places(at=at)
    assert again(second).state == "offered"

    give_up(second)

    assert again(second).booking.state == "cancelled"
    with pytest.raises(NotFound):
        give_up_waiting(venue=make.venue(), secret=second.secret, at=at)


def test_a_limit_of_the_first_does_not_keep_the_second_from_it(house, at):
    held = house.hold(at).booking
    first, second = waits(house, at, "Ada"), waits(house, at + MINUTE, "Bob")
    house.hold(at, house.b, email="ada@example.org")
    BookingLimit.objects.create(venue=house.venue, over="ahead", most_bookings=1)
    cancel_booking(booking_id=held.pk, at=at)

    assert offer_places(at=at) == 1

    assert (again(first).state, again(second).state) == ("waiting", "offered")


def test_when_the_time_has_come_nobody_waits_any_more(house, at):
    day = {"starts_at": THURSDAY.replace(hour=8), "minutes": 600, "total_cents": 12_000}
    evening = {"starts_at": THURSDAY, "minutes": 240, "total_cents": 7000, "email": "b@b.org"}
    for stay in (day, evening):
        cast.pay_in_cash(house.hold(at, **stay).booking, at)
    cast.deliver(at)
    exact, any_time = waits(house, at), waits(house, at, "Bob", starts_at=None)

    offer_places(at=THURSDAY)
    assert (again(exact).state, again(any_time).state) == ("past", "waiting")
    offer_places(at=THURSDAY + DAY)
    assert again(any_time).state == "past"


def test_who_gives_up_while_it_is_offered_keeps_nothing(house, at):
    held = house.hold(at).booking
    entry = waits(house, at)
    cancel_booking(booking_id=held.pk, at=at)
    booking = house.hold(at, key=entry.key, email="ada@example.org", name="Ada").booking
    give_up_waiting(venue=house.venue, secret=entry.secret, at=at)
    # A run that read the list a moment before.
    entry.state = "waiting"

    assert waiting._offer(entry, at) is False

    assert cast.again(booking).state == "cancelled"


def test_a_run_that_was_stopped_after_the_hold_makes_no_second_one(house, at):
    held = house.hold(at).booking
    entry = waits(house, at)
    cancel_booking(booking_id=held.pk, at=at)
    house.hold(at, key=entry.key, email="ada@example.org", name="Ada")

    assert offer_places(at=at) == 1

    assert again(entry).booking.key == entry.key
    assert Booking.objects.filter(state="hold").count() == 1


def test_eight_runs_at_once_make_one_hold(live_database, keys_dir, at):
    made = cast.house()
    held = made.hold(at).booking
    entry, other = waits(made, at, "Ada"), waits(made, at + MINUTE, "Bob")
    cancel_booking(booking_id=held.pk, at=at)

    at_once([lambda: offer_places(at=at) for _ in range(8)])

    assert again(entry).state == "offered"
    assert again(other).state == "waiting"
    assert Booking.objects.filter(state="hold").count() == 1
    assert Due.objects.filter(state="open").count() == 1
    assert overlaps() == 0


def test_a_free_place_is_theirs_at_once(house, at):
    for number in range(3):
        house.hold(at, house.desk, email=f"{number}@example.org")
    taken = Booking.objects.filter(offer=house.desk)
    entry = waits(house, at, offer=house.desk.pk)
    cancel_booking(booking_id=taken[0].pk, at=at)

    offer_places(at=at)

    assert again(entry).booking.state == "confirmed"


# -- pages -------------------------------------------------------------------------------------------


@pytest.fixture
def at_now():
    return now()


def test_from_a_full_day_to_a_place_of_ones_own(db, keys_dir, at_now):
    house = cast.house(name="TERAA Genesis", slug="genesis")
    start = cast.in_three_days(at_now)
    # The whole day of the studio is taken.
    day = start.replace(hour=8)
    held = house.hold(
        at_now, starts_at=day, minutes=600, total_cents=house.a.day_cents, pays="till"
    ).booking
    evening = day + 10 * HOUR
    other = house.hold(
        at_now, starts_at=evening, minutes=240, total_cents=7000, email="b@example.org", pays="till"
    ).booking
    client = Client(headers={"accept-language": "fr"})
    local = start.date().isoformat()
    search = client.get("/book/", {"day": local, "minutes": "120"}).content.decode()
    address = f"/book/{house.a.pk}/wait/?day={local}&minutes=120&people=1"
    assert address.replace("&", "&amp;") in search

    shown = client.get(address)
    form = shown.context["form"]
    answer = client.post(
        address,
        {"key": str(form.initial["key"]), "name": "Ada", "email": "ada@example.org"},
        follow=True,
    )

    assert "vous êtes la première personne" in answer.content.decode()
    entry = WaitingEntry.objects.get()
    page = f"/book/w/{entry.secret}/"
    cancel_booking(booking_id=held.pk, at=at_now)
    expire(timestamp=0)
    offered = client.get(page).content.decode()
    booking = again(entry).booking
    assert f"/book/b/{booking.secret}/" in offered
    assert other.pk != booking.pk
    assert client.get(f"/book/b/{booking.secret}/").status_code == 200
    assert client.post(f"{page}give-up/", follow=True).status_code == 200
    assert again(entry).booking.state == "cancelled"


def test_what_is_free_after_all_leads_to_the_form_that_books_it(db, keys_dir, at_now):
    house = cast.house(name="TERAA Genesis", slug="genesis")
    start = cast.in_three_days(at_now)
    address = f"/book/{house.a.pk}/wait/?start={start:%Y-%m-%dT%H:%M:%SZ}&minutes=120&people=1"

    answer = Client().post(
        address, {"key": str(uuid7()), "name": "Ada", "email": "ada@example.org"}
    )

    assert answer.status_code == 302
    assert answer["Location"].startswith(f"/book/{house.a.pk}/?start=")
