"""Killed between any two statements, paused, cut off from the database: nothing lost, nothing twice."""

import itertools
import random
import signal
import time

import psycopg
import pytest
from django.db import connection

from teraa.common.clock import now
from teraa.live.models import Heartbeat, Outbox
from teraa.settlement.models import Due
from teraa.settlement.osm.devnet.node import DevelopmentNode
from teraa.settlement.osm.models import Allocation, Block, BlockCursor, ChainTransaction, Receipt
from tests.conftest import LONG
from tests.mortality import mortals
from tests.settlement import cast
from tests.settlement.osm.channel import following
from tests.settlement.osm.test_lead import ingest, is_live, until

KILLS = 300 if LONG else 6
MOST_STATEMENTS = 70
"""A little more than two looks need when they are left alone."""


@pytest.mark.timeout(2400 if LONG else 300)
def test_an_ingest_killed_between_any_two_statements_loses_and_doubles_nothing(live_database):
    dice = random.Random(22)
    with DevelopmentNode() as node, following(node) as channel:
        node.forge()
        channel.look()
        payee = cast.payee()
        asked = []
        killed = 0
        place = {"url": node.url, "nethash": node.nethash, "looks": 2}
        with mortals("tests.settlement.osm.mortal_ingest", live_database.environment()) as live:
            for number in itertools.count():
                if killed == KILLS:
                    break
                assert number < 4 * KILLS, f"{killed} of {number} died"
                if number % 3 == 0:
                    # One that lives on its own: somebody follows the chain, so OSM can be taken.
                    assert live(**place, die_after=10**6) == 0
                    asked.append(channel.ask(payee, 120, confirmations=dice.choice([1, 2])))
                    channel.pay(asked[-1][1])
                if number % 2:
                    node.forge()
                elif dice.random() < 0.2 and node.height > 6:
                    node.roll_back(2, then="other")
                died = live(**place, die_after=dice.randint(0, MOST_STATEMENTS))
                assert died in (0, signal.SIGKILL)
                killed += died == signal.SIGKILL
        node.forge(3)
        channel.worker.close()
        channel.begin()
        channel.look()
        assert channel.cursor.height == node.height
        for due, request in asked:
            request.refresh_from_db()
            assert (request.state, request.seen_units) == ("settled", request.units)
            assert Due.objects.get(pk=due.pk).state == "settled"
            assert list(due.effects.values_list("kind", flat=True)).count("settled") == 1
            versions = list(
                Outbox.objects.filter(topic=f"due.{due.pk}")
                .order_by("pk")
                .values_list("version", flat=True)
            )
            assert versions == sorted(set(versions))
        assert Receipt.objects.count() == ChainTransaction.objects.count() == len(asked)
        assert Allocation.objects.count() == len(asked)
        heights = Block.objects.filter(canonical=True).order_by("height")
        links = list(heights.values_list("previous_id", "block_id"))
        assert [link[0] for link in links[1:]] == [link[1] for link in links[:-1]]


def end_sessions(live_database, name="%"):
    """Cut what is connected to this test's database, as a server that goes down does."""
    with psycopg.connect(live_database.cluster.master_url, autocommit=True) as master:
        master.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = %s AND application_name LIKE %s",
            [live_database.name, name],
        )


def test_a_leader_that_was_paused_finds_another_in_its_place(live_database, settings):
    with DevelopmentNode() as node, ingest(live_database, node) as first:
        settings.TERAA_NODE_NETHASH = node.nethash
        until(is_live)
        with ingest(live_database, node) as second:
            until(lambda: Heartbeat.objects.filter(part="ingest-standby").exists())
            payee = cast.payee()
            due = cast.due(payee, now())
            request = cast.request(due, now())
            node.pay(request.address, request.units, request.reference)
            until(lambda: due.effects.filter(kind="changed").exists())

            first.send_signal(signal.SIGSTOP)
            end_sessions(live_database, "ingest leader")  # its seat is free; it does not know
            node.forge()
            until(lambda: Due.objects.get(pk=due.pk).state == "settled")
            assert BlockCursor.objects.get().epoch == 2
            first.send_signal(signal.SIGCONT)
            for _ in range(3):
                node.forge()
                until(lambda: BlockCursor.objects.get().height == node.height)
            assert BlockCursor.objects.get().epoch == 2, "the one that came back writes nothing"
            assert list(due.effects.values_list("kind", flat=True)) == ["changed", "settled"]
            second.send_signal(signal.SIGTERM)
            assert second.wait(10) == 0
            until(lambda: BlockCursor.objects.get().epoch == 3)  # its turn again
        first.send_signal(signal.SIGTERM)
        assert first.wait(10) == 0


def test_a_database_that_went_away_is_found_again(live_database, settings):
    with DevelopmentNode() as node, ingest(live_database, node) as process:
        settings.TERAA_NODE_NETHASH = node.nethash
        until(is_live)
        due = cast.due(cast.payee(), now())
        request = cast.request(due, now())
        connection.close()
        for _ in range(3):
            end_sessions(live_database)
            time.sleep(0.1)
        node.pay(request.address, request.units, request.reference)
        node.forge()
        # Nobody tells it: no webhook reaches us here, and every notification was lost.
        until(lambda: Due.objects.get(pk=due.pk).state == "settled")
        assert process.poll() is None
        assert list(due.effects.values_list("kind", flat=True)).count("settled") == 1
