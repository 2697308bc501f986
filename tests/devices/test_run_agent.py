"""The agent with real sockets on both sides: it leases, prints, proves and reports."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from teraa.devices.agent.config import AgentConfig, ConfigError, load_config
from teraa.devices.agent.journal import COMPACT_AFTER, Entry, Journal
from teraa.devices.agent.loop import Agent, alone
from teraa.devices.drivers.memory import MemoryDriver
from teraa.devices.fakes.printer import FakePrinter
from tests.devices.job_server import TOKEN, JobServer, Nudger, nudging, page_saying, serving

ROOT = Path(__file__).parents[2]


@contextmanager
def running(config: AgentConfig, *, poll_seconds: float = 0.05) -> Iterator[Agent]:
    """The agent in a thread of this process."""
    agent = Agent(config, poll_seconds=poll_seconds)
    thread = threading.Thread(target=agent.run, daemon=True)
    thread.start()
    try:
        yield agent
    finally:
        agent.stop()
        thread.join(10)
        assert not thread.is_alive()


def config_for(server: str, tmp_path: Path, **values: object) -> AgentConfig:
    return AgentConfig(
        **{"server": server, "token": TOKEN, "state_dir": tmp_path / "state"} | values  # type: ignore[arg-type]
    )


@pytest.fixture
def jobs() -> JobServer:
    return JobServer()


@pytest.fixture
def printer(tmp_path: Path) -> Iterator[FakePrinter]:
    with FakePrinter(tmp_path / "paper") as running_printer:
        yield running_printer


def test_it_prints_what_it_leases_and_says_so(jobs, printer, tmp_path):
    job = jobs.add("Café œuf 1 €", printer.target)

    with serving(jobs) as server, running(config_for(server, tmp_path)):
        jobs.wait_for(job, "confirmed")

    assert [ticket.text for ticket in printer.tickets] == ["Café œuf 1 €"]
    assert job.reports == ["sent", "confirmed"]


def test_jobs_of_one_printer_come_out_in_order(jobs, printer, tmp_path):
    added = [jobs.add(f"n° {number}", printer.target) for number in range(10)]

    with serving(jobs) as server, running(config_for(server, tmp_path)):
        jobs.wait_for(added[-1], "confirmed")

    assert [t.text for t in printer.tickets] == [f"n° {number}" for number in range(10)]


def test_two_names_for_one_printer_do_not_get_in_each_others_way(jobs, printer, tmp_path):
    added = [
        jobs.add(f"{name} {number}", printer.target, name=name)
        for number in range(4)
        for name in ("Bar", "Cuisine")
    ]

    with serving(jobs) as server, running(config_for(server, tmp_path)):
        jobs.wait_until(lambda: all(job.state == "confirmed" for job in added))

    assert len(printer.tickets) == 8
    assert {tuple(job.reports) for job in added} == {("sent", "confirmed")}


def test_a_dead_printer_does_not_hold_up_another(jobs, printer, tmp_path):
    dead = jobs.add("nobody", name="Terrasse")
    alive = jobs.add("Bar", printer.target)

    with serving(jobs) as server, running(config_for(server, tmp_path)):
        jobs.wait_for(alive, "confirmed")
        jobs.wait_until(lambda: "held" in dead.reports)

    assert dead.detail.startswith("offline")
    assert "sent" not in dead.reports


def test_a_nudge_brings_the_job_without_waiting_for_the_poll(jobs, printer, tmp_path):
    nudger = Nudger()
    with serving(jobs) as server, nudging(nudger) as live_url:
        config = config_for(server, tmp_path, live_url=f"{live_url}/ws/")
        with running(config, poll_seconds=600):
            line = nudger.wait_for_line()
            jobs.wait_until(lambda: jobs.leases >= 1)
            job = jobs.add("nudged", printer.target)
            line.send("not json")
            line.send('{"type": "ping", "at": 1}')
            line.send('{"type": "changed", "topic": "agent.1", "key": "x", "version": 1}')
            jobs.wait_for(job, "confirmed")

    assert nudger.tokens == [f"/ws/ Station {TOKEN}"]


def test_it_finds_its_way_back_to_the_websocket(jobs, printer, tmp_path):
    nudger = Nudger()
    with serving(jobs) as server, nudging(nudger) as live_url:
        config = config_for(server, tmp_path, live_url=f"{live_url}/ws/")
        with running(config, poll_seconds=600):
            nudger.wait_for_line(1).close()
            line = nudger.wait_for_line(2)
            job = jobs.add("again", printer.target)
            line.send('{"type": "look_again"}')
            jobs.wait_for(job, "confirmed")


def test_without_a_websocket_it_polls(jobs, printer, tmp_path):
    with serving(jobs) as server:
        config = config_for(server, tmp_path, live_url="ws://127.0.0.1:1/ws/")
        with running(config):
            jobs.wait_until(lambda: jobs.leases >= 3)
            job = jobs.add("polled", printer.target)
            jobs.wait_for(job, "confirmed")


def test_it_outlives_the_server(jobs, printer, tmp_path):
    with serving(jobs) as server:
        port = int(server.rsplit(":", 1)[1])
        with running(config_for(server, tmp_path)):
            jobs.wait_until(lambda: jobs.leases >= 1)
            jobs.sick = True
            job = jobs.add("later", printer.target)
            jobs.wait_until(lambda: jobs.turned_away >= 2)
            jobs.sick = False
            jobs.wait_for(job, "confirmed")
    with running(config_for(server, tmp_path)):
        job = jobs.add("much later", printer.target)
        with serving(jobs, port):
            jobs.wait_for(job, "confirmed")

    assert [ticket.text for ticket in printer.tickets] == ["later", "much later"]


def test_it_prints_nothing_the_server_did_not_agree_to(jobs, printer, tmp_path):
    jobs.agree_to_send = False
    job = jobs.add("no", printer.target)

    with serving(jobs) as server, running(config_for(server, tmp_path)):
        jobs.wait_until(lambda: job.state == "leased")
        leases = jobs.leases
        jobs.wait_until(lambda: jobs.leases > leases + 3)

    assert printer.tickets == []
    assert job.reports == []


def test_no_paper_holds_the_job_and_names_the_reason(jobs, printer, tmp_path):
    printer.faults.paper_out = True
    job = jobs.add("patient", printer.target)

    with serving(jobs) as server, running(config_for(server, tmp_path)):
        jobs.wait_until(lambda: "held" in job.reports)
        assert job.detail == "paper"
        assert printer.tickets == []
        printer.faults.paper_out = False
        jobs.wait_for(job, "confirmed")

    assert [ticket.text for ticket in printer.tickets] == ["patient"]


def test_a_job_without_proof_is_unknown_and_not_sent_again(jobs, printer, tmp_path):
    printer.faults.no_proof = True
    job = jobs.add("perhaps", printer.target)

    with serving(jobs) as server, running(config_for(server, tmp_path)):
        jobs.wait_for(job, "unknown")
        leases = jobs.leases
        jobs.wait_until(lambda: jobs.leases > leases + 5)

    assert [ticket.text for ticket in printer.tickets] == ["perhaps"]
    assert job.reports == ["sent", "unknown"]
    assert job.detail == "no proof"


def test_paper_that_ends_while_printing_is_unknown_with_its_reason(jobs, tmp_path):
    memory = MemoryDriver("ends-while-printing")
    memory.paper.breaks_after = 10
    job = jobs.add("half", "ends-while-printing", driver="memory")

    with serving(jobs) as server, running(config_for(server, tmp_path)):
        jobs.wait_for(job, "unknown")

    assert "10 of" in job.detail
    assert len(memory.paper.jobs) == 1


@pytest.mark.parametrize(
    ("printer_says", "page"),
    [
        ({}, {"form": 9}),
        ({"driver": "pigeon"}, None),
        ({"target": "a b"}, None),
        ({"profile": {"qr": "maybe"}}, None),
    ],
)
def test_what_cannot_be_printed_has_failed_with_a_reason(jobs, tmp_path, printer_says, page):
    job = jobs.add("never", page=page, **printer_says)

    with serving(jobs) as server, running(config_for(server, tmp_path)):
        jobs.wait_for(job, "failed")

    assert job.reports == ["failed"]
    assert job.detail


def test_this_machine_may_reach_a_printer_its_own_way(jobs, printer, tmp_path):
    path = tmp_path / "agent.toml"
    job = jobs.add("Café", "printer.of.the.server:9100", name="Bar du bas")
    with serving(jobs) as server:
        path.write_text(
            f'server = "{server}"\ntoken = "{TOKEN}"\n'
            f'[printers."Bar du bas"]\ntarget = "{printer.target}"\n'
            "profile = { width_columns = 32 }\n"
        )
        with running(load_config(path)):
            jobs.wait_for(job, "confirmed")

    assert (tmp_path / "agent-state" / "journal.jsonl").exists()


def test_an_outcome_is_told_after_a_restart_when_the_server_could_not_hear_it(
    jobs, printer, tmp_path
):
    jobs.deaf_to_outcomes = True
    job = jobs.add("once", printer.target)
    with serving(jobs) as server:
        with running(config_for(server, tmp_path)):
            printer.wait_for_tickets(1)
            state = tmp_path / "state" / "journal.jsonl"
            jobs.wait_until(lambda: '"done"' in state.read_text())
        jobs.deaf_to_outcomes = False
        assert job.state == "sent"

        with running(config_for(server, tmp_path)):
            jobs.wait_for(job, "confirmed")

    assert len(printer.tickets) == 1
    assert Journal(tmp_path / "state").untold() == []


def test_two_agents_on_one_state_are_refused(tmp_path):
    with (
        alone(tmp_path / "state"),
        pytest.raises(ConfigError, match="another agent"),
        alone(tmp_path / "state"),
    ):
        pytest.fail("both got in")


# The journal on disk


def test_the_journal_remembers_what_was_begun_and_not_told(tmp_path):
    journal = Journal(tmp_path)
    journal.begin("a", 1)
    journal.begin("b", 2)
    journal.finish("b", 2, "confirmed", "")
    journal.begin("c", 1)
    journal.forget("c", 1)

    again = Journal(tmp_path)

    assert again.untold() == [Entry("a", 1), Entry("b", 2, "confirmed", "")]


def test_a_torn_last_line_is_no_harm(tmp_path):
    journal = Journal(tmp_path)
    journal.begin("a", 1)
    with (tmp_path / "journal.jsonl").open("a") as file:
        file.write('{"event": "begun", "key": "b", "att')

    assert Journal(tmp_path).untold() == [Entry("a", 1)]


def test_the_journal_does_not_grow_for_ever(tmp_path):
    journal = Journal(tmp_path)
    journal.begin("kept", 1)
    for number in range(COMPACT_AFTER):
        journal.begin(str(number), 1)
        journal.forget(str(number), 1)

    lines = (tmp_path / "journal.jsonl").read_text().splitlines()
    assert len(lines) < COMPACT_AFTER
    assert Journal(tmp_path).untold() == [Entry("kept", 1)]


# The file it is told by


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("server = ", "TOML"),
        ('token = "t"', "server"),
        ('server = "http://a"', "token"),
        ('server = "http://a"\ntoken = ""', "token"),
        ('server = "a.example"\ntoken = "t"', "server"),
        ('server = "http://a"\ntoken = "t"\nlive_url = "http://a"', "live_url"),
        ('server = "http://a"\ntoken = "t"\ncolour = "red"', "colour"),
        ('server = "http://a"\ntoken = "t"\nprinters = 3', "printers"),
        ('server = "http://a"\ntoken = "t"\n[printers.Bar]\nip = "x"', "printers.Bar"),
    ],
)
def test_a_wrong_file_is_refused_with_what_to_change(tmp_path, text, says):
    path = tmp_path / "agent.toml"
    path.write_text(text)

    with pytest.raises(ConfigError, match=says):
        load_config(path)


def test_a_missing_file_or_authority_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / "none.toml")
    config = config_for("https://a", tmp_path, verify=tmp_path / "none.pem")
    with pytest.raises(ConfigError, match="certificate"):
        config.trust()


def test_the_token_is_not_shown():
    assert TOKEN not in repr(AgentConfig("http://a", TOKEN, Path("x")))


def test_a_live_url_without_a_path_means_ours(tmp_path):
    path = tmp_path / "agent.toml"
    path.write_text('server = "http://a:1/"\ntoken = "t"\nlive_url = "ws://a:2"')

    config = load_config(path)

    assert config.live_url == "ws://a:2/ws/"
    assert config.server == "http://a:1"
    assert config.state_dir == tmp_path / "agent-state"


# As a process


@contextmanager
def agent_process(config: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "teraa.devices.agent", "--config", str(config)],
        cwd=ROOT,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


@pytest.fixture
def config_file(tmp_path: Path, jobs: JobServer) -> Iterator[Path]:
    with serving(jobs) as server:
        path = tmp_path / "agent.toml"
        path.write_text(f'server = "{server}"\ntoken = "{TOKEN}"\nstate_dir = "state"\n')
        yield path


def test_killed_between_bytes_and_proof_the_job_is_unknown_and_not_printed_twice(
    jobs, printer, config_file
):
    printer.faults.no_proof = True
    job = jobs.add("once", printer.target)
    with agent_process(config_file) as process:
        printer.wait_for_tickets(1)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert job.state == "sent"
    printer.faults.no_proof = False

    after = jobs.add("the next", printer.target, name="Cuisine")
    with agent_process(config_file):
        jobs.wait_for(job, "unknown")
        jobs.wait_for(after, "confirmed")

    assert [ticket.text for ticket in printer.tickets] == ["once", "the next"]
    assert job.reports == ["sent", "unknown"]


def test_sigterm_ends_it_after_the_job_in_hand(jobs, printer, config_file):
    job = jobs.add("the last", printer.target)
    with agent_process(config_file) as process:
        jobs.wait_until(lambda: job.state != "queued")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0

    # Leased only, or printed and told: never something in between.
    assert job.reports in ([], ["sent", "confirmed"])
    assert len(printer.tickets) == len(job.reports) // 2


def test_a_wrong_file_ends_it_with_a_sentence(tmp_path):
    path = tmp_path / "agent.toml"
    path.write_text('server = "http://127.0.0.1:1"')

    with agent_process(path) as process:
        assert process.wait(10) == 2
        assert process.stderr is not None
        assert "token must be given" in process.stderr.read()


def test_there_is_no_django_inside():
    code = (
        "import sys, json, teraa.devices.agent.loop, teraa.devices.agent.__main__;"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    )

    out = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert not {"django", "rest_framework", "psycopg"} & set(json.loads(out.stdout))


def test_the_page_of_the_examples_is_a_page():
    assert page_saying("x")["blocks"][0]["text"] == "x"
