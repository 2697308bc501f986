"""Our webhooks at our own node: replaced in time, missed when silent, absorbed when too many."""

import datetime
import hashlib
import json
import time

import pytest
from django.test import Client

from teraa.settlement.osm import views
from teraa.settlement.osm.ingest.hints import take_hints
from teraa.settlement.osm.ingest.hooks import EVENTS, ROTATED_AFTER, reconcile
from teraa.settlement.osm.models import NodeHint, NodeHook
from tests.settlement.osm.channel import HOOK_BASE, following

pytestmark = pytest.mark.django_db

HOUR = datetime.timedelta(hours=1)
TOKEN = "0d1d1e3498d20dbaafe1cdccb29dd26b"


@pytest.fixture
def hooked(db, chain_node):
    with following(chain_node, hooks=True) as channel:
        yield channel
        for hook in channel.client.hooks():
            channel.client.delete_hook(hook.id)


def halves(peer):
    return set(peer.hooks.values_list("half_token_sha256", flat=True))


def test_a_month_old_each_is_replaced_and_the_new_one_is_made_first(hooked):
    peer = hooked.peer()
    before = halves(peer)
    order = []

    class Watched:
        def __getattr__(self, name):
            def asked(*arguments, **named):
                order.append(name)
                return getattr(hooked.client, name)(*arguments, **named)

            return asked

    later = hooked.now + ROTATED_AFTER + HOUR
    assert sorted(reconcile(peer=peer, node=Watched(), base=HOOK_BASE, at=later)) == sorted(EVENTS)
    assert order == ["hooks", *["create_hook"] * 3, *["delete_hook"] * 3]
    assert len(halves(peer)) == 3
    assert not halves(peer) & before
    assert sorted(one.event for one in hooked.client.hooks()) == sorted(EVENTS)
    assert reconcile(peer=peer, node=Watched(), base=HOOK_BASE, at=later + HOUR) == []


def test_both_tokens_are_heard_until_the_old_hook_is_gone(hooked):
    peer = hooked.peer()
    old = "a" * 32
    NodeHook.objects.filter(peer=peer, event="block.applied").update(
        half_token_sha256=hashlib.sha256(old.encode()).hexdigest(), retired_at=hooked.now
    )
    NodeHook.objects.create(
        peer=peer,
        event="block.applied",
        node_hook_id="new",
        half_token_sha256=hashlib.sha256(TOKEN.encode()).hexdigest(),
        created_at=hooked.now,
    )
    for number, token in enumerate((old, TOKEN)):
        assert tell(peer, f"{number:064x}", token=token) == 204


def tell(peer, block_id, event="block.applied", token=TOKEN):
    body = json.dumps({"event": event, "data": {"id": block_id}})
    return (
        Client()
        .post(
            f"/hooks/node/{peer.segment}/",
            body,
            content_type="application/json",
            headers={"authorization": token},
        )
        .status_code
    )


def hint(channel, block_id):
    NodeHint.objects.create(
        peer=channel.peer(),
        event="block.applied",
        dedupe_key=block_id,
        body={"ids": [block_id]},
        received_at=channel.now,
    )


def test_three_blocks_without_a_word_are_shown_and_end_with_a_word(hooked):
    assert hooked.look()["hooks"] == "in place"
    for blocks in (1, 2, 3):
        hooked.node.forge()
        said = hooked.look()["hooks"]
        assert said == ("hook_silent" if blocks == 3 else "in place")
    assert hooked.peer().hooks_state == "silent"
    assert hooked.worker.idle == 1.0, "the chain is asked every second all the same"

    block = hooked.node.forge()
    hint(hooked, block.id)
    assert hooked.look()["hooks"] == "in place"
    assert (hooked.peer().hooks_state, hooked.peer().hooked_at) == ("in_place", hooked.now)


def test_silent_hooks_are_looked_for_before_their_hour(hooked):
    for one in hooked.client.hooks():
        hooked.client.delete_hook(one.id)
    hooked.node.forge(3)
    hooked.look()
    hooked.look(later=datetime.timedelta(minutes=11))
    assert len(hooked.client.hooks()) == len(EVENTS)


def test_of_a_crowd_of_hints_only_the_newest_word_of_a_block_is_kept(hooked, monkeypatch):
    monkeypatch.setattr(views, "CROWD", 20)
    peer = hooked.peer()
    NodeHook.objects.filter(peer=peer, event="block.applied").update(
        half_token_sha256=hashlib.sha256(TOKEN.encode()).hexdigest()
    )
    most = 0
    for number in range(60):
        event = "block.applied" if number % 10 == 3 else "transaction.pool.added"
        assert tell(peer, f"{number:064x}", event) == 204
        most = max(most, NodeHint.objects.filter(handled_at__isnull=True).count())
    assert most <= 22
    newest = NodeHint.objects.filter(event="block.applied").order_by("-pk").first()
    assert newest.body["ids"] == [f"{53:064x}"]
    found = take_hints(hooked.now)
    assert found.block_id == f"{53:064x}"
    assert not NodeHint.objects.filter(handled_at__isnull=True).exists()


def test_a_crowd_is_answered_in_one_row(hooked, count_queries):
    NodeHint.objects.bulk_create(
        NodeHint(
            peer=hooked.peer(),
            event="block.applied" if number % 2 else "transaction.pool.added",
            dedupe_key=str(number),
            body={"ids": [f"{number:064x}"]},
            received_at=hooked.now,
        )
        for number in range(300)
    )
    with count_queries() as queries:
        found = take_hints(hooked.now)
    assert (len(queries), found.blocks, found.block_id) == (1, 150, f"{299:064x}")


def test_however_many_hints_come_the_node_is_asked_twenty_times_a_second_at_most(channel):
    channel.worker.soonest = 0.05
    waited = []
    began = time.monotonic()
    for number in range(5):
        hint(channel, f"{number:064x}")
        channel.worker._expected = ""
        channel.worker.turn(channel.now)
        waited.append(time.monotonic() - began)
    assert waited[-1] >= 4 * 0.05 * 0.9
