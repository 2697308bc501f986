"""Background jobs that concern no room in particular."""

from __future__ import annotations

import logging
from typing import Any

from procrastinate import JobContext
from procrastinate.contrib.django import app

from teraa.common.clock import now
from teraa.live import pruning

log = logging.getLogger(__name__)


@app.periodic(cron="17 4 * * *")
@app.task(queueing_lock="live.prune", lock="live.prune")
def prune(timestamp: int) -> dict[str, int]:
    """Every night, in UTC: forget what is old. One room's failure spares the others."""
    gone: dict[str, int] = {}
    failed: list[str] = []
    at = now()
    for name, forget in pruning.registered().items():
        try:
            gone[name] = forget(at)
        except Exception:
            log.exception("pruning %s failed", name)
            failed.append(name)
    if failed:
        raise RuntimeError(f"pruning failed for {', '.join(failed)}")
    return gone


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="live.revive", pass_context=True)
async def revive(context: JobContext, timestamp: int) -> None:
    """Every minute: put back jobs whose worker was killed while it did them.

    Without a lock of its own: one that was itself killed would hold it for ever.
    """
    jobs: Any = context.app.job_manager
    for stalled in await jobs.get_stalled_jobs():
        log.warning("job %s lost its worker and is tried again", stalled.id)
        await jobs.retry_job(stalled)
