"""Webhooks: how they are kept, and what is posted to whom. A hint each, never a proof."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from teraa.settlement.osm import blocks, transactions_v2
from tests.conformance.shapes import BLOCK_RAW, WAITING_RAW, described, shaped

EVENTS = (
    *("block.received", "block.applied", "block.forged", "transaction.pool.added"),
    *("transaction.pool.removed", "transaction.applied", "transaction.forged"),
)


@pytest.fixture
def hook(subject) -> Callable[..., dict[str, Any]]:
    """Return hook(event, url, **more): the registered hook, forgotten at the end."""
    made = []

    def registered(event: str, url: str, **more: Any) -> dict[str, Any]:
        wanted = {"event": event, "target": url, "conditions": [], **more}
        answer = subject.ask("/webhooks", json=wanted, hooks=True)
        assert answer.status_code == 201, answer.text
        made.append(answer.json()["data"])
        return made[-1]

    yield registered
    for one in made:
        subject.ask(f"/webhooks/{one['id']}", method="DELETE", hooks=True)


def test_it_shows_the_whole_token_once(subject, hook, target):
    made = hook("block.applied", target.url)
    assert list(made) == ["id", "event", "target", "token", "enabled", "conditions"]
    assert re.fullmatch("[0-9a-f]{64}", made["token"])
    [listed] = [
        one
        for one in subject.ask("/webhooks", hooks=True).json()["data"]
        if one["id"] == made["id"]
    ]
    assert listed == {name: made[name] for name in made if name != "token"}
    shown = subject.ask(f"/webhooks/{made['id']}", hooks=True).json()["data"]
    assert shown == listed


def test_it_forgets_a_hook_when_told(subject, hook, target):
    made = hook("block.applied", target.url)
    path = f"/webhooks/{made['id']}"
    gone = subject.ask(path, method="DELETE", hooks=True)
    assert (gone.status_code, gone.content) == (204, b"")
    assert subject.ask(path, hooks=True).status_code == 404
    again = subject.ask(path, method="DELETE", hooks=True)
    assert again.json() == {"statusCode": 404, "error": "Not Found", "message": "Not Found"}


@pytest.mark.parametrize("missing", ["event", "target", "conditions"])
def test_it_wants_event_target_and_conditions(subject, missing):
    wanted = {"event": "block.applied", "target": "http://127.0.0.1:9", "conditions": []}
    del wanted[missing]
    answer = subject.ask("/webhooks", json=wanted, hooks=True)
    assert answer.status_code == 422
    message = f'"{missing}" is required'
    if subject.dialect == "2.5":
        message = f'child "{missing}" fails because [{message}]'
    assert answer.json()["message"] == message


def test_it_takes_any_name_for_an_event(hook, target):
    assert hook("nonsense", target.url)["event"] == "nonsense"


def test_it_tells_the_story_of_a_payment(subject, payer, shop, hook, target):
    subject.forge()
    made = {event: hook(event, f"{target.url}/{event}") for event in EVENTS}
    paid = payer.pay(shop, 5, "OS-é")
    subject.forge()
    # 3.x says nothing of the pool when a block takes what waited.
    named = 5 if subject.dialect == "2.5" else 4
    subject.until(
        lambda: [event for event in EVENTS if ours(target.of(event), paid)],
        lambda told: len(told) == named and target.of("block.applied"),
    )
    for delivery in list(target.deliveries):
        headers = {name.lower(): value for name, value in delivery.headers}
        assert headers["authorization"] == made[delivery.body["event"]]["token"][:32]
        assert headers["content-type"] == "application/json"
        assert list(delivery.body) == ["timestamp", "data", "event"]
        agent = headers.get("user-agent", "")
        assert agent.startswith("got/9.6.0") if subject.dialect == "2.5" else agent == ""

    [added] = ours(target.of("transaction.pool.added"), paid)
    if subject.dialect == "2.5":
        [added] = added
        assert list(added) == ["data", "serialized", "isVerified"]
        added = added["data"]
    assert shaped(added) == described(WAITING_RAW[subject.dialect])
    assert transactions_v2.from_json(added, network=payer.version).verifies()
    [applied] = ours(target.of("transaction.applied"), paid)
    assert {name: applied[name] for name in added} == added
    place = set(applied) - set(added)
    if subject.dialect == "2.5":
        assert place == {"blockId", "sequence"}
    else:
        assert place == {"blockId", "blockHeight", "sequence"}
    removed = ours(target.of("transaction.pool.removed"), paid)
    assert removed == ([paid] if subject.dialect == "2.5" else [])
    assert {"data": added} == {"data": ours(target.of("transaction.forged"), paid)[0]}
    for block in target.of("block.applied"):
        assert shaped(block) == described(BLOCK_RAW)
        assert blocks.from_json(block).verifies()
    [received] = [one for one in target.of("block.received") if one["id"] == applied["blockId"]]
    assert set(received) == {*BLOCK_RAW, "transactions"}
    assert paid in str(received["transactions"])


def ours(found: list[Any], paid: str) -> list[Any]:
    return [one for one in found if paid in str(one)]


def test_it_tries_once_whatever_comes_back(subject, hook, target):
    target.answer = b"HTTP/1.1 500 Internal Server Error\r\n\r\n"
    hook("block.applied", target.url)
    subject.forge(2)
    found = subject.until(lambda: target.of("block.applied"), lambda blocks: len(blocks) >= 2)
    heights = [one["height"] for one in found]
    assert len(set(heights)) == len(heights)
