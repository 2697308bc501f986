"""The back office: offers, spaces, bookings, and the day's board."""

from __future__ import annotations

import datetime

import pytest
from django.test import Client

from bookings.board import board_of
from bookings.cancelling import Rung
from bookings.models import Booking, BookingLimit, Offer, SpecialDays
from teraa.common.clock import now
from teraa.spaces.models import Resource
from teraa.venues.models import Role
from tests import make
from tests.bookings import cast
from tests.bookings.test_book_online import next_thursday, thursday_morning
from tests.spaces import cast as space_cast

pytestmark = pytest.mark.django_db

DAY = datetime.date(2026, 11, 26)
EVENING = datetime.datetime(2026, 11, 26, 18, tzinfo=datetime.UTC)


@pytest.fixture
def house(keys_dir):
    return cast.house()


def signed_in(venue, role):
    user = make.user(is_staff=True)
    make.staff(venue, role=role, user=user)
    client = Client(headers={"accept-language": "fr"})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def rows(house, at, day=DAY):
    return {row.name: row for row in board_of(venue=house.venue, day=day, at=at).rows}


# -- the board ----------------------------------------------------------------------------------------


def test_the_board_shows_who_has_what_and_what_blocks_it(house, at):
    house.hold(at)

    board = rows(house, at)

    for name in ("Studio A", "Grand Studio"):
        (bar,) = board[name].bars
        assert bar.claim.label == "Nora Petit · Studio A"
        assert bar.claim.held
        assert (bar.starts.hour, bar.ends.hour) == (19, 21)
        # Eleven hours after eight, of fourteen.
        assert (bar.left, bar.width) == ("78.57", "14.28")
    assert not board["Studio B"].bars


def test_the_board_shows_a_concert(house, at):
    space_cast.claim(house.spaces.b, EVENING, "ticketing.event:x", label="Concert de Lila")

    assert rows(house, at)["Studio B"].bars[0].claim.label == "Concert de Lila"


def test_desks_taken_at_once_stand_in_lanes(house, at):
    for number in range(3):
        house.hold(at, house.desk, email=f"g{number}@example.org")

    desks = rows(house, at)["Bureau"]
    assert desks.lanes == 3
    assert [bar.lane for bar in desks.bars] == [0, 1, 2]


def test_one_after_the_other_stands_in_one_lane(house, at):
    house.hold(at)
    house.hold(at, starts_at=EVENING + 2 * cast.HOUR)

    assert rows(house, at)["Studio A"].lanes == 1


def test_the_board_grows_with_an_early_or_a_late_use(house, at):
    early = datetime.datetime(2026, 11, 26, 4, 30, tzinfo=datetime.UTC)
    space_cast.claim(house.spaces.a, early, "x", ends_at=early + cast.HOUR)

    assert board_of(venue=house.venue, day=DAY, at=at).hours[0] == 5


def test_a_night_is_cut_at_midnight(house, at):
    late = datetime.datetime(2026, 11, 26, 21, tzinfo=datetime.UTC)
    space_cast.claim(house.spaces.a, late, "x", ends_at=late + 4 * cast.HOUR)

    thursday = board_of(venue=house.venue, day=DAY, at=at)
    friday = board_of(venue=house.venue, day=DAY + datetime.timedelta(days=1), at=at)
    assert thursday.hours[-1] == 23
    assert friday.hours[0] == 0
    assert next(row for row in friday.rows if row.bars).bars[0].left == "0.00"


def test_a_day_of_twenty_five_hours_is_drawn(house, at):
    october = datetime.date(2026, 10, 25)
    assert len(board_of(venue=house.venue, day=october, at=at).hours) == 14


def test_the_board_costs_two_queries(house, at, count_queries):
    house.hold(at)
    with count_queries() as queries:
        rows(house, at)

    assert len(queries) == 2


# -- its page -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.MANAGER, Role.DESK, Role.CASHIER, Role.TREASURER])
def test_the_team_sees_the_day(house, role):
    house.hold(now(), starts_at=thursday_morning())

    page = signed_in(house.venue, role).get(
        f"/office/bookings/booking/board/?day={next_thursday()}"
    )

    assert page.status_code == 200
    assert "Nora Petit" in page.content.decode()
    assert "10:00–12:00" in page.content.decode()
    assert "à payer" in page.content.decode()


@pytest.mark.parametrize("day", ["", "hier", "9999-12-31", "0001-01-01"])
def test_whatever_day_is_asked_the_board_answers(house, day):
    manager = signed_in(house.venue, Role.MANAGER)

    assert manager.get(f"/office/bookings/booking/board/?day={day}").status_code == 200


def test_a_gate_does_not_see_the_day(house):
    gate = signed_in(house.venue, Role.GATE)

    assert gate.get("/office/bookings/booking/board/").status_code == 403


