"""Receipts are no more than the signed bytes say: dropped, they come back as they were."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from teraa.settlement.cases.models import Case
from teraa.settlement.models import PaymentPolicy
from teraa.settlement.operations import cancel_request
from teraa.settlement.osm.devnet.node import DevelopmentNode
from teraa.settlement.osm.ingest.rebuilding import rebuild_receipts
from teraa.settlement.osm.models import Allocation, ChainTransaction, OsmRequest, Receipt
from teraa.settlement.osm.raw import NotReadable, read_raw
from tests.settlement import cast
from tests.settlement.cast import OSM
from tests.settlement.osm.channel import following

RECEIPT = ("transaction__txid", "out_index", "direction", "watched_id", "amount_units", "stored_at")
ALLOCATION = ("receipt__transaction__txid", "kind", "request_id", "amount_units", "reason")


def rows():
    return (
        sorted(Receipt.objects.values_list(*RECEIPT)),
        sorted(Allocation.objects.values_list(*ALLOCATION, "created_at"), key=str),
        list(OsmRequest.objects.order_by("pk").values()),
    )


def open_cases():
    cases = Case.objects.filter(state="open")
    return sorted(cases.values_list("kind", "receipt__transaction__txid", "request", "units"))


def several_payments(channel):
    """Paid exactly, short, twice, and for nobody."""
    payee = cast.payee()
    (_, exact), (_, short), (_, twice) = (channel.ask(payee) for _ in range(3))
    channel.pay(exact)
    channel.pay(short, 40 * OSM)
    channel.pay(twice), channel.pay(twice)
    channel.node.pay(payee.osm_address, 3 * OSM, "merci ☕")
    channel.node.forge(2)
    channel.look()
    return channel.cursor.network


def drop_receipts(owner):
    connection.close()
    for statement in (
        "ALTER TABLE osm_allocation DISABLE TRIGGER USER",
        "ALTER TABLE osm_receipt DISABLE TRIGGER USER",
        "ALTER TABLE cases_case DISABLE TRIGGER USER",
        "DELETE FROM cases_case",
        "DELETE FROM osm_allocation",
        "DELETE FROM osm_receipt",
        "ALTER TABLE osm_allocation ENABLE TRIGGER USER",
        "ALTER TABLE osm_receipt ENABLE TRIGGER USER",
        "ALTER TABLE cases_case ENABLE TRIGGER USER",
    ):
        owner.execute(statement)
    assert not Receipt.objects.exists()


def test_nothing_is_missing_and_nothing_is_made(channel):
    network = several_payments(channel)
    before = rows()
    found = rebuild_receipts(network=network, at=channel.now)
    assert (found.transactions, found.receipts, found.made, found.moved) == (5, 5, 0, 0)
    assert found.wrong == {}
    assert rows() == before


def test_dropped_they_come_back_as_they_were(live_database, owner_connection):
    with DevelopmentNode() as node, following(node) as channel:
        network = several_payments(channel)
        before = rows()
        drop_receipts(owner_connection)
        call_command("rebuild_receipts", verbosity=0)
        assert rows() == before
        assert rebuild_receipts(network=network, at=channel.now).made == 0


def test_dropped_they_pay_by_their_amount_what_they_paid_then(live_database, owner_connection):
    """Of two alike requests the second is open only because the first was paid, or given up."""
    with DevelopmentNode() as node, following(node) as channel:
        payee = cast.payee()
        PaymentPolicy.objects.create(payee=payee, venue_id=payee.venue_id, by_amount=True)
        (_, paid), (_, named), (_, withdrawn) = (channel.ask(payee) for _ in range(3))
        channel.pay(paid, memo="")
        channel.pay(named)
        node.forge(), channel.look()
        channel.pay(paid, memo="")
        channel.pay(named, memo="")
        cancel_request(request_id=withdrawn.pk, by="Ada", at=channel.now)
        node.forge(), channel.look(later=cast.MICROSECOND)
        channel.pay(withdrawn, memo="")
        node.forge(), channel.look(later=cast.MICROSECOND)
        before, cases = rows(), open_cases()
        assert sorted(Allocation.objects.values_list("reason", flat=True)) == [
            *("by_amount", "no_reference", "no_reference", "no_reference", "reference"),
        ]
        assert len(cases) == 3
        drop_receipts(owner_connection)
        rebuild_receipts(network=channel.cursor.network, at=channel.now)
        assert rows() == before
        assert open_cases() == cases


def test_a_row_that_contradicts_its_bytes_is_named(channel, monkeypatch):
    network = several_payments(channel)
    one = ChainTransaction.objects.order_by("pk").first()
    receipt = Receipt.objects.filter(transaction=one).get()
    other = cast.payee()
    channel.ask(other)
    Receipt.objects.bulk_create(
        [
            Receipt(
                transaction=one,
                venue_id=receipt.venue_id,
                watched=receipt.watched,
                out_index=7,
                direction="in",
                amount_units=1,
                stored_at=channel.now,
            )
        ]
    )
    found = rebuild_receipts(network=network, at=channel.now)
    assert list(found.wrong) == [one.txid]
    with pytest.raises(CommandError):
        call_command("rebuild_receipts", verbosity=0)


def test_bytes_that_were_changed_are_not_read(channel):
    several_payments(channel)
    one = ChainTransaction.objects.order_by("pk").first()
    raw, memo = bytes(one.raw), bytes(one.memo)
    assert read_raw(raw, version=1, memo=memo).txid == one.txid
    with pytest.raises(NotReadable):
        read_raw(raw, version=1, memo=memo + b"!")
    with pytest.raises(NotReadable):
        read_raw(raw[:40], version=1, memo=memo)
    changed = raw[:-1] + bytes([raw[-1] ^ 1])
    assert read_raw(changed, version=1, memo=memo).txid != one.txid
