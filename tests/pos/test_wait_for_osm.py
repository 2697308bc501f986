"""A sale that waits for its coins, and what a cashier may do meanwhile."""

import dataclasses
import datetime

import pytest

from pos.operations import TenderWanted, cancel_sale, give_up_request, ring_up, take_tender
from pos.problems import SaleClosed
from pos.queries import sale_view
from teraa.common import journal_codes
from teraa.common.ids import uuid7
from teraa.fiscal.models import Document, DocumentTender
from teraa.live.models import Outbox
from teraa.settlement.models import Due, Tender
from teraa.settlement.operations import current_quote
from tests.pos import cast
from tests.settlement import cast as chain

pytestmark = pytest.mark.django_db


@pytest.fixture
def bar(keys_dir, at):
    chain.live_cursor(at)
    return cast.bar()


def osm(bar, at, cents=300):
    quote = current_quote(venue_id=bar.venue.pk, at=at)
    return TenderWanted(uuid7(), "osm", cents, quote=quote.pk)


def ring(bar, at, *tenders, **fields):
    return ring_up(session=bar.session, wanted=bar.wanted(tenders=list(tenders), **fields), at=at)


def events(code):
    return Document.objects.filter(kind="EVENT", event_code=code)


def test_it_asks_for_the_coins_and_seals_nothing_yet(bar, at):
    sale = ring(bar, at, osm(bar, at)).sale

    assert sale.state == "waiting"
    assert not Document.objects.filter(kind="TICKET").exists()
    (tender,) = sale_view(sale)["tenders"]
    assert tender["osm"]["units"] == "15000000000"  # 3.00 € at 0.02 € an OSM
    assert tender["osm"]["uri"].startswith(f"ark:{bar.payee.osm_address}?amount=150&vendorField=OS")
    assert tender["osm"]["qr_svg_path"].startswith("M")


def test_its_till_is_told_to_look(bar, at):
    sale = ring(bar, at, osm(bar, at)).sale

    assert Outbox.objects.filter(topic=f"station.{bar.station.pk}", key=str(sale.key)).exists()


def test_the_same_sale_again_asks_once(bar, at):
    wanted = bar.wanted(tenders=[osm(bar, at)])
    ring_up(session=bar.session, wanted=wanted, at=at)

    again = ring_up(session=bar.session, wanted=wanted, at=at)

    assert not again.is_new
    assert Due.objects.count() == 1


def test_cash_in_hand_counts_at_once_and_coins_are_asked_for_the_rest(bar, at):
    cash = TenderWanted(uuid7(), "cash", 100, received_cents=200)
    view = sale_view(ring(bar, at, osm(bar, at, 200), cash).sale)

    assert (view["paid_cents"], view["pending_cents"], view["remaining_cents"]) == (100, 200, 0)


def test_what_remains_is_taken_in_cash_and_seals_the_ticket(bar, at):
    sale = ring(bar, at, osm(bar, at, 200)).sale
    give_up_request(session=bar.session, key=sale.key, at=at)
    cash = TenderWanted(uuid7(), "cash", 300, received_cents=500)

    paid = take_tender(session=bar.session, key=sale.key, tender=cash, at=at)

    assert paid.state == "paid"
    assert list(DocumentTender.objects.values_list("kind", "amount_cents", "change_cents")) == [
        ("cash", 300, 200)
    ]


def test_the_same_tender_again_is_taken_once(bar, at):
    sale = ring(bar, at, osm(bar, at, 100)).sale
    cash = TenderWanted(uuid7(), "cash", 200)
    first = take_tender(session=bar.session, key=sale.key, tender=cash, at=at)

    take_tender(session=bar.session, key=sale.key, tender=cash, at=at)

    assert first.state == "waiting"
    assert Tender.objects.filter(kind="cash").count() == 1


def test_a_tender_repeated_after_the_sale_is_paid_changes_nothing(bar, at):
    sale = ring(bar, at, osm(bar, at)).sale
    give_up_request(session=bar.session, key=sale.key, at=at)
    cash = TenderWanted(uuid7(), "cash", 300)
    take_tender(session=bar.session, key=sale.key, tender=cash, at=at)

    again = take_tender(session=bar.session, key=sale.key, tender=cash, at=at)

    assert again.state == "paid"
    assert Document.objects.filter(kind="TICKET").count() == 1


def test_it_refuses_another_tender_once_paid(bar, at):
    sale = ring(bar, at, osm(bar, at)).sale
    give_up_request(session=bar.session, key=sale.key, at=at)
    take_tender(session=bar.session, key=sale.key, tender=TenderWanted(uuid7(), "cash", 300), at=at)

    with pytest.raises(SaleClosed):
        take_tender(
            session=bar.session, key=sale.key, tender=TenderWanted(uuid7(), "cash", 1), at=at
        )


def test_it_never_takes_more_than_is_owed(bar, at):
    sale = ring(bar, at, osm(bar, at, 200)).sale

    with pytest.raises(Exception) as refused:
        take_tender(
            session=bar.session, key=sale.key, tender=TenderWanted(uuid7(), "cash", 101), at=at
        )

    assert refused.value.code == "too_much"
    assert not Tender.objects.filter(kind="cash").exists()


def test_giving_up_leaves_its_event(bar, at):
    sale = ring(bar, at, osm(bar, at)).sale

    cancel_sale(session=bar.session, key=sale.key, at=at)
    cancel_sale(session=bar.session, key=sale.key, at=at)

    sale.refresh_from_db()
    assert sale.state == "cancelled"
    assert events(journal_codes.SALE_CANCELLED).count() == 1


def test_money_in_hand_forbids_giving_up(bar, at):
    sale = ring(bar, at, osm(bar, at, 200), TenderWanted(uuid7(), "cash", 100)).sale

    with pytest.raises(Exception) as refused:
        cancel_sale(session=bar.session, key=sale.key, at=at)

    assert refused.value.status == 409
    sale.refresh_from_db()
    assert sale.state == "waiting"


def test_it_refuses_an_expired_quote(bar, at):
    tender = osm(bar, at)

    with pytest.raises(Exception) as refused:
        ring(bar, at + datetime.timedelta(minutes=20), tender)

    assert refused.value.code == "quote_expired"
    assert not Due.objects.exists()


def test_it_refuses_another_venues_quote(bar, at):
    elsewhere = cast.bar()
    tender = dataclasses.replace(osm(elsewhere, at))

    with pytest.raises(Exception) as refused:
        ring(bar, at, tender)

    assert 400 <= refused.value.status < 500
    assert not Due.objects.exists()


def test_a_free_cart_needs_no_money(bar, at):
    bar.coffee.price_cents = 0
    bar.coffee.save()
    from pos.catalogue import publish_catalogue

    publish_catalogue(venue_id=bar.venue.pk, at=at)

    rung = ring(bar, at, catalogue_version=2, total_cents=0)

    assert rung.sale.state == "paid"
