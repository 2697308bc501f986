"""Hints permuted, doubled or lost: the rows in the end are the same."""

import random

import pytest

from teraa.settlement.models import Due
from teraa.settlement.osm.devnet.node import DevelopmentNode
from teraa.settlement.osm.models import Allocation, ChainTransaction, NodeHint, OsmRequest, Receipt
from tests.conftest import LONG
from tests.settlement import cast
from tests.settlement.cast import OSM
from tests.settlement.osm.channel import following

SEEDS = range(60) if LONG else range(6)


def story(seed):
    """The same payments and blocks every time; when we look, and what we are told, is the seed's."""
    dice = random.Random(seed)
    with DevelopmentNode() as node, following(node) as channel:
        peer = channel.peer()
        payee = cast.payee()
        asked = [channel.ask(payee, 120, confirmations=depth) for depth in (1, 2, 3, 3)]
        told = []

        def hint(event, found):
            told.append((event, str(found)))

        for number, (_due, request) in enumerate(asked):
            units = [60, 40, 75, 60][number] * OSM
            hint("transaction.pool.added", channel.pay(request, units))
            hint("block.applied", node.forge().id)
            for event, found in dice.sample(told, dice.randint(0, len(told))):
                for copy in range(dice.randint(0, 3)):
                    NodeHint.objects.create(
                        peer=peer,
                        event=event,
                        dedupe_key=f"{len(told)}{copy}{found}"[:64],
                        body={"ids": [found]},
                        received_at=channel.now,
                    )
            if dice.random() < 0.5:
                channel.look()
        node.forge(3)
        channel.look()
        return (
            [
                (one.state, one.seen_units, one.confirmed_units, one.surplus_units, one.flags)
                for one in (OsmRequest.objects.get(pk=request.pk) for _due, request in asked)
            ],
            [Due.objects.get(pk=due.pk).state for due, _request in asked],
            sorted(Receipt.objects.values_list("amount_units", "direction", "out_index")),
            sorted(Allocation.objects.values_list("amount_units", "kind", "reason")),
            sorted(ChainTransaction.objects.values_list("amount_units", "block__height")),
        )


@pytest.mark.parametrize("seed", SEEDS)
def test_the_rows_are_the_same_whatever_we_were_told_and_when(db, seed):
    found = story(seed)
    assert found[0] == [
        ("settled", 60 * OSM, 60 * OSM, 0, []),
        ("open", 40 * OSM, 40 * OSM, 0, ["under"]),
        ("settled", 75 * OSM, 75 * OSM, 15 * OSM, ["over"]),
        ("settled", 60 * OSM, 60 * OSM, 0, []),
    ]
    assert found[1] == ["settled", "open", "settled", "settled"]
    assert found[2] == [(units * OSM, "in", 0) for units in (40, 60, 60, 75)]
    assert found[3] == [(units * OSM, "request", "reference") for units in (40, 60, 60, 75)]
    assert found[4] == [(40 * OSM, 3), (60 * OSM, 2), (60 * OSM, 5), (75 * OSM, 4)]
