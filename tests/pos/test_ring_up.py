"""A cart becomes a sale, once."""

import dataclasses
import datetime
import uuid

import pytest

from pos.catalogue import CatalogueOutdated, publish_catalogue
from pos.models import Sale
from pos.operations import TenderWanted, ring_up
from pos.pricing import Wanted
from pos.problems import NotATill, NotEnoughCash, UnknownProduct, WrongTenders, WrongTotal
from teraa.common.ids import uuid7
from teraa.common.problems import Invalid, SameKeyOtherBody
from teraa.fiscal.models import Document, DocumentLine, DocumentTax, DocumentTender
from tests.pos import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def bar(keys_dir):
    return cast.bar()


def tickets():
    return Document.objects.filter(kind="TICKET")


def ring(bar, at, **fields):
    return ring_up(session=bar.session, wanted=bar.wanted(**fields), at=at)


def test_a_cash_sale_is_sealed_at_once(bar, at):
    rung = ring(
        bar,
        at,
        lines=[Wanted(str(bar.coffee.pk), 2), Wanted(str(bar.beer.pk), 1)],
        total_cents=750,
        tenders=[TenderWanted(uuid7(), "cash", 750, received_cents=1000)],
    )

    assert rung.is_new
    assert rung.sale.state == "paid"
    document = tickets().get()
    assert rung.sale.document_id == document.pk
    assert (document.sequence, document.total_cents) == (1, 750)
    assert list(
        DocumentLine.objects.order_by("position").values_list("label", "quantity_milli")
    ) == [("Café", 2000), ("Bière", 1000)]
    assert list(DocumentTax.objects.order_by("rate_bp").values_list("rate_bp", "vat_cents")) == [
        (1000, 27),
        (2000, 75),
    ]
    assert list(DocumentTender.objects.values_list("kind", "amount_cents", "change_cents")) == [
        ("cash", 750, 250)
    ]


def test_a_cash_sale_takes_few_queries_whatever_its_length(bar, at, count_queries):
    ring(bar, at)  # opens the day's period and fills the caches
    lines = [Wanted(str(bar.coffee.pk), 1)] * 50

    with count_queries() as queries:
        ring(bar, at, lines=lines, total_cents=7500, tenders=bar.tenders(cash=7500))

    assert len(queries) <= 7, "\n".join(queries)  # one more authenticates


def test_the_same_sale_again_is_the_first_sale(bar, at):
    wanted = bar.wanted()
    first = ring_up(session=bar.session, wanted=wanted, at=at)

    again = ring_up(session=bar.session, wanted=wanted, at=at)

    assert not again.is_new
    assert again.sale.pk == first.sale.pk
    assert tickets().count() == 1


def test_it_refuses_the_same_key_with_another_body(bar, at):
    wanted = bar.wanted()
    ring_up(session=bar.session, wanted=wanted, at=at)
    other = dataclasses.replace(wanted, receipt="paper")

    with pytest.raises(SameKeyOtherBody):
        ring_up(session=bar.session, wanted=other, at=at)

    assert tickets().count() == 1


def test_two_venues_may_use_the_same_key(bar, at):
    elsewhere = cast.bar()
    wanted = bar.wanted()
    ring_up(session=bar.session, wanted=wanted, at=at)

    rung = ring_up(session=elsewhere.session, wanted=elsewhere.wanted(key=wanted.key), at=at)

    assert rung.is_new
    assert Sale.objects.filter(key=wanted.key).count() == 2


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"total_cents": 299}, WrongTotal),
        ({"lines": [Wanted(str(uuid7()), 1)]}, UnknownProduct),
        ({"catalogue_version": 2}, CatalogueOutdated),
        ({"tenders": [TenderWanted(uuid7(), "cash", 200)]}, WrongTenders),
        ({"tenders": [TenderWanted(uuid7(), "cash", 400)]}, WrongTenders),
        ({"tenders": []}, WrongTenders),
        ({"tenders": [TenderWanted(uuid7(), "cash", 300, received_cents=200)]}, NotEnoughCash),
    ],
)
def test_it_refuses_and_stores_nothing(bar, at, fields, problem):
    with pytest.raises(problem):
        ring(bar, at, **fields)

    assert not Sale.objects.exists()
    assert not tickets().exists()


def test_it_refuses_another_venues_product(bar, at):
    elsewhere = cast.bar()

    with pytest.raises(UnknownProduct):
        ring(bar, at, lines=[Wanted(str(elsewhere.coffee.pk), 2)])


def test_it_refuses_a_key_that_is_not_a_uuid7(bar, at):
    with pytest.raises(Invalid):
        ring(bar, at, key=uuid.uuid4())


def test_it_refuses_to_sell_at_a_gate(bar, at):
    bar.station.kind = "gate"

    with pytest.raises(NotATill):
        ring(bar, at)


def test_a_till_may_finish_on_the_prices_it_showed(bar, at):
    bar.coffee.price_cents = 170
    bar.coffee.save()
    publish_catalogue(venue_id=bar.venue.pk, at=at)

    assert ring(bar, at + datetime.timedelta(minutes=10)).is_new
    with pytest.raises(CatalogueOutdated):
        ring(bar, at + datetime.timedelta(minutes=31))


def test_what_was_sold_keeps_its_label_and_rate(bar, at):
    rung = ring(bar, at)
    bar.coffee.label = "Expresso"
    bar.coffee.save()

    rung.sale.refresh_from_db()
    assert rung.sale.cart[0]["label"] == "Café"


def test_card_and_cash_share_a_sale(bar, at):
    ring(bar, at, tenders=bar.tenders(card=200, cash=100))

    assert sorted(DocumentTender.objects.values_list("kind", "amount_cents")) == [
        ("card", 200),
        ("cash", 100),
    ]
