"""Background jobs of ticketing: files to make, places to let go."""

from __future__ import annotations

import datetime
from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from teraa.common.clock import now
from teraa.common.pdf import pdf_available
from ticketing.operations import free_expired, make_file


@app.task(retry=RetryStrategy(max_attempts=5, exponential_wait=4))
def make_tickets(order_id: str) -> int:
    """Draw the PDF of an order. Without Pango its page says so, and the tickets are on it anyway."""
    return len(make_file(order_id=UUID(order_id), at=now())) if pdf_available() else 0


def defer_making(*, topic: str, key: str, version: int, at: datetime.datetime) -> None:
    """The relay's reaction to ``tickets.…``, in the transaction that publishes the row."""
    make_tickets.configure(lock=f"tickets.{key}").defer(order_id=key)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="ticketing.expire", lock="ticketing.expire")
def expire(timestamp: int) -> int:
    """Every minute: places that were held long enough go back on sale."""
    return free_expired(at=now())
