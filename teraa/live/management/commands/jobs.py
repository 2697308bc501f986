"""``manage.py jobs``: works through background jobs until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from typing import Any

import psycopg
from django.core.management.base import BaseCommand
from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException
from procrastinate.psycopg_connector import PsycopgConnector
from psycopg.types.json import Jsonb
from psycopg_pool import PoolTimeout

from teraa.common.clock import now
from teraa.live.heartbeat import BEAT_SQL, EVERY
from teraa.live.listening import connection_arguments

log = logging.getLogger(__name__)

CONCURRENCY = 2
POLL_EVERY = 5.0
# SIGTERM: a running job gets this long, then it is left for the next worker.
GRACE = 3.0
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 5.0


class Command(BaseCommand):
    help = "Do background jobs (mail, exports, nightly work), until stopped."
    # Checked when the tables were brought up to date; a start is ten processes on a few cores.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        asyncio.run(work_until_stopped())


async def work_until_stopped() -> None:
    """Run a worker; start another when the database took it away; end on SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    stopped = asyncio.create_task(stop.wait())
    pause = FIRST_PAUSE
    while not stop.is_set():
        started = asyncio.get_running_loop().time()
        work = asyncio.create_task(_work())
        await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await _ended(work)
        if asyncio.get_running_loop().time() - started > LONGEST_PAUSE:
            pause = FIRST_PAUSE
        await asyncio.wait({stopped}, timeout=pause)
        pause = min(pause * 2, LONGEST_PAUSE)


async def _ended(work: asyncio.Task[None]) -> None:
    try:
        await work
    except (psycopg.Error, PoolTimeout, ConnectorException, OSError) as error:
        log.warning("jobs waits: the database is away: %s", error)
    except Exception:
        log.exception("jobs stumbled")


async def _work() -> None:
    arguments = connection_arguments("jobs")
    del arguments["autocommit"]  # procrastinate decides about it, connection by connection
    connector = PsycopgConnector(kwargs=arguments, min_size=1, max_size=CONCURRENCY + 2)
    with app.replace_connector(connector) as working:
        async with working.open_async():
            beating = asyncio.create_task(_beat(connector))
            worker = asyncio.create_task(
                working.run_worker_async(
                    concurrency=CONCURRENCY,
                    fetch_job_polling_interval=POLL_EVERY,
                    shutdown_graceful_timeout=GRACE,
                    delete_jobs="successful",
                    install_signal_handlers=False,
                )
            )
            try:
                # Either one ending (the database is away) ends the other.
                await asyncio.wait({beating, worker}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (beating, worker):
                    task.cancel()
                results = await asyncio.gather(beating, worker, return_exceptions=True)
            for result in results:
                if isinstance(result, Exception):
                    raise result


async def _beat(connector: PsycopgConnector) -> None:
    while True:
        async with connector.pool.connection(timeout=5) as connection:
            counted = await connection.execute(
                "SELECT count(*) FILTER (WHERE status = 'todo'),"
                " count(*) FILTER (WHERE status = 'doing'),"
                " count(*) FILTER (WHERE status = 'failed') FROM procrastinate_jobs"
            )
            row = await counted.fetchone() or (0, 0, 0)
            detail = dict(zip(("waiting", "running", "failed"), row, strict=True))
            await connection.execute(BEAT_SQL, ["jobs", now(), "up", Jsonb(detail)])
        await asyncio.sleep(EVERY.total_seconds())
