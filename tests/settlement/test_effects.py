"""News goes up once: one transaction per effect, retried, visible, never in another's way."""

import datetime
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.db import connection, transaction

from teraa.live.models import Heartbeat
from teraa.settlement import effects
from teraa.settlement.models import Due, Effect
from tests.settlement import cast

SECOND = datetime.timedelta(seconds=1)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def handlers(monkeypatch):
    """The registry, with whatever a test registers in it taken out again."""
    monkeypatch.setattr(effects, "_handlers", {})
    return effects


def settled(at, subject="tests.thing"):
    return cast.due(cast.payee(), at, 0, subject=subject)


@pytest.mark.django_db
def test_it_delivers_each_effect_once(at, handlers):
    told = []
    handlers.register(
        subject="tests.thing", kind="settled", handler=lambda *, due_id, at: told.append(due_id)
    )
    due = settled(at)

    assert effects.deliver_all(at=at) == 1
    assert effects.deliver_all(at=at) == 0
    assert told == [due.pk]
    assert Effect.objects.get().handled_at == at


@pytest.mark.django_db
def test_one_that_failed_or_was_handled_is_handed_over_again_by_hand(at, handlers):
    told = []

    def handle(*, due_id, at):
        told.append(due_id)
        if len(told) == 1:
            raise RuntimeError("the trade stumbled")

    handlers.register(subject="tests.thing", kind="settled", handler=handle)
    settled(at)
    effects.deliver_all(at=at)
    effect = Effect.objects.get()
    assert (effect.handled_at, effect.attempts) == (None, 1)
    assert effect.next_at > at

    assert effects.replay(effect_id=effect.pk)
    assert effects.deliver_all(at=at) == 1
    assert effects.replay(effect_id=effect.pk)
    assert effects.deliver_all(at=at) == 1
    assert len(told) == 3
    assert not effects.replay(effect_id=0)


@pytest.mark.django_db
def test_the_longest_registered_part_of_a_subject_decides(at, handlers):
    told = []
    for subject in ("tests", "tests.thing.small"):
        handlers.register(
            subject=subject,
            kind="settled",
            handler=lambda *, due_id, at, subject=subject: told.append(subject),
        )
    settled(at, "tests.thing")
    settled(at, "tests.thing.small")
    effects.deliver_all(at=at)

    assert told == ["tests", "tests.thing.small"]


@pytest.mark.django_db
def test_what_a_failing_handler_did_is_undone_and_tried_again(at, handlers):
    due = settled(at)
    broken = [True]

    def handler(*, due_id, at):
        Due.objects.filter(pk=due_id).update(version=99)
        if broken[0]:
            raise ValueError("the printer is on fire")

    handlers.register(subject="tests.thing", kind="settled", handler=handler)
    effects.deliver_all(at=at)
    effect = Effect.objects.get()
    assert Due.objects.get(pk=due.pk).version == 1
    assert (effect.attempts, effect.handled_at) == (1, None)
    assert effect.last_error == "ValueError: the printer is on fire"
    assert effects.deliver_all(at=at) == 0, "not before its time"

    broken[0] = False
    assert effects.deliver_all(at=effect.next_at) == 1
    assert Due.objects.get(pk=due.pk).version == 99
    assert Effect.objects.get().handled_at


@pytest.mark.django_db
def test_it_waits_longer_after_each_failure(at, handlers):
    settled(at)

    def handler(*, due_id, at):
        raise ValueError

    handlers.register(subject="tests.thing", kind="settled", handler=handler)
    waits = []
    for _ in range(14):
        effects.deliver_all(at=at)
        effect = Effect.objects.get()
        waits.append(effect.next_at - at)
        at = effect.next_at
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (SECOND / 2, 300 * SECOND)


