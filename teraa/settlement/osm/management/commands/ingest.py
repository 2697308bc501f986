"""``manage.py ingest``: follows the chain as the one leader, or stands by, until stopped."""

from __future__ import annotations

import datetime
import logging
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand

from teraa.live.loop import Loop
from teraa.live.wake import INGEST
from teraa.settlement.osm.ingest.election import Election
from teraa.settlement.osm.ingest.leadership import LeadershipLost
from teraa.settlement.osm.ingest.networks import entered_peers
from teraa.settlement.osm.ingest.peers import Peers
from teraa.settlement.osm.ingest.verify import BlockCheck
from teraa.settlement.osm.ingest.worker import IDLE, Place, Worker


class Command(BaseCommand):
    help = "Follow the OSM chain, until stopped. A second one stands by."
    # Checked when the tables were brought up to date; a start is ten processes on a few cores.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        # Two lines a second about every look at the node say nothing.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        election = Election(settings.TERAA_NODE_NETHASH)
        try:
            while stand_by(election) and lead(election):
                pass
        finally:
            election.resign()


def stand_by(election: Election) -> bool:
    """Wait for the leader's seat; False when stopped before it was free."""

    def turn(at: datetime.datetime) -> bool:
        if election.try_to_lead():
            loop.stop()
        return False

    loop = Loop(part="ingest-standby", turn=turn, idle=IDLE)
    # A leader from the start need not show up as a standby first. While the database is away the
    # loop waits for it; that may be the very reason why the seat was lost.
    try:
        leading = election.try_to_lead()
    except psycopg.OperationalError:
        leading = False
    if not leading:
        loop.run()
    return election.is_leading()


def lead(election: Election) -> bool:
    """Follow the chain while leading; False when stopped, True when the seat was lost."""
    lost = False
    place = Place(pinned=settings.TERAA_NODE_NETHASH, hook_base=settings.TERAA_HOOK_BASE)
    urls = settings.TERAA_NODE_URLS or [settings.TERAA_NODE_URL]
    peers = Peers(
        entered_peers(urls, hooks_url=settings.TERAA_NODE_HOOKS_URL),
        check=BlockCheck(settings.TERAA_VERIFY_BLOCKS),
    )
    worker = Worker(peers, place, is_stopping=lambda: loop.stopping)

    def turn(at: datetime.datetime) -> bool:
        nonlocal lost
        try:
            if not election.is_leading():
                raise LeadershipLost("the session that held the seat is gone")
            more = worker.turn(at)
        except LeadershipLost:
            lost = True
            election.resign()
            loop.stop()
            return False
        loop.idle = worker.idle
        return more

    loop = Loop(part="ingest", turn=turn, channels=[INGEST], idle=IDLE, detail=worker.described)
    try:
        loop.run()
    finally:
        worker.close()
    return lost
