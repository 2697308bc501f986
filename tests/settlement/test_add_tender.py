"""Cash, card and vouchers: never more than is owed, never twice, settled exactly once."""

import threading

import pytest
from django.db import IntegrityError, connection, transaction

from teraa.common.ids import uuid7
from teraa.common.problems import Invalid, NotFound, SameKeyOtherBody
from teraa.settlement import operations
from teraa.settlement.models import Due, Effect, Tender
from teraa.settlement.operations import settled_tenders, tender_exists
from teraa.settlement.problems import DueClosed, MoneyReceived, NotEnoughCash, TooMuch
from teraa.settlement.queries import due_state, tender_views
from tests import make
from tests.settlement import cast


def take(due, cents, at, **fields):
    wanted = {"key": uuid7(), "due_id": due.pk, "kind": "cash", "amount_cents": cents, "at": at}
    return operations.add_tender(**wanted | fields)


@pytest.mark.django_db
def test_it_settles_with_the_last_cent(at):
    due = cast.due(cast.payee(), at, 1000)
    take(due, 400, at, kind="card", authorisation="A1B2")
    assert due_state(due.pk).remaining_cents == 600
    tender = take(due, 600, at, received_cents=1000)

    assert tender.change_cents == 400
    found = due_state(due.pk)
    assert (found.state, found.paid_cents, found.version) == ("settled", 1000, 3)
    assert list(due.effects.values_list("kind", flat=True)) == ["settled"]
    assert [(one.kind, one.authorisation) for one in settled_tenders(due_id=due.pk)] == [
        ("card", "A1B2"),
        ("cash", ""),
    ]


@pytest.mark.django_db
def test_it_takes_at_most_six_queries(at, count_queries):
    due = cast.due(cast.payee(), at, 1000)
    with count_queries() as queries:
        take(due, 400, at)
    assert len(queries) <= 6


@pytest.mark.django_db
def test_the_same_key_again_is_the_same_tender(at):
    due = cast.due(cast.payee(), at, 1000)
    key = uuid7()
    first = take(due, 1000, at, key=key, received_cents=2000)
    again = take(due, 1000, at, key=key, received_cents=2000)

    assert again.pk == first.pk
    assert tender_exists(due_id=due.pk, key=key)
    assert Tender.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "other", [{"amount_cents": 999}, {"kind": "card"}, {"received_cents": 5000}]
)
def test_it_refuses_the_same_key_with_another_body(at, other):
    due = cast.due(cast.payee(), at, 1000)
    key = uuid7()
    take(due, 500, at, key=key)
    with pytest.raises(SameKeyOtherBody):
        operations.add_tender(
            **{"key": key, "due_id": due.pk, "kind": "cash", "amount_cents": 500, "at": at} | other
        )


@pytest.mark.django_db
def test_it_refuses_the_same_key_on_another_due(at):
    payee = cast.payee()
    one, other = cast.due(payee, at), cast.due(payee, at)
    key = uuid7()
    take(one, 100, at, key=key)
    with pytest.raises(SameKeyOtherBody):
        take(other, 100, at, key=key)


@pytest.mark.django_db
def test_it_refuses_what_cannot_be(at):
    due = cast.due(cast.payee(), at, 1000)
    for refused, cents, fields in [
        (TooMuch, 1001, {}),
        (Invalid, 0, {}),
        (Invalid, -5, {}),
        (Invalid, 100, {"kind": "osm"}),
        (Invalid, 100, {"kind": "shells"}),
        (NotEnoughCash, 100, {"received_cents": 99}),
        (NotFound, 100, {"due_id": uuid7()}),
    ]:
        with pytest.raises(refused):
            take(due, cents, at, **fields)
    assert tender_views(due.pk) == []


@pytest.mark.django_db
def test_it_refuses_a_tender_for_a_closed_due(at):
    due, given_up = cast.due(cast.payee(), at), cast.due(cast.payee(), at)
    take(due, 1200, at)
    operations.cancel_due(due_id=given_up.pk, by="Ada", at=at)
    for closed in (due, given_up):
        with pytest.raises(DueClosed):
            take(closed, 1, at)
    with pytest.raises(MoneyReceived):
        operations.cancel_due(due_id=due.pk, by="Ada", at=at)


@pytest.mark.django_db
def test_it_refuses_to_give_up_a_due_that_is_partly_paid(at):
    due = cast.due(cast.payee(), at)
    take(due, 1, at)
    with pytest.raises(MoneyReceived):
        operations.cancel_due(due_id=due.pk, by="Ada", at=at)


@pytest.mark.django_db
def test_the_database_refuses_tenders_beyond_the_due(at):
    due = cast.due(cast.payee(), at, 1000)
    take(due, 900, at)
    with pytest.raises(IntegrityError, match="exceed"), cast.checked():
        raw_tender(due, at, 101)


@pytest.mark.django_db
def test_the_database_refuses_the_station_and_payee_of_others(at):
    due = cast.due(cast.payee(), at, 1000)
    for foreign in (
        {"station": make.station(make.venue())},
        {"payee_id": cast.payee(due.venue).pk},
        {"venue_id": make.venue().pk},
    ):
        with pytest.raises(IntegrityError), cast.checked():
            raw_tender(due, at, 1, **foreign)


def raw_tender(due, at, cents, **fields):
    return Tender.objects.create(
        **{
            "venue_id": due.venue_id,
            "payee_id": due.payee_id,
            "due": due,
            "key": uuid7(),
            "kind": "cash",
            "amount_cents": cents,
            "received_cents": cents,
            "state": "settled",
            "created_at": at,
            "settled_at": at,
        }
        | fields
    )


def test_many_at_once_settle_it_exactly_once(live_database, at):
    """Eight tills take 150 cents each of a due of 1000: six come through, one of them partly not."""
    due = cast.due(cast.payee(), at, 1000)
    outcomes = []

    def pay():
        try:
            take(due, 150, at)
            outcomes.append("taken")
        except TooMuch:
            outcomes.append("too much")
        finally:
            connection.close()

    threads = [threading.Thread(target=pay) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["taken"] * 6 + ["too much"] * 2
    take(due, 100, at)
    assert Due.objects.get(pk=due.pk).state == "settled"
    assert Effect.objects.filter(due=due, kind="settled").count() == 1


def test_the_trigger_sees_rivals_that_forgot_the_lock(live_database, at):
    """Two transactions insert behind the operations' back; the second to commit is refused."""
    due = cast.due(cast.payee(), at, 1000)
    inserted, refused = threading.Barrier(2), []

    def rival():
        try:
            with transaction.atomic():
                raw_tender(due, at, 600)
                inserted.wait(10)
        except IntegrityError:
            refused.append(True)
        finally:
            connection.close()

    threads = [threading.Thread(target=rival) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == [True]
    assert Tender.objects.filter(due=due).count() == 1
