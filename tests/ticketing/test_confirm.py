"""Money arrives: numbers are given, codes signed, one receipt sealed, the mail written."""

import datetime
import json

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from teraa.accounts.models import OutgoingMail
from teraa.common.ids import uuid7
from teraa.fiscal.models import Document, Register
from teraa.fiscal.verify import verify
from teraa.live.models import Outbox
from teraa.settlement import effects
from teraa.settlement.cases.models import Case
from teraa.settlement.cases.queries import link_of
from teraa.settlement.cases.watching import FINAL_DEPTH
from teraa.settlement.models import Due
from teraa.settlement.operations import accept_late
from teraa.settlement.osm.devnet.wallet import DevelopmentWallet
from tests import make
from tests.settlement import cast as money
from tests.settlement.cases.moves import address, scene_of
from tests.ticketing import cast
from tests.ticketing.cast import MINUTE
from ticketing import codes, keys
from ticketing.models import Operation
from ticketing.operations import free_expired
from ticketing.receivers import look_at_due


@pytest.fixture
def show(db, keys_dir, at, settings):
    # pytest-django keeps mail in memory; ours is stored with what it tells about.
    settings.EMAIL_BACKEND = "teraa.accounts.mail.StoredEmailBackend"
    return cast.show(at=at, capacity=20)


def receipts():
    return Document.objects.filter(kind="TICKET").order_by("sequence")


def test_a_paid_order_becomes_numbered_tickets(show, at):
    show.sell(2, at=at)
    tickets = show.sell(1, 1, 1, at=at)

    assert [ticket.number for ticket in tickets] == [3, 4, 5]
    assert [ticket.category for ticket in tickets] == [
        "Plein tarif",
        "Tarif réduit",
        "Moins de 12 ans",
    ]
    assert tickets[0].order.state == "confirmed"


def test_each_code_is_signed_by_the_venues_key_and_says_its_own_number(show, at):
    first, second = show.sell(2, at=at)
    venue_id, public = keys.public_key(codes.decode(first.qr).payload.key_id)

    assert venue_id == show.venue.pk
    for ticket in (first, second):
        code = codes.decode(ticket.qr)
        assert code.is_signed_by(public)
        assert (code.payload.event, code.payload.ticket) == (show.event.number, ticket.number)


def test_one_receipt_is_sealed_in_the_organisers_own_register(show, at):
    order = show.order(2, 1, at=at)
    cast.pay(order, at=at)

    document = receipts().get()
    register = Register.objects.get(pk=document.register_id)
    assert (register.payee_id, register.lane) == (show.payee.pk, "web")
    assert order.document_id == document.pk
    values = json.loads(document.payload)
    assert values["total_cents"] == 4800
    assert [line["quantity_milli"] for line in values["lines"]] == [2000, 1000]
    assert [tax["rate_bp"] for tax in values["taxes"]] == [550]
    assert values["tenders"][0]["kind"] == "cash"
    assert not verify().faults


def test_what_a_till_takes_is_sealed_in_the_register_of_that_till(show, at):
    till = make.station(show.venue, payee=show.payee, name="Bar")
    order = show.order(1, at=at)
    cast.pay(order, at=at, station_id=till.pk, operator="Noé")

    register = Register.objects.get(pk=receipts().get().register_id)
    assert (register.station_id, register.payee_id) == (till.pk, show.payee.pk)
    sale = Operation.objects.get()
    assert (sale.sold_at, sale.operator) == ("Bar", "Noé")


def test_every_ticket_is_an_operation_with_a_number_of_its_own(show, at):
    show.sell(2, 0, 1, at=at)
    kinds = Operation.objects.order_by("number").values_list("number", "kind", "price_cents")

    assert list(kinds) == [(1, "sale", 1800), (2, "sale", 1800), (3, "free", 0)]
    assert Operation.objects.first().sold_at == f"En ligne · {show.venue.name}"


@pytest.mark.parametrize("statement", ["UPDATE {} SET venue_id = venue_id", "DELETE FROM {}"])
@pytest.mark.parametrize("table", ["ticketing_operation", "ticketing_key"])
def test_what_was_recorded_cannot_be_changed(show, at, statement, table):
    show.sell(1, at=at)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))


def test_the_same_news_twice_changes_nothing(show, at):
    order = show.order(1, at=at)
    cast.pay(order, at=at)
    with transaction.atomic():
        look_at_due(due_id=order.due_id, at=at)

    assert order.tickets.count() == 1
    assert receipts().count() == 1
    assert OutgoingMail.objects.count() == 1


