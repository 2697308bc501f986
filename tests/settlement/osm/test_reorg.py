"""The chain is rewritten: what was in a block waits in limbo, comes back, or does not."""

import datetime

import pytest

from teraa.settlement.models import Effect
from teraa.settlement.osm.devnet.node import DevelopmentNode
from teraa.settlement.osm.dialects.core2 import Core2Node
from teraa.settlement.osm.ingest.follower import RESCAN_DEPTH
from teraa.settlement.osm.models import Block, BlockCursor, ChainTransaction
from teraa.settlement.osm.transactions import to_post
from teraa.settlement.queries import due_state
from tests.settlement import cast
from tests.settlement.cast import OSM
from tests.settlement.osm.channel import following

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_nodes():
    """Two nodes of one network that do not know each other: their chains part after genesis."""
    with DevelopmentNode() as ours, DevelopmentNode() as other:
        yield ours, other


def follow(channel, node):
    channel.follow(node)


def test_a_payment_that_another_chain_lacks_is_checked_before_anything_is_said(two_nodes):
    ours, other = two_nodes
    with following(ours) as channel:
        due, request = channel.ask(cast.payee(), confirmations=3)
        txid = channel.pay(request)
        ours.forge(2)
        channel.look()
        request.refresh_from_db()
        assert (request.state, request.confirmations) == ("confirming", 2)

        other.forge(5)
        follow(channel, other)
        channel.look()
        request.refresh_from_db()
        assert channel.cursor.block_id == Block.objects.get(height=6, canonical=True).block_id
        assert (request.state, request.confirmations, request.flags) == ("confirming", 0, ["limbo"])
        limbo = ChainTransaction.objects.get(txid=txid)
        assert limbo.limbo_since is not None
        assert (limbo.block, limbo.position, limbo.gone_at) == (None, None, None)
        assert due_state(due.pk).state == "open"

        # The same transaction reaches the other chain and is counted there.
        posted = channel.client._json(
            "POST", "transactions", body={"transactions": [waiting(ours, txid)]}
        )
        assert posted["data"]["accept"] == [txid]
        other.forge(3)
        channel.look()
        request.refresh_from_db()
        assert (request.state, request.seen_units) == ("settled", 60 * OSM)
        assert request.flags == []
        assert due_state(due.pk).state == "settled"


GRACE = datetime.timedelta(minutes=6)


def test_what_never_comes_back_counts_as_never_sent_once_the_grace_is_over(two_nodes):
    ours, other = two_nodes
    with following(ours) as channel:
        due, request = channel.ask(cast.payee(), confirmations=3)
        txid = channel.pay(request)
        ours.forge(2)
        channel.look()
        other.forge(5)
        follow(channel, other)
        channel.look()

        channel.pass_time(8)

        request.refresh_from_db()
        assert (request.state, request.seen_units, request.flags) == ("expired", 0, [])
        assert ChainTransaction.objects.get(txid=txid).gone_at is not None
        assert due_state(due.pk).state == "expired"


def test_what_was_settled_and_never_comes_back_asks_for_a_person(two_nodes):
    ours, other = two_nodes
    with following(ours) as channel:
        due, request = channel.ask(cast.payee())
        channel.pay(request)
        ours.forge()
        channel.look()
        other.forge(3)
        follow(channel, other)
        channel.look()

        channel.look(later=GRACE)

        request.refresh_from_db()
        assert (request.state, request.flags) == ("settled", ["reorged"])
        assert due_state(due.pk).state == "settled"
        assert list(due.effects.values_list("kind", flat=True)).count("attention") == 1


def waiting(node, txid):
    """A transaction of the node's chain as a wallet posts it."""
    client = Core2Node(node.url)
    header = client.header(client.tip().block_id)
    while True:
        for one in client.transactions(str(header.id), 0):
            if one.id == txid:
                return to_post(one, version=cast.ADDRESS_BYTE) | {"signature": one.signature}
        header = client.header(header.previous_block)


