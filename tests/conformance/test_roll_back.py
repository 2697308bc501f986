"""Blocks undone: what the node announces, what it answers, where the payments go."""

from __future__ import annotations

import os

import pytest

from teraa.settlement.osm import blocks
from tests.conformance.conftest import REAL

pytestmark = pytest.mark.skipif(
    bool(REAL) and not os.environ.get("TERAA_REAL_ROLLBACK"),
    reason="this real node cannot be told to undo blocks (TERAA_REAL_ROLLBACK)",
)


def test_it_puts_the_payments_of_undone_blocks_back_into_the_pool(subject, payer, shop, target):
    events = ("block.reverted", "block.applied", "transaction.pool.added", "transaction.reverted")
    made = []
    subject.forge()
    for event in events:
        wanted = {"event": event, "target": target.url, "conditions": []}
        made.append(subject.ask("/webhooks", json=wanted, hooks=True).json()["data"]["id"])
    paid = payer.pay(shop, 4321, "undone")
    subject.forge()
    shown = subject.until(
        lambda: subject.ask(f"/transactions/{paid}"), lambda one: one.status_code == 200
    ).json()["data"]
    height = blocks.from_json(subject.data(f"/blocks/{shown['blockId']}")).height
    tip = subject.forge()
    target.deliveries.clear()

    subject.roll_back(tip - height + 1)
    reverted = subject.until(
        lambda: target.of("block.reverted"), lambda found: len(found) >= tip - height + 1
    )
    # One post each, at the same time: they may arrive in any order.
    heights = sorted(one["height"] for one in reverted)
    assert heights == list(range(heights[0], heights[-1] + 1))
    assert heights[0] <= height <= tip <= heights[-1]
    assert "transactions" not in reverted[0], "the header alone"
    added = subject.until(lambda: target.of("transaction.pool.added"), bool)
    assert paid in str(added)
    subject.forge(2)
    again = subject.until(
        lambda: subject.ask(f"/transactions/{paid}").json().get("data") or {},
        lambda one: one.get("blockId") not in (None, shown["blockId"]),
    )
    assert again["id"] == paid
    assert subject.data(f"/blocks/{again['blockId']}")["id"] == again["blockId"]
    told = [one["id"] for one in target.of("transaction.reverted")]
    # 2.5 declares the event and never sends it.
    assert told == [] if subject.dialect == "2.5" else paid in told
    for one in made:
        subject.ask(f"/webhooks/{one}", method="DELETE", hooks=True)


def test_it_links_its_blocks_again_afterwards(subject):
    tip = subject.forge(3)
    before = subject.tip()[1]
    subject.roll_back(2)
    subject.forge(4)
    height, block_id = subject.tip()
    assert height >= tip
    seen = []
    while len(seen) < 8:
        header = blocks.from_json(subject.data(f"/blocks/{block_id}"))
        assert header.computed_id() == block_id
        seen.append(block_id)
        block_id = header.previous_block
    assert before not in seen
