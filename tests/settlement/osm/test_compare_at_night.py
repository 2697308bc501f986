"""At night the last day's blocks are compared with those of another node than the one followed."""

import datetime

import httpx
import pytest

from teraa.settlement.osm.devnet.node import DevelopmentNode
from teraa.settlement.osm.fakes.lying_wire import without_last_row, without_rows
from teraa.settlement.osm.ingest.rewalk import (
    AFTER_START,
    AGAIN,
    BELOW_TIP,
    CACHED_FOR,
    NO_OTHER,
    QUESTION_EVERY,
    Rewalk,
    next_night,
)
from teraa.settlement.osm.models import Block, NodePeer
from tests.settlement.osm.channel import following

pytestmark = pytest.mark.django_db

SECOND = datetime.timedelta(seconds=1)
RANGES = "/api/blocks/search"


class Night:
    """A channel of two nodes on one chain, and comparisons whose clock the test sets."""

    def __init__(self, channel):
        self.channel = channel
        self.wire = next(
            wire for url, wire in channel.wires.items() if url != channel.peers.own.row.url
        )
        self.at = channel.now
        self.rewalk = Rewalk(channel.cursor.network, channel.peers)
        self.turn()

    def turn(self, *, later=datetime.timedelta()):
        self.at += later
        self.rewalk.turn(height=self.channel.cursor.height, at=self.at)
        return self.rewalk.said

    def begins(self):
        return self.turn(later=AFTER_START)

    def ranges_asked(self):
        return [len(wire.asked) for wire in (self.channel.wire, self.wire)]

    @property
    def other(self):
        return NodePeer.objects.get(role="public")


@pytest.fixture
def night(db):
    """On a chain of its own, short enough for one range of headers."""
    with DevelopmentNode() as node:
        # A payment, so that no block is the stranger's: both make them at the same seconds.
        node.pay(node.address("somebody by night"), 100_000_000, forge=True)
        node.forge(BELOW_TIP + 2)
        other = "public=" + node.url.replace("127.0.0.1", "localhost")
        with following(node, others=[other]) as channel:
            channel.look(later=6 * SECOND)
            yield Night(channel)


@pytest.fixture(scope="module")
def stranger():
    """A node of the same network with another chain, as long as that of ours by now."""
    with DevelopmentNode() as node:
        node.forge(BELOW_TIP + 3)
        yield node


def with_a_block_of(stranger, height):
    """Answers of ranges, in which one block is replaced by a genuine one of another chain."""
    body = {"height": {"from": height, "to": height}}
    [block] = httpx.post(f"{stranger.url}{RANGES}", json=body).json()["data"]

    def twist(answer):
        answer["data"] = [block if row["height"] == height else row for row in answer["data"]]
        return answer

    return twist


def test_the_same_blocks_are_said_to_be_the_same(night):
    asked = night.ranges_asked()
    said = night.begins()
    last = night.channel.cursor.height - BELOW_TIP
    assert said.startswith(f"2 to {last} are the same"), "all but the genesis block, years old"
    assert (night.other.rewalked_at, night.other.differs_at) == (night.at, None)
    assert night.ranges_asked() == [asked[0], asked[1] + 1], "only the other one was asked"

    # Whatever the hour is now: an hour later, or half of what is left until it is night.
    night.turn(later=min(AGAIN, (next_night(night.at) - night.at) / 2))
    assert night.ranges_asked()[1] == asked[1] + 1, "not before it is night"
    night.turn(later=next_night(night.at) - night.at)
    assert night.ranges_asked()[1] == asked[1] + 2


def test_another_block_makes_a_node_stale_until_a_night_shows_ours(night, stranger):
    with night.wire.lying(RANGES, with_a_block_of(stranger, 3)):
        night.begins()
        night.turn(later=QUESTION_EVERY)
        assert night.other.rewalked_at is None, "a node's cache may be minutes old"
        said = night.turn(later=CACHED_FOR)
    assert said == f"another block at height 3 at {night.other.url}"
    assert night.other.differs_at == 3

    channel = night.channel
    channel.node.forge()
    channel.look(later=6 * SECOND)
    assert (night.other.health, night.other.last_error) == ("stale", "another block at height 3")
    assert channel.cursor.agreed_height < channel.cursor.height, "it has no say"

    night.turn(later=next_night(night.at) - night.at)
    assert night.other.differs_at is None
    channel.look(later=6 * SECOND)
    channel.look(later=6 * SECOND)
    assert night.other.health == "healthy"


def test_what_a_cache_showed_once_is_no_difference(night, stranger):
    with night.wire.lying(RANGES, with_a_block_of(stranger, 3)):
        night.begins()
    said = night.turn(later=CACHED_FOR)
    assert "are the same" in said
    assert night.other.differs_at is None


def test_rows_of_our_own_that_do_not_link_are_not_the_other_node_s_fault(night):
    network = night.channel.cursor.network
    odd = Block.objects.get(network=network, height=3, canonical=True)
    Block.objects.filter(pk=odd.pk).update(canonical=False)
    Block.objects.create(
        network=network,
        height=3,
        block_id="3" * 64,
        previous_id=odd.previous_id,
        forged_at=odd.forged_at,
        canonical=True,
        **{
            one.name: getattr(odd, one.name)
            for one in Block._meta.fields
            if one.name
            not in ("id", "network", "height", "block_id", "previous_id", "forged_at", "canonical")
        },
    )
    night.begins()
    said = night.turn(later=CACHED_FOR)
    assert said.startswith("our own blocks do not link at 4")
    assert night.other.differs_at is None


@pytest.mark.parametrize("twist", [without_rows, without_last_row])
def test_a_node_that_does_not_show_them_all_is_asked_again_in_an_hour(night, twist):
    with night.wire.lying(RANGES, twist):
        assert "shows no block" in night.begins()
    assert (night.other.rewalked_at, night.other.health) == (None, "healthy")
    assert "are the same" in night.turn(later=AGAIN)


def test_a_header_that_is_not_its_id_is_a_lie(night):
    def doctored(answer):
        answer["data"][2]["forged"]["amount"] = "1"
        return answer

    with night.wire.lying(RANGES, doctored):
        night.begins()
    assert (night.other.lies, night.other.rewalked_at) == (1, None)


def test_who_knows_one_node_is_told_so_and_nobody_is_asked(channel):
    alone = Rewalk(channel.cursor.network, channel.peers)
    alone.turn(height=channel.cursor.height, at=channel.now)
    asked = len(channel.wire.asked)
    alone.turn(height=channel.cursor.height, at=channel.now + AFTER_START)
    assert (alone.said, len(channel.wire.asked)) == (NO_OTHER, asked)


def test_the_ingest_does_it_by_itself_and_says_so(night):
    for _ in range(2):
        night.channel.node.forge()
        said = night.channel.look(later=AFTER_START)
        night.channel.look(later=6 * SECOND)
    assert "rewalk" in said
    assert "are the same" in night.channel.worker.described()["rewalk"]
    assert NodePeer.objects.filter(rewalked_at__isnull=False).count() == 1


def test_nights_are_a_day_apart():
    noon = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
    first = next_night(noon)
    assert first == datetime.datetime(2026, 11, 23, 2, tzinfo=datetime.UTC)
    assert next_night(first) - first == datetime.timedelta(days=1)
    assert next_night(first - SECOND) == first
