"""Background jobs of the spaces."""

from __future__ import annotations

from procrastinate.contrib.django import app

from teraa.common.clock import now
from teraa.spaces.operations import free_expired


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="spaces.free_expired", lock="spaces.free_expired")
def free(timestamp: int) -> int:
    """Every minute: holds past their time."""
    return free_expired(at=now())
