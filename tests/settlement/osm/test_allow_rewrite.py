"""Rewritten deeper than we follow by ourselves: shown, and undone only with the height named."""

import datetime

import pytest
from django.core.management import CommandError, call_command

from teraa.settlement.osm.devnet.node import DevelopmentNode
from teraa.settlement.osm.ingest.follower import RESCAN_DEPTH
from teraa.settlement.osm.models import Block, BlockCursor, ChainTransaction
from teraa.settlement.osm.resuming import NoCommonBlock, NotHalted, OtherHeight, allow_rewrite
from teraa.settlement.queries import due_state
from tests.settlement import cast
from tests.settlement.osm.channel import following

MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def rewritten(db):
    """Our node came back with another chain from block 3 on."""
    with DevelopmentNode() as node, following(node) as channel:
        node.forge(2)
        due, request = channel.ask(cast.payee(), confirmations=2)
        channel.pay(request)
        node.forge(RESCAN_DEPTH + 5)
        channel.look()
        assert due_state(due.pk).state == "settled"
        node.roll_back(RESCAN_DEPTH + 5, then="other")
        channel.look()
        yield channel, due, request


def test_it_halts_and_says_where_the_chains_part(rewritten, settings, capsys):
    channel, _due, _request = rewritten
    settings.TERAA_NODE_NETHASH = channel.node.nethash
    cursor = channel.cursor
    assert (cursor.state, cursor.reason, cursor.fork_height) == ("halted", "deep_reorg", 3)
    assert cursor.height == RESCAN_DEPTH + 8, "nothing was undone"
    call_command("ingest_resume")
    said = capsys.readouterr().out
    assert "--height 3" in said
    assert f"{RESCAN_DEPTH + 5} blocks and 1 of our" in said


def test_another_height_is_not_taken(rewritten):
    channel, _due, _request = rewritten
    for height in (2, 4, channel.cursor.height):
        with pytest.raises(OtherHeight):
            allow_rewrite(network=channel.cursor.network, height=height, by="Ada", at=channel.now)
    channel.look(later=2 * MINUTE)
    assert channel.cursor.state == "halted"


def test_with_the_height_it_goes_back_and_reads_the_other_chain(rewritten, settings):
    channel, due, request = rewritten
    settings.TERAA_NODE_NETHASH = channel.node.nethash
    call_command("ingest_resume", "--height", "3", "--by", "Ada")
    channel.look(later=MINUTE)
    cursor = channel.cursor
    assert (cursor.height, cursor.state) == (channel.node.height, "live")
    assert (cursor.fork_height, cursor.resume_height, cursor.resumed_by) == (None, None, "Ada")
    assert Block.objects.filter(canonical=False).count() == RESCAN_DEPTH + 5
    request.refresh_from_db()
    assert (request.state, due_state(due.pk).state) == ("settled", "settled")
    assert ChainTransaction.objects.get(memo_text=request.reference).block.canonical


def test_nobody_is_asked_while_all_is_well(channel, settings):
    settings.TERAA_NODE_NETHASH = channel.node.nethash
    with pytest.raises(NotHalted):
        allow_rewrite(network=channel.cursor.network, height=1, by="Ada", at=channel.now)
    with pytest.raises(CommandError) as refused:
        call_command("ingest_resume")
    assert isinstance(refused.value.__cause__, NotHalted)


def test_a_chain_without_one_common_block_is_not_ours_to_follow(rewritten):
    channel, _due, _request = rewritten
    BlockCursor.objects.update(fork_height=None)
    with pytest.raises(NoCommonBlock):
        allow_rewrite(network=channel.cursor.network, height=3, by="Ada", at=channel.now)


def test_the_newest_blocks_are_read_again_every_ten_minutes(channel):
    channel.node.forge(3)
    channel.look()
    before = len([one for one in channel.wire.asked if "blocks/search" in one])
    channel.look(later=11 * MINUTE)
    assert len([one for one in channel.wire.asked if "blocks/search" in one]) > before
    assert channel.cursor.rescanned_at == channel.now


def test_blocks_of_ours_that_do_not_link_are_read_again(channel):
    channel.node.forge(6)
    channel.look()
    height = channel.cursor.height
    torn = Block.objects.get(height=height - 3, canonical=True)
    Block.objects.filter(pk=torn.pk).update(canonical=False)  # a row that was lost
    channel.look(later=11 * MINUTE)
    channel.look()
    assert channel.cursor.height == channel.node.height
    heights = Block.objects.filter(canonical=True, height__gt=height - 6)
    assert heights.count() == channel.node.height - (height - 6)
    torn.refresh_from_db()
    assert torn.canonical


def test_a_node_that_contradicts_itself_below_our_tip_is_not_believed(channel):
    channel.node.forge(8)
    channel.look()

    def other_ids(answer):
        answer["data"][0]["id"] = "ab" * 32
        return answer

    with channel.wire.lying("blocks/search", other_ids):
        assert "BlockForged" in channel.look(later=11 * MINUTE)["trouble"]
    assert channel.cursor.rescanned_at is None
    assert channel.peer().lies == 1
