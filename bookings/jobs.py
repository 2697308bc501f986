"""Background jobs of the bookings."""

from __future__ import annotations

from procrastinate.contrib.django import app

from bookings.operations import expire_holds, offer_places, remind_guests
from teraa.common.clock import now


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="bookings.expire", lock="bookings.expire")
def expire(timestamp: int) -> int:
    """Every minute: let go what was not paid in time, and offer what is free to who waits for it."""
    at = now()
    return expire_holds(at=at) + offer_places(at=at)


@app.periodic(cron="*/5 * * * *")
@app.task(queueing_lock="bookings.remind", lock="bookings.remind")
def remind(timestamp: int) -> int:
    """Every five minutes: write to guests whose stay begins soon."""
    return remind_guests(at=now())
