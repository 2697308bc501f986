"""One test per switch for the chain, and the acts that rewrite it, on the wire."""

from __future__ import annotations

import itertools

import pytest

from teraa.settlement.osm import blocks, transactions
from teraa.settlement.osm.devnet.faults.switches import CHAIN_SWITCHES
from teraa.settlement.osm.devnet.node import DevelopmentNode

COIN = 10**8


@pytest.fixture
def hooked(node, http, target):
    """A node that posts what happens to its blocks to the target."""
    for event in ("block.applied", "block.reverted", "transaction.applied"):
        wanted = {"event": event, "target": target.url, "conditions": []}
        http.post(f"{node.hooks_url}/api/webhooks", json=wanted)
    node.forge(5)
    node.settle_hooks()
    target.deliveries.clear()
    return node


def chain_of(ask, node):
    """The ids from the tip down, every link and hash checked."""
    ids = [ask(node, "/node/syncing").json()["data"]["id"]]
    while True:
        header = blocks.from_json(ask(node, f"/blocks/{ids[-1]}").json()["data"])
        assert header.computed_id() == ids[-1]
        if header.height == 1:
            return ids
        ids.append(header.previous_block)


def test_t07_hook_before_save(hooked, ask, target, shop):
    paid = hooked.pay(shop, 5)
    height = hooked.height
    hooked.faults.on("hook_before_save", answers=3)
    made = hooked.forge()
    hooked.settle_hooks()
    [applied] = target.of("block.applied")
    assert applied["id"] == made.id
    # Announced, and not there: three answers long.
    assert ask(hooked, f"/blocks/{made.id}").status_code == 404
    assert ask(hooked, f"/transactions/{paid}").status_code == 404
    assert ask(hooked, "/node/syncing").json()["data"]["height"] == height
    assert ask(hooked, f"/blocks/{made.id}").status_code == 200
    assert ask(hooked, f"/transactions/{paid}").json()["data"]["blockId"] == made.id


def test_t07_phantom_applied(hooked, ask, target, shop):
    paid = hooked.pay(shop, 5)
    height = hooked.height
    hooked.faults.on("phantom_applied")
    phantom = hooked.forge()
    hooked.settle_hooks()
    assert [one["id"] for one in target.of("transaction.applied")] == [paid]
    assert target.of("block.reverted") == [], "2.5 says nothing"
    assert hooked.height == height
    assert ask(hooked, f"/blocks/{phantom.id}").status_code == 404
    real = hooked.forge()
    assert real.height == phantom.height
    assert ask(hooked, f"/transactions/{paid}").json()["data"]["blockId"] == real.id


def test_t08_silent_undo(hooked, target):
    hooked.faults.on("t08_silent_undo", times=1)
    hooked.roll_back(2)
    hooked.settle_hooks()
    assert target.of("block.reverted") == []
    hooked.roll_back(1)
    hooked.settle_hooks()
    assert len(target.of("block.reverted")) == 1


def test_t09_fork_recovery(hooked, ask, target):
    before = chain_of(ask, hooked)
    hooked.faults.on("t09_fork_recovery", blocks=4)
    hooked.forge()
    hooked.settle_hooks()
    assert len(target.of("block.reverted")) == 4
    assert chain_of(ask, hooked)[1:] == before, "the same blocks are back, and one more"


def test_t09_fork_recovery_of_its_own_length_with_other_blocks_after(hooked, ask):
    hooked.forge(110)
    before = chain_of(ask, hooked)
    hooked.faults.on("t09_fork_recovery", then="other")
    hooked.forge()
    after = chain_of(ask, hooked)
    kept = [one for one in after if one in before]
    assert 4 <= len(before) - len(kept) <= 102
    assert len(after) > len(before)


def test_t14_old_claims(node, ask, shop):
    node.faults.on("t14_old_claims", seconds=18_000)
    paid = node.pay_directly(shop, 5, "old")
    header = node.forge()
    shown = ask(node, f"/transactions/{paid}").json()["data"]
    assert header.timestamp - shown["timestamp"]["epoch"] >= 17_990
    assert shown["blockId"] == header.id


def test_t18_left_waiting(node, ask, shop):
    paid = node.pay(shop, 5)
    with node.faults.during("t18_left_waiting"):
        node.forge(3)
        assert ask(node, f"/transactions/unconfirmed/{paid}").status_code == 200
    node.forge()
    assert ask(node, f"/transactions/{paid}").json()["data"]["confirmations"] == 1


def test_t19_paid_among_others(ask, shop):
    with DevelopmentNode(dialect="3.9") as node:
        node.forge()
        node.faults.on("t19_paid_among_others")
        paid = node.pay_directly(shop, 11, "OS-SHARED")
        node.forge()
        shown = ask(node, f"/transactions/{paid}").json()["data"]
        assert (shown["type"], shown["amount"], shown["vendorField"]) == (6, "0", "OS-SHARED")
        ours = [one["amount"] for one in shown["asset"]["payments"] if one["recipientId"] == shop]
        assert ours == ["5", "6"]
        assert len(shown["asset"]["payments"]) == 3
        assert ask(node, f"/wallets/{shop}").json()["data"]["balance"] == "11"