def test_the_mail_leads_to_the_page_and_the_file_comes_later(show, at):
    order = show.order(1, at=at)
    assert not OutgoingMail.objects.exists()
    cast.pay(order, at=at)

    mail = OutgoingMail.objects.get()
    assert mail.to == ["ada@example.org"]
    assert show.event.title in mail.subject
    assert order.page_url in mail.text
    assert Outbox.objects.filter(topic=f"tickets.{order.pk}").count() == 1


def test_a_rolled_back_sale_leaves_no_hole(show, at):
    show.sell(1, at=at)
    order = show.order(1, at=at)
    with pytest.raises(PowerCut):
        confirm_and_fall(order, at)

    cast.pay(order, at=at)
    assert [ticket.number for ticket in order.tickets.all()] == [2]


@transaction.atomic
def confirm_and_fall(order, at):
    money.operations.add_tender(
        key=uuid7(), due_id=order.due_id, kind="cash", amount_cents=1800, at=at
    )
    look_at_due(due_id=order.due_id, at=at)
    raise PowerCut


class PowerCut(Exception):
    """What a test makes happen in the middle of a transaction."""


# -- coins that come late ---------------------------------------------------------------------------


@pytest.fixture
def late(db, keys_dir, channel):
    """An order whose OSM request and hold have run out; then its coins come."""
    at = channel.now
    show = cast.show(
        at=at,
        capacity=2,
        starts_at=at + 600 * MINUTE,
        ends_at=at + 700 * MINUTE,
        hold_minutes=4,
    )
    order = show.order(2, at=at)
    request = money.request(
        Due.objects.get(pk=order.due_id), at, expires_at=at + 4 * MINUTE, required_confirmations=1
    )
    return show, order, request


def come_late(channel, request):
    channel.pay(request)
    channel.node.forge()
    channel.look()
    accept_late(request_id=request.pk, by="Inès", at=channel.now)
    effects.deliver_all(at=channel.now)


def test_coins_that_may_be_on_their_way_keep_the_places(late, channel):
    show, order, _request = late

    assert free_expired(at=order.hold_until + datetime.timedelta(seconds=1)) == 0
    assert show.left() == 0
    channel.pass_time(6)
    effects.deliver_all(at=channel.now)
    order.refresh_from_db()
    assert order.state == "expired"
    assert show.left() == 2


def test_a_late_payment_finds_its_places_again(late, channel):
    show, order, request = late
    channel.pass_time(6)
    effects.deliver_all(at=channel.now)
    come_late(channel, request)

    order.refresh_from_db()
    assert order.state == "confirmed"
    assert order.tickets.count() == 2
    assert show.left() == 0
    assert receipts().count() == 1


def test_a_late_payment_without_a_place_asks_for_a_refund(late, channel):
    show, order, request = late
    channel.pass_time(6)
    effects.deliver_all(at=channel.now)
    show.sell(1, at=channel.now)
    come_late(channel, request)

    order.refresh_from_db()
    assert order.state == "paid_without_place"
    assert not order.tickets.exists()
    assert order.document is not None, "the money is there: so is its receipt"
    assert order.document.total_cents == order.total_cents
    assert show.left() == 1, "what it could not have is not taken"
    assert not [one for one in effects.Effect.objects.all() if one.last_error]


def test_an_order_without_a_place_is_refunded_by_the_organisers_own_wallet(late, channel):
    """From the link on the screen to the block nobody can take back, over a real chain."""
    show, order, request = late
    channel.pass_time(6)
    effects.deliver_all(at=channel.now)
    show.sell(1, at=channel.now)
    come_late(channel, request)
    order.refresh_from_db()
    assert order.state == "paid_without_place"

    of = scene_of(show.payee, channel.now, phrases="organiser of tests")
    # Whoever pays several at once may be an exchange: the customer types an address.
    mine = address("the wallet of who came too late")
    refund = of.refund(
        due_id=order.due_id, address=mine, variant="custom", units=request.units // 2
    )
    with DevelopmentWallet(channel.node.url, of.phrase) as wallet:
        wallet.pay(link_of(refund))
    channel.look()
    refund.refresh_from_db()
    assert refund.state == "seen"
    channel.node.forge()
    channel.look()
    refund.refresh_from_db()
    assert refund.state == "paid"
    for _block in range(FINAL_DEPTH - 1):
        channel.node.forge()
    channel.look()
    effects.deliver_all(at=channel.now)

    refund.refresh_from_db()
    order.refresh_from_db()
    assert (refund.state, order.state) == ("closed", "refunded")
    assert Case.objects.filter(state="open").count() == 0
