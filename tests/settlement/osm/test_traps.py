"""One test for each trap of real nodes (T1 to T24): what they do, and that we survive it."""

import datetime
import hashlib
import json

import httpx
import pytest
from django.test import Client
from django.utils.timezone import now as really_now

from teraa.settlement.osm import transactions
from teraa.settlement.osm.addresses import key_pair
from teraa.settlement.osm.devnet.node import DevelopmentNode
from teraa.settlement.osm.devnet.profiles import DEMO_PHRASE
from teraa.settlement.osm.fakes.lying_wire import (
    backwards,
    on_network,
    with_float_amounts,
    without_last_row,
    without_rows,
)
from teraa.settlement.osm.ingest.hooks import EVENTS
from teraa.settlement.osm.models import (
    Block,
    ChainTransaction,
    NodeHint,
    NodeHook,
    Receipt,
)
from teraa.settlement.osm.moments import epoch_seconds
from teraa.settlement.queries import due_state, unmatched_receipts
from tests.settlement import cast
from tests.settlement.cast import ADDRESS_BYTE, OSM
from tests.settlement.osm.channel import HOOK_BASE, Channel, effects_of, following

pytestmark = pytest.mark.django_db

SECOND = datetime.timedelta(seconds=1)
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
PATIENCE = 4 * SECOND
TRANSACTIONS_OF_BLOCK = "/transactions?orderBy=sequence:asc"
TOKEN = "0d1d1e3498d20dbaafe1cdccb29dd26b"


@pytest.fixture
def hooked(db, chain_node):
    """A channel whose webhooks stand at the node (and lead nowhere)."""
    with following(chain_node, hooks=True) as channel:
        yield channel
        for hook in channel.client.hooks():
            channel.client.delete_hook(hook.id)


def door_of(peer):
    """The address that hooks call, opened by a token we know."""
    NodeHook.objects.update_or_create(
        peer=peer,
        event="block.applied",
        retired_at=None,
        defaults={
            "node_hook_id": "1",
            "half_token_sha256": hashlib.sha256(TOKEN.encode()).hexdigest(),
            "created_at": really_now(),
        },
    )
    return f"/hooks/node/{peer.segment}/"


def post(door, event, data, token=TOKEN):
    body = json.dumps({"timestamp": 1, "event": event, "data": data})
    client = Client(enforce_csrf_checks=True)
    return client.post(
        door, body, content_type="application/json", headers={"authorization": token}
    ).status_code


def settled_without_a_word(channel):
    """A payment that nobody tells us of is found by asking."""
    due, request = channel.ask(cast.payee())
    channel.pay(request)
    channel.node.forge()
    channel.look()
    return due_state(due.pk).state == "settled"


def test_t01_hooks_are_posted_once_and_may_be_forgotten(hooked):
    for hook in hooked.client.hooks():
        hooked.client.delete_hook(hook.id)  # a reinstall erased their file
    assert settled_without_a_word(hooked)
    hooked.look(later=HOUR)
    assert sorted(one.event for one in hooked.client.hooks()) == sorted(EVENTS)


def test_t02_a_hook_proves_nothing_whoever_sends_it(channel):
    _due, request = channel.ask(cast.payee())
    door = door_of(channel.peer())
    held = channel.cursor.block_id
    for _ in range(3):  # overheard, and sent again
        assert post(door, "block.applied", {"id": "ab" * 32, "height": 10**9}) == 204
    paid = {"id": "cd" * 32, "recipientId": request.address, "amount": str(request.units)}
    assert post(door, "transaction.pool.added", [{"data": paid}]) == 204
    assert post(door, "block.applied", {"id": "ee" * 32}, token="0" * 32) == 403
    channel.look()
    request.refresh_from_db()
    assert (request.state, channel.cursor.block_id) == ("open", held)
    assert NodeHint.objects.count() == 2, "the same again is the same"


def test_t03_there_is_one_hook_for_each_event(hooked):
    ours = [one for one in hooked.client.hooks() if one.target.startswith(HOOK_BASE)]
    assert len({one.event for one in ours}) == len(ours) == len(EVENTS)