def test_nobody_sees_another_venues_day(house):
    other = cast.house(name="Zorglub")
    other.hold(now(), starts_at=thursday_morning(), name="Zorglub invitée")

    page = signed_in(house.venue, Role.MANAGER).get(
        f"/office/bookings/booking/board/?day={next_thursday()}&venue={other.venue.slug}"
    )

    assert "Zorglub" not in page.content.decode()


def test_the_overview_says_who_comes_and_what_needs_a_refund(house):
    at = now()
    today = at.replace(hour=10, minute=0, second=0, microsecond=0)
    stay = house.hold(at, starts_at=thursday_morning()).booking
    Booking.objects.filter(pk=stay.pk).update(starts_at=today, ends_at=today + cast.HOUR)
    late = house.hold(at, house.b, starts_at=thursday_morning(), email="b@example.org").booking
    space_cast.claim(house.spaces.b, late.starts_at, "x", at=late.expires_at + cast.HOUR)
    cast.pay_in_cash(late, at)
    cast.deliver(at)

    page = signed_in(house.venue, Role.MANAGER).get("/office/")

    (board,) = page.context["boards"]
    stays = board.figures[-1]
    assert (stays.value, stays.tone) == ("1", "danger")
    assert stays.rows[0].value == "1"
    for url in (stays.url, stays.rows[0].url):
        listed = signed_in(house.venue, Role.MANAGER).get(url)
        assert listed.status_code == 200
        assert len(listed.context["cl"].result_list) == 1


def test_a_venue_that_lets_nothing_has_no_such_figure(db):
    page = signed_in(make.venue(), Role.MANAGER).get("/office/")

    assert len(page.context["boards"][0].figures) == 5


# -- lists and forms ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["bookings/booking/", "bookings/offer/", "spaces/resource/", "spaces/atom/", "spaces/claim/"],
)
def test_every_list_is_there_and_searched(house, path):
    house.hold(now(), starts_at=thursday_morning())
    manager = signed_in(house.venue, Role.MANAGER)

    assert manager.get(f"/office/{path}").status_code == 200
    assert manager.get(f"/office/{path}?q=Studio").status_code == 200


def test_a_booking_is_found_by_either_of_its_codes(house):
    booking = house.hold(now(), starts_at=thursday_morning()).booking
    manager = signed_in(house.venue, Role.MANAGER)

    for code in (booking.spoken_code.lower(), booking.due.spoken_code):
        page = manager.get(f"/office/bookings/booking/?q={code}").content.decode()
        assert "Nora Petit" in page


def test_a_booking_is_looked_at_with_its_ticket(house):
    at = now()
    booking = house.hold(at, starts_at=thursday_morning()).booking
    cast.pay_in_cash(booking, at)
    cast.deliver(at)

    page = signed_in(house.venue, Role.MANAGER).get(
        f"/office/bookings/booking/{booking.pk}/change/"
    )

    assert page.status_code == 200
    assert "Confirmé" in page.content.decode()


def offer_form(house, resource, **fields):
    return {
        "venue": str(house.venue.pk),
        "name": "Nouvelle offre",
        "kind": "room",
        "summary": "",
        "resource": str(resource.pk),
        "payee": str(house.payee.pk),
        "hour_cents": "1000",
        "half_day_min": "240",
        "vat_class": "service",
        "min_minutes": "60",
        "max_minutes": "600",
        "step_minutes": "30",
        "horizon_days": "180",
        "notice_minutes": "0",
        "opens_on_holidays": "on",
        "hold_minutes": "20",
        "till_hold_minutes": "1440",
        "waiting_hold_minutes": "120",
        "position": "0",
        "active": "on",
        "hours-TOTAL_FORMS": "1",
        "hours-INITIAL_FORMS": "0",
        "hours-0-during": "usual",
        "hours-0-weekday": "3",
        "hours-0-opens": "09:00",
        "hours-0-closes": "18:00",
        "peaks-TOTAL_FORMS": "0",
        "peaks-INITIAL_FORMS": "0",
        "cancellation_steps-TOTAL_FORMS": "1",
        "cancellation_steps-INITIAL_FORMS": "0",
        "cancellation_steps-0-minutes_before": "1440",
        "cancellation_steps-0-percent": "50",
    } | fields


def test_a_manager_adds_an_offer_with_its_hours(house):
    manager = signed_in(house.venue, Role.MANAGER)

    answer = manager.post("/office/bookings/offer/add/", offer_form(house, house.spaces.a))

    assert answer.status_code == 302, answer.context["errors"]
    offer = Offer.objects.get(name="Nouvelle offre")
    assert offer.hours.get().venue == house.venue
    assert offer.cancellation_steps.get().rung == Rung(1440, 50)


