"""One node of two lies, however it likes: nothing that needs three confirmations settles by it.

Every seed is another strategy: who lies (our own node included), about what, when, for how long.
Six in the ordinary run, well over a hundred with TERAA_LONG=1.
"""

import datetime
import random

import pytest

from teraa.settlement.osm import blocks, transactions
from teraa.settlement.osm.addresses import key_pair
from teraa.settlement.osm.blocks import BlockHeader, payload_hash
from teraa.settlement.osm.fakes.lying_wire import (
    backwards,
    on_network,
    paid_to,
    with_float_amounts,
    without_last_row,
    without_rows,
)
from teraa.settlement.osm.models import Allocation
from teraa.settlement.osm.moments import timestamp_json
from teraa.settlement.problems import OsmUnavailable
from teraa.settlement.queries import due_state
from tests.conftest import LONG
from tests.settlement import cast
from tests.settlement.cast import ADDRESS_BYTE, OSM
from tests.settlement.osm.channel import following

pytestmark = pytest.mark.django_db

SEEDS = range(120) if LONG else range(0, 120, 20)
THIEF = key_pair("somebody who would like to be believed")
BLOCKS_TO_COME_BACK = 30
LIES = [
    ("node/syncing", "higher"),
    ("node/syncing", "stuck"),
    ("transactions?orderBy", without_rows),
    ("transactions?orderBy", without_last_row),
    ("transactions?orderBy", backwards),
    ("transactions?orderBy", with_float_amounts),
    ("transactions?orderBy", paid_to("oHk3Mg2BLwJtCJL1Ay1dXwAWJAV1fgg1ev")),
    ("node/configuration", on_network("0" * 64)),
    ("blocks/search", without_last_row),
]


def invented_chain(request, header, count):
    """Blocks after ``header`` that pay the request, signed and linked, by a delegate of nobody."""
    paid = transactions.transfer(
        sender_public_key=THIEF.public_key,
        recipient_id=request.address,
        amount=request.units,
        fee=OSM,
        timestamp=header.timestamp,
        version=ADDRESS_BYTE,
        vendor_field=request.reference,
    ).signed(THIEF)
    answers, held = {}, [paid]
    for _ in range(count):
        header = BlockHeader(
            version=0,
            timestamp=header.timestamp + 20,
            height=header.height + 1,
            previous_block=str(header.id),
            number_of_transactions=len(held),
            total_amount=sum(one.amount for one in held),
            total_fee=sum(one.fee for one in held),
            reward=0,
            payload_length=32 * len(held),
            payload_hash=payload_hash(one.id for one in held),
            generator_public_key=THIEF.public_key,
        ).signed(THIEF)
        rows = [transactions.to_raw(one, version=ADDRESS_BYTE) for one in held]
        answers[f"blocks/{header.id}/transactions"] = {"meta": {}, "data": rows}
        shown = blocks.to_api(
            header,
            generator={"publicKey": THIEF.public_key, "address": "", "username": "nobody"},
            confirmations=0,
            timestamp=timestamp_json(header.timestamp),
        )
        answers[f"blocks/{header.id}"] = {"data": shown}
        held = []
    tip = {"syncing": False, "blocks": 0, "height": header.height, "id": header.id}
    return answers | {"node/syncing": {"data": tip}}


def twist_of(kind, height, block_id):
    if callable(kind):
        return kind

    def twist(answer):
        if kind == "higher":
            answer["data"]["height"] += 7
        else:
            answer["data"] |= {"height": height, "id": block_id}
        return answer

    return twist


def ask_when_possible(channel, chain_node):
    """OSM is not taken while the invented chain that we hold is longer than the real one."""
    payee = cast.payee()
    for _ in range(BLOCKS_TO_COME_BACK):
        try:
            return channel.ask(payee, confirmations=3)
        except OsmUnavailable:
            chain_node.forge()
            channel.look(later=datetime.timedelta(seconds=6))
    raise AssertionError("OSM could not be taken again")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_single_liar_settles_nothing_that_needs_three(chain_node, seed):
    dice = random.Random(seed)
    chain_node.forge(dice.randint(1, 6))
    other_url = chain_node.url.replace("127.0.0.1", "localhost")
    with following(
        chain_node, others=[f"{dice.choice(['public', 'trusted'])}={other_url}"]
    ) as channel:
        wait = datetime.timedelta(seconds=dice.choice([3, 6, 12]))
        channel.look(later=wait)
        due, request = channel.ask(cast.payee(), confirmations=dice.choice([3, 3, 6, 12, 42]))
        liar = dice.choice([channel.wire, channel.wire_of(other_url)])
        for _ in range(dice.randint(3, 6)):
            cursor = channel.cursor
            if dice.random() < 0.6:
                below = max(cursor.height - dice.randint(0, 4), 2)
                # A chain of one block, or one that is being rewritten, has nothing there.
                found = [] if liar.invented else channel.client.headers(below, below)
                if found:
                    liar.invented = invented_chain(
                        request, found[0], dice.randint(1, 9) + cursor.height - below
                    )
            part, kind = dice.choice(LIES)
            with liar.lying(part, twist_of(kind, cursor.height, cursor.block_id)):
                for _ in range(dice.randint(1, 3)):
                    if dice.random() < 0.5:
                        chain_node.forge()
                    channel.look(later=wait)
            if dice.random() < 0.3:
                liar.invented = {}
            request.refresh_from_db()
            assert request.state != "settled", f"seed {seed}"
            assert due_state(due.pk).state == "open"

        # It lies no more: what is really paid is found, whatever was believed meanwhile.
        liar.invented = {}
        channel.look(later=datetime.timedelta(hours=9))
        honest, wanted = ask_when_possible(channel, chain_node)
        channel.pay(wanted)
        for _ in range(6):
            chain_node.forge()
            channel.look(later=datetime.timedelta(seconds=6))
        gone = Allocation.objects.filter(request=request, receipt__transaction__block__isnull=False)
        assert not gone.exists(), "an invented block is not in our chain"
        if channel.peers.configured > 1 and all(peer.health == "healthy" for peer in channel.peers):
            assert due_state(honest.pk).state == "settled"
