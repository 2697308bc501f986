"""The node without sockets: the same answers, its own time, nothing that waits."""

from __future__ import annotations

import json
import time
from datetime import timedelta

import httpx
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from teraa.settlement.osm import blocks, transactions_v2
from teraa.settlement.osm.blocks import payload_hash
from teraa.settlement.osm.devnet.inprocess import HOOKS_URL, START, URL, InProcessNode, ModelClock
from teraa.settlement.osm.devnet.node import DevelopmentNode
from teraa.settlement.osm.devnet.payments import NotPaid
from teraa.settlement.osm.dialects.core2 import Core2Node
from teraa.settlement.osm.fakes.lying_wire import LyingWire, on_network
from teraa.settlement.osm.ingest.verify import verify_block
from teraa.settlement.osm.node import NodeNonsense, NodeSilent, NotThere

COIN = 10**8
SHOP = "odXF2Zix4KpiSgMYvXHCzWh4BR4yvcoanY"


@pytest.fixture
def node() -> InProcessNode:
    return InProcessNode()


@pytest.fixture
def client(node):
    core2 = Core2Node(node.url, node.hooks_url, transport=node.transport())
    yield core2
    core2.close()


def test_it_answers_as_the_node_behind_sockets_does(node, http):
    with DevelopmentNode(profile="published") as served:
        for path in (
            *("/api/blockchain", "/api/blocks/1", "/api/wallets?limit=2", "/api/nothing"),
            *("/api/transactions?limit=101", "/api/blocks/first/transactions"),
        ):
            ours = node.answer(httpx.Request("GET", URL + path))
            theirs = http.get(served.url + path)
            assert (ours.status_code, ours.content) == (theirs.status_code, theirs.content), path


def test_it_takes_its_time_from_nobody_but_the_test(node, client):
    assert node.clock() == START
    header = node.forge_now(3)
    assert node.clock() == START + timedelta(seconds=3 * node.block_time)
    assert header.timestamp == node.now()
    node.skip_slot(10)
    later = node.forge_now()
    assert later.timestamp - header.timestamp == 11 * node.block_time
    assert client.tip().height == 5


def test_two_nodes_told_the_same_make_the_same_chain():
    made = []
    for _ in range(2):
        node = InProcessNode(seed=7)
        node.forge_now(6)
        node.pay(SHOP, 5, "twice")
        node.faults.on("t09_fork_recovery", then="other")
        made.append(node.forge_now(3).id)
    assert made[0] == made[1]


def test_it_carries_a_listener_through_payment_fork_and_return(node, client):
    paid = node.pay(SHOP, 60 * COIN, "OS-7Q4K")
    assert [one.id for one in client.pool()] == [paid]
    header = node.forge_now()
    found = client.transactions(str(header.id), 1)
    assert verify_block(client.header(str(header.id)), found, version=115).block_id == header.id
    node.roll_back(1)
    with pytest.raises(NotThere):
        client.header(str(header.id))
    assert [one.id for one in client.pool()] == [paid]
    again = node.forge_now()
    assert again.id != header.id
    assert [one.id for one in client.transactions(str(again.id), 1)] == [paid]


def test_it_fails_a_client_as_the_wire_would(node, client):
    node.faults.on("half_json", times=1)
    with pytest.raises(NodeNonsense):
        client.tip()
    node.faults.on("half_json", times=2, cut=True)
    with pytest.raises(NodeSilent):
        client.tip()
    node.faults.on("status_503", times=1)
    with pytest.raises(NodeSilent):
        client.tip()
    before = node.clock()
    node.faults.on("stall", times=1, seconds=10)
    with pytest.raises(NodeSilent):
        client.tip()
    assert node.clock() - before == timedelta(seconds=10), "told, not waited for"
    node.faults.on("slow_drip", times=1, piece=50, seconds=1)
    assert client.tip().height == 1
    assert node.clock() - before > timedelta(seconds=11)


def test_it_can_be_gone(node):
    wire = node.transport()
    client = Core2Node(node.url, transport=wire)
    wire.silent = True
    with pytest.raises(NodeSilent):
        client.tip()
    wire.silent = False
    assert client.tip().height == 1
    client.close()


def test_a_wire_may_lie_about_it_too(node):
    wire = LyingWire(node.transport())
    client = Core2Node(node.url, transport=wire)
    with wire.lying("/node/configuration", on_network("ab" * 32)):
        assert client.configuration().nethash == "ab" * 32
    assert client.configuration().nethash == node.nethash
    assert wire.asked == node.asked
    client.close()


def test_it_keeps_what_it_would_post(node, client):
    hook = client.create_hook(event="transaction.applied", target="http://house.invalid/hook")
    paid = node.pay(SHOP, 5, forge=True)
    [posted] = node.take_posted()
    assert (posted.target, posted.token) == ("http://house.invalid/hook", hook.token[:32])
    assert json.loads(posted.body)["data"]["id"] == paid
    assert posted.at == node.clock()
    assert node.take_posted() == []


def test_it_delays_and_reorders_what_it_would_post(node, client):
    client.create_hook(event="block.applied", target="http://house.invalid/hook")
    node.faults.on("hooks_delayed", seconds=60)
    node.forge_now()
    [posted] = node.take_posted()
    assert posted.at - node.clock() == timedelta(seconds=60)
    node.faults.clear()
    node.faults.on("hooks_reordered", size=9)
    first, second = node.forge_now(), node.forge_now()
    ids = [json.loads(one.body)["data"]["id"] for one in node.take_posted()]
    assert ids == [second.id, first.id]


