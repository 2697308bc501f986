"""Deliveries over real sockets: signed, in ten seconds or not at all, again when it makes sense."""

from __future__ import annotations

import datetime
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import pytest

from teraa.common.clock import now
from teraa.webhooks import lanes, operations
from teraa.webhooks.ladder import LADDER
from teraa.webhooks.lanes import Answer
from teraa.webhooks.models import HookDelivery, HookEndpoint
from tests.webhooks import cast
from tests.webhooks.receiver import answer, drip, drip_body, hang, receiving, slowly

ROOT = Path(__file__).resolve().parents[2]
SECOND = cast.SECOND
# The courier's patience in these tests: what hangs is found out sooner, nothing else changes.
SHORT = {"patience_seconds": 0.6}

pytestmark = pytest.mark.django_db


def endpoint_of(receiver, at, **fields):
    return cast.endpoint(at, url=receiver.url, **fields)


def documented_check():
    """The function a receiver is told to write, from the very page that tells it."""
    page = (ROOT / "docs" / "webhooks.md").read_text()
    source = re.search(r"```python\n(.*?)```", page, re.DOTALL).group(1)
    names: dict = {}
    exec(source, names)
    return names["is_from_teraa"]


def test_a_receiver_can_check_what_comes_as_documented():
    at = now()
    is_from_teraa = documented_check()
    with receiving() as receiver, cast.working() as worker:
        endpoint, secret = endpoint_of(receiver, at)
        cast.tell(endpoint, at, kind="due.settled")
        cast.run_until_quiet(worker, at)
        [request] = receiver.requests

    header = request.headers["teraa-signature"]
    assert is_from_teraa(secret, header, request.body)
    assert not is_from_teraa(secret, header, request.body.replace(b"settled", b"expired"))
    assert not is_from_teraa("whsec_other", header, request.body)
    assert not is_from_teraa(secret, re.sub(r"t=\d+", f"t={int(time.time()) - 1}", header), b"")
    assert request.headers["teraa-event"] == "due.settled"
    assert request.headers["user-agent"] == "TERAA-Webhooks/1"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"
    delivery = HookDelivery.objects.get()
    assert request.delivery == str(delivery.original_id)
    assert request.body.decode() == delivery.event.payload
    assert (delivery.state, delivery.status, delivery.excerpt) == ("delivered", 200, "ok")
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.last_success_at) == (0, at)


def test_after_a_rotation_both_secrets_sign_for_a_day():
    at = now()
    is_from_teraa = documented_check()
    with receiving() as receiver, cast.working() as worker:
        endpoint, former = endpoint_of(receiver, at)
        _, fresh = operations.rotate_secret(
            venue_id=endpoint.venue_id, endpoint_id=endpoint.pk, key=uuid4(), by="Ada", at=at
        )
        cast.tell(endpoint, at)
        cast.run_until_quiet(worker, at)
        later = at + datetime.timedelta(hours=24)
        cast.tell(endpoint, later)
        cast.run_until_quiet(worker, later)
        first, second = receiver.requests

    assert fresh != former
    for secret in (fresh, former):
        assert is_from_teraa(secret, first.headers["teraa-signature"], first.body)
    assert second.headers["teraa-signature"].count("v1=") == 1


def test_a_secret_that_cannot_be_read_is_said_and_not_tried_again(at, settings):
    with receiving() as receiver, cast.working() as worker:
        endpoint, _ = endpoint_of(receiver, at)
        cast.tell(endpoint, at)
        settings.SECRET_KEY = "another one altogether"
        cast.run_until_quiet(worker, at)

        assert receiver.requests == []
    assert cast.states(endpoint) == [(1, "given_up", None, "no_secret")]


