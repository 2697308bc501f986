"""Version-2 transactions and Core 3.9: multi-payments, locks, Schnorr, searches by GET."""

import dataclasses
import json

import httpx
import pytest

from teraa.settlement.osm.addresses import address_of, address_of_passphrase, key_pair
from teraa.settlement.osm.blocks import BlockHeader, payload_hash, to_raw
from teraa.settlement.osm.devnet.node import DevelopmentNode
from teraa.settlement.osm.dialects import connect
from teraa.settlement.osm.dialects.core2 import Core2Node
from teraa.settlement.osm.dialects.core3 import Core3Node
from teraa.settlement.osm.ingest import store
from teraa.settlement.osm.ingest.election import begin_epoch
from teraa.settlement.osm.ingest.verify import (
    TransactionRefused,
    verify_block,
    verify_signatures,
    verify_transaction,
)
from teraa.settlement.osm.models import ChainTransaction, Receipt
from teraa.settlement.osm.node import NodeNonsense
from teraa.settlement.osm.transaction_forms_v2 import to_raw as raw_transaction
from teraa.settlement.osm.transactions_v2 import (
    HTLC_LOCK,
    Payment,
    TransactionV2,
    multi_payment,
    transfer,
)
from teraa.settlement.queries import due_state
from tests.settlement import cast
from tests.settlement.cast import ADDRESS_BYTE, OSM
from tests.settlement.osm.channel import Channel, following

PAYER = key_pair("somebody who pays by version two")
PAYER_ADDRESS = address_of(PAYER.public_key, ADDRESS_BYTE)
DELEGATE = key_pair("a delegate of version two")


def block_of(cursor, *transactions):
    """The signed block that follows the cursor and holds these."""
    header = BlockHeader(
        version=0,
        timestamp=230_000_000 + cursor.height,
        height=cursor.height + 1,
        previous_block=cursor.block_id,
        number_of_transactions=len(transactions),
        # As the node's own headers: a multi-payment's amount is nothing.
        total_amount=sum(one.amount for one in transactions),
        total_fee=sum(one.fee for one in transactions),
        reward=0,
        payload_length=32 * len(transactions),
        payload_hash=payload_hash(one.id for one in transactions),
        generator_public_key=DELEGATE.public_key,
    ).signed(DELEGATE)
    return header, list(transactions)


def take_in(cursor, at, *transactions):
    header, held = block_of(cursor, *transactions)
    verified = verify_block(header, held, version=ADDRESS_BYTE)
    by = begin_epoch(cursor.network)
    return store.store_blocks(by, [verified], at=at)


def several(*payments, memo="", nonce=1):
    return multi_payment(
        sender_public_key=PAYER.public_key,
        nonce=nonce,
        payments=[Payment(address, units) for address, units in payments],
        fee=OSM,
        network=ADDRESS_BYTE,
        vendor_field=memo,
    ).signed(PAYER)


@pytest.fixture
def asked(db, at):
    cursor = cast.live_cursor(at)
    due = cast.due(cast.payee(), at, 120)
    return cursor, due, cast.request(due, at)


def test_t19_every_line_of_a_multi_payment_is_a_receipt_and_lines_add_up(asked, at):
    cursor, due, request = asked
    other = address_of_passphrase("somebody else", ADDRESS_BYTE)
    paid = several(
        (request.address, 20 * OSM),
        (other, 5 * OSM),
        (request.address, 40 * OSM),
        (PAYER_ADDRESS, OSM),
        memo=request.reference,
    )
    take_in(cursor, at, paid)

    receipts = Receipt.objects.filter(direction="in").order_by("out_index")
    assert [(one.out_index, one.amount_units) for one in receipts] == [
        (0, 20 * OSM),
        (2, 40 * OSM),
    ]
    request.refresh_from_db()
    assert (request.state, request.seen_units) == ("settled", 60 * OSM)
    assert due_state(due.pk).state == "settled"
    stored = ChainTransaction.objects.get(txid=paid.id)
    assert (stored.version, stored.type, stored.amount_units) == (2, 6, 66 * OSM)

    cursor.refresh_from_db()
    take_in(cursor, at)
    assert Receipt.objects.filter(direction="in").count() == 2


