"""A small real HTTP server (and websocket) that hands out print jobs as ours does, in memory."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from teraa.common.paper import Cut, Page, Text, page_to_json

TOKEN = "station-token"


def page_saying(text: str) -> dict[str, Any]:
    return page_to_json(Page(48, (Text(text), Cut())))


@dataclass
class ServedJob:
    key: str
    printer: dict[str, Any]
    page: Any
    state: str = "queued"
    attempt: int = 0
    detail: str = ""
    reports: list[str] = field(default_factory=list)


class JobServer:
    """Jobs in memory; `agree_to_send = False` refuses the word before the first byte."""

    def __init__(self) -> None:
        self.jobs: dict[str, ServedJob] = {}
        self.leases = 0
        self.turned_away = 0
        self.agree_to_send = True
        self.sick = False
        self.deaf_to_outcomes = False
        self.changed = threading.Condition()

    def add(
        self, text: str, target: str = "127.0.0.1:1", *, page: Any = None, **printer: Any
    ) -> ServedJob:
        given = {"name": "Bar", "driver": "network", "target": target, "profile": {}} | printer
        job = ServedJob(str(uuid.uuid4()), given, page_saying(text) if page is None else page)
        with self.changed:
            self.jobs[job.key] = job
        return job

    def wait_until(self, condition: Any, seconds: float = 20) -> None:
        with self.changed:
            if not self.changed.wait_for(condition, seconds):
                states = [(job.state, job.detail) for job in self.jobs.values()]
                raise TimeoutError(f"still {states} after {seconds} s")

    def wait_for(self, job: ServedJob, state: str) -> None:
        self.wait_until(lambda: job.state == state)

    def answer(self, path: str, token: str, body: Any) -> tuple[int, Any]:
        with self.changed:
            try:
                if self.sick:
                    self.turned_away += 1
                    return 503, None
                if token != f"Station {TOKEN}":
                    return 401, {"code": "station_unknown"}
                if path == "/api/agent/lease/":
                    return 200, {"jobs": self._lease(body["max"])}
                key = path.removeprefix("/api/agent/jobs/").removesuffix("/report/")
                return self._report(self.jobs[key], body)
            finally:
                self.changed.notify_all()

    def _lease(self, maximum: int) -> list[dict[str, Any]]:
        self.leases += 1
        given = []
        busy = {j.printer["name"] for j in self.jobs.values() if j.state in {"leased", "sent"}}
        for job in self.jobs.values():
            name = job.printer["name"]
            if job.state in {"queued", "held"} and name not in busy and len(given) < maximum:
                busy.add(name)
                job.state, job.attempt = "leased", job.attempt + 1
                given.append(
                    {
                        "key": job.key,
                        "printer": job.printer,
                        "page": job.page,
                        "attempt": job.attempt,
                    }
                )
        return given

    def _report(self, job: ServedJob, body: Any) -> tuple[int, Any]:
        state = body["state"]
        if state == "sent" and not self.agree_to_send:
            return 409, {"code": "lease_lost"}
        if state != "sent" and self.deaf_to_outcomes:
            return 500, None
        if body["attempt"] != job.attempt:
            return 409, {"code": "lease_lost"}
        job.state, job.detail = state, body["detail"]
        job.reports.append(state)
        return 200, {"state": state}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, answer = self.server.jobs.answer(
            self.path, self.headers.get("Authorization", ""), body
        )
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


class _Door(ThreadingHTTPServer):
    daemon_threads = True
    jobs: JobServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """An agent killed in the middle of a call is what these tests are about."""


@contextmanager
def serving(jobs: JobServer, port: int = 0) -> Iterator[str]:
    """Serve these jobs; yields the address."""
    door = _Door(("127.0.0.1", port), _Handler)
    door.jobs = jobs
    thread = threading.Thread(target=door.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{door.server_address[1]}"
    finally:
        door.shutdown()
        door.server_close()
        thread.join(5)


class Nudger:
    """The websocket's side: says things to whoever shows the token."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.lines: list[ServerConnection] = []
        self.changed = threading.Condition()

    def serve(self, line: ServerConnection) -> None:
        request = line.request
        assert request is not None
        with self.changed:
            self.tokens.append(f"{request.path} {request.headers.get('Authorization')}")
            self.lines.append(line)
            self.changed.notify_all()
        try:
            line.send('{"type": "hello", "topics": []}')
            for _ in line:
                pass
        except ConnectionClosed:
            pass

    def wait_for_line(self, number: int = 1) -> ServerConnection:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.lines) >= number, 20)
            return self.lines[number - 1]


@contextmanager
def nudging(nudger: Nudger) -> Iterator[str]:
    """Serve a websocket; yields its address."""
    with serve(nudger.serve, "127.0.0.1", 0) as door:
        thread = threading.Thread(target=door.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{door.socket.getsockname()[1]}"
        finally:
            for line in nudger.lines:
                line.close()
            door.shutdown()
            thread.join(5)


def poll_until(condition: Any, seconds: float = 20) -> None:
    """Look again and again until it holds. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("it never came true")
        time.sleep(0.02)
