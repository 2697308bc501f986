"""F3: what was shown to a customer before paying leaves its trace, also when it is given up."""

import dataclasses
import datetime
import json

import pytest

from pos.billing import BillWanted, NothingToPay, keep_order, print_bill
from pos.bootstrap import till_facts
from pos.catalogue import publish_catalogue
from pos.operations import TenderWanted, cancel_sale, print_receipt, ring_up, take_tender
from pos.printing import NoPrinter
from pos.problems import CancelReasonNeeded, SaleClosed
from teraa.common import journal_codes
from teraa.common.ids import uuid7
from teraa.common.problems import Invalid, NotFound, SameKeyOtherBody
from teraa.devices.models import PrintJob
from teraa.fiscal.models import Document
from teraa.fiscal.verify import verify
from tests.devices import cast as devices
from tests.pos import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def bar(keys_dir):
    made = cast.bar()
    devices.printer(made.venue, tills=[made.station])
    return made


def kept(bar, at, **fields):
    wanted = bar.wanted(**{"tenders": []} | fields)
    return keep_order(session=bar.session, wanted=wanted, at=at).sale


def bill(bar, sale, at, **fields):
    wanted = BillWanted(**{"key": uuid7(), "kind": "bill"} | fields)
    print_bill(session=bar.session, key=sale.key, wanted=wanted, at=at)
    return wanted


def journal():
    """What the journal says of orders and bills, in its order."""
    events = Document.objects.filter(
        kind="EVENT",
        event_code__in=[
            journal_codes.ORDER_KEPT,
            journal_codes.BILL_PRINTED,
            journal_codes.SALE_CANCELLED,
        ],
    ).order_by("sequence")
    return [(event.event_code, json.loads(event.payload)["values"]) for event in events]


def papers():
    return [
        json.dumps(job.page, ensure_ascii=False)
        for job in PrintJob.objects.filter(subject__startswith="pos.bill:").order_by("id")
    ]


def test_an_order_printed_and_given_up_is_in_the_journal_three_times(bar, at):
    sale = kept(bar, at)
    bill(bar, sale, at)
    cancel_sale(session=bar.session, key=sale.key, reason=" Parti sans payer ", at=at)

    (ordered, order), (printed, shown), (cancelled, gone) = journal()
    assert (ordered, printed, cancelled) == (935, 934, 320)
    assert order["lines"] == shown["lines"]
    assert (shown["lines"][0]["label"], shown["total_cents"]) == ("Café", 300)
    number = Document.objects.get(event_code=journal_codes.BILL_PRINTED)
    assert gone["reason"] == "Parti sans payer"
    assert gone["bills"] == [f"Caisse {bar.station.name}-{number.sequence:06d}"]
    assert not Document.objects.filter(kind="TICKET").exists()
    assert verify(register_id=number.register_id).faults == []


@pytest.mark.parametrize("reason", ["", "  "])
def test_what_was_shown_is_not_given_up_without_a_reason(bar, at, reason):
    shown, unseen = kept(bar, at), kept(bar, at)
    bill(bar, shown, at)

    with pytest.raises(CancelReasonNeeded):
        cancel_sale(session=bar.session, key=shown.key, reason=reason, at=at)
    cancel_sale(session=bar.session, key=unseen.key, reason=reason, at=at)

    shown.refresh_from_db()
    assert (shown.state, shown.bills) == ("waiting", 1)
    assert [(values["sale"], values["reason"]) for code, values in journal() if code == 320] == [
        (str(unseen.key), "")
    ]


def test_a_bill_is_marked_as_no_receipt_and_has_no_ticket_number(bar, at):
    sale = kept(bar, at)

    bill(bar, sale, at)

    (paper,) = papers()
    assert paper.count("Justificatif non valable pour encaissement") == 2
    assert "Ticket n°" not in paper
    assert "Original" not in paper


