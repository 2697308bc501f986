"""From a commit to a socket, through processes that may be killed."""

import os
import signal

import psycopg

from teraa.common.clock import now
from teraa.live import outbox
from teraa.live.models import Outbox
from tests import make
from tests.live.processes import ear, running_command, running_live, until


def test_it_loses_nothing_when_it_is_killed_again_and_again(live_database):
    till = make.station(make.venue())
    topic = f"station.{till.pk}"
    keys = [f"sale-{number}" for number in range(200)]
    with (
        running_live(live_database) as port,
        ear(port, cookie=f"teraa_station={till.token}") as at_till,
    ):
        at_till.wait_for(type="hello")
        for first in range(0, len(keys), 100):
            with running_command(live_database, "relay") as relay:
                for key in keys[first : first + 90]:
                    outbox.put(topic=topic, key=key, version=1, at=now())
                os.kill(relay.pid, signal.SIGKILL)
                for key in keys[first + 90 : first + 100]:
                    outbox.put(topic=topic, key=key, version=1, at=now())
            assert Outbox.objects.filter(published_at=None).exists()
        with running_command(live_database, "relay"):
            until(lambda: not Outbox.objects.filter(published_at=None).exists())
        heard = set()
        while len(heard) < len(keys):
            heard.add(at_till.wait_for(type="changed")["key"])
    assert heard == set(keys)
    assert Outbox.objects.count() == len(keys)


def test_it_goes_on_when_the_database_cuts_its_connections(live_database):
    till = make.station(make.venue())
    topic = f"station.{till.pk}"
    with (
        running_command(live_database, "relay"),
        running_live(live_database) as port,
        ear(port, cookie=f"teraa_station={till.token}") as at_till,
        psycopg.connect(live_database.owner_url, autocommit=True) as owner,
    ):
        at_till.wait_for(type="hello")
        outbox.put(topic=topic, key="before", version=1, at=now())
        at_till.wait_for(type="changed", key="before")

        _cut_every_connection(live_database, owner)
        # The socket stays open and is told that something may have been missed.
        at_till.wait_for(type="look_again")
        outbox.put(topic=topic, key="after", version=1, at=now())
        at_till.wait_for(type="changed", key="after")


def _cut_every_connection(live_database, owner):
    from django.db import connection

    connection.close()
    with psycopg.connect(
        live_database.cluster.url(role="teraa_app", database=live_database.name), autocommit=True
    ) as app:
        # A role may end the connections of its own kind.
        cut = app.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND usename = current_user"
        ).fetchone()
    assert cut[0] >= 3  # the live process's ear, the relay's ear and the relay
