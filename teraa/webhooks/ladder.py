"""What follows an answer: delivered, again after a while, or given up. Pure.

The rungs are those shop software knows from BTCPay: ten seconds, a minute, then six times ten
minutes. A receiver that says when to come back (``Retry-After``) is believed, for up to an hour,
and never comes sooner than the rung.
"""

from __future__ import annotations

import datetime
import email.utils

SECOND = datetime.timedelta(seconds=1)
MINUTE = datetime.timedelta(minutes=1)
LADDER: tuple[datetime.timedelta, ...] = (10 * SECOND, MINUTE, *[10 * MINUTE] * 6)
LONGEST_WISH = datetime.timedelta(hours=1)

REQUEST_TIMEOUT = 408
GONE = 410
TOO_MANY_REQUESTS = 429

# No answer, and nobody needs to change anything for the next one to arrive.
PASSING_ERRORS = frozenset({"timeout", "unresolved", "unreachable", "tls", "broken"})


def is_success(status: int | None) -> bool:
    """Whether the receiver said that it has the event."""
    return status is not None and 200 <= status < 300


def may_pass(*, status: int | None, error: str) -> bool:
    """Whether the same request may fare better later: network errors, 5xx, 408 and 429."""
    if status is None:
        return error in PASSING_ERRORS
    return status >= 500 or status in (REQUEST_TIMEOUT, TOO_MANY_REQUESTS)


def wait_before_next(
    *, rung: int, status: int | None, error: str, wish: datetime.timedelta | None = None
) -> datetime.timedelta | None:
    """How long to wait after a failure on ``rung`` (0: the first attempt); None to give up."""
    if rung >= len(LADDER) or not may_pass(status=status, error=error):
        return None
    return max(LADDER[rung], min(wish or LADDER[rung], LONGEST_WISH))


def wished_wait(retry_after: str, *, at: datetime.datetime) -> datetime.timedelta | None:
    """``Retry-After`` (RFC 9110 §10.2.3): seconds or a date; None for anything else."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        # More digits than an hour has seconds mean the longest wait, not an overflow.
        return LONGEST_WISH if len(text) > 9 else int(text) * SECOND
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return max(moment - at, datetime.timedelta())
