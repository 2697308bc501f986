"""Who enters the back office, and leaves it, is in the journal of every venue that they see."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out

from teraa.common import journal, journal_codes
from teraa.common.clock import now
from teraa.common.problems import Problem
from teraa.venues.models import StaffMember, Venue

log = logging.getLogger(__name__)


def watch() -> None:
    """Called once, when applications are ready. Django says so only by signals."""
    user_logged_in.connect(_entered, dispatch_uid="teraa.venues.entered")
    user_logged_out.connect(_left, dispatch_uid="teraa.venues.left")


def _entered(*, user: Any, **_more: Any) -> None:
    _note(journal_codes.LOG_IN, user)


def _left(*, user: Any, **_more: Any) -> None:
    if user is not None:  # a session that had ended before
        _note(journal_codes.LOG_OUT, user)


def _note(code: int, user: Any) -> None:
    """One event a venue. Nobody is kept out because it cannot be written: whoever comes may mend it."""
    try:
        for venue_id, role in _seen_by(user):
            journal.record_where_kept(
                code=code,
                venue_id=venue_id,
                at=now(),
                values={"where": "office", "role": role},
                operator=str(user),
            )
    except Problem:
        log.exception("%s could not be journaled for an entry into the office", code)


def _seen_by(user: Any) -> list[tuple[Any, str]]:
    """A superuser sees every venue."""
    if user.is_superuser:
        return [(venue, "superuser") for venue in Venue.objects.values_list("pk", flat=True)]
    roles = StaffMember.objects.filter(user=user.pk, active=True)
    return list(roles.values_list("venue_id", "role"))
