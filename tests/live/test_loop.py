"""The frame of the loops: woken, stopped, held back, and alive after its database died."""

import signal
import threading

import psycopg
import pytest
from django.db import connection

from teraa.live.loop import Loop
from teraa.live.models import Heartbeat
from teraa.live.wake import INGEST
from tests.live.processes import until


@pytest.fixture(autouse=True)
def _signals_kept():
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def run_while(loop, act):
    """Run ``loop`` here (signals need the main thread) while ``act`` goes on beside it."""
    failures = []

    def beside():
        try:
            act()
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()
            loop.stop()

    thread = threading.Thread(target=beside)
    thread.start()
    loop.run()
    thread.join()
    if failures:
        raise failures[0]


def test_it_turns_at_once_while_there_is_more_and_sleeps_until_woken(live_database):
    turns = []
    loop = Loop(
        part="sleeper",
        turn=lambda at: turns.append(at) or len(turns) < 5,
        channels=[INGEST],
        idle=600,
    )

    def act():
        until(lambda: len(turns) == 5)
        with psycopg.connect(live_database.url, autocommit=True) as somebody:
            somebody.execute("NOTIFY teraa_ingest")
            until(lambda: len(turns) == 6)

    run_while(loop, act)
    assert len(turns) == 6


def test_it_looks_by_itself_when_nobody_wakes_it(live_database):
    turns = []
    loop = Loop(part="poller", turn=lambda at: bool(turns.append(at)), idle=0.02)
    run_while(loop, lambda: until(lambda: len(turns) >= 5))


def test_it_turns_only_when_its_probe_says_so(live_database):
    turns = []
    loop = Loop(
        part="prober",
        turn=lambda at: bool(turns.append(at)),
        idle=0.01,
        probe="SELECT EXISTS (SELECT FROM live_heartbeat WHERE part = 'work')",
    )

    def act():
        until(lambda: Heartbeat.objects.filter(part="prober").exists())
        assert turns == []
        with psycopg.connect(live_database.url, autocommit=True) as somebody:
            somebody.execute(
                "INSERT INTO live_heartbeat (part, beat_at, state, detail)"
                " VALUES ('work', now(), 'up', '{}')"
            )
        until(lambda: turns)

    run_while(loop, act)


def test_it_shows_a_failing_turn_and_tries_again(live_database):
    broken = [True]

    def turn(at):
        if broken[0]:
            raise ValueError("this cannot be")
        return False

    loop = Loop(part="stumbler", turn=turn, idle=0.02, detail=lambda: {"depth": 3})

    def act():
        failing = until(lambda: Heartbeat.objects.filter(part="stumbler", state="failing").first())
        assert failing.detail == {"depth": 3, "error": "ValueError: this cannot be"}
        broken[0] = False
        until(lambda: Heartbeat.objects.filter(part="stumbler", state="up").exists())

    run_while(loop, act)
    assert Heartbeat.objects.get(part="stumbler").detail == {"depth": 3}


def test_it_takes_up_its_work_when_the_database_comes_back(live_database):
    turns = []

    def turn(at):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        turns.append(at)
        return False

    loop = Loop(part="survivor", turn=turn, channels=[INGEST], idle=0.02)

    def act():
        until(lambda: len(turns) > 2)
        with psycopg.connect(live_database.url, autocommit=True) as somebody:
            cut = somebody.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND usename = current_user"
            ).fetchone()
            assert cut[0] == 2
        before = len(turns)
        until(lambda: len(turns) > before + 2)

    run_while(loop, act)


def test_it_ends_on_a_signal_between_two_turns(live_database):
    ended = []

    def turn(at):
        signal.raise_signal(signal.SIGTERM)
        ended.append("whole")
        return True

    Loop(part="mortal", turn=turn, idle=600).run()
    assert ended == ["whole"]
