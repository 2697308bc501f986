"""An Epson-class receipt printer that exists only on TCP port 9100 of this machine.

    python -m teraa.devices.fakes.printer --port 9100 --data .data/paper

It takes one connection at a time, as most printers do. Each cut drops a picture, the text and the
facts of a ticket into the directory. Faults are set in `control.json` there, for example
`{"paper_out": true}`; in a test, on `printer.faults`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from teraa.common.paper import WIDTHS
from teraa.devices.fakes.mechanism import Faults, Mechanism
from teraa.devices.fakes.strip import Strip
from teraa.devices.fakes.tray import KEPT, Ticket, Tray

CONTROL: Final = "control.json"
_TICK: Final = 0.05  # seconds between looks at the faults and at the end


class FakePrinter:
    """The printer, listening in a thread of its own while the `with` block lasts."""

    def __init__(
        self,
        data_dir: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        columns: int = 48,
        on_ticket: Callable[[Ticket], None] | None = None,
    ) -> None:
        self.faults = Faults()
        self.tickets: list[Ticket] = []
        self.kicks: list[int] = []
        self.connections = 0
        self._tray = Tray(data_dir)
        self._on_ticket = on_ticket
        self._mechanism = Mechanism(
            columns=columns, faults=self.faults, on_cut=self._cut, on_kick=self._kick
        )
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._control_seen: bytes | None = None
        self._door = socket.create_server((host, port), backlog=8)
        self._door.settimeout(_TICK)
        self._thread = threading.Thread(target=self._serve, name="fake-printer", daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._door.getsockname()[1])

    @property
    def target(self) -> str:
        """What the network driver is told: host and port."""
        host, port = self._door.getsockname()[:2]
        return f"{host}:{port}"

    def __enter__(self) -> Self:
        self._note_state()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._thread.join(5)
        self._door.close()

    def wait_for_tickets(self, count: int, seconds: float = 10) -> list[Ticket]:
        """Return the tickets once there are `count` of them. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.tickets) >= count, seconds):
                raise TimeoutError(f"{len(self.tickets)} of {count} tickets came out")
            return list(self.tickets)

    # The paper

    def _cut(self, strip: Strip, cut: str) -> None:
        if strip.blank:
            return
        ticket = self._tray.drop(strip, cut)
        with self._changed:
            self.tickets.append(ticket)
            del self.tickets[:-KEPT]
            self._changed.notify_all()
        self._note_state()
        if self._on_ticket:
            self._on_ticket(ticket)

    def _kick(self, pin: int) -> None:
        with self._changed:
            self.kicks.append(pin)
            self._changed.notify_all()
        self._note_state()

    def _note_state(self) -> None:
        last = self.tickets[-1].number if self.tickets else None
        self._tray.note_state(last_ticket=last, kicks=len(self.kicks), faults=asdict(self.faults))

    # The line

    def _serve(self) -> None:
        while not self._stopping.is_set():
            self._look_at_control()
            self._mechanism.turn()
            try:
                line, _ = self._door.accept()
            except TimeoutError:
                continue
            self.connections += 1
            with line, contextlib.suppress(OSError):
                self._talk(line)
            self._mechanism.hang_up()

    def _talk(self, line: socket.socket) -> None:
        line.settimeout(_TICK)
        while not self._stopping.is_set():
            self._look_at_control()
            try:
                received = line.recv(4096)
            except TimeoutError:
                answers = self._mechanism.turn()
            else:
                if not received:
                    return
                answers = self._mechanism.receive(received)
            if answers:
                line.sendall(answers)

    def _look_at_control(self) -> None:
        try:
            text = (self._tray.directory / CONTROL).read_bytes()
        except OSError:
            text = b""
        # Only a change of the file speaks: a fault set in a test is not undone at the next look.
        if text == self._control_seen or (self._control_seen is None and not text):
            return
        self._control_seen = text
        try:
            wanted = json.loads(text or b"{}")
        except ValueError:
            return
        if isinstance(wanted, dict):
            for fault in fields(Faults):
                setattr(self.faults, fault.name, wanted.get(fault.name) is True)
            self._note_state()


def main() -> int:
    """Run the printer until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="teraa.devices.fakes.printer", description=__doc__)
    parser.add_argument("--port", type=int, default=9100)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--columns", type=int, choices=WIDTHS, default=48)
    options = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())

    def tell(ticket: Ticket) -> None:
        print(f"ticket {ticket.number}: {ticket.picture}", flush=True)

    with FakePrinter(
        options.data, port=options.port, columns=options.columns, on_ticket=tell
    ) as printer:
        print(f"fake printer on {printer.target}, tickets in {options.data}", flush=True)
        stop.wait()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
