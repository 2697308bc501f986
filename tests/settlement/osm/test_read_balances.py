"""What every node says our addresses hold, bound to one block, for the books to be compared with."""

import datetime

import pytest

from teraa.settlement.osm.ingest.balances import ask_for_balances
from teraa.settlement.osm.models import AddressBalance
from tests.settlement import cast
from tests.settlement.cast import OSM
from tests.settlement.osm.channel import following

pytestmark = pytest.mark.django_db

SECOND = datetime.timedelta(seconds=1)
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def pair(db, chain_node):
    chain_node.forge()
    other = "public=" + chain_node.url.replace("127.0.0.1", "localhost")
    with following(chain_node, others=[other]) as channel:
        channel.look(later=6 * SECOND)
        yield channel


def test_they_are_read_when_asked_for_from_every_healthy_node(pair):
    payee = cast.payee()
    pair.look(later=31 * SECOND)
    pair.node.pay(payee.osm_address, 7 * OSM, "avance", forge=True)
    pair.look(later=6 * SECOND)
    assert not AddressBalance.objects.exists()

    ask_for_balances(network=pair.cursor.network, at=pair.now)
    pair.look(later=6 * SECOND)
    rows = AddressBalance.objects.filter(watched__payee=payee)
    assert {row.peer.role for row in rows} == {"own", "public"}
    assert {(row.balance_units, row.height, row.block_id) for row in rows} == {
        (7 * OSM, pair.node.height, pair.cursor.block_id)
    }
    assert pair.cursor.balances_wanted_at is None
    pair.look(later=6 * SECOND)
    assert AddressBalance.objects.filter(watched__payee=payee).count() == 2, "asked for once"


def test_they_are_read_every_hour(pair):
    payee = cast.payee()
    pair.look(later=31 * SECOND)
    pair.node.forge()
    pair.look(later=HOUR)
    pair.node.forge()
    pair.look(later=6 * SECOND)
    assert AddressBalance.objects.filter(watched__payee=payee, balance_units=0).exists()


def test_a_balance_between_two_blocks_is_not_kept(pair):
    payee = cast.payee()
    pair.look(later=31 * SECOND)
    pair.node.forge()
    pair.look(later=6 * SECOND)
    moving = iter(range(1000))

    def restless(answer):
        answer["data"]["id"] = f"{next(moving):064x}"
        return answer

    ask_for_balances(network=pair.cursor.network, at=pair.now)
    balances = pair.worker._rounds._balances
    for wire in pair.wires.values():
        wire.asked.clear()
    with pair.wire.lying("node/syncing", restless):
        balances.turn(at=pair.now + 6 * SECOND)
    rows = AddressBalance.objects.filter(watched__payee=payee)
    assert {row.peer.role for row in rows} == {"public"}


def test_a_node_that_fails_meanwhile_costs_nothing_but_its_own_balances(pair):
    payee = cast.payee()
    pair.look(later=31 * SECOND)
    pair.node.pay(payee.osm_address, OSM, "avance", forge=True)
    pair.look(later=6 * SECOND)
    ask_for_balances(network=pair.cursor.network, at=pair.now)
    with pair.wire.lying("/api/wallets/", lambda answer: {"data": {"balance": 1.5}}):
        pair.worker._rounds._balances.turn(at=pair.now + 6 * SECOND)
    rows = AddressBalance.objects.filter(watched__payee=payee)
    assert {row.peer.role for row in rows} == {"public"}