@pytest.mark.parametrize(
    ("manner", "outcome"),
    [
        (hang, ("failed", None, "timeout")),
        (drip, ("failed", None, "timeout")),
        (lambda connection, *_: connection.close(), ("failed", None, "broken")),
        (b"SSH-2.0-OpenSSH_9.2\r\n", ("failed", None, "broken")),
        (answer(500), ("failed", 500, "")),
        (answer(503), ("failed", 503, "")),
        (answer(408), ("failed", 408, "")),
        (answer(429), ("failed", 429, "")),
        (answer(400), ("given_up", 400, "")),
        (answer(404), ("given_up", 404, "")),
        (answer(302, Location="http://127.0.0.1:9/"), ("given_up", 302, "")),
        (slowly(0.2), ("delivered", 200, "")),
        (drip_body, ("delivered", 200, "")),
        (answer(204, b""), ("delivered", 204, "")),
    ],
    ids=lambda one: getattr(one, "__name__", None) or str(one)[:20],
)
def test_what_came_back_decides(at, manner, outcome):
    with receiving(manner) as receiver, cast.working(**SHORT) as worker:
        endpoint, _ = endpoint_of(receiver, at)
        cast.tell(endpoint, at)
        cast.run_until_quiet(worker, at)

        assert len(receiver.requests) == 1
    found = cast.states(endpoint)
    assert found[0] == (1, *outcome)
    assert found[1:] == ([(2, "waiting", None, "")] if outcome[0] == "failed" else [])


def test_a_redirect_is_not_followed(at):
    with receiving() as inner:
        elsewhere = answer(307, b"", Location=inner.url)
        with receiving(elsewhere) as receiver, cast.working() as worker:
            endpoint, _ = endpoint_of(receiver, at)
            cast.tell(endpoint, at)
            cast.run_until_quiet(worker, at)

            assert (len(receiver.requests), inner.requests) == (1, [])


def test_of_ten_megabytes_it_reads_a_little(at):
    taken = []

    def flood(connection, request, receiver):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n")
        for _ in range(1000):
            connection.sendall(b"\x00a\xff" * 3333)
            taken.append(1)

    with receiving(flood) as receiver, cast.working() as worker:
        endpoint, _ = endpoint_of(receiver, at)
        cast.tell(endpoint, at)
        cast.run_until_quiet(worker, at)
    delivery = HookDelivery.objects.get()

    assert delivery.state == "delivered"
    assert len(delivery.excerpt) == 500
    assert "\x00" not in delivery.excerpt
    # What the kernel holds on both ends is all the rest that left.
    assert len(taken) < 900


def test_a_port_nobody_listens_on_is_unreachable(at):
    with cast.working() as worker:
        endpoint, _ = cast.endpoint(at, url="http://127.0.0.1:9/hook")
        cast.tell(endpoint, at)
        cast.run_until_quiet(worker, at)

    assert cast.states(endpoint)[0] == (1, "failed", None, "unreachable")


def test_it_climbs_the_ladder_to_its_end_under_one_delivery_id(at):
    with receiving(answer(500)) as receiver, cast.working() as worker:
        endpoint, _ = endpoint_of(receiver, at)
        cast.tell(endpoint, at)
        moment = at
        for wait in LADDER:
            cast.run_until_quiet(worker, moment)
            cast.run_until_quiet(worker, moment + wait - SECOND)
            moment += wait
        cast.run_until_quiet(worker, moment)
        cast.run_until_quiet(worker, moment + datetime.timedelta(days=9))
        requests = receiver.requests

    assert [wait.total_seconds() for wait in LADDER] == [10, 60, *[600] * 6]
    assert len(requests) == 9
    assert len({one.delivery for one in requests}) == 1
    assert len({one.body for one in requests}) == 1
    found = cast.states(endpoint)
    assert [one[1] for one in found] == [*["failed"] * 8, "given_up"]
    assert [one[0] for one in found] == list(range(1, 10))
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.enabled) == (9, True)


