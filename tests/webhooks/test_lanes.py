"""Lanes: one in flight per endpoint, each subject in order, nobody waits for anybody else."""

from __future__ import annotations

import datetime
import json
import signal
import threading
from collections import defaultdict

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from teraa.common.clock import now
from teraa.common.ids import uuid7
from teraa.webhooks import lanes, operations
from teraa.webhooks.lanes import Answer
from teraa.webhooks.models import HookDelivery, HookEndpoint
from tests.conftest import LONG
from tests.live.processes import running_command, until
from tests.webhooks import cast
from tests.webhooks.receiver import FINE, answer, hang, receiving

SECOND = cast.SECOND


@pytest.mark.django_db
def test_a_dead_endpoint_delays_nobody_else(at):
    """Its lane hangs for longer than the test lasts; the other gets everything meanwhile."""
    patient = cast.working(patience_seconds=300)
    with receiving(hang) as dead, receiving() as alive, patient as worker:
        one, _ = cast.endpoint(at, url=dead.url)
        two, _ = cast.endpoint(at, url=alive.url, venue=one.venue)
        for number in range(20):
            cast.tell(one, at, subject=f"due:{number}")

        def delivered() -> bool:
            worker.turn(at)
            return HookDelivery.objects.filter(endpoint=two, state="delivered").count() == 20

        until(delivered)

        assert len(dead.requests) == 1
        in_flight = HookDelivery.objects.filter(state="sending")
        assert [one_.endpoint_id for one_ in in_flight] == [one.pk]


@pytest.mark.django_db
def test_endpoints_that_failed_last_leave_the_others_their_slots(at):
    healthy, _ = cast.endpoint(at)
    for _ in range(6):
        sick, _ = cast.endpoint(at)
        HookEndpoint.objects.filter(pk=sick.pk).update(failures=1)
        cast.tell(sick, at)
    cast.tell(healthy, at)
    run = uuid7()

    troubled = lanes.lease(run=run, room=2, troubled=True, at=at)
    free = lanes.lease(run=run, room=2, troubled=False, at=at)

    assert len(troubled) == 2
    assert [one.endpoint_id for one in free] == [healthy.pk]
    assert all(one.troubled for one in troubled)


@pytest.mark.django_db
def test_a_subject_waits_for_its_own_earlier_version_and_for_nothing_else(at):
    def manner(connection_, request, receiver):
        broken = b'"version":1' in request.body and b"due:a" in request.body
        connection_.sendall(answer(500) if broken and not receiver.closing.is_set() else FINE)

    with receiving(manner) as receiver, cast.working() as worker:
        endpoint, _ = cast.endpoint(at, url=receiver.url)
        for version in (2, 1, 3):
            cast.tell(endpoint, at, subject="due:a", version=version)
            cast.tell(endpoint, at, subject="due:b", version=version)
        cast.run_until_quiet(worker, at)
        assert [bare(one) for one in receiver.requests if b"due:a" in one.body] == [("due:a", 1)]
        assert [bare(one)[1] for one in receiver.requests if b"due:b" in one.body] == [1, 2, 3]

        receiver.manner = FINE
        cast.run_until_quiet(worker, at + 10 * SECOND)
        assert [bare(one)[1] for one in receiver.requests if b"due:a" in one.body] == [1, 1, 2, 3]


@pytest.mark.django_db
def test_what_is_given_up_lets_the_next_version_go(at):
    with receiving(answer(400)) as receiver, cast.working() as worker:
        endpoint, _ = cast.endpoint(at, url=receiver.url)
        cast.tell(endpoint, at, subject="due:a", version=1)
        cast.tell(endpoint, at, subject="due:a", version=2)
        cast.run_until_quiet(worker, at)

        assert [bare(one)[1] for one in receiver.requests] == [1, 2]


def bare(request) -> tuple[str, int]:
    body = json.loads(request.body)
    return body["subject"], body["version"]


# -- any history at all --------------------------------------------------------------------------

