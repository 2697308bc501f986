"""Several nodes: who is followed, who agrees, who is not believed any more."""

import datetime
from contextlib import ExitStack

import pytest

from teraa.settlement.osm.devnet.node import DevelopmentNode
from teraa.settlement.osm.fakes.lying_wire import on_network, paid_to
from teraa.settlement.osm.ingest.networks import entered_peers
from teraa.settlement.osm.models import Block, NodePeer
from teraa.settlement.queries import due_state
from tests.settlement import cast
from tests.settlement.osm.channel import following

pytestmark = pytest.mark.django_db

SECOND = datetime.timedelta(seconds=1)
PATIENCE = 4 * SECOND
A_LOOK_AT_OTHERS = 6 * SECOND
ROWS_READ = 31 * SECOND


def mirrored(node, relay):
    """The same chain at another address: what a second node of the network answers."""
    return f"{relay}={node.url.replace('127.0.0.1', 'localhost')}"


@pytest.fixture
def pair(db, chain_node):
    """Our own node, and a public one that is on the same chain."""
    chain_node.forge()
    with following(chain_node, others=[mirrored(chain_node, "public")]) as channel:
        channel.look(later=A_LOOK_AT_OTHERS)
        channel.other = channel.wire_of(mirrored(chain_node, "public").partition("=")[2])
        channel.other_row = NodePeer.objects.get(role="public")
        yield channel


def row(channel):
    channel.other_row.refresh_from_db()
    return channel.other_row


def test_settings_name_nodes_and_what_they_are_to_us():
    rows = entered_peers(
        ["http://a", " trusted=http://b", "http://c?d=e", "public=http://f", "own=http://g", ""],
        hooks_url="http://hooks",
    )
    assert [(one.url, one.role, one.hooks_url) for one in rows] == [
        ("http://a", "own", "http://hooks"),
        ("http://b", "trusted", ""),
        ("http://c?d=e", "public", ""),
        ("http://f", "public", ""),
        ("http://g", "own", ""),
    ]
    with pytest.raises(ValueError, match="ours"):
        entered_peers(["ours=http://a"], hooks_url="")


def test_both_are_shown_with_how_they_are(pair):
    own, other = pair.peer(), row(pair)
    assert (own.health, own.leading, own.source) == ("healthy", True, "settings")
    assert (other.health, other.leading, other.dialect) == ("healthy", False, "core2")
    assert own.last_height == other.last_height == other.agreed_height == pair.cursor.height
    assert (other.behind, abs(other.clock_off_s) <= 2) == (0, True)
    assert pair.look()["peers"] == {own.url: "healthy", other.url: "healthy"}


def test_every_question_to_a_node_is_counted(pair):
    def asked():
        return sum(len(wire.asked) for wire in pair.wires.values())

    before, counted = asked(), pair.worker.described()["requests"]
    pair.look(later=A_LOOK_AT_OTHERS)
    assert pair.worker.described()["requests"] - counted == asked() - before > 0


def test_three_confirmations_wait_until_a_second_node_has_the_block(pair):
    due, request = pair.ask(cast.payee(), confirmations=3)
    pair.pay(request)
    pair.other.silent = True
    for _ in range(3):
        pair.node.forge()
        pair.look(later=A_LOOK_AT_OTHERS)
    request.refresh_from_db()
    assert (request.state, due_state(due.pk).state) == ("confirming", "open")
    assert pair.cursor.state == "live", "the till takes OSM: our own node answers"
    assert row(pair).health == "silent"

    pair.other.silent = False
    pair.look(later=A_LOOK_AT_OTHERS)
    pair.look(later=A_LOOK_AT_OTHERS)
    request.refresh_from_db()
    assert (request.state, due_state(due.pk).state) == ("settled", "settled")
    cursor = pair.cursor
    assert cursor.agreed_height == cursor.unanimous_height == cursor.height


def test_one_confirmation_is_believed_on_our_own_node_s_word(pair):
    pair.other.silent = True
    due, request = pair.ask(cast.payee(), confirmations=1)
    pair.pay(request)
    pair.node.forge()
    pair.look()
    assert due_state(due.pk).state == "settled"
    cursor = pair.cursor
    assert cursor.vouched_height == cursor.height > cursor.agreed_height