@pytest.mark.parametrize(
    ("wish", "seconds"),
    [
        ("120", 120),
        ("3", 10),
        ("999999", 3600),
        ("9" * 40, 3600),
        ("Thu, 19 Nov 2026 15:35:00 GMT", 300),
        ("Thu, 19 Nov 2026 15:00:00 GMT", 10),
        ("soon", 10),
        ("-5", 10),
        ("٣", 10),
    ],
)
def test_a_receiver_may_ask_for_more_time_within_bounds(at, wish, seconds):
    refusal = answer(503, b"", Retry_After=wish.encode().decode("latin-1"))
    with receiving(refusal) as receiver, cast.working() as worker:
        endpoint, _ = endpoint_of(receiver, at)
        cast.tell(endpoint, at)
        cast.run_until_quiet(worker, at)

    waiting = HookDelivery.objects.get(state="waiting")
    assert waiting.next_at - at == seconds * SECOND


def test_one_that_says_it_is_gone_is_turned_off_with_what_waits(at):
    with receiving(answer(410)) as receiver, cast.working() as worker:
        endpoint, _ = endpoint_of(receiver, at)
        for _ in range(3):
            cast.tell(endpoint, at)
        cast.run_until_quiet(worker, at)

        assert len(receiver.requests) == 1
    endpoint.refresh_from_db()
    assert (endpoint.enabled, endpoint.disabled_reason) == (False, "gone")
    assert sorted(one[1] for one in cast.states(endpoint)) == [
        "cancelled",
        "cancelled",
        "given_up",
    ]


def test_an_answer_whose_lease_was_taken_over_is_not_written(at):
    endpoint, _ = cast.endpoint(at)
    cast.tell(endpoint, at)
    mine, theirs = uuid4(), uuid4()
    [leased] = lanes.lease(run=mine, room=5, troubled=False, at=at)
    later = at + lanes.LEASE
    assert lanes.take_back(at=later - SECOND) == 0
    assert lanes.take_back(at=later) == 1
    [again] = lanes.lease(run=theirs, room=5, troubled=False, at=later)

    assert (again.id, again.original_id, again.attempt) == (leased.id, leased.original_id, 1)
    assert not lanes.record(leased, Answer(status=500), run=mine, at=later)
    assert cast.states(endpoint) == [(1, "sending", None, "")]
    assert lanes.record(again, Answer(status=200), run=theirs, at=later)
    assert cast.states(endpoint) == [(1, "delivered", 200, "")]


def test_turned_off_while_under_way_it_ends_there(at):
    endpoint, _ = cast.endpoint(at)
    cast.tell(endpoint, at)
    run = uuid4()
    [leased] = lanes.lease(run=run, room=5, troubled=False, at=at)
    operations.change_endpoint(
        venue_id=endpoint.venue_id, endpoint_id=endpoint.pk, enabled=False, by="Ada", at=at
    )

    assert lanes.record(leased, Answer(status=500), run=run, at=at)
    assert cast.states(endpoint) == [(1, "given_up", 500, "")]


def test_a_worker_that_is_told_to_stop_gives_back_what_it_does_not_wait_for(at):
    with receiving(hang) as receiver, receiving() as good, cast.working() as worker:
        endpoint, _ = endpoint_of(receiver, at)
        other, _ = endpoint_of(good, at)
        cast.tell(endpoint, at)
        cast.tell(other, at)
        worker.turn(at)
        receiver.wait_for(1)
        good.wait_for(1)
        worker.close(at)

    assert cast.states(endpoint) == [(1, "waiting", None, "")]
    assert cast.states(other) == [(1, "delivered", 200, "")]


def test_nothing_secret_is_in_what_can_be_read(at, caplog, journal_kept):
    with receiving(answer(500)) as receiver, cast.working() as worker:
        endpoint, secret = cast.endpoint(at, url=f"{receiver.url}?token=hunter2")
        cast.tell(endpoint, at)
        with caplog.at_level("DEBUG"):
            cast.run_until_quiet(worker, at)
    stored = HookEndpoint.objects.values().get()

    assert secret not in json.dumps(stored, default=str)
    assert secret not in caplog.text
    assert "hunter2" not in str(journal_kept)
    assert secret not in str(journal_kept)


def test_the_parts_that_only_compute_know_no_django():
    script = (
        "import sys; import teraa.webhooks.ladder, teraa.webhooks.signing;"
        "assert 'django' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)
