"""F16: tills keep nothing of their own; what one sent is there once, and a missing number is found."""

import pytest

from pos.models import Sale
from pos.operations import ring_up
from teraa.fiscal.models import Document
from teraa.fiscal.verify import verify
from tests.fiscal import forger as forging
from tests.pos import cast


@pytest.fixture
def bar(db, keys_dir):
    return cast.bar()


def numbers(bar):
    tickets = Document.objects.filter(register__station=bar.station, kind="TICKET")
    return list(tickets.order_by("sequence").values_list("sequence", flat=True))


def test_f16_what_was_sent_and_never_answered_is_there_once(bar, at):
    """The till did not hear the answer, and sends the same sale until it does."""
    first, second = bar.wanted(), bar.wanted()
    sealed = ring_up(session=bar.session, wanted=first, at=at).sale.document_id
    ring_up(session=bar.session, wanted=second, at=at)

    again = [ring_up(session=bar.session, wanted=first, at=at).sale.document_id for _ in range(3)]

    assert set(again) == {sealed}
    assert numbers(bar) == [1, 2]


def test_f16_every_sale_that_was_taken_in_has_its_number_and_every_number_its_sale(bar, at):
    for _ in range(7):
        ring_up(session=bar.session, wanted=bar.wanted(), at=at)

    sales = Sale.objects.values_list("document_id", flat=True)
    assert set(sales) == set(Document.objects.filter(kind="TICKET").values_list("pk", flat=True))
    assert numbers(bar) == list(range(1, 8))


def test_f16_one_that_is_missing_is_an_alarm(forger):
    """Whatever removed it: the number after it tells."""
    forging.delete_middle(forger)

    report = verify(register_id=forger.register.pk)

    assert [(fault.code, fault.sequence) for fault in report.faults][:1] == [("gap", 4)]
