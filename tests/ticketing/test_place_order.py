"""Places are held for a while; never more than there are."""

import datetime
from uuid import UUID

import pytest
from django.db import connection

from teraa.common.ids import uuid7
from teraa.common.problems import Invalid, NotFound, SameKeyOtherBody
from teraa.settlement.effects import deliver_one
from teraa.settlement.models import Due
from teraa.settlement.operations import add_tender
from tests.ticketing import cast
from tests.ticketing.cast import MINUTE
from ticketing.models import Order
from ticketing.operations import (
    LineWanted,
    cancel_order,
    end_event,
    free_expired,
    place_order,
)
from ticketing.problems import (
    NotOnSale,
    OrderClosed,
    OrderTotalDiffers,
    SoldOut,
    TooManyTickets,
    UnknownRate,
)


@pytest.fixture
def show(db, keys_dir, at):
    return cast.show(at=at, capacity=20)


def test_it_holds_places_and_says_what_is_owed_to_the_organiser(show, at):
    order = show.order(2, 1, at=at)

    assert (order.state, order.total_cents, order.places) == ("hold", 4800, 3)
    assert order.hold_until == at + 15 * MINUTE
    assert show.left() == 17
    due = Due.objects.get(pk=order.due_id)
    assert (due.payee_id, due.amount_cents, due.person) == (show.payee.pk, 4800, "Ada Lovelace")
    assert due.code == order.code
    assert show.event.title in due.label
    assert not order.tickets.exists(), "nothing is issued before it is paid"


def test_lines_keep_the_values_of_the_moment(show, at):
    order = show.order(1, at=at)
    show.full.price_cents = 2500
    show.full.name = "Soutien"
    show.full.save()

    cast.pay(order, at=at)
    ticket = order.tickets.get()
    assert (ticket.category, ticket.price_cents) == ("Plein tarif", 1800)


def test_a_free_entry_is_confirmed_at_once_and_owes_nothing(show, at):
    order = show.order(0, 0, 2, at=at)

    assert (order.state, order.due_id, order.document_id) == ("confirmed", None, None)
    assert [ticket.number for ticket in order.tickets.order_by("number")] == [1, 2]
    assert not Due.objects.exists()


def test_the_same_key_again_is_the_same_order(show, at):
    wanted = show.wanted(2)
    ask = {"venue": show.venue, "wanted": wanted, "page_of": cast.page_of, "language": "fr"}
    first = place_order(**ask, at=at)
    again = place_order(**ask, at=at + MINUTE)

    assert (first.is_new, again.is_new) == (True, False)
    assert again.order.pk == first.order.pk
    assert show.left() == 18
    assert Due.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(show, at):
    order = show.order(2, at=at)

    with pytest.raises(SameKeyOtherBody):
        show.order(1, at=at, key=order.key)
    assert show.left() == 18


def test_a_repeated_order_is_answered_although_everything_is_sold_now(show, at):
    first = show.order(10, at=at)
    show.order(10, at=at, key=uuid7())

    again = show.order(10, at=at, key=first.key)
    assert again.pk == first.pk


def test_it_refuses_more_than_what_is_left(show, at):
    show.order(10, at=at)
    show.order(8, at=at)

    with pytest.raises(SoldOut) as refusal:
        show.order(3, at=at)
    assert refusal.value.context == {"left": 2}
    assert show.order(2, at=at).places == 2
    assert show.left() == 0


def test_full_is_answered_without_a_lock(show, at):
    show.order(10, at=at)
    show.order(10, at=at)
    said = []

    def listen(execute, sql, params, many, context):
        said.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(listen), pytest.raises(SoldOut):
        show.order(1, at=at)
    assert said
    assert not [sql for sql in said if "UPDATE" in sql or "INSERT" in sql or " FOR " in sql]


def test_both_rates_take_from_one_quota(show, at):
    show.order(10, at=at)
    show.order(0, 9, at=at)

    with pytest.raises(SoldOut):
        show.order(1, 1, at=at)


