"""Weeks and months, dearer hours, and codes that make a stay cheaper."""

import datetime
import json

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from bookings.models import Booking, DiscountCode, OfferHours, PricePeak
from bookings.operations import cancel_booking
from bookings.pricing import (
    Peak,
    Tariffs,
    minutes_per_day,
    peak_minutes,
    price_stay,
    supplements,
)
from bookings.problems import DiscountSpent, PriceChanged, UnknownDiscount
from bookings.queries import open_offer, quote_stay
from teraa.common.clock import now
from teraa.common.ids import uuid7
from teraa.fiscal.models import Document
from teraa.fiscal.verify import verify
from tests.bookings import cast
from tests.spaces.test_claim_at_once import at_once

THURSDAY = datetime.datetime(2026, 11, 26, 18, tzinfo=datetime.UTC)  # 19:00 in Paris
HOUR = datetime.timedelta(hours=1)
PARIS = "Europe/Paris"
OFFICE = Tariffs(
    hour_cents=300, half_day_cents=1000, day_cents=1600, week_cents=6000, month_cents=18_000
)


@pytest.fixture
def house(db, keys_dir):
    return cast.house()


def charged(days, tariffs=OFFICE):
    lines = price_stay(per_day=[600] * days, tariffs=tariffs)
    return {line.unit: line.quantity_milli // 1000 for line in lines}


# -- weeks and months ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "units"),
    [
        (3, {"day": 3}),
        (4, {"week": 1}),  # four days would be 64 euros
        (7, {"week": 1}),
        (9, {"week": 1, "day": 2}),
        (14, {"week": 2}),
        (22, {"month": 1}),  # three weeks and a day would be 196 euros
        (31, {"month": 1}),
        (32, {"month": 1, "day": 1}),
    ],
)
def test_days_become_weeks_and_months_where_that_is_cheaper(days, units):
    assert charged(days) == units


price = st.none() | st.integers(0, 50_000)
tariffs_of = st.builds(
    Tariffs,
    hour_cents=price,
    half_day_cents=price,
    day_cents=price,
    week_cents=price,
    month_cents=price,
    half_day_min=st.sampled_from([180, 240, 250]),
).filter(
    lambda one: any(
        cents is not None
        for cents in (
            one.hour_cents,
            one.half_day_cents,
            one.day_cents,
            one.week_cents,
            one.month_cents,
        )
    )
)
stays = st.lists(st.integers(1, 96).map(lambda quarters: quarters * 15), min_size=1, max_size=16)


@given(tariffs_of, stays, st.integers(0, 15), st.integers(1, 40))
def test_longer_is_never_cheaper_with_weeks_and_months(tariffs, stay, place, more):
    longer = list(stay)
    longer[place % len(stay)] += more * 15

    def total(days):
        return sum(line.total_cents for line in price_stay(per_day=days, tariffs=tariffs))

    assert total(longer) >= total(stay)
    assert total([*stay, 15]) >= total(stay)


