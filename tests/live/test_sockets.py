"""What a socket hears, who may listen, and who is shown the door."""

import json

import pytest
from django.test import Client
from websockets.exceptions import ConnectionClosed, InvalidStatus

from teraa.common.clock import now
from teraa.live import outbox
from teraa.venues import operations
from teraa.venues.models import StaffMember, StationKind
from tests import make
from tests.conftest import own_database
from tests.live.processes import ear, running_command, running_live


@pytest.fixture(scope="module")
def database(cluster, django_db_setup, django_db_blocker):
    """One database, relay and live process for all of these."""
    with own_database(cluster, django_db_blocker) as own:
        yield own


@pytest.fixture(scope="module")
def port(database):
    with running_command(database, "relay"), running_live(database) as port:
        yield port


def test_it_carries_news_from_a_commit_to_the_sockets_that_follow_it(port):
    venue = make.venue()
    till, agent = make.station(venue), make.station(venue, kind=StationKind.AGENT)
    other = make.station(make.venue())
    with (
        ear(port, cookie=f"teraa_station={till.token}", origin="http://127.0.0.1:8000") as at_till,
        ear(port, authorization=f"Station {agent.token}") as at_agent,
        ear(port, cookie=f"teraa_station={other.token}") as at_other,
    ):
        assert at_till.next() == {
            "type": "hello",
            "topics": ["chain", f"station.{till.pk}", f"venue.{venue.pk}"],
        }
        assert at_agent.next()["topics"] == [
            f"agent.{agent.pk}",
            "chain",
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


def test_it_shuts_a_revoked_station_out_at_once(port, journal_kept):
    station = make.station(make.venue())
    with ear(port, cookie=f"teraa_station={station.token}") as at_station:
        at_station.wait_for(type="hello")
        operations.revoke_station(station=station, at=now())
        with pytest.raises(ConnectionClosed) as closed:
            at_station.wait_for(type="never")
        assert closed.value.rcvd.code == 4401


def test_it_lets_nobody_listen_who_proves_nothing(port):
    station = make.station(make.venue())
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


def test_it_ignores_what_clients_say_and_hangs_up_on_floods(port):
    station = make.station(make.venue())
    cookie = f"teraa_station={station.token}"
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


def test_it_shows_members_their_venues_only(port):
    here, there = make.venue(), make.venue()
    user = make.user()
    make.staff(here, user=user)
    make.staff(there, user=user, active=False)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    session = client.cookies["sessionid"].value
    with ear(port, cookie=f"sessionid={session}") as member:
        assert member.next()["topics"] == [f"venue.{here.pk}"]
    StaffMember.objects.filter(user=user).update(active=False)
    with ear(port, cookie=f"sessionid={session}") as nobody, pytest.raises(ConnectionClosed):
        nobody.next()


def test_it_lets_visitors_of_a_demonstration_follow_the_demonstration(database):
    with running_live(database, TERAA_DEMO="1") as port, ear(port) as visitor:
        assert visitor.next()["topics"] == ["demo"]