def test_an_offer_without_any_price_is_refused_with_a_sentence(house):
    manager = signed_in(house.venue, Role.MANAGER)

    answer = manager.post(
        "/office/bookings/offer/add/", offer_form(house, house.spaces.a, hour_cents="")
    )

    assert answer.status_code == 200
    assert "Donnez un prix" in answer.content.decode()


def test_a_manager_makes_a_space_of_smaller_ones(house):
    manager = signed_in(house.venue, Role.MANAGER)
    atom = house.spaces.a.atoms.get()

    answer = manager.post("/office/spaces/resource/add/", resource_form(house, atom))

    assert answer.status_code == 302
    assert Resource.objects.get(name="Coin studio").parts.get().venue == house.venue


def test_a_space_is_never_made_of_another_venues(house):
    other = cast.house()
    user = make.user(is_staff=True)
    for venue in (house.venue, other.venue):
        make.staff(venue, role=Role.MANAGER, user=user)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    answer = client.post(
        "/office/spaces/resource/add/", resource_form(house, other.spaces.a.atoms.get())
    )

    assert answer.status_code == 200
    assert not Resource.objects.filter(name="Coin studio").exists()


def resource_form(house, atom):
    return {
        "venue": str(house.venue.pk),
        "name": "Coin studio",
        "kind": "set",
        "capacity": "2",
        "position": "0",
        "buffer_before_min": "0",
        "buffer_after_min": "0",
        "parts-TOTAL_FORMS": "1",
        "parts-INITIAL_FORMS": "0",
        "parts-0-atom": str(atom.pk),
    }


def test_desk_staff_change_nothing(house):
    desk = signed_in(house.venue, Role.DESK)

    assert desk.get("/office/bookings/offer/add/").status_code == 403
    assert desk.get("/office/bookings/offer/").status_code == 200


def test_a_manager_closes_some_days_and_sets_a_limit(house):
    manager = signed_in(house.venue, Role.MANAGER)
    closed = {
        "venue": str(house.venue.pk),
        "offer": "",
        "name": "Congés d’hiver",
        "first_day": "2026-12-24",
        "last_day": "2027-01-02",
        "opens": "",
        "closes": "",
    }
    limit = {
        "venue": str(house.venue.pk),
        "offer": str(house.a.pk),
        "over": "week",
        "most_bookings": "2",
        "most_minutes": "",
        "message": "",
    }

    answers = [
        manager.post("/office/bookings/specialdays/add/", closed),
        manager.post("/office/bookings/specialdays/add/", closed | {"last_day": "2026-12-01"}),
        manager.post("/office/bookings/specialdays/add/", closed | {"opens": "09:00"}),
        manager.post("/office/bookings/bookinglimit/add/", limit),
        manager.post("/office/bookings/bookinglimit/add/", limit | {"most_bookings": ""}),
    ]

    assert [one.status_code for one in answers] == [302, 200, 200, 302, 200]
    assert "Le dernier jour précède le premier." in answers[1].content.decode()
    assert "Donnez les deux heures" in answers[2].content.decode()
    assert SpecialDays.objects.get().name == "Congés d’hiver"
    assert BookingLimit.objects.get().most_bookings == 2


def test_an_offer_of_another_venue_is_not_offered_for_special_days(house):
    other = cast.house()
    manager = signed_in(house.venue, Role.MANAGER)
    stolen = {
        "venue": str(house.venue.pk),
        "offer": str(other.a.pk),
        "name": "Fermé chez eux",
        "first_day": "2026-12-24",
        "last_day": "2026-12-24",
    }

    answer = manager.post("/office/bookings/specialdays/add/", stolen)

    assert answer.status_code == 200
    assert not SpecialDays.objects.exists()


def cancels(client, booking, **fields):
    return client.post(
        f"/office/bookings/booking/{booking.pk}/cancel-stay/",
        {"_form_submitted": "on", "gives_back": "30.00", "reason": "Dégât des eaux"} | fields,
    )


def test_a_manager_cancels_for_a_guest_and_says_what_comes_back(house, at, keys_dir):
    booking = house.hold(at).booking
    cast.pay_in_cash(booking, at)
    cast.deliver(at)

    answer = cancels(signed_in(house.venue, Role.MANAGER), booking)

    assert answer.headers.get("HX-Redirect"), answer.content
    booking.refresh_from_db()
    assert (booking.state, booking.refund_cents) == ("cancelled", 3000)
    assert booking.cancel_reason == "Dégât des eaux"


@pytest.mark.parametrize("role", [Role.DESK, Role.CASHIER, Role.TREASURER])
def test_others_do_not_cancel_for_a_guest(house, at, role):
    booking = house.hold(at).booking

    answer = cancels(signed_in(house.venue, role), booking)

    assert answer.status_code == 403
    booking.refresh_from_db()
    assert booking.state == "hold"
