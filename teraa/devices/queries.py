"""What others may want to know of printers and their queues."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q

from teraa.devices.models import Printer, PrinterTill, PrintJob
from teraa.devices.states import JobState


def printer_for(*, station_id: UUID) -> Printer | None:
    """The printer a till's receipts come out of: its own, else the venue's default (one query)."""
    own = PrinterTill.objects.filter(printer=OuterRef("pk"), station=station_id)
    return (
        Printer.objects.filter(active=True, venue__stations=station_id)
        .annotate(is_own=Exists(own))
        .filter(Q(is_own=True) | Q(is_default=True))
        .order_by("-is_own")
        .first()
    )


def print_states(*, venue_id: UUID, subjects: Iterable[str]) -> dict[str, str]:
    """State of the newest job about each subject; a subject never printed is absent (one query)."""
    newest = (
        PrintJob.objects.filter(venue=venue_id, subject__in=list(subjects))
        .order_by("subject", "-id")
        .distinct("subject")
    )
    return dict(newest.values_list("subject", "state"))


def count_prints(*, venue_id: UUID, subject: str, before_key: UUID) -> int:
    """How many other jobs there are about a subject, whatever became of them.

    Jobs that cannot be printed count too: what a printer did with one is never quite certain.
    """
    jobs = PrintJob.objects.filter(venue=venue_id, subject=subject)
    return jobs.exclude(key=before_key).count()


def jobs_by_state() -> dict[str, int]:
    """Jobs that are not confirmed, by state; states without any are zero (one query)."""
    open_ones = PrintJob.objects.exclude(state=JobState.CONFIRMED)
    counted = dict(open_ones.values_list("state").annotate(Count("pk")))
    return {str(s): counted.get(str(s), 0) for s in JobState if s != JobState.CONFIRMED}