def test_held_places_come_back_when_their_time_is_over(show, at):
    first = show.order(10, at=at)
    show.order(10, at=at)
    later = at + 16 * MINUTE

    assert show.order(4, at=later).places == 4
    first.refresh_from_db()
    assert first.state == "expired"
    assert Due.objects.get(pk=first.due_id).state == "cancelled"
    assert show.left() == 16


def test_a_hold_lasts_to_its_last_second(show, at):
    show.order(10, at=at)

    assert free_expired(at=at + 15 * MINUTE - datetime.timedelta(seconds=1)) == 0
    assert free_expired(at=at + 15 * MINUTE) == 1
    assert free_expired(at=at + 15 * MINUTE) == 0
    assert show.left() == 20


def test_a_half_paid_order_keeps_its_places(show, at):
    order = show.order(1, at=at)
    add_tender(key=uuid7(), due_id=order.due_id, kind="cash", amount_cents=500, at=at)

    assert free_expired(at=at + 60 * MINUTE) == 0
    order.refresh_from_db()
    assert order.state == "hold"
    assert show.left() == 19


def test_it_can_be_given_up_once_and_for_all(show, at):
    order = show.order(3, at=at)

    cancel_order(venue_id=show.venue.pk, secret=order.secret, at=at)
    cancel_order(venue_id=show.venue.pk, secret=order.secret, at=at)

    order.refresh_from_db()
    assert order.state == "cancelled"
    assert show.left() == 20
    assert Due.objects.get().state == "cancelled"


def test_a_paid_order_cannot_be_given_up(show, at):
    order = show.order(1, at=at)
    cast.pay(order, at=at)

    with pytest.raises(OrderClosed):
        cancel_order(venue_id=show.venue.pk, secret=order.secret, at=at)


def test_it_refuses_what_is_not_on_sale(show, at):
    other = cast.show(at=at, draft=True, venue=show.venue)
    with pytest.raises(NotOnSale):
        other.order(1, at=at)
    with pytest.raises(NotOnSale):
        show.order(1, at=show.event.ends_at)
    end_event(event_id=show.event.pk, venue_id=show.venue.pk, at=at)
    with pytest.raises(NotOnSale):
        show.order(1, at=at)


@pytest.mark.parametrize(
    ("counts", "fields", "refusal"),
    [
        ((11,), {}, TooManyTickets),
        ((1,), {"total_cents": 1799}, OrderTotalDiffers),
        ((1,), {"event": "nothing-here"}, NotFound),
        ((1,), {"lines": []}, Invalid),
        ((1,), {"lines": [LineWanted(uuid7(), 1)]}, UnknownRate),
        ((1,), {"key": "4f3c1f9e-6b0f-4a4e-9a58-0e5b7a5d2f11"}, Invalid),
    ],
)
def test_it_refuses_a_wrong_order_and_keeps_nothing(show, at, counts, fields, refusal):
    if "key" in fields:
        fields = fields | {"key": UUID(fields["key"])}
    with pytest.raises(refusal):
        show.order(*counts, at=at, **fields)
    assert not Order.objects.exists()
    assert not Due.objects.exists()
    assert show.left() == 20


def test_it_refuses_a_rate_of_another_event(show, at):
    other = cast.show(at=at, venue=show.venue)

    with pytest.raises(UnknownRate):
        show.order(1, at=at, lines=[LineWanted(other.full.pk, 1)])


def test_another_venues_event_is_not_found(show, at):
    elsewhere = cast.show(at=at)

    with pytest.raises(NotFound):
        show.order(1, at=at, event=elsewhere.event.slug)


def test_an_order_takes_few_statements(show, at, count_queries):
    show.sell(1, at=at)  # what is learned or opened once
    with count_queries() as queries:
        order = show.order(2, 1, at=at)
    assert len(queries) <= 6, queries
    add_tender(key=uuid7(), due_id=order.due_id, kind="cash", amount_cents=4800, at=at)
    with count_queries() as queries:
        deliver_one(at=at)
    # Two of them are what a process learns once it has seen a commit: the register and the key.
    assert len(queries) <= 15 + 2, queries
    assert order.tickets.count() == 3
