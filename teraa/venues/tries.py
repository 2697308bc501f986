"""Guessing enrolment codes is hopeless: few tries per network address, counted before each."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from teraa.common.problems import Problem
from teraa.venues.models import EnrolmentTries, Station
from teraa.venues.operations import enrol_station
from teraa.venues.secrets_kept import address_digest

TRIES = 10
WINDOW = datetime.timedelta(minutes=15)
KEPT = datetime.timedelta(days=1)


class TooManyTries(Problem):
    code = "too_many_tries"
    status = 429
    title = _("Too many codes were tried from here.")
    advice = _("Wait {minutes} minutes, then type the code again.")


def visitor_address(request: HttpRequest) -> str:
    """The visitor's network address; behind our own proxy, the one the proxy saw."""
    if settings.SECURE_PROXY_SSL_HEADER is not None:
        seen = request.headers.get("X-Forwarded-For", "").rsplit(",", 1)[-1].strip()
        if seen:
            return seen
    return str(request.META.get("REMOTE_ADDR", ""))


def enrol_from(
    *, address: str, code: str, at: datetime.datetime, by_agent: bool
) -> tuple[Station, str]:
    """``operations.enrol_station`` for a stranger at ``address``.

    Raises TooManyTries, and what enrol_station raises; a refusal stays counted.
    """
    _take_try(address_digest(address), at=at)
    enrolled = enrol_station(code=code, at=at, by_agent=by_agent)
    EnrolmentTries.objects.filter(pk=address_digest(address)).delete()
    return enrolled


_TAKE_TRY = """
INSERT INTO venues_enrolment_tries AS tries (address_digest, failures, since)
VALUES (%(address)s, 1, %(at)s)
ON CONFLICT (address_digest) DO UPDATE SET
    failures = CASE WHEN tries.since > %(before)s THEN tries.failures + 1 ELSE 1 END,
    since = CASE WHEN tries.since > %(before)s THEN tries.since ELSE EXCLUDED.since END
WHERE tries.since <= %(before)s OR tries.failures < %(tries)s
RETURNING failures
"""


def _take_try(address: str, *, at: datetime.datetime) -> None:
    values: dict[str, str | int | datetime.datetime] = {
        "address": address,
        "at": at,
        "before": at - WINDOW,
        "tries": TRIES,
    }
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_TAKE_TRY, values)
        taken = cursor.fetchone()
    if taken is None:
        tries = EnrolmentTries.objects.get(pk=address)
        rest = tries.since + WINDOW - at
        raise TooManyTries(minutes=max(1, -(-rest // datetime.timedelta(minutes=1))))


def prune_tries(at: datetime.datetime) -> int:
    """Forget addresses a day after their first try."""
    gone, _details = EnrolmentTries.objects.filter(since__lt=at - KEPT).delete()
    return gone
