"""Background jobs of the devices."""

from __future__ import annotations

from procrastinate.contrib.django import app

from teraa.common.clock import now
from teraa.devices.operations import release_leases


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="devices.release", lock="devices.release")
def release(timestamp: int) -> int:
    """Every minute: an agent that died leaves its jobs where a person can see them."""
    return release_leases(at=now())
