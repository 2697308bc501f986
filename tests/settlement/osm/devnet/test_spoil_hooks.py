"""One test per switch for webhooks, on the wire."""

from __future__ import annotations

import time

import pytest

from teraa.settlement.osm.devnet.faults.switches import HOOK_SWITCHES

EVENTS = ("block.applied", "transaction.pool.added", "transaction.pool.removed")


@pytest.fixture
def hooked(node, http, target):
    """A node that posts to the target; their tokens by event."""

    def hook(event: str, **more: object) -> str:
        wanted = {"event": event, "target": f"{target.url}/{event}", "conditions": [], **more}
        answer = http.post(f"{node.hooks_url}/api/webhooks", json=wanted)
        assert answer.status_code == 201
        return answer.json()["data"]["token"]

    node.tokens = {event: hook(event) for event in EVENTS}
    node.hook = hook
    return node


def arrived(node, target, event):
    node.settle_hooks()
    return target.of(event)


def test_t01_hooks_forgotten(hooked, http, target):
    listed = f"{hooked.hooks_url}/api/webhooks"
    assert len(http.get(listed).json()["data"]) == 3
    hooked.faults.on("t01_hooks_forgotten")
    assert http.get(listed).json()["data"] == []
    hooked.forge()
    assert arrived(hooked, target, "block.applied") == []
    hooked.hook("block.applied")
    hooked.forge()
    assert len(arrived(hooked, target, "block.applied")) == 1, "forgotten once, not for ever"


@pytest.mark.parametrize("token", ["", "0" * 32])
def test_t02_forged_hook(hooked, ask, target, token):
    hooked.faults.on("t02_forged_hook", token=token)
    hooked.forge()
    found = arrived(hooked, target, "block.applied")
    assert len(found) == 2
    by_id = {ask(hooked, f"/blocks/{one['id']}").status_code for one in found}
    assert by_id == {200, 404}, "one of them does not exist"
    sent = {dict(one.headers)["authorization"] for one in target.deliveries}
    own = hooked.tokens["block.applied"][:32]
    assert sent == {own, token or own}


def test_t03_dead_hook_first(hooked, target):
    with hooked.faults.during("t03_dead_hook_first", seconds=0.3):
        began = time.monotonic()
        hooked.forge()
        assert len(arrived(hooked, target, "block.applied")) == 1
    assert target.deliveries[0].at - began >= 0.3


def test_t04_conditions_ignored(hooked, target):
    never = [{"key": "height", "condition": "lt", "value": 0}]
    hooked.hook("block.forged", conditions=never)
    hooked.forge()
    assert arrived(hooked, target, "block.forged") == []
    with hooked.faults.during("t04_conditions_ignored"):
        hooked.forge()
    assert len(arrived(hooked, target, "block.forged")) == 1


def test_t05_other_shape(hooked, target, shop):
    with hooked.faults.during("t05_other_shape"):
        paid = hooked.pay(shop, 5)
    [added] = arrived(hooked, target, "transaction.pool.added")
    assert added["id"] == paid, "an object, where 2.5 posts a list"


def test_t06_removed_early(hooked, ask, target, shop):
    with hooked.faults.during("t06_removed_early"):
        paid = hooked.pay(shop, 5)
    assert arrived(hooked, target, "transaction.pool.removed") == [paid]
    assert ask(hooked, f"/transactions/unconfirmed/{paid}").status_code == 200, "it still waits"


def test_hooks_dropped(hooked, target, shop):
    with hooked.faults.during("hooks_dropped", event="block.applied"):
        hooked.pay(shop, 5, forge=True)
    assert arrived(hooked, target, "block.applied") == []
    assert len(target.of("transaction.pool.added")) == 1


def test_hooks_duplicated(hooked, target):
    with hooked.faults.during("hooks_duplicated"):
        header = hooked.forge()
    found = arrived(hooked, target, "block.applied")
    assert [one["id"] for one in found] == [header.id] * 2


def test_hooks_reordered(hooked, target, shop):
    with hooked.faults.during("hooks_reordered", size=100):
        hooked.pay(shop, 5)
        hooked.forge(2)
        assert arrived(hooked, target, "block.applied") == [], "held back"
    hooked.forge()
    assert len(arrived(hooked, target, "block.applied")) == 3
    assert len(target.of("transaction.pool.added")) == 1


def test_hooks_delayed(hooked, target):
    with hooked.faults.during("hooks_delayed", seconds=0.3):
        began = time.monotonic()
        hooked.forge()
        assert len(arrived(hooked, target, "block.applied")) == 1
    assert target.deliveries[0].at - began >= 0.3


def test_every_switch_for_hooks_has_its_test():
    names = set(globals())
    for switch in HOOK_SWITCHES:
        assert f"test_{switch}" in names, switch
