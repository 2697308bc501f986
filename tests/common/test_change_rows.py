"""Rows changed together: all as they were read, or none is believed."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from teraa.common.rows import change_all
from teraa.settlement.models import Due
from tests.settlement import cast


@pytest.fixture
def dues(db, at):
    payee = cast.payee()
    return [cast.due(payee, at, 100 + number) for number in range(3)]


def stored():
    return list(Due.objects.order_by("amount_cents").values_list("label", "version", "settled_at"))


def test_it_changes_all_in_one_statement_and_the_instances_with_them(dues, at):
    changes = [
        (due, {"label": f"l'été «{number}» \\ {{}}", "version": due.version + 1})
        for number, due in enumerate(dues)
    ]
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert change_all(changes, unchanged=("version", "state"))
    assert len(asked) == 1
    assert [(due.label, due.version, due.settled_at) for due in dues] == stored()
    assert stored()[2] == ("l'été «2» \\ {}", dues[2].version, None)


def test_one_that_moved_meanwhile_is_left_and_told(dues):
    Due.objects.filter(pk=dues[1].pk).update(version=7)
    before = stored()
    with transaction.atomic():
        changes = [(due, {"version": due.version + 1}) for due in dues]
        assert not change_all(changes, unchanged=("version",))
        transaction.set_rollback(True)
    assert stored() == before
    assert [due.version for due in dues] == [1, 1, 1]


def test_nothing_is_what_was_asked_for():
    assert change_all([], unchanged=("version",))


def test_the_database_still_refuses_what_it_refuses(dues):
    with pytest.raises(DatabaseError), transaction.atomic():
        change_all([(dues[0], {"paid_cents": -1})], unchanged=("version",))
