"""The outbox: announced once, in order, and one bad row stops nobody."""

import datetime
import threading

import psycopg
import pytest
from django.db import connection, connections, transaction

from teraa.live import outbox, relay, topics
from teraa.live.models import Outbox
from tests.live.processes import until

MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def reactions(monkeypatch):
    """An empty register of reactions for one test."""
    monkeypatch.setattr(topics, "_reactions", {})


def published():
    rows = Outbox.objects.exclude(published_at=None).order_by("id")
    return list(rows.values_list("topic", "key", "version"))


@pytest.mark.django_db
def test_it_announces_the_same_thing_once(at):
    for _again in range(2):
        outbox.put(topic="station.a", key="sale", version=1, at=at)
    outbox.put(topic="station.a", key="sale", version=2, at=at)
    assert Outbox.objects.count() == 2
    relay.publish_batch(at)
    outbox.put(topic="station.a", key="sale", version=1, at=at)
    assert not Outbox.objects.filter(published_at=None).exists()


@pytest.mark.django_db
def test_it_stores_many_rows_in_one_query(at, count_queries):
    rows = outbox.rows_for(topics=[f"station.{n}" for n in range(40)], key="x", version=1, at=at)
    rows.append(outbox.row_for(topic="venue.b", key="y", version=1, at=at))
    with count_queries() as queries:
        outbox.put_many(rows)
        outbox.put_many([])
    assert len(queries) == 1
    assert Outbox.objects.count() == 41


@pytest.mark.django_db
def test_it_publishes_in_order_and_says_when_there_is_more(at, monkeypatch, count_queries):
    monkeypatch.setattr(relay, "BATCH", 2)
    for key in "abc":
        outbox.put(topic="station.a", key=key, version=1, at=at)
    with count_queries() as queries:
        assert relay.publish_batch(at) is True
    assert len(queries) == 3
    assert [key for _topic, key, _version in published()] == ["a", "b"]
    assert relay.publish_batch(at) is False
    assert [key for _topic, key, _version in published()] == ["a", "b", "c"]


@pytest.mark.django_db
def test_it_sets_off_what_registered_for_the_first_word_of_the_topic(at, reactions):
    seen = []
    topics.register("mail", lambda **news: seen.append(news))
    topics.register("mails", lambda **news: seen.append("wrong"))
    outbox.put(topic="mail.42", key="42", version=7, at=at)
    outbox.put(topic="station.a", key="sale", version=1, at=at)
    relay.publish_batch(at)
    assert seen == [{"topic": "mail.42", "key": "42", "version": 7, "at": at}]
    assert len(published()) == 2


@pytest.mark.django_db
def test_it_holds_back_only_the_row_whose_reaction_fails(at, reactions):
    broken = True

    def react(*, key, **news):
        Outbox.objects.create(topic="left.behind", key=key, version=1, created_at=at)
        if broken and key == "bad":
            raise ValueError("no such carrier")

    topics.register("mail", react)
    for key in ("good", "bad", "fine"):
        outbox.put(topic="mail.x", key=key, version=1, at=at)
    relay.publish_batch(at)

    assert {key for topic, key, _ in published() if topic == "mail.x"} == {"good", "fine"}
    held = Outbox.objects.get(topic="mail.x", key="bad")
    assert (held.attempts, held.last_error) == (1, "ValueError: no such carrier")
    # What the failed reaction wrote is gone with it.
    assert not Outbox.objects.filter(topic="left.behind", key="bad").exists()
    assert relay.waiting()["failing"] == 1

    relay.publish_batch(at)
    assert Outbox.objects.get(pk=held.pk).attempts == 1  # its pause is not over
    broken = False
    relay.publish_batch(at + MINUTE)
    held.refresh_from_db()
    assert (held.published_at, held.last_error) == (at + MINUTE, "")


@pytest.mark.django_db
def test_it_waits_longer_after_each_failure_but_never_gives_up(at, reactions):
    def react(**news):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")

    topics.register("mail", react)
    outbox.put(topic="mail.x", key="bad", version=1, at=at)
    pauses = []
    for _attempt in range(14):
        relay.publish_batch(at)
        row = Outbox.objects.get()
        pauses.append((row.next_at - at).total_seconds())
        at = row.next_at
    assert pauses[:4] == [1, 2, 4, 8]
    assert pauses[-1] == 300
    assert "division by zero" in row.last_error


def test_it_finds_a_smaller_id_that_was_committed_later(live_database, at):
    inside, go_on = threading.Event(), threading.Event()

    def slowly():
        try:
            with transaction.atomic():
                outbox.put(topic="station.a", key="early id", version=1, at=at)
                inside.set()
                go_on.wait(20)
        finally:
            connections.close_all()

    slow = threading.Thread(target=slowly)
    slow.start()
    assert inside.wait(20)
    outbox.put(topic="station.a", key="late id", version=1, at=at)
    relay.publish_batch(at)
    assert [key for _topic, key, _version in published()] == ["late id"]
    go_on.set()
    slow.join(20)
    relay.publish_batch(at)
    assert [key for _topic, key, _version in published()] == ["early id", "late id"]


def test_it_leaves_a_rivals_rows_to_the_rival(live_database, at):
    for key in "abc":
        outbox.put(topic="station.a", key=key, version=1, at=at)
    with psycopg.connect(live_database.url) as rival:
        rival.execute("SELECT id FROM live_outbox WHERE key <> 'c' FOR UPDATE")
        relay.publish_batch(at)
        assert [key for _topic, key, _version in published()] == ["c"]
    relay.publish_batch(at)
    assert len(published()) == 3


def test_it_tells_the_live_processes_what_it_published_and_only_then(live_database, at):
    with psycopg.connect(live_database.url, autocommit=True) as live:
        live.execute("LISTEN teraa_live")
        with transaction.atomic():
            outbox.put(topic="station.a", key="sale", version=5, at=at)
            relay._mark(relay._take(at), at)
            assert list(live.notifies(timeout=0.2)) == []
        heard = until(lambda: list(live.notifies(timeout=0.1)))
    assert [news.payload for news in heard] == [
        '{"topic": "station.a", "key": "sale", "version": 5}'
    ]


def test_it_wakes_listeners_after_the_commit(live_database, at):
    from teraa.live.wake import EFFECTS, wake

    with psycopg.connect(live_database.url, autocommit=True) as loop:
        loop.execute("LISTEN teraa_effects")
        with transaction.atomic():
            wake(EFFECTS)
            assert list(loop.notifies(timeout=0.2)) == []
        assert len(until(lambda: list(loop.notifies(timeout=0.1)))) == 1
        wake(EFFECTS)
        assert len(until(lambda: list(loop.notifies(timeout=0.1)))) == 1
