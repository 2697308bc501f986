"""Money is given back for a paid sale: by a new ticket, once, with a reason."""

import dataclasses
import json

import pytest
from django.db import transaction

from pos.catalogue import publish_catalogue
from pos.drawer.models import Movement
from pos.models import SaleRefund
from pos.operations import TenderWanted, ring_up
from pos.pricing import Wanted
from pos.problems import (
    AuthorisationNeeded,
    GivenBackAlready,
    NoCoinsCame,
    NotATill,
    NothingPaid,
    NotThatManySold,
    OnlyAsAWhole,
    OtherTender,
    ReasonNeeded,
    WrongRefundTotal,
)
from pos.refunding import LineBack, RefundWanted, TenderBack, print_refund, refund_sale
from teraa.common import journal_codes
from teraa.common.ids import uuid7
from teraa.common.problems import Forbidden, Invalid, NotFound, SameKeyOtherBody
from teraa.devices.models import PrintJob
from teraa.fiscal.drafts import LineDraft, TenderDraft, TicketDraft
from teraa.fiscal.figures import Counted
from teraa.fiscal.models import ChainHead, Document, DocumentTax, DocumentTender
from teraa.fiscal.readings import x_reading
from teraa.fiscal.registers import register_for
from teraa.fiscal.sealing import seal_ticket
from teraa.fiscal.verify import verify
from teraa.settlement import effects
from teraa.settlement.cases.operations import cancel_refund
from teraa.settlement.cases.people import Person
from teraa.settlement.cases.problems import RefundSealed
from teraa.settlement.operations import current_quote
from teraa.settlement.osm.addresses import address_of_passphrase
from teraa.settlement.osm.models import OsmRequest
from tests import make
from tests.devices import cast as devices
from tests.pos import cast
from tests.settlement import cast as chain
from tests.settlement.osm.chain_facts import receive

pytestmark = pytest.mark.django_db


@pytest.fixture
def bar(keys_dir):
    return cast.bar()


def sold(bar, at, **fields):
    """Two coffees and three beers, 16.50 €, in cash unless told otherwise."""
    given = {
        "lines": [Wanted(str(bar.coffee.pk), 2), Wanted(str(bar.beer.pk), 3)],
        "total_cents": 1650,
        "tenders": bar.tenders(cash=1650),
    }
    return ring_up(session=bar.session, wanted=bar.wanted(**given | fields), at=at).sale


def wanted(total, *tenders, **fields):
    return RefundWanted(
        **{
            "key": uuid7(),
            "total_cents": total,
            "tenders": [TenderBack(*one) for one in tenders or [("cash", total)]],
            "reason": "Bière éventée",
        }
        | fields
    )


def beers(sale, quantity):
    return LineBack(sale.document_id, 2, quantity * 1000)


def refund(bar, sale, at, want):
    return refund_sale(session=bar.session, sale_key=sale.key, wanted=want, at=at)


def tickets():
    return Document.objects.filter(kind="TICKET").order_by("sequence")


def events(code):
    found = Document.objects.filter(kind="EVENT", event_code=code).order_by("sequence")
    return [json.loads(event.payload) for event in found]


# -- what the ticket says ------------------------------------------------------------------------


def test_a_part_of_a_line_is_given_back_at_its_price_and_rate(bar, at):
    sale = sold(bar, at)

    done = refund(bar, sale, at, wanted(450, lines=[beers(sale, 1)]))

    assert done.is_new
    first, second = tickets()
    assert (second.total_cents, second.corrects_id) == (-450, None)
    assert second.pk == done.refund.document_id
    lines = json.loads(second.payload)["lines"]
    assert [(line["quantity_milli"], line["total_cents"]) for line in lines] == [
        (-3000, -1350),
        (2000, 900),
    ]
    assert (lines[0]["corrects_document"], lines[0]["corrects_position"]) == (str(first.pk), 2)
    (tax,) = DocumentTax.objects.filter(document=second)
    assert (tax.rate_bp, tax.total_cents, tax.vat_cents) == (2000, -450, -75)
    (tender,) = DocumentTender.objects.filter(document=second)
    assert (tender.kind, tender.amount_cents) == ("cash", -450)
    sale.refresh_from_db()
    assert sale.state == "paid", "paid is for ever"
    assert verify(register_id=second.register_id).faults == []


