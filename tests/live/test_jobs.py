"""Background jobs outlive their worker."""

import asyncio
import os
import signal

import psycopg
import pytest
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from teraa.live import jobs
from teraa.live.models import Heartbeat
from tests.live.processes import running_command, until


def revive():
    async def once():
        with app.replace_connector(app.connector.get_worker_connector()) as working:
            async with working.open_async():
                context = JobContext(
                    start_timestamp=0, app=working, abort_reason=lambda: None, job=None
                )
                await jobs.revive.func(context, timestamp=0)

    asyncio.run(once())


@pytest.mark.parametrize("worker", ["gone", "silent", "working"])
def test_it_puts_back_a_job_whose_worker_was_killed(live_database, worker):
    job_id = jobs.prune.defer(timestamp=0)
    silence = {"silent": "1 hour", "working": "1 second"}.get(worker)
    with psycopg.connect(live_database.url, autocommit=True) as database:
        if silence:
            [worker_id] = database.execute(
                "INSERT INTO procrastinate_workers (last_heartbeat)"
                f" VALUES (now() - interval '{silence}') RETURNING id"
            ).fetchone()
        else:
            worker_id = None
        database.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE id = %s",
            [worker_id, job_id],
        )
    revive()
    status = ProcrastinateJob.objects.get(pk=job_id).status
    assert status == ("doing" if worker == "working" else "todo")


def test_it_works_on_when_the_database_cuts_its_connections(live_database):
    with running_command(live_database, "jobs"):
        with psycopg.connect(live_database.url, autocommit=True) as somebody:
            cut = somebody.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND application_name = 'jobs'"
            ).fetchone()
        assert cut[0] >= 2
        job_id = jobs.prune.defer(timestamp=0)
        # Done jobs are deleted; failed ones stay to be looked at.
        until(lambda: not ProcrastinateJob.objects.filter(pk=job_id).exists())


def test_it_takes_up_what_a_killed_worker_left_waiting(live_database):
    with running_command(live_database, "jobs") as worker:
        os.kill(worker.pid, signal.SIGKILL)
    Heartbeat.objects.all().delete()
    job_id = jobs.prune.defer(timestamp=0)
    with running_command(live_database, "jobs"):
        until(lambda: not ProcrastinateJob.objects.filter(pk=job_id).exists())
        beat = until(lambda: Heartbeat.objects.filter(part="jobs").first())
        assert set(beat.detail) == {"waiting", "running", "failed"}
