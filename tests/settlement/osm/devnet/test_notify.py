"""Webhooks: posted once, with the headers and bodies recorded from a real node, never again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from teraa.settlement.osm import blocks, transactions
from teraa.settlement.osm.addresses import key_pair
from teraa.settlement.osm.devnet.profiles import ADDRESS_BYTE, DEMO_PHRASE
from teraa.settlement.osm.devnet.webhooks import satisfied
from teraa.settlement.osm.moments import epoch_seconds
from tests.conformance.target import Target


@pytest.fixture
def hook(node, http) -> Callable[..., dict[str, Any]]:
    """Return hook(event, url, **more): the registered hook."""

    def registered(event: str, url: str, **more: Any) -> dict[str, Any]:
        wanted = {"event": event, "target": url, "conditions": [], **more}
        answer = http.post(f"{node.hooks_url}/api/webhooks", json=wanted)
        assert answer.status_code == 201
        return answer.json()["data"]

    return registered


def test_it_posts_as_got_did(node, hook, target):
    made = hook("block.applied", f"{target.url}/hook?a=1")
    node.forge()
    node.settle_hooks()
    [delivery] = target.deliveries
    assert delivery.path == "/hook?a=1"
    assert delivery.headers == [
        ("user-agent", "got/9.6.0 (https://github.com/sindresorhus/got)"),
        ("authorization", made["token"][:32]),
        ("content-type", "application/json"),
        ("accept-encoding", "gzip, deflate"),
        ("content-length", dict(delivery.headers)["content-length"]),
        ("Host", target.url.removeprefix("http://")),
        ("Connection", "close"),
    ]
    assert list(delivery.body) == ["timestamp", "data", "event"]
    assert abs(delivery.body["timestamp"] / 1000 - datetime.now(UTC).timestamp()) < 60


def test_it_tells_the_story_of_a_payment(node, hook, target, ask, shop):
    for event in (
        *("block.received", "block.applied", "block.forged", "transaction.pool.added"),
        *("transaction.pool.removed", "transaction.applied", "transaction.forged"),
    ):
        hook(event, target.url)
    paid = node.pay(shop, 5, "OS-é")
    header = node.forge()
    node.settle_hooks()

    [[added]] = target.of("transaction.pool.added")
    assert list(added) == ["data", "serialized", "isVerified"]
    raw = added["data"]
    transaction = transactions.from_json(raw)
    assert (raw["id"], raw["vendorField"], raw["amount"]) == (paid, "OS-é", "5")
    assert added["serialized"]["type"] == "Buffer"
    wire = transaction.wire_bytes(version=ADDRESS_BYTE)
    assert bytes(added["serialized"]["data"]) == wire

    assert target.of("transaction.forged") == [raw]
    assert target.of("transaction.applied") == [raw | {"blockId": header.id, "sequence": 0}]
    assert target.of("transaction.pool.removed") == [paid]
    assert target.of("block.applied") == target.of("block.forged") == [blocks.to_raw(header)]
    [received] = target.of("block.received")
    assert received == blocks.to_raw(header) | {"transactions": target.of("transaction.applied")}
    assert list(raw) == [
        *("version", "network", "type", "timestamp", "senderPublicKey", "fee", "amount"),
        *("vendorFieldHex", "expiration", "recipientId", "signature", "vendorField", "id"),
    ]


def test_it_tells_what_expired_and_who_registered(node, hook, target, ask, shop):
    for event in ("transaction.expired", "transaction.pool.added", "delegate.registered"):
        hook(event, target.url)
    demo = key_pair(DEMO_PHRASE)
    old = transactions.transfer(
        sender_public_key=demo.public_key,
        recipient_id=shop,
        amount=1,
        fee=10**8,
        timestamp=epoch_seconds(datetime.now(UTC) - timedelta(hours=23)),
        version=ADDRESS_BYTE,
    ).signed(demo)
    node.demo_wallet.post(old)
    node.demo_wallet.register("newcomer")
    node.forge()
    node.settle_hooks()
    assert [one["id"] for one in target.of("transaction.expired")] == [old.id]
    assert old.id in {
        one["data"]["id"] for batch in target.of("transaction.pool.added") for one in batch
    }
    [registered] = target.of("delegate.registered")
    assert registered["asset"] == {"delegate": {"username": "newcomer"}}


@pytest.mark.parametrize("answer", [b"HTTP/1.1 500 No\r\n\r\n", b"", b"nonsense\r\n"])
def test_it_never_posts_again(node, hook, target, answer):
    target.answer = answer
    hook("block.applied", target.url)
    first = node.forge()
    node.settle_hooks()
    target.answer = b"HTTP/1.1 200 OK\r\n\r\n"
    second = node.forge()
    node.settle_hooks()
    assert [one["id"] for one in target.of("block.applied")] == [first.id, second.id]


def test_it_does_not_wait_for_a_closed_port(node, hook, target):
    closed = Target()
    closed.close()
    hook("block.applied", closed.url)
    hook("block.applied", target.url)
    header = node.forge()
    node.settle_hooks()
    assert [one["id"] for one in target.of("block.applied")] == [header.id]


def test_it_lets_a_silent_target_delay_the_next_of_the_same_event_only(node, hook, target):
    silent = Target(silent=True)
    hook("block.applied", silent.url)
    hook("block.applied", target.url)
    hook("block.forged", target.url)
    node.forge()
    node.settle_hooks()
    applied = next(one for one in target.deliveries if one.body["event"] == "block.applied")
    forged = next(one for one in target.deliveries if one.body["event"] == "block.forged")
    assert silent.attempts == 1
    assert applied.at - silent.deliveries[0].at >= 1.4, "the silent one had its 1.5 seconds"
    assert forged.at < applied.at
    silent.close()


def test_it_answers_the_api_while_a_target_is_silent(node, hook, ask):
    silent = Target(silent=True)
    hook("block.applied", silent.url)
    node.forge()
    assert ask(node, "/node/syncing").json()["data"]["height"] == 2
    node.settle_hooks()
    silent.close()


def test_it_shows_the_token_once_and_sends_its_first_half(node, http, hook, target):
    made = hook("block.applied", target.url)
    assert list(made) == ["id", "event", "target", "token", "enabled", "conditions"]
    assert len(made["token"]) == 64
    base = f"{node.hooks_url}/api/webhooks"
    listed = http.get(base).json()["data"]
    assert listed == [
        {name: made[name] for name in ("event", "target", "enabled", "conditions", "id")}
    ]
    assert "token" not in http.get(f"{base}/{made['id']}").json()["data"]


def test_it_changes_and_forgets_hooks(node, http, hook, target):
    base = f"{node.hooks_url}/api/webhooks"
    made = hook("block.applied", target.url)
    wanted = {"event": "block.forged", "target": target.url, "enabled": True, "conditions": []}
    assert http.put(f"{base}/{made['id']}", json=wanted).status_code == 204
    node.forge()
    node.settle_hooks()
    assert len(target.of("block.forged")) == 1
    assert not target.of("block.applied")
    assert dict(target.deliveries[0].headers)["authorization"] == made["token"][:32]
    assert http.put(f"{base}/{made['id']}", json=wanted | {"enabled": False}).is_success
    node.forge()
    node.settle_hooks()
    assert len(target.deliveries) == 1
    assert http.delete(f"{base}/{made['id']}").status_code == 204
    for method in ("GET", "DELETE"):
        assert http.request(method, f"{base}/{made['id']}").status_code == 404
    assert http.put(f"{base}/{made['id']}", json=wanted).status_code == 404


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"event": None}, 'child "event" fails because ["event" is required]'),
        ({"event": ""}, 'child "event" fails because ["event" is not allowed to be empty]'),
        ({"target": "nowhere"}, 'child "target" fails because ["target" must be a valid uri]'),
        ({"conditions": None}, 'child "conditions" fails because ["conditions" is required]'),
        ({"conditions": "x"}, 'child "conditions" fails because ["conditions" must be an array]'),
        ({"enabled": "no"}, 'child "enabled" fails because ["enabled" must be a boolean]'),
        ({"foo": 1}, '"foo" is not allowed'),
    ],
)
def test_it_refuses_a_malformed_hook_in_the_nodes_words(idle_node, http, changes, message):
    wanted = {"event": "x", "target": "http://127.0.0.1:9/", "conditions": []} | changes
    wanted = {name: value for name, value in wanted.items() if value is not None}
    answer = http.post(f"{idle_node.hooks_url}/api/webhooks", json=wanted)
    assert (answer.status_code, answer.json()["message"]) == (422, message)
    assert answer.headers["x-teraa-development-node"] == "1"


def test_it_posts_when_any_condition_holds(node, hook, target, shop):
    hook(
        "transaction.applied",
        target.url,
        conditions=[
            {"key": "recipientId", "condition": "eq", "value": "somebody else"},
            {"key": "amount", "condition": "eq", "value": "5"},
        ],
    )
    node.pay(shop, 5)
    node.pay(shop, 6)
    node.forge()
    node.settle_hooks()
    assert [one["amount"] for one in target.of("transaction.applied")] == ["5"]


@pytest.mark.parametrize(
    ("condition", "value", "payload", "holds"),
    [
        ("eq", "5", {"key": "5"}, True),
        ("eq", 5, {"key": "5"}, False),
        ("eq", 1, {"key": True}, False),
        ("ne", "5", {"key": "6"}, True),
        ("gt", "10", {"key": "9"}, True),
        ("gt", 10, {"key": "9"}, False),
        ("gte", 9, {"key": 9}, True),
        ("lt", 10, {"key": 9}, True),
        ("lte", "9", {"key": "9"}, True),
        ("between", {"min": 1, "max": 5}, {"key": 3}, True),
        ("between", {"min": 1, "max": 5}, {"key": 5}, False),
        ("between", {"min": 1}, {"key": 3}, False),
        ("not-between", {"min": 1, "max": 5}, {"key": 9}, False),
        ("contains", "OS-", {"key": "x OS-1"}, True),
        ("contains", "OS-", {}, False),
        ("regexp", "^OS", {"key": "OS-1"}, True),
        ("regexp", "(", {"key": "OS-1"}, False),
        ("truthy", None, {"key": True}, True),
        ("truthy", None, {"key": 1}, False),
        ("falsy", None, {"key": False}, True),
        ("gt", 1, {}, False),
        ("eq", "5", [{"key": "5"}], False),
        ("eq", "5", "5", False),
    ],
)
def test_it_compares_as_javascript_does(condition, value, payload, holds):
    wanted = [{"key": "key", "condition": condition, "value": value}]
    assert satisfied(wanted, payload) is holds
