"""A due is an amount owed to one payee; it never changes and never vanishes."""

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from teraa.common.problems import Invalid
from teraa.settlement import operations
from teraa.settlement.models import Due, Effect
from tests import make
from tests.settlement import cast

pytestmark = pytest.mark.django_db


def test_it_opens_in_one_query_and_tells_nobody(at, count_queries):
    payee = cast.payee()
    with count_queries() as queries:
        due = cast.due(payee, at, 350)

    assert len(queries) == 1
    assert (due.state, due.remaining_cents, due.version) == ("open", 350, 1)
    assert not Effect.objects.exists()


def test_it_settles_a_due_of_nothing_at_once(at):
    due = cast.due(cast.payee(), at, 0)

    assert (due.state, due.settled_at) == ("settled", at)
    assert list(due.effects.values_list("kind", "version")) == [("settled", 1)]


@pytest.mark.parametrize("cents", [-1, 10_000_000_01])
def test_it_refuses_amounts_nobody_means(at, cents):
    with pytest.raises(Invalid):
        cast.due(cast.payee(), at, cents)


def test_it_refuses_the_payee_of_another_venue(at):
    payee, elsewhere = cast.payee(), make.venue()
    with pytest.raises(IntegrityError), cast.checked():
        cast.due(payee, at, venue_id=elsewhere.pk)


@pytest.mark.parametrize(
    "changes", [{"amount_cents": 1}, {"subject": "other"}, {"opened_at": None}, {"payee_id": None}]
)
def test_it_refuses_to_change_what_is_owed(at, changes):
    due = cast.due(cast.payee(), at)
    values = changes | (
        {"opened_at": due.opened_at.replace(year=2020)} if "opened_at" in changes else {}
    )
    if "payee_id" in changes:
        values = {"payee_id": cast.payee(due.venue).pk}
    with pytest.raises(IntegrityError), transaction.atomic():
        Due.objects.filter(pk=due.pk).update(**values)


def test_it_refuses_to_unsettle_or_delete(at):
    due = cast.due(cast.payee(), at, 0)
    with pytest.raises(IntegrityError), transaction.atomic():
        Due.objects.filter(pk=due.pk).update(state="open", settled_at=None)
    with pytest.raises(ProgrammingError), transaction.atomic():
        Due.objects.filter(pk=due.pk)._raw_delete("default")
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM settlement_tender")


def test_it_gives_up_a_due_nobody_paid(at):
    due = cast.due(cast.payee(), at)
    first = operations.cancel_due(due_id=due.pk, by="Ada", at=at)
    again = operations.cancel_due(due_id=due.pk, by="Ada", at=at)

    assert (first.state, again.version) == ("cancelled", first.version)
    assert not due.effects.exists(), "the trade did it itself"
