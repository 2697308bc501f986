"""Background jobs of the fiscal room. They sign: this part is told where the keys are."""

from __future__ import annotations

from procrastinate.contrib.django import app

from teraa.common.clock import now
from teraa.fiscal.closings.overdue import close_overdue


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="fiscal.close_overdue", lock="fiscal.close_overdue")
def close_what_is_overdue(timestamp: int) -> int:
    """Every minute: the days, months and years that nobody closed in time.

    What is refused is logged and waits in the office's list of what is to close; a failed job a
    minute would only hide it.
    """
    done = close_overdue(now())
    return done.days + done.months + done.years