def test_settled_stays_settled_when_its_block_goes(two_nodes):
    ours, other = two_nodes
    with following(ours) as channel:
        due, request = channel.ask(cast.payee())
        channel.pay(request)
        ours.forge()
        channel.look()
        assert due_state(due.pk).state == "settled"

        other.forge(3)
        follow(channel, other)
        channel.look()
        request.refresh_from_db()
        assert (request.state, request.flags) == ("settled", ["limbo"])
        assert due_state(due.pk).state == "settled"
        assert Effect.objects.filter(due=due, kind="settled").count() == 1


def test_blocks_that_come_back_are_the_same_rows(two_nodes):
    ours, other = two_nodes
    with following(ours) as channel:
        due, request = channel.ask(cast.payee(), confirmations=5)
        channel.pay(request)
        ours.forge(3)
        channel.look()
        before = sorted(
            Block.objects.filter(canonical=True).values_list("height", "block_id", "pk")
        )

        other.forge(4)
        follow(channel, other)
        channel.look()
        follow(channel, ours)
        ours.forge(2)
        channel.look()

        after = sorted(Block.objects.filter(canonical=True).values_list("height", "block_id", "pk"))
        assert after[: len(before)] == before
        request.refresh_from_db()
        assert (request.state, due_state(due.pk).state) == ("settled", "settled")


def test_a_node_that_merely_fell_behind_unwinds_nothing(channel):
    channel.node.forge(3)
    channel.look()
    held = channel.cursor
    older = Block.objects.get(height=held.height - 2, canonical=True)

    def fallen(answer):
        answer["data"] |= {"height": older.height, "id": older.block_id}
        return answer

    with channel.wire.lying("node/syncing", fallen):
        for _ in range(3):
            channel.look(later=datetime.timedelta(seconds=3))
        assert (channel.cursor.state, channel.cursor.reason) == ("stalled", "node_behind")
        assert channel.cursor.height == held.height
    channel.look()
    assert channel.cursor.state == "live"


def test_far_behind_it_finds_the_fork_by_ranges(two_nodes):
    ours, other = two_nodes
    with following(ours) as channel:
        _due, request = channel.ask(cast.payee(), confirmations=50)
        channel.pay(request)
        ours.forge(4)
        channel.look()
        other.forge(300)
        follow(channel, other)
        channel.look()

        assert (channel.cursor.height, channel.cursor.state) == (301, "live")
        request.refresh_from_db()
        assert (request.confirmed_units, request.flags) == (0, ["limbo"])
        assert Block.objects.filter(canonical=True).count() == 301


@pytest.mark.parametrize("lead", [1, 200])
def test_deeper_than_we_follow_needs_a_person(two_nodes, lead):
    ours, other = two_nodes
    with following(ours) as channel:
        ours.forge(RESCAN_DEPTH + 5)
        channel.look()
        held = channel.cursor.block_id
        other.forge(RESCAN_DEPTH + 5 + lead)
        follow(channel, other)
        channel.look()

        assert (channel.cursor.state, channel.cursor.reason) == ("halted", "deep_reorg")
        assert channel.cursor.block_id == held, "nothing was unwound"
        follow(channel, ours)
        channel.look()
        assert channel.cursor.state == "live", "the node came back to the chain we know"


def test_it_goes_on_where_a_killed_ingest_stopped(channel):
    due, request = channel.ask(cast.payee(), confirmations=3)
    channel.pay(request)
    for _ in range(3):
        channel.node.forge()
        channel.look()
        # Killed between two blocks; what the next one finds is all there is to know.
        channel.worker.close()
        channel.begin()
        channel.look()
    request.refresh_from_db()
    assert (request.state, due_state(due.pk).state) == ("settled", "settled")
    assert list(due.effects.values_list("kind", flat=True)) == ["changed", "changed", "settled"]
    assert channel.cursor.epoch >= 4


def test_it_starts_at_the_beginning_of_a_young_chain(channel):
    assert Block.objects.order_by("height").first().height == 1
    assert BlockCursor.objects.get().height == channel.node.height


def test_it_starts_near_the_tip_of_an_old_chain(db):
    with DevelopmentNode() as node:
        node.forge(1100)
        with following(node) as channel:
            assert Block.objects.order_by("height").first().height == 1101 - 10
            assert channel.cursor.height == 1101