def test_t04_our_hooks_have_no_conditions(hooked):
    rows = httpx.get(f"{hooked.node.hooks_url}/api/webhooks").json()["data"]
    assert [row["conditions"] for row in rows] == [[]] * len(EVENTS)


def test_t05_pool_hints_come_as_a_list_or_as_one(channel):
    door = door_of(channel.peer())
    of_2_5 = [{"data": {"id": "aa" * 32}, "serialized": {"type": "Buffer", "data": []}}]
    assert post(door, "transaction.pool.added", of_2_5) == 204
    assert post(door, "transaction.pool.added", {"id": "bb" * 32, "typeGroup": 1}) == 204
    ids = [hint.body["ids"] for hint in NodeHint.objects.order_by("pk")]
    assert ids == [["aa" * 32], ["bb" * 32]]
    channel.look()
    assert channel.cursor.state == "live"


def test_t06_leaving_the_pool_is_no_failure(channel):
    due, request = channel.ask(cast.payee(), confirmations=2)
    txid = channel.pay(request)
    channel.look()
    channel.node.forge()
    door = door_of(channel.peer())
    assert post(door, "transaction.pool.removed", txid) == 204  # 2.5 sends the bare id
    channel.look()
    request.refresh_from_db()
    assert request.state == "confirming"
    channel.node.forge()
    channel.look()
    assert due_state(due.pk).state == "settled"


def test_t07_what_is_announced_may_never_be_stored(channel):
    due, request = channel.ask(cast.payee())
    door = door_of(channel.peer())
    phantom = {"id": "ab" * 32, "height": channel.cursor.height + 1}
    assert post(door, "block.applied", phantom) == 204
    waits = []
    for _ in range(6):
        channel.look()
        waits.append(channel.worker.idle)
    assert waits == [0.025, 0.05, 0.1, 0.2, 0.4, 1.0], "looked for, then left to the poller"
    assert not Block.objects.filter(block_id="ab" * 32).exists()
    channel.pay(request)
    channel.node.forge()
    channel.look()
    assert due_state(due.pk).state == "settled"


def test_t08_a_fork_says_nothing_of_the_payments_it_takes_out(db):
    with DevelopmentNode() as node, following(node) as channel:
        _due, request = channel.ask(cast.payee(), confirmations=10)
        txid = channel.pay(request)
        node.forge(2)
        channel.look()
        before = ChainTransaction.objects.get(txid=txid).block
        node.roll_back(2)
        header = {"id": channel.cursor.block_id, "height": channel.cursor.height}
        door = door_of(channel.peer())
        assert post(door, "block.reverted", header) == 204  # all that 2.5 says
        channel.look()
        node.forge(3)
        channel.look()
        request.refresh_from_db()
        assert (request.state, request.included_units) == ("confirming", 60 * OSM)
        assert ChainTransaction.objects.get(txid=txid).block != before, "back, in another block"


@pytest.mark.parametrize("depth", [4, 102])
def test_t09_fork_recovery_takes_out_blocks_and_what_they_held_returns(db, depth):
    with DevelopmentNode() as node, following(node) as channel:
        node.forge(3)
        due, request = channel.ask(cast.payee(), confirmations=3)
        txid = channel.pay(request)
        node.forge(depth)
        channel.look()
        assert due_state(due.pk).state == "settled"
        effects = effects_of(due)
        receipts = list(Receipt.objects.values_list())

        node.roll_back(depth, then="other")
        channel.look(later=SECOND)
        assert (channel.cursor.height, channel.cursor.state) == (node.height, "live")
        request.refresh_from_db()
        assert (request.state, request.reorged, request.limbo) == ("settled", False, False)
        assert ChainTransaction.objects.get(txid=txid).block.canonical
        since = effects_of(due)[len(effects) :]
        assert set(since) <= {"changed"}, "nothing is settled again, nobody is called"
        assert list(Receipt.objects.values_list()) == receipts


