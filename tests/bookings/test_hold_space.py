"""A guest wants a studio: what is kept for them, what it costs, and when it is refused."""

import datetime
from functools import partial

import pytest
from django.db import connection

from bookings.models import Booking
from bookings.problems import NotBookable, NoVatRateNow, PriceChanged, TooManyFree, TooManyHolds
from teraa.accounts.models import OutgoingMail
from teraa.common.ids import uuid7
from teraa.common.problems import Invalid, NotFound, SameKeyOtherBody
from teraa.settlement.models import Due
from teraa.spaces.models import Claim
from teraa.spaces.operations import JustTaken
from teraa.venues.models import VatRate
from tests.bookings import cast
from tests.spaces import cast as space_cast
from tests.spaces.test_claim_at_once import RIVALS, at_once, overlaps

MINUTE = datetime.timedelta(minutes=1)
DAY = datetime.timedelta(days=1)


@pytest.fixture
def house(db):
    return cast.house()


def test_it_is_held_until_it_is_paid(house, at):
    booking = house.hold(at).booking

    assert booking.state == "hold"
    assert booking.expires_at == at + 20 * MINUTE
    assert booking.total_cents == 4000
    assert booking.due.amount_cents == 4000
    assert booking.due.person == "Nora Petit"
    assert booking.due.label == booking.label == "Studio A · jeu. 26 nov. 2026 19:00–21:00"
    assert Claim.objects.filter(holder=booking.holder, live=True).count() == 2


def test_its_ticket_is_frozen_with_the_price_and_the_rate_of_the_day(house, at):
    booking = house.hold(at).booking
    house.a.hour_cents = 9900
    house.a.save()

    (line,) = cast.again(booking).lines
    assert line["total_cents"] == 4000
    assert line["quantity_milli"] == 2000
    assert line["vat_rate_bp"] == 2000
    assert line["label"] == f"{booking.label} (heure)"


def test_the_claim_outlasts_the_countdown_a_little(house, at):
    booking = house.hold(at).booking

    assert Claim.objects.filter(expires_at__gt=booking.expires_at).count() == 2


def test_what_costs_nothing_is_confirmed_at_once_without_a_due(house, at):
    booking = house.hold(at, house.desk, people=2).booking

    assert booking.state == "confirmed"
    assert booking.due is None
    assert booking.count == 2
    assert not Due.objects.exists()
    assert not Claim.objects.filter(expires_at__isnull=False).exists()
    assert OutgoingMail.objects.get().to == ["nora@example.org"]


def test_who_pays_at_the_bar_has_until_the_stay_begins_or_a_day(house, at):
    later = house.hold(at, pays="till").booking
    soon = house.hold(at, house.b, pays="till", starts_at=at + 30 * MINUTE).booking

    assert later.expires_at == at + DAY
    assert soon.expires_at == at + 30 * MINUTE


# -- the same again ------------------------------------------------------------------------------------


def test_the_same_request_again_holds_once(house, at):
    wanted = house.wanted()
    first = cast.hold_space(venue=house.venue, wanted=wanted, at=at)

    # Even when the price has changed meanwhile, and the time has passed.
    house.a.hour_cents = 9900
    house.a.save()
    again = cast.hold_space(venue=house.venue, wanted=wanted, at=at + 30 * DAY)

    assert (first.is_new, again.is_new) == (True, False)
    assert again.booking.pk == first.booking.pk
    assert Due.objects.count() == 1


@pytest.mark.parametrize(
    "other", [{"minutes": 180}, {"name": "Noé"}, {"people": 2}, {"email": "n@example.org"}], ids=str
)
def test_it_refuses_the_same_key_with_another_body(house, at, other):
    key = uuid7()
    house.hold(at, key=key)

    with pytest.raises(SameKeyOtherBody):
        house.hold(at, key=key, **other)


def test_two_venues_may_meet_the_same_key(house, at):
    key = uuid7()
    house.hold(at, key=key)

    assert cast.house().hold(at, key=key).is_new


def test_it_refuses_a_key_that_is_not_of_version_7(house, at):
    import uuid

    with pytest.raises(Invalid):
        house.hold(at, key=uuid.uuid4())


# -- rules --------------------------------------------------------------------------------------------


def reasons(house, at, **fields):
    with pytest.raises(NotBookable) as refused:
        house.hold(at, **fields)
    assert not Booking.objects.exists()
    return [one["code"] for one in refused.value.context["reasons"]]


def test_it_refuses_a_time_at_which_it_is_closed(house, at):
    midnight = datetime.datetime(2026, 11, 26, 22, tzinfo=datetime.UTC)

    assert reasons(house, at, starts_at=midnight) == ["closed"]


def test_it_refuses_a_time_between_its_steps(house, at):
    odd = datetime.datetime(2026, 11, 26, 18, 10, tzinfo=datetime.UTC)

    assert reasons(house, at, starts_at=odd) == ["closed"]


def test_it_refuses_the_past(house, at):
    assert reasons(house, at, starts_at=at - DAY) == ["past"]