def test_it_stores_what_leaves_by_a_multi_payment(asked, at):
    cursor, _due, request = asked
    payee = cast.payee(osm_address=PAYER_ADDRESS)
    cast.request(cast.due(payee, at, 100), at)
    supplier = address_of_passphrase("a supplier", ADDRESS_BYTE)
    take_in(cursor, at, several((request.address, 7 * OSM), (supplier, 3 * OSM)))
    sent = Receipt.objects.filter(direction="out").order_by("out_index")
    assert [(one.out_index, one.amount_units) for one in sent] == [(0, 7 * OSM), (1, 3 * OSM)]


def test_a_plug_in_s_type_nought_is_no_transfer(asked, at):
    cursor, _due, request = asked
    strange = TransactionV2(
        type=0,
        type_group=2,
        nonce=1,
        sender_public_key=PAYER.public_key,
        amount=60 * OSM,
        fee=OSM,
        network=ADDRESS_BYTE,
        recipient_id=request.address,
        vendor_field=request.reference.encode(),
        signature="00" * 64,
        id="ab" * 32,
    )
    take_in(cursor, at, strange)
    assert not Receipt.objects.exists()
    request.refresh_from_db()
    assert request.state == "open"


def test_a_lock_for_us_is_kept_for_a_person(asked, at):
    cursor, _due, request = asked
    lock = TransactionV2(
        type=HTLC_LOCK,
        nonce=1,
        sender_public_key=PAYER.public_key,
        amount=60 * OSM,
        fee=OSM,
        network=ADDRESS_BYTE,
        recipient_id=request.address,
        vendor_field=request.reference.encode(),
        asset={"lock": {"secretHash": "cd" * 32, "expiration": {"type": 2, "value": 9999}}},
    ).signed(PAYER)
    take_in(cursor, at, lock)
    stored = ChainTransaction.objects.get(txid=lock.id)
    assert (stored.type, stored.receipts.count()) == (HTLC_LOCK, 0)
    request.refresh_from_db()
    assert (request.state, request.seen_units) == ("open", 0)


def test_it_is_signed_by_schnorr_or_not_believed():
    paid = transfer(
        sender_public_key=PAYER.public_key,
        nonce=1,
        recipient_id=PAYER_ADDRESS,
        amount=OSM,
        fee=OSM,
        network=ADDRESS_BYTE,
        vendor_field="café ☕",
    ).signed(PAYER)
    verified = verify_transaction(paid, version=ADDRESS_BYTE)
    verify_signatures([verified], addresses=[PAYER_ADDRESS])
    forged = dataclasses.replace(paid, amount=2 * OSM)
    with pytest.raises(TransactionRefused):
        verify_transaction(forged, version=ADDRESS_BYTE)
    forged = dataclasses.replace(forged, id=forged.computed_id())
    with pytest.raises(TransactionRefused):
        verify_signatures(
            [verify_transaction(forged, version=ADDRESS_BYTE)], addresses=[PAYER_ADDRESS]
        )


def node_of(answers):
    """A node that knows these answers by path, and every question it was asked."""
    asked = []

    def answer(request):
        path = request.url.raw_path.decode().removeprefix("/api/")
        asked.append(path)
        for start, body in answers.items():
            if path.startswith(start):
                return httpx.Response(200, json=body)
        return httpx.Response(404, json={"statusCode": 404, "error": "Not Found"})

    return httpx.MockTransport(answer), asked


CONSTANTS = {
    "activeDelegates": 51,
    "blocktime": 8,
    "epoch": "2019-05-15T12:16:01.019Z",
    "fees": {"staticFees": {"transfer": 100000000}},
    "vendorFieldLength": 255,
}
CONFIGURATION = {
    "nethash": "ab" * 32,
    "token": "OSMOSE",
    "symbol": "OSM",
    "version": 115,
    "constants": CONSTANTS,
}


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({}, Core2Node),
        ({"core": {"version": "3.9.1"}, "constants": {**CONSTANTS, "aip11": True}}, Core3Node),
    ],
)
def test_the_node_s_answers_choose_the_dialect(said, kind):
    wire, _asked = node_of({"node/configuration": {"data": {**CONFIGURATION, **said}}})
    node = connect("http://node", transport=wire)
    assert type(node) is kind
    assert node.configuration().dialect == node.dialect


@pytest.mark.parametrize(
    "said",
    [{"core": {"version": "4.0.0"}}, {"constants": {**CONSTANTS, "aip11": True}}],
    ids=["a later one", "2.6 and 2.7"],
)
def test_a_dialect_we_do_not_know_is_not_guessed(said):
    wire, _asked = node_of({"node/configuration": {"data": {**CONFIGURATION, **said}}})
    with pytest.raises(NodeNonsense):
        connect("http://node", transport=wire)