def test_t10_heights_answer_with_orphans_so_only_ids_are_asked(channel):
    channel.node.forge(3)
    before = len(channel.wire.asked)
    channel.look()
    asked = [one.split("?")[0].split("/api/")[1] for one in channel.wire.asked[before:]]
    of_blocks = [one.split("/")[1] for one in asked if one.startswith("blocks/")]
    assert of_blocks
    assert not [one for one in of_blocks if one.isdecimal()], "a height is cached for ten minutes"


def test_t11_an_error_that_looks_like_an_empty_list_stores_nothing(channel):
    due, request = channel.ask(cast.payee())
    channel.pay(request)
    channel.node.forge()
    height = channel.cursor.height
    with channel.wire.lying(TRANSACTIONS_OF_BLOCK, without_rows):
        channel.look()
        assert channel.cursor.height == height
    channel.look()
    assert due_state(due.pk).state == "settled"


def test_t12_pages_go_on_though_the_first_says_there_is_no_next(db):
    with DevelopmentNode() as node, following(node) as channel:
        payee = cast.payee()
        channel.look(later=MINUTE)
        for number in range(103):
            node.pay(payee.osm_address, OSM, f"part {number}")

        def the_end(answer):
            answer["meta"] |= {"next": None, "totalCount": len(answer["data"]), "pageCount": 1}
            return answer

        with channel.wire.lying(TRANSACTIONS_OF_BLOCK, the_end):
            node.forge()
            channel.look()
        assert Receipt.objects.filter(watched__payee=payee).count() == 103


def test_t13_lists_that_drift_lose_nothing(db):
    with DevelopmentNode() as node:
        node.forge(2)
        with following(node) as channel:
            payee = cast.payee()
            channel.look(later=MINUTE)
            for _ in range(6):
                node.pay(payee.osm_address, OSM, "six")
                node.demo_wallet.send(address=node.address("nobody of ours"), units=OSM)
                node.forge()
            node.forge(1010)

            def drifting(answer):
                answer["data"] = answer["data"][:2] + answer["data"][1:-1]
                return answer

            with channel.wire.lying("transactions/search", drifting):
                channel.look()
            assert channel.cursor.height == node.height
            assert Receipt.objects.filter(watched__payee=payee).count() == 6


def test_t14_the_sender_s_clock_decides_nothing(channel):
    due, request = channel.ask(cast.payee())
    keys = key_pair(DEMO_PHRASE)
    old = transactions.transfer(
        sender_public_key=keys.public_key,
        recipient_id=request.address,
        amount=request.units,
        fee=OSM,
        timestamp=epoch_seconds(channel.now - 5 * HOUR),
        version=ADDRESS_BYTE,
        vendor_field=request.reference,
    )
    channel.node.demo_wallet.post(old.signed(keys))
    channel.node.forge()
    channel.look()
    request.refresh_from_db()
    assert (request.state, request.late) == ("settled", False)
    assert due_state(due.pk).state == "settled"
    stored = ChainTransaction.objects.get(memo_text=request.reference)
    assert stored.sender_time < stored.first_seen_at - 4 * HOUR


def test_t15_a_vote_of_ours_is_no_income(channel):
    wallet = channel.node.wallet("a payee that votes")
    payee = cast.payee(osm_address=wallet.address)
    channel.look(later=MINUTE)
    channel.node.pay(payee.osm_address, 1000 * OSM, "fonds")
    channel.node.forge()
    channel.look()
    [delegate] = channel.client.delegates(1)
    wallet.vote(f"+{delegate}")
    channel.node.forge()
    channel.look()
    vote = ChainTransaction.objects.get(sender=payee.osm_address)
    assert (vote.type, vote.receipts.count()) == (transactions.VOTE, 0)
    assert [one.amount_units for one in unmatched_receipts(venue_id=payee.venue_id)] == [1000 * OSM]


