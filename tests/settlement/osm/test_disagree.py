"""Nodes that disagree are a case for whoever waits for money, opened and closed once a change."""

import datetime
from contextlib import ExitStack

import pytest

from teraa.common.ids import uuid7
from teraa.settlement.cases.models import Case
from teraa.settlement.cases.operations import explain_case
from teraa.settlement.osm.devnet.node import DevelopmentNode
from teraa.settlement.osm.ingest.disputes import note_dispute
from teraa.settlement.osm.ingest.election import begin_epoch
from teraa.settlement.osm.ingest.leadership import Leadership, LeadershipLost
from tests.settlement import cast
from tests.settlement.cases.moves import ADA
from tests.settlement.osm.channel import following

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys_dir")]

SECOND = datetime.timedelta(seconds=1)
A_LOOK_AT_OTHERS = 6 * SECOND
OVER_A_MINUTE = 62 * SECOND


class Fork:
    """Two nodes that parted; on the chain of ours somebody paid, twenty confirmations are wanted."""

    def __init__(self, channel, ours, other):
        self.channel, self.ours, self.other = channel, ours, other
        self.payee, self.idle = cast.payee(), cast.payee()
        self.channel.ask(self.idle)  # nobody pays this one
        _due, self.request = self.channel.ask(self.payee, confirmations=20)
        self.channel.pay(self.request)
        self.ours.forge()
        self.other.forge()

    def look(self, *, later):
        """Both chains grow: a node that stands still would have no say."""
        for node in (self.ours, self.other):
            node.forge()
        self.channel.look(later=later)
        self.channel.look(later=A_LOOK_AT_OTHERS)

    def lasts(self):
        self.look(later=A_LOOK_AT_OTHERS)
        self.look(later=OVER_A_MINUTE)

    def is_over(self):
        """Our node comes round: the other chain is its chain from now on."""
        self.channel.follow(self.other)
        self.other.forge()
        for _ in range(3):
            self.channel.look(later=A_LOOK_AT_OTHERS)

    @property
    def reason(self):
        return self.channel.cursor.reason


@pytest.fixture(scope="module")
def nodes():
    """Two nodes whose chains part after the first block, and go on parting."""
    with ExitStack() as stack:
        yield [stack.enter_context(DevelopmentNode()) for _ in range(2)]


@pytest.fixture
def fork(db, nodes):
    ours, other = nodes
    with following(ours, others=[f"public={other.url}"]) as channel:
        yield Fork(channel, ours, other)


def cases():
    return list(Case.objects.order_by("opened_at", "pk"))


def test_a_fork_of_seconds_is_everyday(fork):
    fork.look(later=A_LOOK_AT_OTHERS)
    assert (fork.reason, cases()) == ("", [])


def test_a_minute_of_it_is_one_case_of_who_waits_for_a_payment_until_they_agree(fork):
    fork.lasts()
    assert fork.reason == "node_conflict"
    [case] = cases()
    assert (case.kind, case.state, case.payee_id) == ("node_conflict", "open", fork.payee.pk)
    assert case.units == fork.request.units

    for _ in range(3):
        fork.look(later=A_LOOK_AT_OTHERS)
    assert cases() == [case]

    fork.is_over()
    assert fork.reason == ""
    [case] = cases()
    assert (case.state, case.resolution) == ("closed", "by_itself")


def test_it_is_said_once_a_change_so_that_an_explained_one_stays_closed(fork):
    fork.lasts()
    [case] = cases()
    explain_case(
        case_id=case.pk,
        venue_id=case.venue_id,
        person=ADA,
        reason="we know: our node is being moved",
        key=uuid7(),
        at=fork.channel.now,
    )
    for _ in range(3):
        fork.look(later=A_LOOK_AT_OTHERS)
    fork.channel.begin()
    fork.lasts()
    assert fork.reason == "node_conflict"
    assert [one.resolution for one in cases()] == ["explained"]


def test_another_disagreement_is_another_case_though_the_first_was_explained(fork):
    network = fork.channel.cursor.network
    by = Leadership(network, fork.channel.cursor.epoch)
    fork.look(later=A_LOOK_AT_OTHERS)
    note_dispute(by, disagreeing=True, at=fork.channel.now)
    [case] = cases()
    explain_case(
        case_id=case.pk,
        venue_id=case.venue_id,
        person=ADA,
        reason="we know: our node is being moved",
        key=uuid7(),
        at=fork.channel.now,
    )
    note_dispute(by, disagreeing=False, at=fork.channel.now)
    note_dispute(by, disagreeing=True, at=fork.channel.now)
    assert [one.state for one in cases()] == ["closed", "open"]


def test_a_new_leader_keeps_the_case_of_the_former_one_and_closes_it(fork):
    fork.lasts()
    [case] = cases()
    fork.channel.begin()
    fork.look(later=A_LOOK_AT_OTHERS)
    assert cases() == [case], "not before everybody was asked for a minute"
    assert case.state == "open"

    fork.look(later=OVER_A_MINUTE)
    assert [one.state for one in cases()] == ["open"]

    fork.is_over()
    fork.look(later=OVER_A_MINUTE)
    assert [one.state for one in cases()] == ["closed"]


def test_a_leader_that_was_replaced_says_nothing_of_it(fork):
    fork.look(later=A_LOOK_AT_OTHERS)
    network = fork.channel.cursor.network
    by = Leadership(network, fork.channel.cursor.epoch)
    begin_epoch(network)
    with pytest.raises(LeadershipLost):
        note_dispute(by, disagreeing=True, at=fork.channel.now)
    assert cases() == []


def test_a_node_that_claims_more_than_it_gives_is_asked_again_later_not_at_once(chain_node):
    """Our own block, said to stand higher: nothing to read, and no reason to ask without end."""

    def higher(answer):
        answer["data"]["height"] += 7
        return answer

    with following(chain_node) as channel:
        chain_node.forge(3)
        channel.look()
        height = channel.cursor.height
        with channel.wire.lying("node/syncing", higher):
            for seconds in (3, 6, 9):
                at = channel.now + datetime.timedelta(seconds=seconds)
                assert channel.worker.turn(at) is False
            assert channel.cursor.reason == "node_nonsense"
        chain_node.forge()
        channel.look(later=datetime.timedelta(minutes=1))

        assert channel.cursor.height == height + 1
        assert channel.cursor.state == "live"
