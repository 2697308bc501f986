"""``manage.py relay``: publishes the outbox until it is told to stop."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from teraa.live import relay
from teraa.live.loop import Loop
from teraa.live.wake import OUTBOX


class Command(BaseCommand):
    help = "Publish what waits in the outbox, until stopped."
    # Checked when the tables were brought up to date; a start is ten processes on a few cores.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        # A sale never wakes anybody (law 8), so this looks twenty times a second by itself.
        Loop(
            part="relay",
            turn=relay.publish_batch,
            channels=[OUTBOX],
            idle=0.05,
            probe=relay.PROBE,
            detail=relay.waiting,
        ).run()