def test_it_refuses_what_is_too_far_ahead(house, at):
    assert reasons(house, at, starts_at=at + 300 * DAY) == ["too_far"]


def test_every_broken_rule_is_named_at_once(house, at):
    assert reasons(house, at, minutes=20, people=40) == [
        "too_short",
        "odd_length",
        "too_many_people",
    ]


def test_it_refuses_a_price_that_is_not_todays(house, at):
    with pytest.raises(PriceChanged) as refused:
        house.hold(at, total_cents=3999)

    assert refused.value.context == {"total_cents": 4000}


def test_it_refuses_an_offer_of_another_venue(house, at):
    with pytest.raises(NotFound):
        house.hold(at, cast.house().a)


def test_it_refuses_an_offer_that_is_not_let_any_more(house, at):
    house.a.active = False
    house.a.save()

    with pytest.raises(NotFound):
        house.hold(at)


def test_it_refuses_what_has_no_vat_rate(house, at):
    VatRate.objects.filter(vat_class="service").delete()

    with pytest.raises(NoVatRateNow):
        house.hold(at)


def test_it_refuses_a_sixth_unpaid_hold_of_one_person(house, at):
    for number in range(5):
        house.hold(at, starts_at=house.wanted().starts_at + number * DAY)

    with pytest.raises(TooManyHolds):
        house.hold(at, house.b, email="NORA@example.org")
    assert house.hold(at, house.b, email="noe@example.org").is_new


def test_it_refuses_a_sixth_free_table_ahead_of_one_person(house, at):
    for number in range(5):
        house.hold(at, house.desk, starts_at=house.wanted().starts_at + number * DAY)

    with pytest.raises(TooManyFree):
        house.hold(at, house.desk, starts_at=house.wanted().starts_at + 6 * DAY)
    assert house.hold(at).is_new, "what is paid for is another matter"


# -- taken --------------------------------------------------------------------------------------------


def test_it_refuses_what_is_taken_and_names_when_it_is_free_and_open(house, at):
    house.hold(at)

    with pytest.raises(JustTaken) as refused:
        house.hold(at, house.grand, starts_at=house.wanted().starts_at + cast.HOUR)

    starts = [one["starts_at"] for one in refused.value.context["nearest"]]
    # 21:00 is the last two hours of the evening; before, it is free up to 17:00.
    assert starts[0] == "2026-11-26T20:00:00.000Z"
    assert "2026-11-26T16:00:00.000Z" in starts
    assert Booking.objects.count() == 1
    assert Due.objects.count() == 1


def test_a_concert_blocks_what_it_needs(house, at):
    wanted = house.wanted()
    space_cast.claim(house.spaces.a, wanted.starts_at, "ticketing.event:concert")

    with pytest.raises(JustTaken):
        cast.hold_space(venue=house.venue, wanted=wanted, at=at)


def test_it_asks_the_database_little(house, at, count_queries):
    with count_queries() as queries:
        house.hold(at)

    assert len(queries) <= 16, "\n".join(queries)


def test_a_booking_cannot_point_at_another_venues_offer(house, at):
    from django.db import IntegrityError, transaction

    booking = house.hold(at).booking
    Booking.objects.filter(pk=booking.pk).update(offer=cast.house().a)

    with pytest.raises(IntegrityError), transaction.atomic():
        connection.check_constraints()
    Booking.objects.filter(pk=booking.pk).update(offer=house.a)


# -- at the same moment ---------------------------------------------------------------------------------


def told(outcomes):
    strange = [one for one in outcomes if not isinstance(one, cast.Held | JustTaken)]
    assert not strange, strange
    return [one for one in outcomes if isinstance(one, JustTaken)]


def test_of_twelve_rivals_for_one_studio_one_has_it_and_the_others_are_told_when_it_is_free(
    live_database, at
):
    house = cast.house()

    outcomes = at_once(
        [partial(house.hold, at, email=f"rival{n}@example.org") for n in range(RIVALS)]
    )

    refused = told(outcomes)
    assert len(refused) == RIVALS - 1
    assert all(one.context["nearest"] for one in refused)
    assert Booking.objects.count() == Due.objects.count() == 1
    assert overlaps() == 0


def test_rivals_for_a_studio_and_for_both_together_never_overlap(live_database, at):
    house = cast.house()
    offers = [house.a, house.grand, house.b] * 4

    outcomes = at_once(
        [
            partial(house.hold, at, what, email=f"rival{n}@example.org")
            for n, what in enumerate(offers)
        ]
    )

    assert len(told(outcomes)) in (RIVALS - 1, RIVALS - 2)
    assert overlaps() == 0


def test_a_button_pressed_twice_at_once_holds_once(live_database, at):
    house = cast.house()
    wanted = house.wanted()

    outcomes = at_once(
        [partial(cast.hold_space, venue=house.venue, wanted=wanted, at=at) for _ in range(6)]
    )

    assert {one.booking.pk for one in outcomes} == {Booking.objects.get().pk}
    assert sum(one.is_new for one in outcomes) == 1
    assert Due.objects.count() == 1