def test_each_line_given_back_leaves_its_event(bar, at):
    sale = sold(bar, at)

    refund(bar, sale, at, wanted(1650))

    coffee, beer = events(journal_codes.ITEM_RETURN)
    assert (coffee["values"]["label"], coffee["values"]["quantity_milli"]) == ("Café", -2000)
    assert (beer["values"]["label"], beer["values"]["total_cents"]) == ("Bière", -1350)
    assert beer["values"]["reason"] == "Bière éventée"
    assert beer["operator"] == bar.staff.name
    assert beer["values"]["corrects_number"].endswith("-000001")


def test_all_that_is_left_cancels_the_ticket(bar, at):
    sale = sold(bar, at)
    refund(bar, sale, at, wanted(450, lines=[beers(sale, 1)]))

    refund(bar, sale, at, wanted(1200))

    last = tickets().last()
    assert (last.total_cents, last.corrects_id) == (-1200, sale.document_id)
    assert sum(tickets().values_list("total_cents", flat=True)) == 0
    head = ChainHead.objects.get(register=last.register, kind="TICKET")
    assert (head.perpetual_real_cents, head.perpetual_absolute_cents) == (0, 3300)
    with pytest.raises(GivenBackAlready):
        refund(bar, sale, at, wanted(0, lines=None))


def test_lines_that_are_all_there_was_cancel_the_ticket_too(bar, at):
    sale = sold(bar, at)
    lines = [LineBack(sale.document_id, 1, 2000), beers(sale, 3)]

    refund(bar, sale, at, wanted(1650, lines=lines))

    assert tickets().last().corrects_id == sale.document_id


def test_a_line_is_corrected_once_and_what_was_kept_of_it_later(bar, at):
    sale = sold(bar, at)
    first = refund(bar, sale, at, wanted(450, lines=[beers(sale, 1)])).refund

    with pytest.raises(GivenBackAlready):
        refund(bar, sale, at, wanted(450, lines=[beers(sale, 1)]))
    kept = LineBack(first.document_id, 2, 1000)
    refund(bar, sale, at, wanted(450, lines=[kept]))

    assert [one.total_cents for one in tickets()] == [1650, -450, -450]
    assert SaleRefund.objects.count() == 2
    assert len(events(journal_codes.ITEM_RETURN)) == 2


def test_the_database_refuses_what_the_tickets_of_the_sale_do_not_show(bar, at):
    sale = sold(bar, at)
    back = LineDraft(
        label="Bière",
        quantity_milli=-3000,
        unit_price_cents=450,
        total_cents=-1350,
        vat_rate_bp=2000,
        corrects_document=sale.document_id,
        corrects_position=2,
    )
    with transaction.atomic():
        seal_ticket(
            register_id=register_for(station_id=bar.station.pk, payee_id=bar.payee.pk),
            ticket=TicketDraft(
                subject="another trade",
                lines=[back],
                tenders=[TenderDraft(kind="cash", amount_cents=-1350)],
            ),
            at=at,
        )

    with pytest.raises(GivenBackAlready):
        refund(bar, sale, at, wanted(1350, lines=[beers(sale, 3)]))
    assert not SaleRefund.objects.exists()


def test_a_refused_refund_leaves_no_gap_and_no_event(bar, at):
    sale = sold(bar, at)
    refund(bar, sale, at, wanted(450, lines=[beers(sale, 1)]))
    with pytest.raises(GivenBackAlready):
        refund(bar, sale, at, wanted(450, lines=[beers(sale, 1)]))

    sold(bar, at)

    assert [one.sequence for one in tickets()] == [1, 2, 3]
    assert verify(register_id=tickets().first().register_id).faults == []


