"""Figures for /metrics: rooms register what they can count; nothing is kept between two looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.db.models import Count, Q

from teraa.live.models import Outbox

# One number, or one per label value.
Reading = int | Mapping[str, int]


@dataclass(frozen=True)
class Gauge:
    """A named figure; ``label`` names what the keys of its reading are."""

    name: str
    help: str
    read: Callable[[], Reading]
    label: str = "kind"


_gauges: dict[str, Gauge] = {}


def register(*, name: str, help: str, read: Callable[[], Reading], label: str = "kind") -> None:
    """Show ``read()`` at /metrics as ``teraa_<name>``. It runs one cheap query."""
    _gauges[name] = Gauge(name, help, read, label)


def registered() -> list[Gauge]:
    """All of them, by name."""
    return [_gauges[name] for name in sorted(_gauges)]


def outbox_rows() -> dict[str, int]:
    """Unpublished outbox rows: waiting for their turn, or failing."""
    found: dict[str, int] = Outbox.objects.filter(published_at=None).aggregate(
        waiting=Count("pk", filter=Q(attempts=0)), failing=Count("pk", filter=Q(attempts__gt=0))
    )
    return found


register(
    name="outbox_rows",
    help="Outbox rows that are not published yet",
    read=outbox_rows,
    label="state",
)
