"""The agent's two calls over HTTP: who may, what is refused, what it costs."""

from __future__ import annotations

import datetime
import json
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from teraa.devices.models import PrintJob
from teraa.devices.operations import note_agent
from teraa.live.models import Heartbeat
from teraa.venues.models import StationKind
from tests import make
from tests.devices import cast

pytestmark = pytest.mark.django_db
LEASE = "/api/agent/lease/"
ASK = {"max": 4, "run": str(cast.RUN)}


def post(path, body, token, **extra):
    return Client().post(
        path,
        body if isinstance(body, str) else json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Station {token}"} if token else {},
        **extra,
    )


def report_path(key) -> str:
    return f"/api/agent/jobs/{key}/report/"


@pytest.fixture
def printer():
    return cast.printer(make.venue(), profile={"width_columns": 32})


@pytest.fixture
def token(printer):
    return printer.station.token


def test_the_doors_are_where_the_agent_knocks():
    assert reverse("devices:lease") == LEASE
    key = uuid.uuid4()
    assert reverse("devices:report", args=[key]) == report_path(key)


def test_it_leases_and_reports(printer, token, at, count_queries):
    job = cast.queued(printer, at)

    with count_queries() as queries:
        leased = post(LEASE, ASK, token)
    assert leased.status_code == 200
    assert len(queries) <= 8, queries
    assert leased.json() == {
        "jobs": [
            {
                "key": str(job.key),
                "attempt": 1,
                "printer": {
                    "name": printer.name,
                    "driver": "network",
                    "target": "127.0.0.1:9100",
                    "profile": {"width_columns": 32},
                },
                "page": job.page,
            }
        ]
    }
    for state in ("sent", "sent", "confirmed", "confirmed"):
        answer = post(report_path(job.key), {"state": state, "attempt": 1}, token)
        assert (answer.status_code, answer.json()) == (200, {"state": state})
    assert PrintJob.objects.get().state == "confirmed"


def test_its_calls_are_a_sign_of_life(printer, token):
    post(LEASE, ASK, token)

    beat = Heartbeat.objects.get(part="agent")
    assert (beat.state, beat.detail["name"]) == ("up", printer.station.name)


def test_a_sign_of_life_is_written_every_five_seconds_at_most(printer, at):
    for seconds in (0, 1, 4, 5, 7, 11):
        note_agent(station=printer.station, at=at + datetime.timedelta(seconds=seconds))
        beat_at = Heartbeat.objects.get(part="agent").beat_at
        assert (beat_at - at).total_seconds() == {0: 0, 1: 0, 4: 0, 5: 5, 7: 5, 11: 11}[seconds]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{", 400, "malformed"),
        ({}, 422, "invalid"),
        ({"max": 1}, 422, "invalid"),
        (ASK | {"max": 0}, 422, "invalid"),
        (ASK | {"max": 33}, 422, "invalid"),
        (ASK | {"max": "many"}, 422, "invalid"),
        (ASK | {"run": "first"}, 422, "invalid"),
        ([1], 422, "invalid"),
        ("x" * (256 * 1024 + 1), 413, "too_large"),
    ],
)
def test_it_refuses_a_lease_that_makes_no_sense(printer, token, body, status, code):
    answer = post(LEASE, body, token)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("not json", 400, "malformed"),
        ({"state": "sent"}, 422, "invalid"),
        ({"state": "queued", "attempt": 1}, 422, "invalid"),
        ({"state": "sent", "attempt": 0}, 422, "invalid"),
        ({"state": "sent", "attempt": 2**40}, 422, "invalid"),
        ({"state": "sent", "attempt": 1, "detail": "x" * 501}, 422, "invalid"),
        ({"state": "sent", "attempt": 2}, 409, "lease_lost"),
        ({"state": "confirmed", "attempt": 1}, 409, "lease_lost"),
    ],
)
def test_it_refuses_a_report_that_makes_no_sense(printer, token, at, body, status, code):
    job = cast.leased(printer, at)

    answer = post(report_path(job.key), body, token)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert {"title", "advice"} <= set(answer.json())
    job.refresh_from_db()
    assert job.state == "leased"


def test_a_job_of_another_venue_or_agent_is_not_found(printer, at):
    job = cast.leased(printer, at)
    body = {"state": "sent", "attempt": 1}

    for stranger in (cast.agent(printer.venue), cast.agent(make.venue())):
        answer = post(report_path(job.key), body, stranger.token)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert post(report_path(uuid.uuid4()), body, printer.station.token).status_code == 404


@pytest.mark.parametrize("kind", [k for k in StationKind if k != StationKind.AGENT])
def test_only_agents_come_in(printer, at, kind):
    job = cast.leased(printer, at)
    till = make.station(printer.venue, kind=kind)

    for path, body in (
        (LEASE, ASK),
        (report_path(job.key), {"state": "sent", "attempt": 1}),
    ):
        assert post(path, body, till.token).status_code == 403


def test_nobody_unknown_comes_in(printer, at):
    for token in ("", "guessed"):
        assert post(LEASE, ASK, token).status_code == 401
        assert post(report_path(uuid.uuid4()), {}, token).status_code == 401
    printer.station.revoked_at = at
    printer.station.save()
    answer = post(LEASE, ASK, printer.station.token)
    assert (answer.status_code, answer.json()["code"]) == (401, "station_revoked")


def test_it_is_not_for_looking_at(printer, token):
    answer = Client().get(LEASE, headers={"Authorization": f"Station {token}"})

    assert answer.status_code == 405
