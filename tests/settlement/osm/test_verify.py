"""The completeness rule, on a wire that lies: nothing incomplete or doctored is ever stored."""

import dataclasses
import datetime

import pytest

from teraa.settlement.osm.addresses import address_of_passphrase
from teraa.settlement.osm.blocks import payload_hash
from teraa.settlement.osm.fakes.lying_wire import (
    backwards,
    on_network,
    paid_to,
    with_float_amounts,
    without_last_row,
    without_rows,
)
from teraa.settlement.osm.ingest.verify import (
    BlockRefused,
    TransactionRefused,
    verify_block,
    verify_links,
    verify_signatures,
    verify_transaction,
)
from teraa.settlement.osm.models import Block, ChainTransaction, NodePeer, Receipt
from teraa.settlement.queries import due_state
from tests.settlement import cast
from tests.settlement.cast import ADDRESS_BYTE, OSM
from tests.settlement.osm.channel import Channel

TRANSACTIONS_OF_BLOCK = "/transactions?orderBy=sequence:asc"
PATIENCE = datetime.timedelta(seconds=4)
THIEF = address_of_passphrase("somebody else", ADDRESS_BYTE)


@pytest.mark.parametrize(
    "twist",
    [without_last_row, without_rows, backwards, paid_to(THIEF), with_float_amounts],
    ids=["cut short", "empty 200", "another order", "another recipient", "floats"],
)
def test_it_stores_no_block_that_its_header_does_not_account_for(channel, twist):
    payee = cast.payee()
    (due, request), (other, second) = channel.ask(payee), channel.ask(payee)
    channel.pay(request)
    channel.pay(second)
    channel.node.forge()
    height = channel.cursor.height

    with channel.wire.lying(TRANSACTIONS_OF_BLOCK, twist):
        channel.look()
        assert channel.cursor.height == height
        assert not Receipt.objects.exists()
        channel.look(later=PATIENCE)
        channel.look(later=PATIENCE)
        assert channel.cursor.reason == "node_nonsense"
        assert NodePeer.objects.get().last_error

    channel.look()
    assert channel.cursor.state == "live"
    assert due_state(due.pk).state == due_state(other.pk).state == "settled"


def test_a_node_of_another_network_is_never_followed(db, chain_node):
    channel = Channel(chain_node, pinned="f" * 64)
    with channel.wire.lying("node/configuration", on_network("0" * 64)):
        assert "WrongNetwork" in channel.look()["trouble"]
    assert not Block.objects.exists()
    channel.close()


def test_unpinned_the_first_network_seen_is_ours(db, chain_node):
    cast.network(nethash="e" * 64)
    channel = Channel(chain_node, pinned="")
    assert "WrongNetwork" in channel.look()["trouble"]
    assert not Block.objects.exists()
    channel.close()


def test_a_node_that_changes_its_network_halts_the_ingest(channel):
    hour = datetime.timedelta(hours=1)
    with channel.wire.lying("node/configuration", on_network("0" * 64)):
        assert channel.look(later=hour)["state"] == "halted"
        assert (channel.cursor.state, channel.cursor.reason) == ("halted", "wrong_network")
    assert channel.look()["state"] == "live"


def test_silence_shows_after_some_seconds_and_ends_by_itself(channel):
    channel.wire.silent = True
    channel.look()
    assert channel.cursor.state == "live", "one unanswered question is nothing"
    channel.look(later=PATIENCE)
    assert (channel.cursor.state, channel.cursor.reason) == ("stalled", "node_silent")

    channel.wire.silent = False
    channel.look()
    assert (channel.cursor.state, channel.cursor.reason) == ("live", "")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_node_that_refuses_to_answer_is_silent(channel, status):
    channel.wire.status = status
    channel.look()
    channel.look(later=PATIENCE)
    assert channel.cursor.reason == "node_silent"


def test_a_pool_transaction_that_nobody_signed_is_passed_over(channel):
    _due, request = channel.ask(cast.payee())
    channel.pay(request)

    def resigned(answer):
        for row in answer["data"]:
            row["amount"] = str(int(row["amount"]) * 2)
        return answer

    with channel.wire.lying("/unconfirmed", resigned):
        channel.look()
    request.refresh_from_db()
    assert request.state == "open"
    assert not ChainTransaction.objects.exists()


def block_of_one(channel):
    _due, request = channel.ask(cast.payee())
    channel.pay(request)
    header = channel.node.forge()
    return header, channel.client.transactions(str(header.id), 1)


def test_an_id_binds_every_field(channel):
    header, [paid] = block_of_one(channel)
    verified = verify_block(header, [paid], version=ADDRESS_BYTE)
    assert verified.transactions[0].txid == paid.id

    for changed in (
        dataclasses.replace(paid, amount=paid.amount + 1),
        dataclasses.replace(paid, recipient_id=THIEF),
        dataclasses.replace(paid, vendor_field=b"OSAAAAAAAAA"),
        dataclasses.replace(paid, timestamp=paid.timestamp + 1),
        dataclasses.replace(paid, id="0" * 64),
    ):
        with pytest.raises(TransactionRefused):
            verify_transaction(changed, version=ADDRESS_BYTE)
        with pytest.raises(BlockRefused):
            verify_block(header, [changed], version=ADDRESS_BYTE)


def test_a_header_is_its_own_id(channel):
    header, [paid] = block_of_one(channel)
    for changed in (
        dataclasses.replace(header, number_of_transactions=0, payload_hash=payload_hash([])),
        dataclasses.replace(header, total_amount=OSM),
        dataclasses.replace(header, previous_block="0" * 64),
        dataclasses.replace(header, height=header.height + 1),
    ):
        with pytest.raises(BlockRefused):
            verify_block(changed, [paid], version=ADDRESS_BYTE)


def test_a_block_must_follow_the_one_before(channel):
    first, second = channel.node.forge(), channel.node.forge()
    verify_links([second], height=first.height, block_id=str(first.id))
    for height, block_id in [(first.height + 1, str(first.id)), (first.height, "0" * 64)]:
        with pytest.raises(BlockRefused):
            verify_links([second], height=height, block_id=block_id)


def test_a_payment_must_be_signed_by_its_sender(channel):
    _header, [paid] = block_of_one(channel)
    forged = dataclasses.replace(paid, amount=paid.amount + 1)
    forged = dataclasses.replace(forged, id=forged.computed_id())
    verified = verify_transaction(forged, version=ADDRESS_BYTE)

    verify_signatures([verified], addresses=[THIEF])  # nothing to us
    with pytest.raises(TransactionRefused):
        verify_signatures([verified], addresses=[paid.recipient_id])
