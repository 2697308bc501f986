"""The door for webhooks: stores a hint, wakes the ingest, believes nothing."""

import hashlib
import json

import psycopg
import pytest
from django.test import Client

from teraa.settlement.osm.ingest.hooks import EVENTS, reconcile
from teraa.settlement.osm.models import NodeHint, NodeHook, NodePeer
from tests.settlement import cast
from tests.settlement.osm.channel import HOOK_BASE, Channel

TOKEN = "0d1d1e3498d20dbaafe1cdccb29dd26b"
BLOCK = {"event": "block.applied", "timestamp": 1, "data": {"id": "ab" * 32, "height": 7}}


@pytest.fixture
def door(db):
    return open_door()


def open_door():
    peer = NodePeer.objects.create(
        network=cast.network(), url="http://node", role="own", segment="5" * 32
    )
    NodeHook.objects.create(
        peer=peer,
        event="block.applied",
        node_hook_id="1",
        half_token_sha256=hashlib.sha256(TOKEN.encode()).hexdigest(),
        created_at="2026-01-01T00:00:00Z",
    )
    return f"/hooks/node/{peer.segment}/"


def post(door, body=BLOCK, token=TOKEN, **headers):
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    # A node has no cookie and no CSRF token.
    client = Client(enforce_csrf_checks=True)
    return client.post(
        door, text, content_type="application/json", headers={"authorization": token} | headers
    )


def test_it_stores_a_hint_in_two_queries(door, count_queries):
    with count_queries() as queries:
        assert post(door).status_code == 204
    assert len(queries) == 2
    hint = NodeHint.objects.get()
    assert (hint.event, hint.body, hint.handled_at) == ("block.applied", {"ids": ["ab" * 32]}, None)


def test_the_same_hint_again_is_the_same_hint(door):
    for _ in range(3):
        assert post(door).status_code == 204
    assert NodeHint.objects.count() == 1


def test_it_reads_every_shape_a_node_sends(door):
    for data, ids in [
        ({"id": "aa"}, ["aa"]),
        ("bb", ["bb"]),
        ([{"data": {"id": "cc"}, "serialized": {}}, {"data": {"id": "dd"}}], ["cc", "dd"]),
        ([], []),
    ]:
        assert post(door, {"event": f"some.{len(ids)}.{ids}"[:40], "data": data}).status_code == 204
        assert NodeHint.objects.order_by("-pk").first().body == {"ids": ids}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        '{"event": 1, "data": {"id": "aa"}}',
        '{"event": "x"}',
        '{"event": "x", "data": {"id": 5}}',
        '{"event": "x", "data": {"id": "<script>"}}',
        '{"event": "x", "data": {}}',
        json.dumps({"event": "x" * 41, "data": "aa"}),
        json.dumps({"event": "x", "data": "a" * 65}),
        b"\xff\xfe",
        '{"event":"x","data":' + "[" * 50_000 + "]" * 50_000 + "}",
    ],
)
def test_it_refuses_what_is_no_hint(door, body):
    assert post(door, body).status_code == 400
    assert not NodeHint.objects.exists()


def test_it_refuses_strangers_and_leaves_no_trace(door, count_queries):
    assert post("/hooks/node/" + "6" * 32 + "/").status_code == 404
    for token in ("", "0" * 32, TOKEN + TOKEN, TOKEN.upper()):
        assert post(door, token=token).status_code == 403
    assert Client().get(door).status_code == 405
    assert not NodeHint.objects.exists()


def test_it_refuses_a_body_that_is_too_large(door):
    large = {"event": "x", "data": "a", "more": "b" * 256 * 1024}
    assert post(door, large).status_code == 413
    assert not NodeHint.objects.exists()


def test_it_wakes_the_ingest_with_the_commit(live_database):
    door = open_door()
    with psycopg.connect(live_database.url, autocommit=True) as ear:
        ear.execute("LISTEN teraa_ingest")
        assert post(door).status_code == 204
        assert [one.channel for one in ear.notifies(timeout=5, stop_after=1)] == ["teraa_ingest"]
        assert post(door).status_code == 204
        assert list(ear.notifies(timeout=0.1)) == [], "told once is enough"


def test_a_forged_hint_costs_one_look(channel, client):
    peer = NodePeer.objects.get()
    NodeHook.objects.create(
        peer=peer,
        event="block.applied",
        node_hook_id="1",
        half_token_sha256=hashlib.sha256(TOKEN.encode()).hexdigest(),
        created_at="2026-01-01T00:00:00Z",
    )
    door = f"/hooks/node/{peer.segment}/"
    for number in range(20):
        body = {"event": "transaction.pool.added", "data": {"id": f"{number:064x}"}}
        assert post(door, body).status_code == 204
    before = len(channel.wire.asked)
    channel.look()

    asked = channel.wire.asked[before:]
    assert [one.split("?")[0] for one in asked] == [
        "GET /api/node/syncing",
        "GET /api/transactions/unconfirmed",
    ]
    assert not NodeHint.objects.filter(handled_at__isnull=True).exists()


def test_a_block_that_was_hinted_too_early_is_looked_for_a_few_times(channel):
    peer = NodePeer.objects.get()
    NodeHint.objects.create(
        peer=peer,
        event="block.applied",
        dedupe_key="1" * 64,
        body={"ids": ["ab" * 32]},
        received_at=channel.now,
    )
    idles = []
    for _ in range(7):
        channel.look()
        idles.append(channel.worker.idle)
    assert idles == [0.025, 0.05, 0.1, 0.2, 0.4, 1.0, 1.0]


def test_it_makes_one_hook_per_event_at_the_node(db, chain_node):
    channel = Channel(chain_node, hooks=True)
    assert channel.look()["hooks"] == "in place"
    peer = NodePeer.objects.get()
    target = f"{HOOK_BASE}/hooks/node/{peer.segment}/"

    def at_node():
        return sorted(hook.event for hook in channel.client.hooks() if hook.target == target)

    try:
        assert at_node() == sorted(EVENTS)
        assert reconcile(peer=peer, node=channel.client, base=HOOK_BASE, at=channel.now) == []

        # Forgotten by the node, doubled by somebody, left behind by another database.
        first = channel.client.hooks()[0]
        channel.client.delete_hook(first.id)
        channel.client.create_hook(event="block.applied", target=target)
        channel.client.create_hook(event="block.applied", target=f"{HOOK_BASE}/hooks/node/old/")
        channel.client.create_hook(event="block.applied", target="http://127.0.0.1:9/another/")
        made = reconcile(peer=peer, node=channel.client, base=HOOK_BASE, at=channel.now)
        assert made == [first.event]
        assert at_node() == sorted(EVENTS)
        others = [hook.target for hook in channel.client.hooks() if hook.target != target]
        assert others == ["http://127.0.0.1:9/another/"], "what is not ours stays"
        assert {one.half_token_sha256 for one in peer.hooks.all()} == {
            one.half_token_sha256 for one in NodeHook.objects.all()
        }
    finally:
        for hook in channel.client.hooks():
            channel.client.delete_hook(hook.id)
        channel.close()


def test_hooks_that_cannot_be_made_stop_nothing(db, chain_node):
    channel = Channel(chain_node, hooks=True)
    with channel.wire.lying("/webhooks", lambda answer: {"data": "nonsense"}):
        said = channel.look()
    assert said["hooks"].startswith("unreachable")
    assert said["state"] == "live"
    channel.close()