@pytest.mark.django_db
def test_a_failing_trade_never_holds_up_the_others(at, handlers):
    told = []

    def failing(*, due_id, at):
        raise ValueError

    handlers.register(subject="sick", kind="settled", handler=failing)
    handlers.register(
        subject="well", kind="settled", handler=lambda *, due_id, at: told.append(due_id)
    )
    settled(at, "sick")
    well = settled(at, "well")
    effects.deliver_all(at=at)

    assert told == [well.pk]
    assert effects.counts() == {"waiting": 0, "failing": 1}


@pytest.mark.django_db
def test_a_subject_nobody_registered_for_is_an_error_that_shows(at, handlers):
    settled(at, "orphan")
    effects.deliver_all(at=at)
    assert "NoHandler" in Effect.objects.get().last_error


def test_a_broken_constraint_in_a_handler_fails_only_its_effect(live_database, at, handlers):
    due = settled(at)

    def handler(*, due_id, at):
        Effect.objects.create(
            venue_id=due.venue_id, due_id=due_id, kind="settled", version=7, created_at=at
        )

    handlers.register(subject="tests.thing", kind="settled", handler=handler)
    effects.deliver_all(at=at)
    assert "settlement_effect_settled_once" in Effect.objects.get().last_error


def test_registering_is_strict(handlers):
    def one(*, due_id, at): ...
    def other(*, due_id, at): ...

    effects.register(subject="tests", kind="settled", handler=one)
    effects.register(subject="tests", kind="settled", handler=one)
    with pytest.raises(effects.TwoHandlers):
        effects.register(subject="tests", kind="settled", handler=other)
    with pytest.raises(ValueError):
        effects.register(subject="tests", kind="sold", handler=one)
    assert set(effects.KINDS) == {
        *("settled", "accepted", "expired", "attention", "changed", "refunded"),
    }


def test_two_workers_never_deliver_the_same_effect(live_database, at, handlers):
    told, lock = [], threading.Lock()

    def handler(*, due_id, at):
        with lock:
            told.append(due_id)

    handlers.register(subject="tests.thing", kind="settled", handler=handler)
    payee = cast.payee()
    dues = {cast.due(payee, at, 0).pk for _ in range(30)}

    def work():
        try:
            while effects.deliver_one(at=at):
                pass
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == sorted(dues)


def test_a_session_that_dies_in_a_handler_leaves_the_effect_for_the_next(
    live_database, at, handlers
):
    """The work is half done when the database goes: the lock is free, nothing was marked."""
    due = settled(at)

    def dying(*, due_id, at):
        Due.objects.filter(pk=due_id).update(version=99)
        connection.connection.close()

    handlers.register(subject="tests.thing", kind="settled", handler=dying)
    effects.deliver_one(at=at)
    effect = Effect.objects.get()
    assert (effect.handled_at, effect.attempts) == (None, 1)
    assert Due.objects.get(pk=due.pk).version == 1

    told = []
    effects._handlers.clear()
    handlers.register(
        subject="tests.thing", kind="settled", handler=lambda *, due_id, at: told.append(due_id)
    )
    effects.deliver_all(at=effect.next_at)
    assert told == [due.pk]


def test_an_effect_cannot_be_written_twice_for_one_settling(live_database, at):
    due = settled(at)
    with pytest.raises(Exception, match="settled_once"), transaction.atomic():
        Effect.objects.create(
            venue_id=due.venue_id, due=due, kind="settled", version=5, created_at=at
        )


def test_the_loop_delivers_beats_and_ends_when_told(live_database, at):
    """``manage.py effects`` as the supervisor runs it; the due's subject is nobody's, so it shows."""
    settled(at, "nobody.knows")
    process = subprocess.Popen(
        [sys.executable, "manage.py", "effects"],
        cwd=ROOT,
        env={**os.environ, **live_database.environment()},
    )
    try:
        until(lambda: Effect.objects.get().attempts > 0)
        until(lambda: Heartbeat.objects.filter(part="effects").exists())
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert "NoHandler" in Effect.objects.get().last_error


def until(holds, seconds=60):
    """Poll until ``holds()``; fail with a sentence when it never does."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to that in time"
        time.sleep(0.05)
