"""``manage.py ingest`` as the supervisor runs it: one leads, one stands by, SIGKILL is harmless."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

from teraa.common.clock import now
from teraa.live.models import Heartbeat
from teraa.settlement.models import Due
from teraa.settlement.osm.devnet.node import DevelopmentNode
from teraa.settlement.osm.ingest.election import Election
from teraa.settlement.osm.models import BlockCursor
from tests.settlement import cast

ROOT = Path(__file__).resolve().parents[3]


@contextlib.contextmanager
def ingest(live_database, node):
    process = subprocess.Popen(
        [sys.executable, "manage.py", "ingest"],
        cwd=ROOT,
        env={
            **os.environ,
            **live_database.environment(),
            "TERAA_NODE_URL": node.url,
            "TERAA_NODE_HOOKS_URL": node.hooks_url,
            "TERAA_NODE_NETHASH": node.nethash,
            "TERAA_HOOK_BASE": "http://127.0.0.1:9",
        },
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)


def until(holds, seconds=60):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to that in time"
        time.sleep(0.05)


def is_live():
    return BlockCursor.objects.filter(state="live").exists()


def test_one_leads_and_the_other_takes_over_when_it_is_killed(live_database, settings):
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
            assert BlockCursor.objects.get().epoch == 1

            first.send_signal(signal.SIGKILL)
            node.forge()
            until(lambda: Due.objects.get(pk=due.pk).state == "settled")
            cursor = BlockCursor.objects.get()
            assert (cursor.epoch, cursor.height) == (2, node.height)
            assert list(due.effects.values_list("kind", flat=True)) == ["changed", "settled"]

            second.send_signal(signal.SIGTERM)
            assert second.wait(5) == 0


def test_a_seat_is_for_one_and_is_left_when_its_session_ends(live_database):
    first, second, other = Election("here"), Election("here"), Election("there")
    assert first.try_to_lead()
    assert first.try_to_lead(), "it leads already"
    assert not second.try_to_lead()
    assert other.try_to_lead()
    first._session.close()
    assert not first.is_leading()
    assert second.try_to_lead()
    for one in (second, other):
        one.resign()
        assert not one.is_leading()


def test_an_ingest_without_a_node_says_so(live_database):
    nobody = SimpleNamespace(url="http://127.0.0.1:9", hooks_url="", nethash="f" * 64)

    def trouble():
        beat = Heartbeat.objects.filter(part="ingest").first()
        return beat and "NodeSilent" in beat.detail.get("trouble", "")

    with ingest(live_database, nobody) as process:
        until(trouble)
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
