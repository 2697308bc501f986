"""Background jobs of settlement."""

from __future__ import annotations

from procrastinate.contrib.django import app

from teraa.common.clock import now
from teraa.live import pruning
from teraa.settlement import feeding

pruning.register("rate readings", feeding.forget_old_readings)


@app.periodic(cron="* * * * * */30")
@app.task(queueing_lock="settlement.read_feeds", lock="settlement.read_feeds")
def read_feeds(timestamp: int) -> int:
    """Every half minute: read the rate feeds whose time has come."""
    return feeding.read_due_feeds(at=now(), fetch=feeding.fetch_over_http)
