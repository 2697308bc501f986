"""Processes that die where they are told, between two statements of the database.

The mortal's module calls ``serve`` with what it does in one life; a test orders lives through
``mortals``. Forked from one process that has imported everything, a life costs milliseconds.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def dying_after(statements: int) -> Iterator[None]:
    """SIGKILL this process before its statement, or commit, of that number."""
    from django.db import connection

    left = statements

    def one_less() -> None:
        nonlocal left
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

    def execute_one_less(execute: Any, *arguments: Any) -> Any:
        one_less()
        return execute(*arguments)

    commit = connection._commit

    def commit_one_less() -> Any:
        one_less()
        return commit()

    connection._commit = commit_one_less
    with connection.execute_wrapper(execute_one_less):
        yield


def serve(live: Callable[[dict[str, Any]], None]) -> None:
    """Live every order read from the input, a JSON object a line, in a child of its own.

    Answers each with a line: the signal the child died of, or 0 when it lived through.
    """
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                live(json.loads(line))
                code = 0
            finally:
                os._exit(code)
        _pid, status = os.waitpid(child, 0)
        died = os.WTERMSIG(status) if os.WIFSIGNALED(status) else -os.WEXITSTATUS(status)
        print(died, flush=True)


@contextmanager
def mortals(module: str, environment: dict[str, str]) -> Iterator[Callable[..., int]]:
    """Somebody who lives as ``module`` does, and dies when told: call it with an order."""
    process = subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=ROOT,
        env={**os.environ, **environment, "DJANGO_SETTINGS_MODULE": "teraa.settings"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    orders, answers = process.stdin, process.stdout
    assert answers.readline() == "ready\n"

    def live(**order: Any) -> int:
        orders.write(json.dumps(order) + "\n")
        orders.flush()
        return int(answers.readline())

    try:
        yield live
    finally:
        orders.close()
        process.wait(10)
