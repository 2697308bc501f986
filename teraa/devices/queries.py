"""What others may want to know of printers and their queues."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Count

from teraa.common.prepared import Joined
from teraa.devices.models import Printer, PrintJob
from teraa.devices.states import JobState

_PRINTER = Joined(
    """
    SELECT {columns}
    FROM venues_station s
    JOIN devices_printer p ON p.venue_id = s.venue_id AND p.active
    LEFT JOIN devices_printer_till t ON t.printer_id = p.id AND t.station_id = s.id
    WHERE s.id = %(station)s AND (t.id IS NOT NULL OR p.is_default)
    ORDER BY (t.id IS NOT NULL) DESC, p.id
    LIMIT 1
    """,
    p=Printer,
)


def printer_for(*, station_id: UUID) -> Printer | None:
    """The printer a till's receipts come out of: its own, else the venue's default (one query)."""
    found = _PRINTER.first(station=station_id)
    return found["p"] if found else None


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


def subject_printed(*, venue_id: UUID, key: UUID) -> str | None:
    """What the job with this key is about; None when the key is new (one query)."""
    jobs = PrintJob.objects.filter(venue=venue_id, key=key)
    return jobs.values_list("subject", flat=True).first()


def jobs_by_state() -> dict[str, int]:
    """Jobs that are not confirmed, by state; states without any are zero (one query)."""
    open_ones = PrintJob.objects.exclude(state=JobState.CONFIRMED)
    counted = dict(open_ones.values_list("state").annotate(Count("pk")))
    return {str(s): counted.get(str(s), 0) for s in JobState if s != JobState.CONFIRMED}