def test_a_discounted_line_returns_what_was_paid(bar, at):
    sale = sold(bar, at)
    with transaction.atomic():
        reduced = seal_ticket(
            register_id=register_for(station_id=bar.station.pk, payee_id=bar.payee.pk),
            ticket=TicketDraft(
                subject=f"pos.sale:{sale.key}",
                lines=[
                    LineDraft(
                        label="Tarte",
                        quantity_milli=3000,
                        unit_price_cents=500,
                        total_cents=1000,
                        vat_rate_bp=1000,
                        discount_cents=500,
                        discount_reason="Fin de service",
                        discount_author="Ana",
                    )
                ],
                tenders=[TenderDraft(kind="cash", amount_cents=1000)],
            ),
            at=at,
        )

    for quantity, cents, document, position in [
        (1000, 333, reduced.id, 1),
        (2000, 667, None, 2),
    ]:
        document = document or tickets().last().pk
        want = wanted(cents, lines=[LineBack(document, position, quantity)])
        refund(bar, sale, at, want)

    assert [one.total_cents for one in tickets()] == [1650, 1000, -333, -667]
    figures = x_reading(register_id=tickets().first().register_id).figures
    assert figures.discounts == Counted(1, 500), "what is kept of it was counted before"


def test_what_depends_on_the_whole_ticket_is_given_back_as_a_whole(bar, at):
    sale = sold(bar, at)
    whole = {"label": "Carte", "quantity_milli": 1000, "vat_rate_bp": 1000}
    with transaction.atomic():
        sealed = seal_ticket(
            register_id=register_for(station_id=bar.station.pk, payee_id=bar.payee.pk),
            ticket=TicketDraft(
                subject=f"pos.sale:{sale.key}",
                lines=[
                    LineDraft(**whole, unit_price_cents=1000, total_cents=1000),
                    LineDraft(**whole, kind="discount", unit_price_cents=-100, total_cents=-100),
                ],
                tenders=[TenderDraft(kind="cash", amount_cents=900)],
            ),
            at=at,
        )

    with pytest.raises(OnlyAsAWhole):
        refund(bar, sale, at, wanted(1000, lines=[LineBack(sealed.id, 1, 1000)]))
    refund(bar, sale, at, wanted(2550))

    assert tickets().last().total_cents == -2550


# -- how the money goes back ---------------------------------------------------------------------


def test_cash_opens_the_drawer_and_the_ticket_is_printed(bar, at):
    devices.printer(bar.venue, tills=[bar.station], has_drawer=True)
    sale = sold(bar, at)

    done = refund(bar, sale, at, wanted(1650))

    job = PrintJob.objects.get(subject=f"pos.refund:{done.refund.key}")
    kinds = [block["t"] for block in job.page["blocks"]]
    assert kinds.count("drawer") == 1
    moved = Movement.objects.order_by("moved_at", "pk").values_list("kind", "amount_cents")
    assert sorted(moved) == [("refund", -1650), ("sale", 1650)]


def test_a_card_refund_names_its_authorisation_and_opens_no_drawer(bar, at):
    devices.printer(bar.venue, tills=[bar.station], has_drawer=True)
    sale = sold(bar, at, tenders=bar.tenders(card=1650))

    with pytest.raises(AuthorisationNeeded):
        refund(bar, sale, at, wanted(1650, ("card", 1650)))
    done = refund(bar, sale, at, wanted(1650, ("card", 1650, " 739251 ")))

    tender = DocumentTender.objects.get(document=done.refund.document_id)
    assert (tender.kind, tender.amount_cents, tender.authorisation) == ("card", -1650, "739251")
    assert not Movement.objects.exists()
    job = PrintJob.objects.get(subject=f"pos.refund:{done.refund.key}")
    assert "drawer" not in [block["t"] for block in job.page["blocks"]]


def test_another_way_than_it_was_paid_needs_its_own_reason(bar, at):
    sale = sold(bar, at, tenders=bar.tenders(card=1650))

    with pytest.raises(OtherTender):
        refund(bar, sale, at, wanted(1650))
    done = refund(bar, sale, at, wanted(1650, other_tender_reason="Terminal en panne"))

    assert done.refund.other_tender_reason == "Terminal en panne"


def test_no_more_goes_back_in_one_way_than_came_in_it(bar, at):
    sale = sold(bar, at, tenders=bar.tenders(card=650, cash=1000))
    refund(bar, sale, at, wanted(900, lines=[beers(sale, 2)]))

    with pytest.raises(OtherTender):  # 100 in cash are left
        refund(bar, sale, at, wanted(750))
    refund(bar, sale, at, wanted(750, ("cash", 100), ("card", 650, "1")))

    assert sum(DocumentTender.objects.values_list("amount_cents", flat=True)) == 0


