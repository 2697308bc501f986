"""F13: what is practised is sealed apart, says so on every paper, and moves no total."""

import json

import pytest

from pos.billing import keep_order
from pos.collecting import CollectionWanted, collect_at_till
from pos.drawer.models import Movement
from pos.models import Sale
from pos.operations import TenderWanted, cancel_sale, print_receipt, ring_up
from pos.practice import NotInTraining, OtherWorld
from pos.queries import last_sales
from pos.readings import print_x_reading, x_view
from pos.refunding import RefundWanted, TenderBack, refund_sale
from pos.training import switch_training
from teraa.common import journal_codes
from teraa.common.ids import uuid7
from teraa.devices.models import PrintJob
from teraa.fiscal.models import ChainHead, Document, Register
from teraa.fiscal.verify import verify
from teraa.settlement.models import Due, Tender
from teraa.settlement.operations import current_quote
from tests.devices import cast as devices
from tests.pos import cast
from tests.settlement import cast as money

pytestmark = pytest.mark.django_db

BANNER = "FACTICE – MODE ÉCOLE – NON VALABLE"


@pytest.fixture
def bar(keys_dir, at):
    made = cast.bar()
    devices.printer(made.venue, tills=[made.station], has_drawer=True)
    return made


def practise(bar, at, *, on=True):
    switch_training(session=bar.session, on=on, at=at)


def sell(bar, at, **fields):
    return ring_up(session=bar.session, wanted=bar.wanted(**fields), at=at).sale


def give_back(bar, sale, at):
    wanted = RefundWanted(uuid7(), 300, [TenderBack("cash", 300)], "Pour voir")
    return refund_sale(session=bar.session, sale_key=sale.key, wanted=wanted, at=at).refund


def real_heads():
    heads = ChainHead.objects.filter(register__training=False, kind="TICKET")
    return list(
        heads.order_by("register_id").values_list(
            "sequence", "perpetual_real_cents", "perpetual_absolute_cents"
        )
    )


def switches():
    found = Document.objects.filter(event_code=journal_codes.TRAINING_CHANGED).order_by("sequence")
    return [json.loads(event.payload)["values"]["training"] for event in found]


def test_totals_are_unchanged_by_what_is_practised(bar, at):
    sell(bar, at)
    before = (real_heads(), x_view(session=bar.session))
    practise(bar, at)

    sale = sell(bar, at, receipt="paper")
    print_receipt(session=bar.session, key=sale.key, print_key=uuid7(), at=at)
    give_back(bar, sale, at)
    practised = x_view(session=bar.session)["counts"]
    assert (practised["sales"], practised["refunds"]) == (1, 1)
    practise(bar, at, on=False)

    assert (real_heads(), x_view(session=bar.session)) == before
    assert not Due.objects.exists()
    assert not Tender.objects.exists()
    assert [one.amount_cents for one in Movement.objects.all()] == [300], "the real sale's only"


def test_it_is_recorded_all_the_same_in_a_chain_of_its_own(bar, at):
    practise(bar, at)
    sale = sell(bar, at)
    give_back(bar, sale, at)

    register = Register.objects.get(training=True)
    tickets = Document.objects.filter(register=register, kind="TICKET").order_by("sequence")
    assert [one.total_cents for one in tickets] == [300, -300]
    assert json.loads(tickets[0].payload)["register"]["training"] is True
    returned = Document.objects.get(event_code=journal_codes.ITEM_RETURN)
    assert returned.register_id == register.pk
    assert verify(register_id=register.pk).faults == []


def test_every_paper_says_that_it_is_not_valid(bar, at):
    practise(bar, at)
    sale = sell(bar, at, receipt="paper")
    print_receipt(session=bar.session, key=sale.key, print_key=uuid7(), at=at)
    give_back(bar, sale, at)
    print_x_reading(session=bar.session, print_key=uuid7(), at=at)

    papers = [json.dumps(job.page, ensure_ascii=False) for job in PrintJob.objects.order_by("id")]
    assert len(papers) == 4
    assert all(BANNER in paper for paper in papers)
    assert "DUPLICATA" in papers[1]
    # A drawer does not open for money that is not there.
    assert not [paper for paper in papers if '"drawer"' in paper]


def test_switching_leaves_its_event_once_each_way(bar, at):
    practise(bar, at)
    practise(bar, at)
    practise(bar, at, on=False)
    practise(bar, at, on=False)

    assert switches() == [True, False]
    event = Document.objects.filter(event_code=journal_codes.TRAINING_CHANGED).first()
    assert not event.register.training, "the real journal knows of it"


def test_no_coins_are_asked_for_and_nothing_is_owed(bar, at):
    money.live_cursor(at)
    quote = current_quote(venue_id=bar.venue.pk, at=at)
    practise(bar, at)

    with pytest.raises(NotInTraining):
        sell(bar, at, tenders=[TenderWanted(uuid7(), "osm", 300, quote=quote.pk)])
    with pytest.raises(NotInTraining):
        keep_order(session=bar.session, wanted=bar.wanted(tenders=[]), at=at)
    due = money.due(bar.payee, at, 500)
    wanted = CollectionWanted(key=uuid7(), due_ids=[due.pk], kind="cash")
    with pytest.raises(NotInTraining):
        collect_at_till(session=bar.session, wanted=wanted, at=at)

    assert not Sale.objects.exists()
    assert not Tender.objects.exists()


def test_real_sales_are_left_alone_while_practising_and_the_other_way_round(bar, at):
    real = sell(bar, at)
    waiting = keep_order(session=bar.session, wanted=bar.wanted(tenders=[]), at=at).sale
    practise(bar, at)
    practised = sell(bar, at)

    with pytest.raises(OtherWorld):
        give_back(bar, real, at)
    with pytest.raises(OtherWorld):
        cancel_sale(session=bar.session, key=waiting.key, at=at)
    practise(bar, at, on=False)
    with pytest.raises(OtherWorld):
        give_back(bar, practised, at)


def test_the_last_sales_are_those_of_the_same_world(bar, at):
    real = sell(bar, at)
    practise(bar, at)
    practised = sell(bar, at)

    def listed(training):
        sales = last_sales(station_id=bar.station.pk, venue_id=bar.venue.pk, training=training)
        return [sale["key"] for sale in sales]

    assert (listed(False), listed(True)) == ([str(real.key)], [str(practised.key)])
