"""Where a print job stands, and what may come next."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from teraa.common.states import Moves


class JobState(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    LEASED = "leased", _("With the agent")
    SENT = "sent", _("Being printed")
    CONFIRMED = "confirmed", _("Printed")
    HELD = "held", _("Held back")
    UNKNOWN = "unknown", _("Printed or not: unknown")
    FAILED = "failed", _("Cannot be printed")


# `sent` is written before the first byte leaves. From there on a job can only turn out printed or
# unknown, and nobody but a person takes it out of unknown again: the printer may be holding it.
JOB_MOVES: Moves = {
    JobState.QUEUED: frozenset({JobState.LEASED}),
    JobState.LEASED: frozenset({JobState.QUEUED, JobState.SENT, JobState.HELD, JobState.FAILED}),
    JobState.SENT: frozenset({JobState.CONFIRMED, JobState.UNKNOWN}),
    JobState.HELD: frozenset({JobState.LEASED}),
    # A proof may arrive late, when the network was cut after the ticket had come out.
    JobState.UNKNOWN: frozenset({JobState.CONFIRMED, JobState.QUEUED}),
    JobState.FAILED: frozenset({JobState.QUEUED}),
    JobState.CONFIRMED: frozenset(),
}

WAITING = (JobState.QUEUED, JobState.HELD)
AWAY = (JobState.LEASED, JobState.SENT)


def sources_of(state: str) -> list[str]:
    """The states from which a job may move to `state`."""
    return sorted(source for source, targets in JOB_MOVES.items() if state in targets)
