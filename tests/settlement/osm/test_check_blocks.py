"""How much a block must prove: its id, who signed it, that this one may make blocks."""

import datetime

import pytest

from teraa.settlement.osm.devnet.node import DevelopmentNode
from teraa.settlement.osm.ingest.verify import BlockCheck
from teraa.settlement.osm.models import Receipt
from teraa.settlement.queries import due_state
from tests.settlement import cast
from tests.settlement.cast import OSM
from tests.settlement.osm.channel import following

pytestmark = pytest.mark.django_db

MINUTE = datetime.timedelta(minutes=1)
PATIENCE = datetime.timedelta(seconds=4)


@pytest.fixture(params=list(BlockCheck))
def checked(db, request):
    with DevelopmentNode() as node:
        node.forge(3)
        with following(node, check=request.param) as channel:
            channel.look(later=2 * MINUTE)  # by then the delegates are known
            yield channel, request.param


def test_a_block_that_its_maker_did_not_sign(checked):
    channel, check = checked
    held = channel.cursor.height
    channel.node.faults.on("forged_block_signature")
    channel.node.forge()
    channel.look()
    taken = check == BlockCheck.IDS
    assert channel.cursor.height == held + taken
    assert channel.peer().lies == (not taken)


def test_a_block_of_somebody_who_makes_none(checked):
    channel, check = checked
    held = channel.cursor.height
    channel.node.faults.on("forged_block_signature", stranger=True)
    channel.node.forge()
    channel.look()
    channel.look(later=PATIENCE)
    taken = check != BlockCheck.DELEGATES
    assert channel.cursor.height == held + taken
    assert channel.peer().lies == 0, "we may not know every delegate: no lie is proven"
    assert (channel.cursor.reason == "node_nonsense") == (not taken)

    channel.node.roll_back(1)
    channel.node.forge(2)
    channel.look(later=PATIENCE)
    assert (channel.cursor.height, channel.cursor.state) == (channel.node.height, "live")


def test_a_payment_that_nobody_signed_is_refused_with_its_block(checked):
    channel, _check = checked
    due, request = channel.ask(cast.payee())
    held = channel.cursor.height
    channel.node.faults.on(
        "forged_transaction_signature",
        address=request.address,
        units=60 * OSM,
        memo=request.reference,
    )
    channel.node.forge()
    channel.look()
    assert (channel.cursor.height, due_state(due.pk).state) == (held, "open")
    assert not Receipt.objects.exists()
    assert channel.peer().lies == 1
