"""``python -m teraa.forking <supervisor's pid>``: Django imported once for all parts of a start.

Eight parts that each import Django and every room make a start last twelve seconds on two cores.
This process imports them once and then forks whatever the supervisor asks for, on the socket that
is its standard input; the answer to a request is the part's process id. It ends when the supervisor hangs up, which it does as soon as
the house is open: a part that falls later is started by itself, as if this had never been.

A request: ``{"command": [python, "-m", module, …] or [python, path, …], "environment": {…},
"directory": path, "death_signal": number}`` with two files, for what the part says and for its
errors.
"""

from __future__ import annotations

import ctypes
import json
import os
import runpy
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
LARGEST_REQUEST = 1 << 18
ADOPTION_SECONDS = 10.0


def main() -> None:
    """Import what the parts need, fork them on request, and become each of them in turn."""
    supervisor = int(sys.argv[1])
    with socket.socket(fileno=os.dup(0)) as line:
        _import_everything()
        line.sendall(b"ready\n")
        request = _serve(line, supervisor)
    if request is not None:
        _become(request)


def _import_everything() -> None:
    import granian.cli  # noqa: F401
    from django.db import connections
    from django.urls import get_resolver

    import teraa.wsgi

    get_resolver().url_patterns  # noqa: B018  imports every room's views
    import teraa.asgi  # noqa: F401

    # A connection or a thread would not survive the fork in one piece.
    if threading.active_count() > 1 or any(
        each.connection is not None for each in connections.all(initialized_only=True)
    ):
        raise SystemExit("importing TERAA has opened a connection or started a thread")


def _serve(line: socket.socket, supervisor: int) -> dict[str, Any] | None:
    """Fork on request until the supervisor hangs up; in a forked part, return its request."""
    while True:
        message, handles, _flags, _address = socket.recv_fds(line, LARGEST_REQUEST, 2)
        if not message:
            return None
        request: dict[str, Any] = json.loads(message)
        if _fork(request, handles, line=line, supervisor=supervisor):
            return request
        for handle in handles:
            os.close(handle)


def _fork(
    request: dict[str, Any], handles: list[int], *, line: socket.socket, supervisor: int
) -> bool:
    """Fork twice, so that the part is the supervisor's child and not ours; True in the part.

    The child between ends at once, and the kernel gives its child to the nearest ancestor that
    has asked for orphans, which is the supervisor.
    """
    answer, tell = os.pipe()
    between = os.fork()
    if between:
        os.close(tell)
        os.waitpid(between, 0)  # from here on the part is the supervisor's
        with open(answer, "rb") as pipe:
            line.sendall(pipe.read())
        return False
    os.close(answer)
    part = os.fork()
    if part:
        os.write(tell, f"{part}\n".encode())
        os._exit(0)
    os.close(tell)
    os.setsid()
    _wait_for_adoption(supervisor)
    part_name = request["environment"].get("TERAA_PART", "teraa")
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_NAME, part_name.encode()[:15])  # what ps and top show
    libc.prctl(PR_SET_PDEATHSIG, int(request["death_signal"]))
    if os.getppid() != supervisor:  # it died before the kernel knew whom to tell
        os._exit(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, source in enumerate((nothing, *handles)):
        os.dup2(source, target)
        os.close(source)
    return True


def _wait_for_adoption(supervisor: int) -> None:
    deadline = time.monotonic() + ADOPTION_SECONDS
    while os.getppid() != supervisor:
        if time.monotonic() > deadline:
            os._exit(1)
        time.sleep(0.001)


def _become(request: dict[str, Any]) -> None:
    """Run the part's command as if Python had been started for it."""
    from django.conf import settings

    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    environment: dict[str, str] = request["environment"]
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(request["directory"])
    # Everything else a part is told is what we were told ourselves: teraa.supervisor.forks.
    keys = environment.get("TERAA_KEYS")
    settings.TERAA_KEYS = Path(keys) if keys else None
    settings.TERAA_NODE_NETHASH = environment.get("TERAA_NODE_NETHASH", "")
    settings.DATABASES["default"]["OPTIONS"]["application_name"] = environment.get(
        "TERAA_PART", "teraa"
    )
    _python, *arguments = request["command"]
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    main()