def test_what_cost_nothing_is_given_back_for_nothing(bar, at):
    bar.coffee.price_cents = 0
    bar.coffee.save()
    publish_catalogue(venue_id=bar.venue.pk, at=at)
    sale = sold(
        bar,
        at,
        catalogue_version=2,
        lines=[Wanted(str(bar.coffee.pk), 1)],
        total_cents=0,
        tenders=[],
    )

    refund(bar, sale, at, RefundWanted(uuid7(), 0, [], "Renversé"))

    assert tickets().last().corrects_id == sale.document_id


# -- in OSM: coins that the payee's own wallet sends ---------------------------------------------


@pytest.fixture
def paid_in_coins(bar, at):
    chain.live_cursor(at)
    quote = current_quote(venue_id=bar.venue.pk, at=at)
    tender = TenderWanted(uuid7(), "osm", 1650, quote=quote.pk)
    sale = sold(bar, at, tenders=[tender])
    request = OsmRequest.objects.get()
    customer = address_of_passphrase("a customer", 115)
    receive(request, request.units, at=at, height=1000, sender=customer)
    effects.deliver_all(at=at)
    sale.refresh_from_db()
    assert sale.state == "paid"
    return sale


def test_coins_become_a_refund_that_managers_approve(bar, at, paid_in_coins):
    done = refund(bar, paid_in_coins, at, wanted(1650, ("osm", 1650)))

    coins = done.refund.coins
    assert (coins.state, coins.amount_cents, coins.due_id) == ("draft", 1650, paid_in_coins.due_id)
    tender = DocumentTender.objects.get(document=done.refund.document_id)
    assert (tender.amount_cents, tender.osm_units) == (-1650, -coins.amount_units)
    assert tender.osm_reference == coins.reference


def test_coins_that_a_ticket_gives_back_can_no_longer_be_given_up(bar, at, paid_in_coins):
    """The ticket is sealed: giving the refund up would leave a paper that says what is not so."""
    done = refund(bar, paid_in_coins, at, wanted(1650, ("osm", 1650)))

    with pytest.raises(RefundSealed):
        cancel_refund(
            refund_id=done.refund.coins.pk,
            venue_id=bar.venue.pk,
            person=Person("user:ada", "Ada"),
            reason="le client est parti",
            key=uuid7(),
            at=at,
        )

    done.refund.coins.refresh_from_db()
    assert (done.refund.coins.state, done.refund.coins.sealed_in) == (
        "draft",
        done.refund.document_id,
    )


def test_coins_are_not_given_back_twice(bar, at, paid_in_coins):
    want = wanted(450, ("osm", 450), lines=[beers(paid_in_coins, 1)])
    refund(bar, paid_in_coins, at, want)
    again = refund(bar, paid_in_coins, at, want)

    assert not again.is_new
    with pytest.raises(NoCoinsCame):
        refund(bar, paid_in_coins, at, wanted(1200, ("osm", 1201), ("cash", -1)))


def test_a_sale_without_coins_gives_none_back(bar, at):
    sale = sold(bar, at)

    with pytest.raises(NoCoinsCame):
        refund(bar, sale, at, wanted(1650, ("osm", 1650), other_tender_reason="Il veut des OSM"))


# -- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make_wanted", "problem"),
    [
        (lambda sale: wanted(450, lines=[beers(sale, 4)]), NotThatManySold),
        (lambda sale: wanted(0, lines=[beers(sale, 0)]), NotThatManySold),
        (lambda sale: wanted(450, lines=[beers(sale, -1)]), NotThatManySold),
        (lambda sale: wanted(449, lines=[beers(sale, 1)]), WrongRefundTotal),
        (lambda sale: wanted(450, ("cash", 449), lines=[beers(sale, 1)]), WrongRefundTotal),
        (lambda sale: wanted(450, lines=[]), Invalid),
        (lambda sale: wanted(900, lines=[beers(sale, 1), beers(sale, 1)]), Invalid),
        (lambda sale: wanted(450, ("cash", 200), ("cash", 250)), WrongRefundTotal),
        (lambda sale: wanted(450, lines=[LineBack(sale.document_id, 9, 1000)]), NotFound),
        (lambda sale: wanted(450, lines=[LineBack(uuid7(), 2, 1000)]), NotFound),
        (lambda sale: wanted(450, lines=[beers(sale, 1)], reason="  "), ReasonNeeded),
    ],
)
def test_it_refuses_and_seals_nothing(bar, at, make_wanted, problem):
    sale = sold(bar, at)

    with pytest.raises(problem):
        refund(bar, sale, at, make_wanted(sale))

    assert tickets().count() == 1
    assert not SaleRefund.objects.exists()
    assert events(journal_codes.ITEM_RETURN) == []