def test_t19_paid_among_others_means_nothing_to_2_5(node, ask, shop):
    node.faults.on("t19_paid_among_others")
    paid = node.pay_directly(shop, 11)
    node.forge()
    assert ask(node, f"/transactions/{paid}").json()["data"]["type"] == 0


def test_skipped_slot(ask):
    with DevelopmentNode(blocktime=1) as node:
        node.faults.on("skipped_slot", times=2)
        seen = []
        while len(seen) < 3:
            height = ask(node, "/blockchain").json()["data"]["block"]["height"]
            if height > 1 and height not in seen:
                seen.append(height)
        times = [
            ask(node, f"/blocks/{height}").json()["data"]["timestamp"]["epoch"] for height in seen
        ]
        assert node.faults.used["skipped_slot"] == 2
        assert all(later - earlier >= 1 for earlier, later in itertools.pairwise(times))


def test_forged_transaction_signature(node, ask, shop):
    node.faults.on("forged_transaction_signature", address=shop, units=7 * COIN, memo="OS-FALSE")
    header = node.forge()
    [shown] = ask(node, f"/blocks/{header.id}/transactions?transform=false").json()["data"]
    found = transactions.from_json(shown)
    assert (found.recipient_id, found.amount, found.memo) == (shop, 7 * COIN, "OS-FALSE")
    assert found.computed_id() == found.id
    assert not found.verifies(), "nobody who owns the coins signed this"
    listed = blocks.from_json(ask(node, f"/blocks/{header.id}").json()["data"])
    assert listed.verifies(), "the delegate did sign the block"
    assert listed.total_amount == 7 * COIN


def test_forged_block_signature(node, ask):
    node.faults.on("forged_block_signature")
    header = node.forge()
    listed = blocks.from_json(ask(node, f"/blocks/{header.id}").json()["data"])
    assert listed.computed_id() == listed.id
    assert not listed.verifies()
    assert blocks.from_json(ask(node, f"/blocks/{node.forge().id}").json()["data"]).verifies()


def test_forged_block_signature_of_somebody_who_is_no_delegate(node, ask):
    node.faults.on("forged_block_signature", stranger=True)
    header = node.forge()
    listed = blocks.from_json(ask(node, f"/blocks/{header.id}").json()["data"])
    assert listed.verifies(), "by the key it names itself"
    delegates = [one["publicKey"] for one in ask(node, "/delegates?limit=100").json()["data"]]
    assert listed.generator_public_key not in delegates
    assert node.forge().previous_block == header.id


@pytest.mark.parametrize("stranger", [False, True])
def test_a_forged_block_is_still_there_after_a_restart(tmp_path, ask, stranger):
    with DevelopmentNode(data_dir=tmp_path) as node:
        node.faults.on("forged_block_signature", stranger=stranger)
        forged = node.forge()
    with DevelopmentNode(data_dir=tmp_path) as node:
        assert ask(node, f"/blocks/{forged.id}").status_code == 200
        assert node.faults.as_json() == {}


@pytest.mark.parametrize("count", [4, 102])
def test_a_rollback_with_the_same_blocks_after_it(node, ask, shop, count):
    node.forge(count)
    paid = node.pay(shop, 5, forge=True)
    before = chain_of(ask, node)
    node.roll_back(count, "same")
    assert chain_of(ask, node) == before
    assert ask(node, f"/transactions/{paid}").status_code == 200


@pytest.mark.parametrize("lose", [(), "all"])
def test_a_rollback_with_other_blocks_after_it(node, ask, shop, lose):
    node.forge(6)
    paid = node.pay(shop, 5, forge=True)
    before = chain_of(ask, node)
    node.roll_back(4, "other", lose=lose)
    after = chain_of(ask, node)
    assert after[-4:] == before[-4:]
    assert not set(after[:-4]) & set(before)
    assert len(after) == len(before) + 1
    back = ask(node, f"/transactions/{paid}")
    assert back.status_code == (200 if lose == () else 404)


def test_a_rollback_and_nothing_after_it(hooked, ask, target, shop):
    paid = hooked.pay(shop, 5, forge=True)
    height = hooked.height
    hooked.roll_back(3)
    hooked.settle_hooks()
    assert hooked.height == height - 3
    reverted = sorted(one["height"] for one in target.of("block.reverted"))
    assert reverted == [height - 2, height - 1, height]
    assert ask(hooked, f"/transactions/{paid}").status_code == 404
    assert ask(hooked, f"/transactions/unconfirmed/{paid}").status_code == 200
    assert ask(hooked, f"/wallets/{shop}").status_code == 404, "balances go back too"


def test_a_snapshot_restored(hooked, ask, target, shop):
    paid = hooked.pay(shop, 5, forge=True)
    waiting = hooked.pay(shop, 6)
    hooked.restore_snapshot(5000)
    hooked.settle_hooks()
    assert ask(hooked, "/blockchain").json()["data"]["block"]["height"] == 1
    assert target.of("block.reverted") == []
    for one in (paid, waiting):
        assert ask(hooked, f"/transactions/unconfirmed/{one}").status_code == 404
    before = {one["id"] for one in target.of("block.applied")}
    assert hooked.forge().id not in before


def test_every_switch_for_the_chain_has_its_test():
    names = set(globals())
    for switch in CHAIN_SWITCHES:
        assert f"test_{switch}" in names, switch
