"""Mail on its way."""

from __future__ import annotations

import datetime

from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from teraa.accounts import mail
from teraa.accounts.models import OutgoingMail
from teraa.common.clock import now

# Again after 2, 4, 8 … 65,536 seconds: a day and a half altogether.
RETRIES = 16


@app.task(retry=RetryStrategy(max_attempts=RETRIES, exponential_wait=2), pass_context=True)
def send_mail(context: JobContext, mail_id: str) -> None:
    """Send one stored mail; try again while its server is away, then let a person decide."""
    found = OutgoingMail.objects.filter(pk=mail_id).first()
    if found is None:
        return  # forgotten meanwhile
    try:
        mail.send(found, at=now())
    except mail.CarrierAway:
        if context.job is not None and context.job.attempts >= RETRIES:
            mail.give_up(found)
        raise


def defer_sending(*, topic: str, key: str, version: int, at: datetime.datetime) -> None:
    """The relay's reaction to ``mail.…``, in the transaction that publishes the row.

    Jobs of one mail follow each other (``lock``), so it never travels twice at once.
    """
    send_mail.configure(lock=f"mail.{key}").defer(mail_id=key)
