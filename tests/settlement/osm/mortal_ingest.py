"""Lives one ingest after another and lets each die where it is told, between two statements.

    python -m tests.settlement.osm.mortal_ingest

Reads orders from its input, one JSON object a line: ``{"url", "nethash", "die_after", "looks"}``; the
child that lives the order dies (SIGKILL) before its statement, or commit, of that number. Answers
each with a line: the signal it died of, or 0 when it lived through.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

import django


def live(order: dict[str, Any]) -> None:
    """Look so often, and die before the statement of that number."""
    from django.db import connection

    from teraa.common.clock import now
    from teraa.settlement.osm.ingest.networks import entered_peers
    from teraa.settlement.osm.ingest.peers import Peers
    from teraa.settlement.osm.ingest.worker import Place, Worker

    left = order["die_after"]

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
        peers = Peers(entered_peers([order["url"]], hooks_url=""))
        worker = Worker(peers, Place(order["nethash"], "http://127.0.0.1:9"))
        for _ in range(order["looks"]):
            while worker.turn(now()):
                pass


def main() -> None:
    """Fork for every order: the imports are done once."""
    django.setup()
    import teraa.settlement.osm.ingest.worker  # noqa: F401 - so that the children need not

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


if __name__ == "__main__":
    main()