def test_another_is_followed_while_our_own_is_silent(pair):
    pair.wire.silent = True
    pair.look()
    assert pair.peers.own.row.url == pair.worker.described()["node"], "not for one silence"
    pair.look(later=PATIENCE)
    assert (pair.worker.described()["node"], pair.cursor.state) == (row(pair).url, "live")
    assert row(pair).leading
    assert pair.peer().health == "silent"

    height = pair.cursor.height
    pair.node.forge()
    pair.look(later=A_LOOK_AT_OTHERS)
    cursor = pair.cursor
    assert cursor.height == height + 1, "the chain is read on"
    assert cursor.vouched_height == height, "but nobody we trust vouches for the new block"

    pair.wire.silent = False
    pair.look(later=A_LOOK_AT_OTHERS)
    pair.look(later=A_LOOK_AT_OTHERS)
    assert pair.worker.described()["node"] == pair.peer().url, "our own is preferred again"
    assert pair.cursor.vouched_height == height + 1


def test_a_trusted_node_vouches_like_our_own(db, chain_node):
    chain_node.forge()
    with following(chain_node, others=[mirrored(chain_node, "trusted")]) as channel:
        channel.look(later=A_LOOK_AT_OTHERS)
        channel.wire.silent = True
        channel.look(later=PATIENCE)
        channel.look(later=PATIENCE)
        due, request = channel.ask(cast.payee())
        channel.pay(request)
        channel.node.forge()
        channel.look(later=A_LOOK_AT_OTHERS)
        assert channel.cursor.vouched_height == channel.cursor.height
        assert due_state(due.pk).state == "settled"


def later_by(blocks):
    def twist(answer):
        answer["data"]["height"] += blocks
        return answer

    return twist


def doctored(answer):
    answer["data"]["forged"]["amount"] = "1"
    return answer


@pytest.mark.parametrize(
    ("part", "twist"),
    [("/api/blocks/", doctored), ("node/syncing", later_by(1))],
    ids=["a header that is not its id", "a block at another height than its own"],
)
def test_what_no_honest_node_says_puts_it_in_quarantine(pair, part, twist):
    with pair.other.lying(part, twist):
        pair.node.forge()
        pair.look(later=A_LOOK_AT_OTHERS)
    found = row(pair)
    assert (found.health, found.lies, bool(found.last_lie)) == ("quarantined", 1, True)
    assert found.quarantined_until - found.lied_at == datetime.timedelta(hours=1)

    asked = len(pair.other.asked)
    pair.look(later=datetime.timedelta(minutes=59))
    assert len(pair.other.asked) == asked, "it is not even asked"
    pair.node.forge()
    pair.look(later=datetime.timedelta(minutes=2))
    pair.look(later=A_LOOK_AT_OTHERS)
    assert row(pair).health == "healthy"


def lie_once(channel):
    """The other node names its tip at another height than the block's own."""
    with channel.other.lying("node/syncing", later_by(1)):
        channel.node.forge()
        channel.look(later=A_LOOK_AT_OTHERS)
        channel.look(later=A_LOOK_AT_OTHERS)


def test_three_lies_and_it_is_given_up_until_a_person_says_otherwise(pair):
    for lies, hours in ((1, 1), (2, 2), (3, 4)):
        lie_once(pair)
        found = row(pair)
        assert (found.lies, found.quarantined_until - found.lied_at) == (
            lies,
            datetime.timedelta(hours=hours),
        )
        pair.look(later=datetime.timedelta(hours=hours, minutes=1))
        pair.node.forge()
        pair.look(later=A_LOOK_AT_OTHERS)
    assert (row(pair).health, row(pair).disabled_at is not None) == ("disabled", True)

    NodePeer.objects.filter(pk=row(pair).pk).update(
        lies=0, quarantined_until=None, disabled_at=None
    )
    pair.look(later=ROWS_READ)
    pair.look(later=A_LOOK_AT_OTHERS)
    assert row(pair).health == "healthy"


def test_a_lie_of_our_own_node_makes_us_follow_another(pair):
    due, request = pair.ask(cast.payee())
    pair.pay(request)
    pair.node.forge()
    with pair.wire.lying("/transactions?orderBy=sequence:asc", paid_to(cast.payee().osm_address)):
        pair.look(later=A_LOOK_AT_OTHERS)
        assert pair.peer().health == "quarantined"
        assert pair.worker.described()["node"] == row(pair).url
    pair.look(later=A_LOOK_AT_OTHERS)
    assert pair.cursor.state == "live"
    assert due_state(due.pk).state in ("open", "settled")


