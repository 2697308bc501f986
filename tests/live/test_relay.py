"""From a commit to a socket, through processes that may be killed."""

import json
import os
import signal

import psycopg
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from teraa.common.clock import now
from teraa.live import outbox
from teraa.live.models import Outbox
from teraa.venues import operations
from teraa.venues.models import StationKind
from tests import make
from tests.live.processes import ear, running_command, running_live, until


def test_it_carries_news_from_a_commit_to_the_sockets_that_follow_it(live_database):
    venue = make.venue()
    till, agent = make.station(venue), make.station(venue, kind=StationKind.AGENT)
    other = make.station(make.venue())
    with (
        running_command(live_database, "relay"),
        running_live(live_database) as port,
        ear(port, cookie=f"teraa_station={till.token}", origin="http://127.0.0.1:8000") as at_till,
        ear(port, authorization=f"Station {agent.token}") as at_agent,
        ear(port, cookie=f"teraa_station={other.token}") as at_other,
    ):
        assert at_till.next() == {
            "type": "hello",
            "topics": [f"station.{till.pk}", f"venue.{venue.pk}"],
        }
        assert at_agent.next()["topics"] == [
            f"agent.{agent.pk}",
            f"station.{agent.pk}",
            f"venue.{venue.pk}",
        ]
        at_other.next()

        outbox.put(topic=f"station.{till.pk}", key="sale-1", version=3, at=now())
        outbox.put(topic=f"agent.{agent.pk}", key="job-1", version=1, at=now())
        outbox.put(topic=f"station.{other.pk}", key="last", version=1, at=now())

        assert at_till.wait_for(type="changed") == {
            "type": "changed",
            "topic": f"station.{till.pk}",
            "key": "sale-1",
            "version": 3,
        }
        assert at_agent.wait_for(type="changed")["key"] == "job-1"
        # Its own news came last: had the others' reached it, they would be heard by now.
        assert at_other.wait_for(type="changed")["key"] == "last"
        assert {m["type"] for m in at_other.heard} <= {"hello", "look_again", "changed"}


def test_it_loses_nothing_when_it_is_killed_again_and_again(live_database):
    till = make.station(make.venue())
    topic = f"station.{till.pk}"
    keys = [f"sale-{number}" for number in range(300)]
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


def test_it_shuts_a_revoked_station_out_at_once(live_database, journal_kept):
    station = make.station(make.venue())
    with (
        running_command(live_database, "relay"),
        running_live(live_database) as port,
        ear(port, cookie=f"teraa_station={station.token}") as at_station,
    ):
        at_station.wait_for(type="hello")
        operations.revoke_station(station=station, at=now())
        with pytest.raises(ConnectionClosed) as closed:
            at_station.wait_for(type="never")
        assert closed.value.rcvd.code == 4401


def test_it_lets_nobody_listen_who_proves_nothing(live_database):
    station = make.station(make.venue())
    with running_live(live_database) as port:
        for cookie in ("teraa_station=guessed", "sessionid=guessed", "a=b"):
            with ear(port, cookie=cookie) as nobody, pytest.raises(ConnectionClosed) as closed:
                nobody.next()
            assert closed.value.rcvd.code == 4401
        for origin in ("https://elsewhere.example", "null"):
            with (
                pytest.raises(InvalidStatus) as refused,
                ear(port, cookie=f"teraa_station={station.token}", origin=origin),
            ):
                pass
            assert refused.value.response.status_code == 403
        with pytest.raises(InvalidStatus), ear(port, path="/other/"):
            pass


def test_it_ignores_what_clients_say_and_hangs_up_on_floods(live_database):
    station = make.station(make.venue())
    cookie = f"teraa_station={station.token}"
    with running_command(live_database, "relay"), running_live(live_database) as port:
        with ear(port, cookie=cookie) as talker:
            talker.wait_for(type="hello")
            for words in ("not json", json.dumps({"type": "news", "text": "x"}), b"\x00\xff"):
                talker.connection.send(words)
            outbox.put(topic=f"station.{station.pk}", key="still", version=1, at=now())
            talker.wait_for(type="changed", key="still")
        with ear(port, cookie=cookie) as flooder:
            flooder.wait_for(type="hello")
            flooder.connection.send("x" * 100_000)
            with pytest.raises(ConnectionClosed) as closed:
                flooder.wait_for(type="never")
            assert closed.value.rcvd.code == 1009


def test_it_shows_members_their_venues_only(live_database):
    from django.test import Client

    here, there = make.venue(), make.venue()
    user = make.user()
    make.staff(here, user=user)
    make.staff(there, user=user, active=False)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    session = client.cookies["sessionid"].value
    with running_live(live_database) as port, ear(port, cookie=f"sessionid={session}") as member:
        assert member.next()["topics"] == [f"venue.{here.pk}"]
    with (
        running_live(live_database, TERAA_DEMO="1") as port,
        ear(port) as visitor,
    ):
        assert visitor.next()["topics"] == ["demo"]