def test_it_asks_3_9_by_get_for_raw_rows():
    class Start:
        height, block_id = 32, "0" * 64

    paid = several((PAYER_ADDRESS, OSM), memo="merci")
    header, _held = block_of(Start, paid)
    raw = json.loads(json.dumps(to_raw(header)))
    row = {**raw_transaction(paid), "blockId": header.id, "blockHeight": 33, "sequence": 0}
    wire, asked = node_of(
        {
            f"blocks/{header.id}/transactions": {"data": [row]},
            f"blocks/{header.id}": {"data": raw},
            "blocks?": {"data": [raw]},
            "transactions?": {"data": [row]},
            "transactions/unconfirmed?": {"data": [row]},
        }
    )
    node = Core3Node("http://node", transport=wire)
    assert node.header(header.id).computed_id() == header.id
    assert [one.id for one in node.headers(33, 33)] == [header.id]
    [found] = node.transactions(header.id, 1)
    assert verify_transaction(found, version=ADDRESS_BYTE).txid == paid.id
    assert [(one.block_id, one.transaction.id) for one in node.listed(1, 2, 1)] == [
        (header.id, paid.id)
    ]
    assert [one.id for one in node.pool()] == [paid.id]
    assert all("transform=false" in path for path in asked), "a shown amount is not the header's"
    assert not [path for path in asked if "search" in path]


def test_a_node_brought_up_to_date_is_asked_anew_in_its_new_words(db, chain_node):
    channel = Channel(chain_node)
    channel.look()

    def upgraded(answer):
        answer["data"]["core"] = {"version": "3.9.1"}
        return answer

    with channel.wire.lying("node/configuration", upgraded):
        channel.peers.own.next_look = None
        trouble = channel.look(later=cast.MICROSECOND * 660_000_000)
        assert "OtherDialect" in trouble["trouble"]
        assert channel.peers.own.client is None, "the next look begins with the right dialect"
    channel.close()


def test_a_chain_of_3_9_is_followed_like_any_other(db):
    with DevelopmentNode(dialect="3.9", profile="published") as node, following(node) as channel:
        assert type(channel.client) is Core3Node
        due, request = channel.ask(cast.payee(), confirmations=3)
        txid = channel.pay(request)
        channel.look()
        request.refresh_from_db()
        assert (request.state, request.seen_units) == ("seen", request.units)
        node.forge(3)
        channel.look()
        assert due_state(due.pk).state == "settled"
        stored = ChainTransaction.objects.get(txid=txid)
        assert (stored.version, stored.sender_time) == (2, stored.first_seen_at)
        assert channel.cursor.network.dialect == "core3"

        node.roll_back(2, then="other")
        node.forge(20)
        channel.look()
        assert (channel.cursor.height, channel.cursor.state) == (node.height, "live")


def test_a_chain_that_holds_a_payment_to_several_is_followed(db):
    """As on a real 3.9.1, what it pays is no part of the block's header."""
    with DevelopmentNode(dialect="3.9", profile="published") as node, following(node) as channel:
        due, request = channel.ask(cast.payee())
        other_due, other = channel.ask(cast.payee())
        part = request.units // 2
        lines = [(request.address, part), (other.address, 1), (request.address, request.units)]
        node.demo_wallet.send_several(lines, vendor_field=request.reference)
        node.forge(2)
        channel.look()
        assert (channel.cursor.height, channel.cursor.state) == (node.height, "live")
        request.refresh_from_db()
        assert request.seen_units == part + request.units
        assert (due_state(due.pk).state, due_state(other_due.pk).state) == ("settled", "open")


def test_a_long_chain_of_3_9_is_caught_up_with_by_lists(db):
    with DevelopmentNode(dialect="3.9", profile="published") as node, following(node) as channel:
        payee = cast.payee()
        channel.look(later=cast.MICROSECOND * 60_000_000)
        for _ in range(3):
            node.pay(payee.osm_address, OSM, "avance")
            node.forge()
        node.forge(1020)
        channel.wire.asked.clear()
        channel.look()
        assert channel.cursor.height == node.height
        assert Receipt.objects.filter(watched__payee=payee).count() == 3
        lists = [one for one in channel.wire.asked if "timestamp.from" in one]
        assert lists
        assert not [one for one in channel.wire.asked if one.startswith("POST")]