def test_it_refuses_a_sale_that_is_not_paid(bar, at):
    chain.live_cursor(at)
    quote = current_quote(venue_id=bar.venue.pk, at=at)
    sale = sold(bar, at, tenders=[TenderWanted(uuid7(), "osm", 1650, quote=quote.pk)])

    with pytest.raises(NothingPaid):
        refund(bar, sale, at, wanted(1650))


def test_it_refuses_where_nobody_sells(bar, at):
    sale = sold(bar, at)
    bar.station.kind = "gate"

    with pytest.raises(NotATill):
        refund(bar, sale, at, wanted(1650))


def test_it_refuses_another_venues_sale(bar, at):
    elsewhere = cast.bar()
    sale = sold(elsewhere, at)

    with pytest.raises(NotFound):
        refund(bar, sale, at, wanted(1650))


def test_it_refuses_a_line_of_another_sale(bar, at):
    mine, other = sold(bar, at), sold(bar, at)

    with pytest.raises(NotFound):
        refund(bar, mine, at, wanted(450, lines=[beers(other, 1)]))


def test_coins_are_decided_by_who_may_decide_about_coins(bar, at, paid_in_coins):
    bar.staff.role = "cashier"

    with pytest.raises(Forbidden):
        refund(bar, paid_in_coins, at, wanted(1650, ("osm", 1650)))
    assert tickets().count() == 1


# -- twice, elsewhere, at once -------------------------------------------------------------------


def test_the_same_refund_again_is_the_first_one(bar, at):
    sale = sold(bar, at)
    want = wanted(450, lines=[beers(sale, 1)])
    first = refund(bar, sale, at, want)

    again = refund(bar, sale, at, want)

    assert (again.is_new, again.refund.pk) == (False, first.refund.pk)
    assert tickets().count() == 2
    with pytest.raises(SameKeyOtherBody):
        refund(bar, sale, at, dataclasses.replace(want, reason="Autre"))


def test_one_key_is_for_one_sale(bar, at):
    mine, other = sold(bar, at), sold(bar, at)
    want = wanted(1650)
    refund(bar, mine, at, want)

    with pytest.raises(SameKeyOtherBody):
        refund(bar, other, at, want)


def test_it_is_sealed_at_the_till_that_gives_the_money_back(bar, at):
    sale = sold(bar, at)
    second = make.station(bar.venue, payee=bar.payee)
    there = dataclasses.replace(bar.session, station=second)

    done = refund_sale(session=there, sale_key=sale.key, wanted=wanted(1650), at=at)

    document = Document.objects.select_related("register").get(pk=done.refund.document_id)
    assert (document.register.station_id, document.sequence) == (second.pk, 1)
    assert (document.register.payee_id, document.corrects_id) == (bar.payee.pk, sale.document_id)
    returned = Document.objects.filter(event_code=journal_codes.ITEM_RETURN)
    assert {event.register_id for event in returned} == {document.register_id}


def test_the_ticket_of_a_refund_printed_again_is_a_duplicate(bar, at):
    devices.printer(bar.venue, tills=[bar.station])
    sale = sold(bar, at)
    done = refund(bar, sale, at, wanted(1650))
    key = uuid7()

    for _twice in range(2):
        print_refund(
            session=bar.session, sale_key=sale.key, key=done.refund.key, print_key=key, at=at
        )

    jobs = PrintJob.objects.filter(subject=f"pos.refund:{done.refund.key}").order_by("id")
    assert ["DUPLICATA" in str(job.page) for job in jobs] == [False, True]
    assert Document.objects.filter(kind="DUPLICATE").count() == 1
