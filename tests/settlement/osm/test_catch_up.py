"""A day behind: read by ranges and lists, with a question for the blocks that concern us only."""

from contextlib import contextmanager

import pytest

from teraa.settlement.osm.addresses import address_of_passphrase
from teraa.settlement.osm.devnet.node import DevelopmentNode
from teraa.settlement.osm.fakes.lying_wire import paid_to, without_rows
from teraa.settlement.osm.ingest.catchup import LISTS_FROM
from teraa.settlement.osm.models import Block, ChainTransaction, Receipt
from teraa.settlement.queries import due_state
from tests.settlement import cast
from tests.settlement.cast import OSM
from tests.settlement.osm.channel import Channel, following

BLOCKS = LISTS_FROM + 300
BLOCKS_OF_OTHERS = 40
PAYING = 3


@pytest.fixture(scope="module")
def long_chain():
    """Somebody pays us in a few of very many blocks, others pay each other in many."""
    payee_address = address_of_passphrase("the payee of a long chain", cast.ADDRESS_BYTE)
    with DevelopmentNode() as node:
        node.forge(2)
        for number in range(BLOCKS_OF_OTHERS):
            node.demo_wallet.send(address=node.address(f"somebody {number}"), units=OSM)
            if number % (BLOCKS_OF_OTHERS // PAYING) == 0:
                node.pay(payee_address, OSM + number, "avance")
            node.forge()
        node.forge(BLOCKS)
        yield node, payee_address


@pytest.fixture
def behind(db, long_chain):
    """An ingest that knows the genesis block only, about to read the rest."""
    node, address = long_chain
    payee = cast.payee(osm_address=address)
    with following_from_genesis(node) as channel:
        yield channel, payee


@contextmanager
def following_from_genesis(node):
    """An ingest whose first look was shown the genesis block as the newest one."""
    channel = Channel(node)
    try:
        genesis = channel.client.genesis()

        def short(answer):
            answer["data"] |= {"height": 1, "id": genesis.id}
            return answer

        with channel.wire.lying("node/syncing", short):
            channel.look()
        assert channel.cursor.height == 1
        channel.wire.asked.clear()
        yield channel
    finally:
        channel.close()


def asked_for(channel, part):
    return [one for one in channel.wire.asked if part in one]


def test_it_asks_for_the_blocks_that_pay_us_and_for_no_others(behind):
    channel, payee = behind
    channel.look()
    assert (channel.cursor.height, channel.cursor.state) == (channel.node.height, "live")
    assert Block.objects.filter(canonical=True).count() == channel.node.height
    assert Receipt.objects.filter(watched__payee=payee).count() == PAYING + 1
    of_one_block = asked_for(channel, "/transactions?orderBy=sequence")
    assert len(of_one_block) == PAYING + 1
    assert len(asked_for(channel, "transactions/search")) <= 4
    ranges = asked_for(channel, "blocks/search")
    assert len(ranges) <= channel.node.height // 100 + 5


@pytest.mark.parametrize("twist", [without_rows, "other"], ids=["empty 200", "other recipients"])
def test_lists_that_lie_lose_nothing(behind, twist):
    channel, payee = behind
    other = paid_to(cast.payee().osm_address)

    def redirected(answer):
        for one in answer["data"]:
            one["recipient"] = other({"data": [dict(one)]})["data"][0]["recipientId"]
        return answer

    with channel.wire.lying("transactions/search", redirected if twist == "other" else twist):
        channel.look()
    assert channel.cursor.height == channel.node.height
    assert Receipt.objects.filter(watched__payee=payee).count() == PAYING + 1


def test_it_goes_on_after_a_page_that_did_not_come(behind):
    channel, payee = behind
    channel.worker._follower._may_go_on = lambda: False  # a turn is one batch
    for turn in range(1, 4):
        channel.worker.turn(channel.now)
        channel.wire.status = 503
        channel.worker.turn(channel.now)
        channel.wire.status = None
        assert channel.cursor.height >= 100 * turn
    channel.look()
    assert channel.cursor.height == channel.node.height
    assert Receipt.objects.filter(watched__payee=payee).count() == PAYING + 1


def test_what_settles_while_catching_up_is_told_once(behind):
    channel, payee = behind
    due, request = channel.ask(payee, 120, confirmations=3)
    channel.pay(request)
    channel.node.forge(30)
    channel.look()
    assert due_state(due.pk).state == "settled"
    assert list(due.effects.values_list("kind", flat=True)) in (["settled"], ["changed", "settled"])
    assert ChainTransaction.objects.filter(memo_text=request.reference).count() == 1


def test_an_old_chain_is_followed_from_near_its_tip(db, long_chain):
    node, _address = long_chain
    with following(node) as channel:
        assert channel.cursor.height == node.height
        assert Block.objects.count() < 50