@given(tariffs_of, stays)
def test_no_plain_way_is_cheaper_than_the_combination(tariffs, stay):
    total = sum(line.total_cents for line in price_stay(per_day=stay, tariffs=tariffs))

    for cents, length in (
        (tariffs.week_cents, 7),
        (tariffs.month_cents, 31),
        (tariffs.day_cents, 1),
    ):
        if cents is not None:
            assert total <= -(-len(stay) // length) * cents


# -- dearer hours ----------------------------------------------------------------------------------


def local(*when):
    return datetime.datetime(*when, tzinfo=datetime.UTC)


EVENING = Peak("Soirée", 500, datetime.time(18), datetime.time(0))
SATURDAY = Peak("Samedi", 700, datetime.time(0), datetime.time(0), weekday=5)
FESTIVAL = Peak(
    "Festival",
    900,
    datetime.time(10),
    datetime.time(2),
    first_day=datetime.date(2026, 7, 3),
    last_day=datetime.date(2026, 7, 4),
)


@pytest.mark.parametrize(
    ("peak", "start", "end", "minutes"),
    [
        (EVENING, local(2026, 11, 26, 16), local(2026, 11, 26, 18), 60),  # 17 to 19 in Paris
        (EVENING, local(2026, 11, 26, 18), local(2026, 11, 26, 20), 120),
        (EVENING, local(2026, 11, 26, 8), local(2026, 11, 26, 17), 0),
        (EVENING, local(2026, 11, 26, 17), local(2026, 11, 28, 17), 720),  # two evenings
        (SATURDAY, local(2026, 11, 27, 22), local(2026, 11, 28, 1), 120),  # from midnight on
        (SATURDAY, local(2026, 11, 28, 22), local(2026, 11, 29, 1), 60),
        (FESTIVAL, local(2026, 7, 4, 22), local(2026, 7, 5, 2), 120),  # until 2 in the morning
        (FESTIVAL, local(2026, 7, 5, 10), local(2026, 7, 5, 12), 0),
        (SATURDAY, local(2026, 3, 27, 23), local(2026, 3, 28, 23), 1440),
        (
            Peak("Nuit", 1, datetime.time(0), datetime.time(6)),
            local(2026, 3, 28, 22),
            local(2026, 3, 29, 8),
            300,
        ),  # the night the clocks go forward
        (
            Peak("Nuit", 1, datetime.time(0), datetime.time(6)),
            local(2026, 10, 24, 21),
            local(2026, 10, 25, 8),
            420,
        ),  # and back
    ],
)
def test_a_stay_is_cut_at_the_bounds_of_a_peak(peak, start, end, minutes):
    assert peak_minutes(peak, start, end, PARIS) == minutes


@given(st.integers(0, 10_000), st.integers(1, 2000))
def test_what_lies_in_every_hour_is_the_whole_stay(begin, quarters):
    start = local(2026, 3, 1) + begin * datetime.timedelta(minutes=15)
    end = start + quarters * datetime.timedelta(minutes=15)
    always = Peak("Toujours", 1, datetime.time(0), datetime.time(0))

    assert peak_minutes(always, start, end, PARIS) == sum(minutes_per_day(start, end, PARIS))


def test_a_supplement_is_a_line_of_its_own_by_the_quarter():
    (line,) = supplements([(EVENING, 50), (SATURDAY, 0)], count=2)

    assert (line.name, line.quantity_milli, line.total_cents) == ("Soirée", 2000, 1000)


def test_an_evening_costs_more_on_the_page_the_hold_and_the_ticket(house, at):
    PricePeak.objects.create(
        venue=house.venue,
        offer=house.a,
        name="Soirée",
        hour_cents=500,
        opens=datetime.time(20),
        closes=datetime.time(0),
    )

    with pytest.raises(PriceChanged) as refused:
        house.hold(at)
    assert refused.value.context["total_cents"] == 4500  # 19 to 21: one hour of it
    booking = house.hold(at, total_cents=4500).booking
    cast.pay_in_cash(booking, at)
    cast.deliver(at)

    (ticket,) = Document.objects.filter(kind="TICKET")
    lines = json.loads(ticket.payload)["lines"]
    assert [line["total_cents"] for line in lines] == [4000, 500]
    assert lines[1]["label"].endswith("(Soirée)")
    assert verify().faults == []


# -- codes -----------------------------------------------------------------------------------------


def code(house, **fields):
    return DiscountCode.objects.create(
        **{"venue": house.venue, "code": "ADHERENT", "name": "Adhérents", "percent": 20} | fields
    )


def test_a_code_takes_its_share_off_every_line_and_says_why_on_the_ticket(house, at):
    code(house)
    stay = {"minutes": 300, "starts_at": THURSDAY - 5 * HOUR}
    booking = house.hold(at, discount=" adherent", total_cents=7200, **stay).booking
    cast.pay_in_cash(booking, at)
    cast.deliver(at)

    assert booking.total_cents == 7200  # a half-day and an hour, less a fifth
    lines = json.loads(Document.objects.get(kind="TICKET").payload)["lines"]
    assert [line["discount_cents"] for line in lines] == [1400, 400]
    assert {line["discount_reason"] for line in lines} == {"Adhérents"}
    assert verify().faults == []
    cancel_booking(booking_id=booking.pk, at=at)


def test_a_code_for_everything_makes_it_free(house, at):
    code(house, percent=100)

    booking = house.hold(at, discount="ADHERENT", total_cents=0).booking

    assert (booking.state, booking.total_cents, booking.due) == ("confirmed", 0, None)


@pytest.mark.parametrize(
    "fields",
    [
        {"code": "AUTRE"},
        {"active": False},
        {"first_day": datetime.date(2026, 11, 20)},
        {"last_day": datetime.date(2026, 11, 18)},
    ],
)
def test_a_code_that_does_not_hold_is_refused(house, at, fields):
    code(house, **fields)

    with pytest.raises(UnknownDiscount):
        house.hold(at, discount="ADHERENT", total_cents=3200)


def test_a_code_of_another_offer_or_venue_is_refused(house, at):
    code(house, offer=house.b)
    code(cast.house(), code="LEUR")

    for typed in ("ADHERENT", "LEUR"):
        with pytest.raises(UnknownDiscount):
            house.hold(at, discount=typed, total_cents=3200)
    house.hold(at, house.b, discount="ADHERENT", total_cents=3200)


def test_a_code_is_used_no_oftener_than_it_may_be_and_again_when_one_lets_go(
    live_database, keys_dir, at
):
    made = cast.house()
    code(made, most_uses=2)

    def uses(number):
        day = datetime.timedelta(days=number)
        return lambda: made.hold(
            at,
            starts_at=THURSDAY + day,
            email=f"{number}@example.org",
            discount="ADHERENT",
            total_cents=3200,
        )

    outcomes = at_once([uses(number) for number in range(6)])

    assert sum(isinstance(one, DiscountSpent) for one in outcomes) == 4
    first = Booking.objects.first()
    assert first is not None
    cancel_booking(booking_id=first.pk, at=at)
    assert made.hold(
        at,
        starts_at=THURSDAY + 9 * 24 * HOUR,
        email="z@example.org",
        discount="ADHERENT",
        total_cents=3200,
    )


def test_a_quote_says_what_the_code_takes_off(house, at):
    code(house)
    quote = quote_stay(
        venue=house.venue,
        offer=open_offer(venue=house.venue, offer_id=house.a.pk),
        starts_at=THURSDAY,
        minutes=120,
        people=1,
        at=at,
        discount="adherent",
    )

    assert (quote.full_cents, quote.off_cents, quote.total_cents) == (4000, 800, 3200)


# -- pages -----------------------------------------------------------------------------------------


def test_a_guest_types_a_code_and_books_at_that_price(db, keys_dir):
    house = cast.house(name="TERAA Genesis", slug="genesis")
    code(house)
    start = cast.in_three_days(now())
    client = Client(headers={"accept-language": "fr"})
    address = f"/book/{house.a.pk}/?start={start:%Y-%m-%dT%H:%M:%SZ}&minutes=120&people=1"

    wrong = client.get(f"{address}&code=FAUX").content.decode()
    shown = client.get(f"{address}&code=adherent")

    assert "ne vaut pas ici" in wrong
    assert "Adhérents (−20 %)" in shown.content.decode()
    form = shown.context["form"]
    answer = client.post(
        f"{address}&code=adherent",
        {
            "key": str(form.initial["key"]),
            "total_cents": str(form.initial["total_cents"]),
            "name": "Ada",
            "email": "ada@example.org",
            "pays": "till",
        },
    )
    assert answer.status_code == 302
    assert Booking.objects.get().total_cents == 3200


def test_the_interface_quotes_a_stay(db, keys_dir):
    house = cast.house(name="TERAA Genesis", slug="genesis")
    code(house)
    start = cast.in_three_days(now())
    asked = {"offer": str(house.a.pk), "starts_at": start.isoformat(), "minutes": 90}

    said = Client().get("/api/bookings/genesis/quote/", asked | {"discount": "adherent"}).json()

    assert (said["full_cents"], said["total_cents"], said["discount"]) == (3000, 2400, "Adhérents")
    assert said["lines"] == [
        {
            "unit": "hour",
            "name": "",
            "quantity_milli": 1500,
            "unit_price_cents": 2000,
            "total_cents": 3000,
        }
    ]
    refused = Client().get("/api/bookings/genesis/quote/", asked | {"discount": "faux"})
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_discount")
    assert (
        Client().get("/api/bookings/genesis/quote/", asked | {"offer": str(uuid7())}).status_code
        == 404
    )


def test_a_desk_let_day_and_night_is_offered_by_the_week(db, keys_dir):
    house = cast.house(name="TERAA Genesis", slug="genesis")
    OfferHours.objects.filter(offer=house.a).update(opens=datetime.time(0), closes=datetime.time(0))
    house.a.max_minutes, house.a.week_cents = 7 * 24 * 60, 30_000
    house.a.save()
    day = cast.in_three_days(now()).date()

    page = (
        Client(headers={"accept-language": "fr"})
        .get("/book/", {"day": day.isoformat(), "minutes": str(7 * 24 * 60)})
        .content.decode()
    )

    assert "7 jours" in page
    assert "300,00" in page
