"""Background jobs of the bookings."""

from __future__ import annotations

from procrastinate.contrib.django import app

from bookings.operations import expire_holds, offer_places
from teraa.common.clock import now


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="bookings.expire", lock="bookings.expire")
def expire(timestamp: int) -> int:
    """Every minute: let go what was not paid in time, and offer what is free to who waits for it."""
    at = now()
    return expire_holds(at=at) + offer_places(at=at)