def test_a_bill_asked_for_twice_is_printed_once(bar, at):
    sale = kept(bar, at)
    wanted = bill(bar, sale, at)

    later = at + datetime.timedelta(minutes=2)
    print_bill(session=bar.session, key=sale.key, wanted=wanted, at=later)

    assert len(papers()) == 1
    assert len(journal()) == 2
    other = dataclasses.replace(wanted, kind="note")
    with pytest.raises(SameKeyOtherBody):
        print_bill(session=bar.session, key=sale.key, wanted=other, at=later)


def test_a_second_bill_says_so_and_leaves_its_own_event(bar, at):
    sale = kept(bar, at)
    bill(bar, sale, at)
    bill(bar, sale, at)

    assert [values["copy"] for code, values in journal() if code == 934] == [1, 2]
    cancel_sale(session=bar.session, key=sale.key, reason="Parti", at=at)
    assert len(journal()[-1][1]["bills"]) == 2


def test_what_was_shown_is_then_paid_and_sealed(bar, at):
    sale = kept(bar, at)
    bill(bar, sale, at)
    tender = TenderWanted(uuid7(), "cash", 300, received_cents=500)

    paid = take_tender(session=bar.session, key=sale.key, tender=tender, at=at)

    assert paid.state == "paid"
    assert Document.objects.get(kind="TICKET").total_cents == 300
    with pytest.raises(SaleClosed):
        bill(bar, sale, at)


def test_the_first_paper_after_a_bill_is_still_an_original(bar, at):
    sale = kept(bar, at)
    bill(bar, sale, at)
    take_tender(session=bar.session, key=sale.key, tender=TenderWanted(uuid7(), "card", 300), at=at)

    print_receipt(session=bar.session, key=sale.key, print_key=uuid7(), at=at)

    assert not Document.objects.filter(kind="DUPLICATE").exists()


def test_the_same_order_again_is_the_first(bar, at):
    wanted = bar.wanted(tenders=[])
    first = keep_order(session=bar.session, wanted=wanted, at=at)

    again = keep_order(session=bar.session, wanted=wanted, at=at)

    assert (again.is_new, again.sale.pk) == (False, first.sale.pk)
    assert len(journal()) == 1
    with pytest.raises(SameKeyOtherBody):
        keep_order(
            session=bar.session, wanted=dataclasses.replace(wanted, serving="takeaway"), at=at
        )


def test_a_note_names_the_customer_and_totals_without_and_with_vat(bar, at):
    sale = kept(bar, at)

    bill(bar, sale, at, kind="note", customer="Mme Orage")
    bill(bar, sale, at, kind="note")

    named, refused = papers()
    for part in ("NOTE", "Mme Orage", "Palaiseau", "2,73", "3,00", "19/11/2026"):
        assert part in named, part
    assert "Orage" not in refused


def test_a_note_is_due_from_what_the_venue_says(bar):
    assert till_facts(bar.session)["note_from_cents"] == 2500
    bar.venue.note_from_cents = None
    assert till_facts(bar.session)["note_from_cents"] is None


def test_it_refuses(bar, at):
    elsewhere = cast.bar()
    other = kept(elsewhere, at)
    paid = ring_up(session=bar.session, wanted=bar.wanted(), at=at).sale

    with pytest.raises(NotFound):
        bill(bar, other, at)
    with pytest.raises(NoPrinter):
        bill(elsewhere, other, at)
    with pytest.raises(SaleClosed):
        bill(bar, paid, at)
    with pytest.raises(Invalid):
        kept(bar, at, tenders=bar.tenders(cash=300))
    assert not [code for code, _values in journal() if code == 934]


def test_nothing_is_kept_that_costs_nothing(bar, at):
    bar.coffee.price_cents = 0
    bar.coffee.save()
    publish_catalogue(venue_id=bar.venue.pk, at=at)

    with pytest.raises(NothingToPay):
        kept(bar, at, catalogue_version=2, total_cents=0)