SUBJECTS = ("a", "b", "c")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("tell"), st.sampled_from(SUBJECTS), st.sampled_from([0, 1])),
        st.tuples(st.just("lease"), st.sampled_from([0, 1])),
        st.tuples(
            st.just("answer"),
            st.sampled_from([200, 204, 302, 400, 404, 408, 429, 500, 503, None]),
            st.integers(0, 1),
        ),
        st.tuples(st.just("wait"), st.sampled_from([1, 10, 21, 60, 600])),
        st.tuples(st.just("die"), st.integers(0, 1)),
        st.tuples(st.just("again"), st.integers(0, 30)),
        st.tuples(st.just("off"), st.sampled_from([0, 1]), st.booleans()),
    ),
    min_size=5,
    max_size=60,
)


@pytest.mark.django_db
@settings(
    max_examples=300 if LONG else 25,
    deadline=None,
    derandomize=not LONG,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(steps=STEPS)
def test_whatever_happens_lanes_keep_their_promises(steps):
    """Two workers, two endpoints, three subjects; answers, deaths, clocks, people, in any order."""
    place = transaction.savepoint()
    try:
        _History().live(steps)
    finally:
        transaction.savepoint_rollback(place)


class _History:
    def __init__(self) -> None:
        self.at = datetime.datetime(2026, 11, 19, 15, 30, tzinfo=datetime.UTC)
        first, _ = cast.endpoint(self.at)
        second, _ = cast.endpoint(self.at, venue=first.venue)
        self.endpoints = [first, second]
        self.runs = [uuid7(), uuid7()]
        self.held: dict[int, list] = {0: [], 1: []}
        self.versions: dict[str, int] = defaultdict(int)
        # (endpoint, event) of every one that a receiver said it has.
        self.had: set[tuple] = set()

    def live(self, steps) -> None:
        for name, *rest in steps:
            getattr(self, name)(*rest)
            self.check()
        self.finish()

    def tell(self, subject: str, _endpoint: int) -> None:
        self.versions[subject] += 1
        cast.tell(self.endpoints[0], self.at, subject=subject, version=self.versions[subject])

    def lease(self, worker: int) -> None:
        if lanes.work(at=self.at).left_behind:
            assert lanes.take_back(at=self.at)
        assert not lanes.work(at=self.at).left_behind
        for troubled in (False, True):
            found = lanes.lease(run=self.runs[worker], room=2, troubled=troubled, at=self.at)
            for one in found:
                self.in_order(one)
            self.held[worker] += found

    def in_order(self, one) -> None:
        """Nothing older of its subject waits or is under way at its endpoint."""
        row = HookDelivery.objects.get(pk=one.id)
        earlier = HookDelivery.objects.filter(
            endpoint_id=row.endpoint_id,
            subject=row.subject,
            version__lt=row.version,
            state__in=("waiting", "sending"),
        )
        assert not earlier.exists()
        assert row.next_at <= self.at
        assert HookEndpoint.objects.get(pk=row.endpoint_id).enabled

    def answer(self, status: int | None, worker: int) -> None:
        if not self.held[worker]:
            return
        one = self.held[worker].pop(0)
        said = Answer(status=status, error="" if status else "timeout")
        kept = lanes.record(one, said, run=self.runs[worker], at=self.at)
        if status and status < 300:
            row = HookDelivery.objects.get(pk=one.id)
            self.had.add((row.endpoint_id, row.event_id))
        if not kept:
            # Somebody else has it: then ours had really ended.
            assert HookDelivery.objects.get(pk=one.id).lease_run != self.runs[worker]

    def wait(self, seconds: int) -> None:
        self.at += seconds * SECOND

    def die(self, worker: int) -> None:
        self.held[worker] = []
        self.runs[worker] = uuid7()

    def again(self, place: int) -> None:
        rows = list(HookDelivery.objects.order_by("created_at", "pk"))
        if not rows:
            return
        row = rows[place % len(rows)]
        if HookEndpoint.objects.get(pk=row.endpoint_id).enabled:
            operations.redeliver(venue_id=row.venue_id, delivery_id=row.pk, by="Ada", at=self.at)

    def off(self, number: int, enabled: bool) -> None:
        one = self.endpoints[number]
        operations.change_endpoint(
            venue_id=one.venue_id, endpoint_id=one.pk, enabled=enabled, by="Ada", at=self.at
        )

    def check(self) -> None:
        rows = list(HookDelivery.objects.all())
        by_lane = defaultdict(list)
        by_event = defaultdict(list)
        for row in rows:
            by_lane[row.endpoint_id].append(row)
            by_event[row.endpoint_id, row.event_id].append(row)
        for lane in by_lane.values():
            assert sum(row.state == "sending" for row in lane) <= 1
        for attempts in by_event.values():
            attempts.sort(key=lambda row: row.attempt)
            assert [row.attempt for row in attempts] == list(range(1, len(attempts) + 1))
            assert {row.original_id for row in attempts} == {attempts[0].pk}
            assert all(row.done_at is not None for row in attempts[:-1])

    def finish(self) -> None:
        """Receivers get well, everybody is on, time goes on: each event arrives or was given up."""
        for number in (0, 1):
            self.off(number, True)
        self.wait(3600)
        for _ in range(1000):
            self.held = {0: [], 1: []}
            self.lease(0)
            if not self.held[0] and not HookDelivery.objects.filter(state="waiting").exists():
                break
            while self.held[0]:
                self.answer(200, 0)
            self.wait(21)
        left = HookDelivery.objects.filter(state__in=("waiting", "sending"))
        assert not left.exists()
        for row in HookDelivery.objects.filter(state="delivered"):
            assert (row.endpoint_id, row.event_id) in self.had


# -- several workers, and none ---------------------------------------------------------------------


def test_two_workers_at_once_send_each_event_once(live_database, settings):
    at = now()
    with receiving() as receiver:
        endpoints = [cast.endpoint(at, url=receiver.url)[0] for _ in range(4)]
        for endpoint in endpoints:
            for version in range(1, 11):
                cast.tell(endpoint, at, subject=f"due:{endpoint.pk}", version=version)

        def work() -> None:
            try:
                with cast.working() as worker:
                    until(lambda: not worker.turn(now()) and not waiting())
            finally:
                connection.close()

        def waiting() -> bool:
            return HookDelivery.objects.exclude(state="delivered").exists()

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(receiver.requests) == 40
        arrived = defaultdict(list)
        for request in receiver.requests:
            subject, version = bare(request)
            arrived[subject].append(version)
    assert all(versions == list(range(1, 11)) for versions in arrived.values())
    assert len(arrived) == 4


def test_a_worker_killed_before_it_wrote_the_answer_down_loses_nothing(live_database, monkeypatch):
    """SIGKILL between sending and recording: the event comes again, under the same delivery id."""
    monkeypatch.setenv("TERAA_HOOKS_TO_PRIVATE", "1")
    at = now()
    with receiving(hang) as receiver:
        endpoint, _ = cast.endpoint(at, url=receiver.url)
        cast.tell(endpoint, at, subject="due:a", version=1)
        cast.tell(endpoint, at, subject="due:a", version=2)
        with running_command(live_database, "hooks") as process:
            receiver.wait_for(1)
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=30)
        assert cast.states(endpoint)[0] == (1, "sending", None, "")

        receiver.manner = FINE
        with cast.working() as worker:
            cast.run_until_quiet(worker, at + lanes.LEASE - SECOND)
            assert len(receiver.requests) == 1, "its lease has not ended"
            cast.run_until_quiet(worker, now() + lanes.LEASE)

        first, again, second = receiver.requests
    assert first.delivery == again.delivery
    assert first.body == again.body
    assert [bare(one)[1] for one in (first, again, second)] == [1, 1, 2]
    assert cast.states(endpoint) == [(1, "delivered", 200, "")] * 2


def test_the_command_delivers_and_ends_on_a_signal_with_a_hanging_receiver(
    live_database, monkeypatch
):
    monkeypatch.setenv("TERAA_HOOKS_TO_PRIVATE", "1")
    at = now()
    with receiving(hang) as dead, receiving() as alive:
        one, _ = cast.endpoint(at, url=dead.url)
        two, _ = cast.endpoint(at, url=alive.url, venue=one.venue)
        with running_command(live_database, "hooks"):
            for number in range(5):
                cast.tell(one, now(), subject=f"due:{number}")
            alive.wait_for(5)
            until(lambda: HookDelivery.objects.filter(endpoint=two, state="delivered").count() == 5)
    # Told to stop, it gave back what nobody answered: another start sends it at once.
    assert not HookDelivery.objects.filter(state="sending").exists()
    assert HookDelivery.objects.filter(endpoint=one, state="waiting").count() == 5