def test_it_takes_over_the_chain_of_another_node():
    clock = ModelClock()
    ours, other = InProcessNode(clock=clock), InProcessNode(clock=clock)
    ours.forge_now(2)
    other.sync_from(ours)
    paid = ours.pay(SHOP, 5)
    ours.forge_now(2)
    other.forge_now(5)
    ours.sync_from(other)
    assert ours.chain.last.id == other.chain.last.id
    assert ours.pool.find(paid) is not None, "what the other chain lacks waits again"


def test_it_says_why_it_did_not_pay(node):
    with pytest.raises(NotPaid, match="Insufficient balance"):
        node.pay(SHOP, 10**17)
    with pytest.raises(NotPaid, match="Cold wallet"):
        node.pay(SHOP, 1, phrase="nobody at all")


@pytest.mark.parametrize("profile", ["manifesto", "published"])
def test_it_pays_several_at_once_on_every_network(profile):
    """Where a transfer costs little, the least fee for so many bytes is more."""
    node = InProcessNode(profile=profile, dialect="3.9")
    other = node.address("another shop")
    paid = node.payments.pay_several([(SHOP, 3), (other, 2), (SHOP, 4)], "several")
    node.forge_now()
    assert node.chain.transaction(paid) is not None


def test_it_has_a_rate_limit_when_asked():
    node = InProcessNode(rate_limited=True)
    request = httpx.Request("GET", f"{URL}/api/blockchain")
    statuses = [node.answer(request).status_code for _ in range(301)]
    assert statuses == [200] * 300 + [429]


def test_it_speaks_3_9_too():
    node = InProcessNode(dialect="3.9")
    paid = node.pay(SHOP, 5, forge=True)
    shown = node.answer(httpx.Request("GET", f"{URL}/api/transactions/{paid}")).json()["data"]
    assert (shown["version"], shown["nonce"]) == (2, "1")
    hooks = node.answer(httpx.Request("GET", f"{HOOKS_URL}/api/webhooks"))
    assert hooks.json() == {"data": []}


def test_it_is_quick_enough_to_have_thousands_of():
    InProcessNode()  # the genesis block is made once
    began = time.process_time()
    for _ in range(10):
        node = InProcessNode()
        node.pay(SHOP, 5, forge=True)
        node.forge_now(3)
    assert node.height == 5
    assert time.process_time() - began < 5, "half a second each would be far too slow"


class ChainStory(RuleBasedStateMachine):
    """Whatever is done to a node, what it shows hangs together and no coin appears."""

    dialect = "2.5"

    def __init__(self) -> None:
        super().__init__()
        self.node = InProcessNode(dialect=self.dialect)
        self.http = httpx.Client(transport=self.node.transport(), base_url=f"{URL}/api")
        self.supply = sum(one.balance for one in self.node.chain.ledger)

    def data(self, path):
        return self.http.get(path).raise_for_status().json()["data"]

    @rule(units=st.integers(1, 10 * COIN), memo=st.text(max_size=20))
    def pay(self, units, memo):
        self.node.pay(SHOP, units, memo)

    @rule(count=st.integers(1, 3))
    def forge(self, count):
        self.node.forge_now(count)

    @rule(count=st.integers(1, 12), then=st.sampled_from(["nothing", "same", "other"]))
    def roll_back(self, count, then):
        self.node.roll_back(count, then)

    @rule(count=st.integers(1, 12))
    def lose_payments(self, count):
        self.node.roll_back(count, "other", lose="all")

    @rule(name=st.sampled_from(["t18_left_waiting", "phantom_applied", "hook_before_save"]))
    def misbehave(self, name):
        self.node.faults.on(name, times=1)

    @invariant()
    def the_newest_blocks_hang_together(self):
        block_id = self.data("/node/syncing")["id"]
        for _ in range(6):
            header = blocks.from_json(self.data(f"/blocks/{block_id}"))
            assert header.computed_id() == header.id == block_id
            if header.height == 1:
                return
            listed = self.data(f"/blocks/{block_id}/transactions?orderBy=sequence:asc")
            found = [transactions_v2.from_json(one, network=115) for one in listed]
            assert payload_hash(one.computed_id() for one in found) == header.payload_hash
            assert sum(one.fee for one in found) == header.total_fee
            block_id = header.previous_block

    @invariant()
    def no_coin_appears(self):
        minted = self.node.profile.reward * (self.node.height - 1)
        assert sum(one.balance for one in self.node.chain.ledger) == self.supply + minted

    @invariant()
    def nothing_is_in_a_block_and_in_the_pool(self):
        for one in self.data("/transactions/unconfirmed"):
            assert not self.node.chain.has_transaction(one["id"])

    def teardown(self):
        self.node.faults.clear()
        self.node.forge_now(2)
        assert self.data("/transactions/unconfirmed") == [], "whatever waited could be forged"
        self.http.close()


class ChainStory39(ChainStory):
    """The same with nonces."""

    dialect = "3.9"


for story in (ChainStory, ChainStory39):
    story.TestCase.settings = settings(
        max_examples=25, stateful_step_count=10, deadline=None, database=None, derandomize=True
    )
TestChainStory = ChainStory.TestCase
TestChainStory39 = ChainStory39.TestCase