def test_t16_confirmations_are_counted_by_us(channel):
    def many(answer):
        rows = answer["data"] if isinstance(answer["data"], list) else [answer["data"]]
        for row in rows:
            row["confirmations"] = 1000
        return answer

    due, request = channel.ask(cast.payee(), confirmations=3)
    channel.pay(request)
    with channel.wire.lying("/api/", many):
        channel.node.forge()
        channel.look()
    request.refresh_from_db()
    assert (request.state, request.confirmations) == ("confirming", 1)
    assert due_state(due.pk).state == "open"


def test_t17_a_node_that_says_wait_is_left_alone(channel):
    channel.wire.status, channel.wire.headers = 429, {"Retry-After": "40.037"}
    channel.look()
    asked = len(channel.wire.asked)
    channel.wire.status = None
    for _ in range(3):
        channel.look(later=PATIENCE)
    assert len(channel.wire.asked) == asked, "not asked again before its time"
    assert (channel.cursor.state, channel.cursor.reason) == ("stalled", "node_silent")


def test_t18_a_payment_may_wait_for_hours_and_come_all_the_same(channel):
    due, request = channel.ask(cast.payee())
    channel.pass_time(8)
    request.refresh_from_db()
    assert request.state == "expired"
    channel.pay(request)  # given to a node long ago, taken into a block now
    channel.node.forge()
    channel.look()
    request.refresh_from_db()
    assert (request.late, request.surplus_units) == (True, 60 * OSM)
    assert due_state(due.pk).state != "settled", "late: for a person to decide"


def test_t20_amounts_are_whole_units_or_refused(channel):
    due, request = channel.ask(cast.payee())
    channel.pay(request)
    channel.node.forge()
    with channel.wire.lying(TRANSACTIONS_OF_BLOCK, with_float_amounts):
        channel.look()
        assert not Receipt.objects.exists()

    def numbers(answer):
        for row in answer["data"]:
            row["amount"] = int(row["amount"])
        return answer

    with channel.wire.lying(TRANSACTIONS_OF_BLOCK, numbers):
        channel.look()
    assert due_state(due.pk).state == "settled", "older nodes write whole numbers"


def test_t21_nobody_is_asked_for_a_memo(channel):
    assert settled_without_a_word(channel)
    said = json.dumps(channel.wire.asked) + repr([body for _path, body in channel.wire.sent])
    assert "vendorField" not in said


def test_t22_another_network_is_never_ours(db, chain_node):
    channel = Channel(chain_node, pinned="f" * 64)
    with channel.wire.lying("node/configuration", on_network("0" * 64)):
        assert "WrongNetwork" in channel.look()["trouble"]
    assert not Block.objects.exists()
    channel.close()


def test_t23_a_block_in_another_order_is_refused(channel):
    payee = cast.payee()
    asked = [channel.ask(payee) for _ in range(2)]
    for _due, request in asked:
        channel.pay(request)
    channel.node.forge()
    with channel.wire.lying(TRANSACTIONS_OF_BLOCK, backwards):
        channel.look()
        assert not Receipt.objects.exists()
    channel.look()
    assert {due_state(due.pk).state for due, _request in asked} == {"settled"}
    asked_for = [one for one in channel.wire.asked if "/transactions?" in one and "blocks/" in one]
    assert all("orderBy=sequence:asc" in one for one in asked_for)


def test_t24_ranges_are_closed_and_end_below_the_tip(db):
    with DevelopmentNode() as node, following(node) as channel:
        node.forge(240)
        channel.look()
        ranges = [
            json.loads(body)["height"] for path, body in channel.wire.sent if "search" in path
        ]
        assert ranges
        assert all(one["to"] - one["from"] < 100 for one in ranges)
        assert max(one["to"] for one in ranges) < node.height, "the last blocks come by id"
        assert channel.cursor.height == node.height


def test_t24_a_range_that_is_half_a_minute_old_is_asked_for_again(db):
    with DevelopmentNode() as node, following(node) as channel:
        node.forge(40)
        with channel.wire.lying("blocks/search", without_last_row):  # 30 seconds old
            channel.look()
            assert channel.cursor.height < node.height
        channel.look()
        assert channel.cursor.height == node.height
