"""Is the house well? Asked of a whole one, a silent part, a dead child, and a dead database."""

import contextlib
import datetime
import json
import socket

import httpx
import pytest

from teraa import health
from teraa.common.clock import now
from teraa.live import gauges, heartbeat, outbox
from tests.live.processes import free_port, running, until

LOOPS = ("live", "ingest", "effects", "relay")


@pytest.fixture
def data(settings, tmp_path):
    settings.TERAA_DATA = tmp_path
    (tmp_path / "run").mkdir()
    return tmp_path


def beat_all(at, *, except_for=()):
    for part in LOOPS:
        if part not in except_for:
            heartbeat.beat(part=part, at=at)


def supervise(data, **states):
    parts = {
        name: {"state": s, "pid": 7, "restarts": 1, "since": "", "vital": True}
        for name, s in states.items()
    }
    (data / "run" / "parts.json").write_text(json.dumps({"parts": parts}))


@pytest.mark.django_db
def test_it_is_well_when_every_vital_part_beats(client, data):
    beat_all(now())
    answer = client.get("/healthz")
    body = answer.json()
    assert (answer.status_code, body["healthy"], body["missing"]) == (200, True, [])
    states = {name: part["state"] for name, part in body["parts"].items() if part["vital"]}
    assert states == dict.fromkeys(health.VITAL, "up")
    assert "no-cache" in answer.headers["Cache-Control"]


@pytest.mark.django_db
@pytest.mark.parametrize("part", LOOPS)
def test_it_is_not_well_when_a_vital_part_falls_silent(client, data, part):
    beat_all(now(), except_for=[part])
    assert client.get("/healthz").json()["missing"] == [part]
    heartbeat.beat(part=part, at=now() - datetime.timedelta(seconds=16))
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["missing"]) == (503, [part])
    assert answer.json()["parts"][part]["state"] == "silent"
    heartbeat.beat(part=part, at=now())
    assert client.get("/healthz").status_code == 200


@pytest.mark.django_db
def test_it_shows_a_failing_part_and_its_reason_but_does_not_call_it_dead(client, data):
    beat_all(now())
    heartbeat.beat(part="effects", at=now(), state="failing", detail={"error": "ValueError: no"})
    answer = client.get("/healthz")
    effects = answer.json()["parts"]["effects"]
    assert (answer.status_code, effects["state"], effects["error"]) == (
        200,
        "failing",
        "ValueError: no",
    )


@pytest.mark.django_db
def test_it_believes_the_supervisor_that_a_child_is_dead(client, data):
    beat_all(now())
    supervise(data, relay="backoff", live="up", printer="backoff", devnet="up")
    answer = client.get("/healthz")
    parts = answer.json()["parts"]
    assert (answer.status_code, answer.json()["missing"]) == (503, ["relay"])
    assert (parts["relay"]["state"], parts["relay"]["restarts"]) == ("backoff", 1)
    assert (parts["printer"]["state"], parts["printer"]["vital"]) == ("backoff", False)
    assert parts["devnet"]["state"] == "up"
    supervise(data, relay="up", printer="down")
    assert client.get("/healthz").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["", "{", "[]", '{"parts": 3}'])
def test_it_does_without_a_readable_supervisors_file(client, data, text):
    beat_all(now())
    (data / "run" / "parts.json").write_text(text)
    assert client.get("/healthz").status_code == 200


@pytest.mark.django_db
def test_it_shows_strangers_states_only(client, data):
    beat_all(now())
    heartbeat.beat(part="agent.1", at=now(), detail={"printer": "secret place"})
    for headers in ({"REMOTE_ADDR": "203.0.113.7"}, {"HTTP_X_FORWARDED_FOR": "203.0.113.7"}):
        answer = client.get("/healthz", **headers)
        assert answer.json()["parts"]["agent.1"] == {"state": "up", "vital": False}
    assert client.get("/healthz").json()["parts"]["agent.1"]["printer"] == "secret place"


def test_it_answers_when_the_database_is_dead(tmp_path, live_database):
    port, dead = free_port(), free_port()
    command = ["-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    variables = {
        "DATABASE_URL": f"postgresql://teraa_app:x@127.0.0.1:{dead}/teraa",
        "TERAA_DATA": str(tmp_path),
    }
    with running(live_database, *command, "--no-access-log", "teraa.wsgi:application", **variables):

        def answers():
            with contextlib.suppress(OSError):
                return socket.create_connection(("127.0.0.1", port), timeout=1).close() is None
            return False

        until(answers)
        for _again in range(2):
            answer = httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=10)
            body = answer.json()
            assert answer.status_code == 503
            assert body["parts"]["database"]["state"] == "down"
            assert body["parts"]["web"]["state"] == "up"
            assert "database" in body["missing"]
        figures = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=10)
        assert figures.status_code == 200
        assert "teraa_database_up 0.0" in figures.text


@pytest.mark.django_db
def test_it_gives_its_figures_to_this_machine_and_to_who_holds_the_token(client, settings, at):
    outbox.put(topic="station.a", key="x", version=1, at=at)
    heartbeat.beat(part="relay", at=now())
    text = client.get("/metrics").content.decode()
    assert 'teraa_outbox_rows{state="waiting"} 1.0' in text
    assert 'teraa_outbox_rows{state="failing"} 0.0' in text
    assert "teraa_database_up 1.0" in text
    assert 'teraa_heartbeat_age_seconds{part="relay"}' in text

    def far(token=None):
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        return client.get("/metrics", headers=headers, REMOTE_ADDR="203.0.113.7").status_code

    assert (far(), far(""), far("x")) == (403, 403, 403)
    settings.TERAA_METRICS_TOKEN = "right"
    assert (far(), far("wrong"), far("right")) == (403, 403, 200)


@pytest.mark.django_db
def test_it_names_a_gauge_that_fails_and_shows_the_others(client, monkeypatch):
    monkeypatch.setattr(gauges, "_gauges", {})

    def broken():
        raise ValueError("no")

    gauges.register(name="broken", help="Fails", read=broken)
    gauges.register(name="whole", help="Works", read=lambda: 3)
    text = client.get("/metrics").content.decode()
    assert 'teraa_gauge_failed{gauge="broken"} 1.0' in text
    assert "teraa_whole 3.0" in text
