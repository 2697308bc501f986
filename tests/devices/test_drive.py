"""One contract, run on every driver that ships."""

from __future__ import annotations

import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from teraa.common.paper import Cut, Page, Text
from teraa.devices.drivers import DRIVERS, Driver, Interrupted, Unreachable, WrongTarget, driver_for
from teraa.devices.drivers.memory import READY, MemoryDriver
from teraa.devices.drivers.network import NetworkDriver
from teraa.devices.escpos import encode
from teraa.devices.fakes.printer import FakePrinter
from teraa.devices.profiles import Profile
from teraa.devices.status import PrinterStatus
from teraa.devices.targets import parse_network_target

JOB = encode(Page(48, (Text("Café œuf 1 €"), Cut())), Profile())
NO_PAPER = PrinterStatus(answers=True, online=False, paper="out")


@dataclass
class Bench:
    """A driver with something at its other end that can be made to fail."""

    driver: Driver
    printed: Callable[[int], int]  # waits for so many tickets
    set_paper_out: Callable[[bool], None]
    set_proof: Callable[[bool], None]
    switch_off: Callable[[], None]


@pytest.fixture
def memory_bench() -> Bench:
    driver = MemoryDriver(f"test-{uuid.uuid4()}")
    paper = driver.paper

    def out(value: bool) -> None:
        paper.status = NO_PAPER if value else READY

    return Bench(
        driver,
        lambda _: len(paper.jobs),
        out,
        lambda value: setattr(paper, "proves", value),
        lambda: setattr(paper, "reachable", False),
    )


@pytest.fixture
def network_bench(tmp_path) -> Iterator[Bench]:
    with FakePrinter(tmp_path) as printer:
        driver = NetworkDriver(printer.target, proof_timeout=0.5)
        yield Bench(
            driver,
            lambda count: len(printer.wait_for_tickets(count)),
            lambda value: setattr(printer.faults, "paper_out", value),
            lambda value: setattr(printer.faults, "no_proof", not value),
            lambda: printer.__exit__(None, None, None),
        )


@pytest.fixture(params=sorted(DRIVERS))
def bench(request: pytest.FixtureRequest) -> Bench:
    """A driver without a bench of its own fails here: each one must keep the contract."""
    return request.getfixturevalue(f"{request.param}_bench")


def test_it_prints_and_proves(bench: Bench):
    with bench.driver as driver:
        assert driver.status().online is True
        driver.send(JOB)
        assert driver.prove() is True

    assert bench.printed(1) == 1


def test_it_can_be_opened_again_for_the_next_job(bench: Bench):
    for _ in range(3):
        with bench.driver as driver:
            driver.send(JOB)
            assert driver.prove() is True

    assert bench.printed(3) == 3


def test_it_says_what_stands_in_the_way(bench: Bench):
    bench.set_paper_out(True)

    with bench.driver as driver:
        status = driver.status()

    assert status.answers
    assert status.obstacle == "paper"


def test_without_paper_it_does_not_prove(bench: Bench):
    with bench.driver as driver:
        bench.set_paper_out(True)
        driver.send(JOB)
        assert driver.prove() is False


def test_no_answer_is_no_proof(bench: Bench):
    bench.set_proof(False)

    with bench.driver as driver:
        driver.send(JOB)
        assert driver.prove() is False


def test_a_printer_switched_off_is_unreachable_before_any_byte(bench: Bench):
    bench.switch_off()

    with pytest.raises(Unreachable), bench.driver:
        pytest.fail("it opened")


def test_a_closed_line_sends_nothing(bench: Bench):
    with bench.driver:
        pass

    with pytest.raises(Interrupted):
        bench.driver.send(JOB)
    assert bench.driver.status().answers is False
    assert bench.driver.prove() is False


def test_an_unknown_driver_is_refused_by_name():
    with pytest.raises(WrongTarget, match="pigeon"):
        driver_for("pigeon", "loft")


# The network's own troubles


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("10.0.0.7", ("10.0.0.7", 9100)),
        ("printer.local:9101", ("printer.local", 9101)),
        ("[fe80::1]:9100", ("fe80::1", 9100)),
        ("[::1]", ("::1", 9100)),
        ("::1", ("::1", 9100)),
    ],
)
def test_it_reads_an_address(target, expected):
    assert parse_network_target(target) == expected


@pytest.mark.parametrize("target", ["", ":9100", "a b", "host:0", "host:99999", "host:x", "[::1"])
def test_it_refuses_an_address_that_is_none(target):
    with pytest.raises(WrongTarget):
        parse_network_target(target)


class _Stub:
    """One connection served by a script: what to say, and when to hang up."""

    def __init__(self, script: Callable[[socket.socket], None]) -> None:
        self._door = socket.create_server(("127.0.0.1", 0))
        self._script = script
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        line, _ = self._door.accept()
        with line:
            self._script(line)

    def __enter__(self) -> str:
        self._thread.start()
        return f"127.0.0.1:{self._door.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self._thread.join(5)
        self._door.close()


def test_unasked_status_bytes_are_not_taken_for_the_answer():
    def script(line: socket.socket) -> None:
        line.recv(3)
        # Automatic status of an offline printer, then the answer: online, paper low.
        line.sendall(b"\x18\x00\x00\x0f" + b"\x12")
        line.recv(3)
        line.sendall(b"\x14\x00" + b"\x00\x0f\x1e")
        line.recv(3)

    with _Stub(script) as target, NetworkDriver(target) as driver:
        status = driver.status()

    assert status.online is True
    assert status.paper == "low"


def test_an_answer_to_an_older_question_proves_nothing():
    late = threading.Event()

    def script(line: socket.socket) -> None:
        line.sendall(b"\x00")  # the answer to a GS r that was given up
        late.set()
        while line.recv(64):
            pass

    with _Stub(script) as target, NetworkDriver(target, proof_timeout=0.3) as driver:
        assert late.wait(5)
        assert driver.prove() is False


def test_paper_that_ended_while_printing_proves_nothing():
    def script(line: socket.socket) -> None:
        line.recv(3)
        line.sendall(b"\x0c")
        line.recv(3)

    with _Stub(script) as target, NetworkDriver(target) as driver:
        assert driver.prove() is False


def test_a_line_that_breaks_half_way_is_interrupted():
    def script(line: socket.socket) -> None:
        line.recv(1024)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")

    with (
        _Stub(script) as target,
        NetworkDriver(target, timeout=1) as driver,
        pytest.raises(Interrupted),
    ):
        driver.send(b"x" * 20_000_000)


def test_a_printer_that_stops_reading_is_interrupted():
    done = threading.Event()

    def script(line: socket.socket) -> None:
        done.wait(10)

    with _Stub(script) as target:
        with NetworkDriver(target, timeout=0.3) as driver, pytest.raises(Interrupted):
            driver.send(b"x" * 50_000_000)
        done.set()


def test_a_mute_printer_is_a_status_without_answers(tmp_path):
    with FakePrinter(tmp_path) as printer:
        printer.faults.mute = True
        with NetworkDriver(printer.target, timeout=0.3, proof_timeout=0.3) as driver:
            status = driver.status()
            driver.send(JOB)
            assert driver.prove() is False

        assert status.answers is False
        assert status.obstacle is None
        assert printer.wait_for_tickets(1)[0].text == "Café œuf 1 €"