def test_a_node_of_another_network_is_a_liar_here(pair):
    with pair.other.lying("node/configuration", on_network("0" * 64)):
        pair.look(later=datetime.timedelta(minutes=11))
    assert row(pair).health == "quarantined"
    assert "0" * 64 in row(pair).last_lie
    assert pair.cursor.state == "live"


def test_a_clock_that_is_off_makes_a_node_stale(pair):
    def hours_ago(answer):
        answer["data"]["timestamp"] -= 6 * 3600
        return answer

    with pair.other.lying("node/status", hours_ago):
        pair.node.forge()
        pair.look(later=datetime.timedelta(minutes=2))
    assert (row(pair).health, row(pair).clock_off_s < -21_000) == ("stale", True)


def test_a_node_that_stands_still_is_stale_and_has_no_say(pair):
    tip = pair.cursor

    def still(answer):
        answer["data"] |= {"height": tip.height, "id": tip.block_id}
        return answer

    with pair.other.lying("node/syncing", still):
        for _ in range(4):
            pair.node.forge()
            pair.look(later=A_LOOK_AT_OTHERS)
    assert (row(pair).health, row(pair).behind) == ("stale", 3)
    assert pair.cursor.agreed_height == tip.height


def test_a_height_that_nobody_can_show_makes_nobody_else_stale(pair):
    with pair.other.lying("node/syncing", later_by(10_000)):
        pair.look(later=A_LOOK_AT_OTHERS)
        pair.look(later=A_LOOK_AT_OTHERS)
    assert pair.peer().health == "healthy"
    assert pair.peer().leading


def test_nodes_that_disagree_for_a_minute_stop_settlements():
    with ExitStack() as stack:
        ours, other = (stack.enter_context(DevelopmentNode()) for _ in range(2))
        channel = stack.enter_context(following(ours, others=[f"public={other.url}"]))
        due, request = channel.ask(cast.payee(), confirmations=2)
        channel.pay(request)
        ours.forge(), other.forge()
        for _ in range(3):
            channel.look(later=A_LOOK_AT_OTHERS)
        assert channel.cursor.state == "live", "forks of a few seconds are everyday"

        channel.look(later=62 * SECOND)
        assert (channel.cursor.state, channel.cursor.reason) == ("stalled", "node_conflict")
        height = channel.cursor.height
        ours.forge(), other.forge()
        channel.look(later=A_LOOK_AT_OTHERS)
        assert channel.cursor.height == height, "nothing is added to a chain in dispute"
        request.refresh_from_db()
        assert (request.state, due_state(due.pk).state) == ("confirming", "open")

        # Our node comes round: its chain is the other one from now on.
        channel.follow(other)
        other.forge()
        for _ in range(3):
            channel.look(later=A_LOOK_AT_OTHERS)
        assert channel.cursor.state == "live"
        assert channel.cursor.height == other.height
        [theirs] = channel.client.headers(height, height)
        assert Block.objects.get(height=height, canonical=True).block_id == theirs.id


def test_an_office_entry_is_asked_within_half_a_minute_and_left_alone_when_switched_off(
    channel, chain_node
):
    entered = NodePeer.objects.create(
        network=channel.cursor.network,
        url=chain_node.url.replace("127.0.0.1", "localhost"),
        role="public",
        source="office",
    )
    channel.look(later=ROWS_READ)
    channel.look(later=A_LOOK_AT_OTHERS)
    entered.refresh_from_db()
    assert entered.health == "healthy"
    assert channel.cursor.agreed_height == channel.cursor.height

    NodePeer.objects.filter(pk=entered.pk).update(enabled=False)
    channel.look(later=ROWS_READ)
    asked = len(channel.wire_of(entered.url).asked)
    channel.look(later=A_LOOK_AT_OTHERS)
    assert len(channel.wire_of(entered.url).asked) == asked
    assert channel.cursor.agreed_height is None, "alone again: nobody else is asked"


def test_no_node_left_to_follow_is_said(pair):
    for wire in (pair.wire, pair.other):
        wire.silent = True
    for _ in range(3):
        pair.look(later=PATIENCE)
    assert (pair.cursor.state, pair.cursor.reason) == ("stalled", "node_silent")
    for wire in (pair.wire, pair.other):
        wire.silent = False
    for _ in range(2):
        pair.look(later=PATIENCE)
    assert pair.cursor.state == "live"
