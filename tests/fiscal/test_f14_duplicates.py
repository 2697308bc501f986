"""F14: every copy is a signed document with its own number, and otherwise the same paper."""

import datetime
import json

import pytest
from django.db import IntegrityError, transaction

from pos.operations import print_receipt, ring_up
from teraa.common import journal_codes
from teraa.common.ids import uuid7
from teraa.devices.models import PrintJob
from teraa.fiscal.duplicates import seal_duplicate, subject_of_copies
from teraa.fiscal.models import Document
from teraa.fiscal.sealing import seal_statement
from teraa.fiscal.verify import verify
from teraa.venues.models import PayeeIdentity
from tests.devices import cast as devices
from tests.fiscal import cast as fiscal
from tests.pos import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def bar(keys_dir):
    made = cast.bar()
    devices.printer(made.venue, tills=[made.station])
    return made


def sold(bar, at):
    return ring_up(session=bar.session, wanted=bar.wanted(receipt="paper"), at=at).sale


def reprint(bar, sale, at, key=None):
    print_receipt(session=bar.session, key=sale.key, print_key=key or uuid7(), at=at)


def copies():
    found = Document.objects.filter(kind="DUPLICATE").order_by("sequence")
    return [json.loads(document.payload) for document in found]


def papers(sale):
    jobs = PrintJob.objects.filter(subject=f"pos.sale:{sale.key}").order_by("id")
    return [job.page["blocks"] for job in jobs]


def test_three_reprints_are_three_signed_documents(bar, at):
    sale = sold(bar, at)

    for _each in range(3):
        reprint(bar, sale, at)

    assert [copy["values"]["copy"] for copy in copies()] == [1, 2, 3]
    original = Document.objects.get(pk=sale.document_id)
    first = copies()[0]
    assert first["values"]["document"] == str(original.pk)
    assert first["values"]["document_hash"] == original.hash
    assert first["values"]["document_kind"] == "TICKET"
    assert first["values"]["number"].endswith("-000001")
    assert (first["operator"], first["station"]) == (bar.staff.name, bar.station.name)
    words = [json.dumps(paper, ensure_ascii=False) for paper in papers(sale)]
    assert ["DUPLICATA" in word for word in words] == [False, True, True, True]
    assert [f"° {n}" in words[n].replace("\u00a0", " ") for n in (1, 2, 3)] == [True] * 3
    assert verify(register_id=original.register_id).faults == []
    # One place counts them: the journal does not hold them a second time.
    assert not Document.objects.filter(event_code=journal_codes.RECEIPT_REPRINTED).exists()


def test_a_print_asked_for_twice_is_one_copy(bar, at):
    sale, key = sold(bar, at), uuid7()

    reprint(bar, sale, at, key)
    reprint(bar, sale, at)
    reprint(bar, sale, at + datetime.timedelta(minutes=1), key)

    assert [copy["values"]["copy"] for copy in copies()] == [1, 2]
    assert len(papers(sale)) == 3


def test_the_first_paper_of_a_sale_without_one_is_the_original(bar, at):
    sale = ring_up(session=bar.session, wanted=bar.wanted(), at=at).sale

    reprint(bar, sale, at)
    reprint(bar, sale, at)

    assert [copy["values"]["copy"] for copy in copies()] == [1]
    original, _copy = papers(sale)
    assert "DUPLICATA" not in str(original)


def test_a_queue_that_has_forgotten_does_not_make_a_second_original(bar, at):
    sale = sold(bar, at)
    reprint(bar, sale, at)
    PrintJob.objects.all().delete()

    reprint(bar, sale, at)

    assert [copy["values"]["copy"] for copy in copies()] == [1, 2]


def test_a_duplicate_is_identical_but_for_its_mark(bar, at):
    sale = sold(bar, at)
    later = at + datetime.timedelta(days=40)
    # The seller moves; paper of before keeps the address of before (pitfall 15).
    PayeeIdentity.objects.create(
        payee=bar.payee,
        valid_from=datetime.date(2026, 12, 1),
        legal_name="SCIC Déménagée",
        address="1 place Neuve, 75001 Paris",
    )
    bar.payee.name = "Nouveau nom"
    bar.payee.save()

    reprint(bar, sale, later)

    original, copy = papers(sale)
    marked = [block for block in copy if "DUPLICATA" in block.get("text", "")]
    assert len(marked) == 2  # at the head and in the footer
    same = [block for block in copy if block not in marked]
    assert same == [block for block in original if "Original" not in block.get("text", "")]
    assert "Déménagée" not in str(copy)


def test_the_database_refuses_a_second_copy_of_one_number(keys_dir):
    register = fiscal.register()
    sealed = fiscal.seal(register)
    document = Document.objects.select_related("register").get(pk=sealed.id)

    def copy():
        seal_duplicate(
            document=document, key=uuid7(), at=fiscal.AT, operator_label="", station_label=""
        )

    with transaction.atomic():
        copy()
    with pytest.raises(IntegrityError, match="fiscal_duplicate_copy_once"), transaction.atomic():
        seal_statement(
            register_id=register.pk,
            kind="DUPLICATE",
            values={"copy": 1},
            at=fiscal.AT,
            subject=subject_of_copies(document.pk),
        )
