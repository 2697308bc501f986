"""A house is kept: its parts restarted, everything ended together, nothing left behind."""

from __future__ import annotations

import os
import signal

from teraa.supervisor.processes import marked, started_at
from tests.supervisor.cast import eventually, refused_start


def test_it_ends_everything_on_sigterm(data, start_house):
    house = start_house()
    house.wait_for("stubborn", "up")
    run = house.processes()
    assert len(run) >= 5  # two parts up, one child out of its group, PostgreSQL's own

    house.end(signal.SIGTERM)

    assert house.process.returncode == 0
    assert house.processes() == []
    assert {part["state"] for part in house.parts().values()} == {"down"}
    assert not (data / "pg" / "postmaster.pid").exists()  # PostgreSQL ended cleanly


def test_it_ends_everything_on_ctrl_c_and_keeps_the_data(data, start_house):
    first = start_house()
    first.end(signal.SIGINT)
    assert first.process.returncode == 0

    second = start_house()

    second.end()
    log = (data / "logs" / "database.log").read_text()
    assert "was not properly shut down" not in log
    assert "was interrupted" not in log


def test_it_cleans_up_after_a_killed_supervisor(data, start_house):
    killed = start_house()
    killed.wait_for("stubborn", "up")
    run = killed.run
    killed.end(signal.SIGKILL)
    # The kernel told the others; what ignores SIGTERM is what the next start has to find.
    eventually(lambda: _living(killed) <= {"stubborn"}, saying="parts outlived their supervisor")
    assert killed.processes()

    second = start_house()

    assert second.run != run
    assert marked(run) == []
    second.end()


def test_it_ends_a_database_that_outlived_everything(data, start_house):
    house = start_house()
    database = house.wait_for("database", "up")["pid"]
    os.kill(database, signal.SIGSTOP)  # cannot hear that its parent dies
    house.end(signal.SIGKILL)

    second = start_house()

    assert second.wait_for("database", "up")["pid"] != database
    assert not _alive(database)
    second.end()


def test_it_restarts_a_dying_part_with_growing_patience(data, start_house):
    house = start_house()

    eventually(lambda: house.parts()["faller"]["restarts"] >= 2, saying="faller is not restarted")
    assert house.parts()["steady"]["restarts"] == 0
    assert "faller falls" in (data / "logs" / "faller.log").read_text()
    (data / "holds").touch()
    house.wait_for("faller", "up")

    said = house.end()
    assert "faller: ended, starts again in 0.5 s" in said
    assert "faller: ended, starts again in 1 s" in said


def test_it_restarts_a_killed_part(data, start_house):
    house = start_house()
    before = house.wait_for("steady", "up")

    os.kill(before["pid"], signal.SIGKILL)

    eventually(lambda: house.parts()["steady"]["restarts"] == 1, saying="the fall went unseen")
    after = house.wait_for("steady", "up")
    assert after["pid"] != before["pid"]
    assert after["vital"] is True
    assert (data / "logs" / "steady.log").read_text().count("steady speaks") == 2
    house.end()


def test_it_restarts_a_killed_database(data, start_house):
    house = start_house()
    before = house.wait_for("database", "up")["pid"]

    os.kill(before, signal.SIGKILL)

    eventually(lambda: house.parts()["database"]["restarts"] >= 1, saying="the fall went unseen")
    assert house.wait_for("database", "up")["pid"] != before
    house.end()


def test_it_refuses_a_second_supervisor(data, port, start_house):
    house = start_house()

    words = refused_start(data, port=port + 20)

    assert f"already runs on {data}" in words
    assert f"process {house.process.pid}" in words
    house.end()


def test_it_refuses_a_taken_port(data, port, listener):
    taken = listener(port + 1)

    words = refused_start(data, port=port)

    assert f"Port {taken} of this machine is taken" in words


def _living(house) -> set[str]:
    """Return the names of the parts whose recorded process still lives."""
    return {name for name, part in house.parts().items() if part["pid"] and _alive(part["pid"])}


def _alive(pid: int) -> bool:
    return started_at(pid) is not None
