"""F2: corrections only by plus and minus, and the words of the rule on paper."""

import json

import pytest
from django.utils import translation

from pos.correction_queries import corrections_view
from pos.operations import print_receipt, ring_up
from pos.pricing import Wanted
from pos.problems import GivenBackAlready
from pos.refunding import LineBack, RefundWanted, TenderBack, refund_sale
from teraa.common.ids import uuid7
from teraa.devices.models import PrintJob
from teraa.fiscal.corrections import relations_of
from teraa.fiscal.models import Document, DocumentLine
from teraa.fiscal.verify import verify
from tests.devices import cast as devices
from tests.pos import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def bar(keys_dir):
    """A bar whose receipts come out of a printer, in French."""
    made = cast.bar()
    devices.printer(made.venue, tills=[made.station])
    return made


def sold(bar, at):
    wanted = bar.wanted(
        lines=[Wanted(str(bar.beer.pk), 3)],
        total_cents=1350,
        tenders=bar.tenders(cash=1350),
        receipt="paper",
    )
    return ring_up(session=bar.session, wanted=wanted, at=at).sale


def give_back(bar, sale, at, cents, lines=None):
    wanted = RefundWanted(uuid7(), cents, [TenderBack("cash", cents)], "Éventée", lines)
    return refund_sale(session=bar.session, sale_key=sale.key, wanted=wanted, at=at).refund


def paper(**about):
    job = PrintJob.objects.filter(**about).latest("id")
    return json.dumps(job.page, ensure_ascii=False)


def test_a_refund_a_partial_refund_and_no_double_refund(bar, at):
    sale = sold(bar, at)
    give_back(bar, sale, at, 450, [LineBack(sale.document_id, 1, 1000)])
    with pytest.raises(GivenBackAlready):
        give_back(bar, sale, at, 450, [LineBack(sale.document_id, 1, 1000)])
    give_back(bar, sale, at, 900)
    with pytest.raises(GivenBackAlready):
        give_back(bar, sale, at, 0)

    documents = Document.objects.filter(kind="TICKET").order_by("sequence")
    assert [one.total_cents for one in documents] == [1350, -450, -900]
    # Only minus and plus: the sale's own line is what it was.
    original = DocumentLine.objects.get(document=sale.document_id)
    assert (original.quantity_milli, original.total_cents) == (3000, 1350)
    assert verify(register_id=documents[0].register_id).faults == []


def test_the_correcting_ticket_says_what_it_amends_or_cancels(bar, at):
    sale = sold(bar, at)
    number = f"Caisse {bar.station.name}-000001"

    part = give_back(bar, sale, at, 450, [LineBack(sale.document_id, 1, 1000)])
    assert f"Ce ticket modifie le ticket n° {number}" in paper(subject=f"pos.refund:{part.key}")
    rest = give_back(bar, sale, at, 900)
    assert f"Ce ticket annule le ticket n° {number}" in paper(subject=f"pos.refund:{rest.key}")


def test_a_reprint_of_the_original_says_what_corrected_it(bar, at):
    sale = sold(bar, at)
    assert "Ce ticket" not in paper(key=sale.key)
    give_back(bar, sale, at, 450, [LineBack(sale.document_id, 1, 1000)])
    give_back(bar, sale, at, 900)

    print_receipt(session=bar.session, key=sale.key, print_key=uuid7(), at=at)

    reprint = paper(subject=f"pos.sale:{sale.key}")
    register = f"Caisse {bar.station.name}"
    assert f"Ce ticket est modifié par le ticket n° {register}-000002" in reprint
    assert f"Ce ticket est annulé par le ticket n° {register}-000003" in reprint


def test_the_screen_says_the_same(bar, at):
    sale = sold(bar, at)
    give_back(bar, sale, at, 1350)

    with translation.override("fr"):
        view = corrections_view(sale)
        said = relations_of(venue_id=bar.venue.pk, document_id=sale.document_id)

        assert view["sentences"] == [
            f"Ce ticket est annulé par le ticket n° Caisse {bar.station.name}-000002"
        ]
        assert said.is_cancelled
    assert (view["returned_cents"], view["total_cents"], view["lines"]) == (1350, 1350, [])
