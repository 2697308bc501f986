"""``manage.py hooks``: hands events to the webhooks of the venues, until stopped."""

from __future__ import annotations

import contextlib
from typing import Any

from django.core.management.base import BaseCommand

from teraa.common.clock import now
from teraa.common.targets import private_allowed
from teraa.live.loop import LOST, Loop
from teraa.webhooks.courier import Courier
from teraa.webhooks.worker import Worker

IDLE = 0.25
"""Nobody wakes it (law 8): four quiet looks a second."""


class Command(BaseCommand):
    help = "Deliver events to webhook endpoints, until stopped."
    # Checked when the tables were brought up to date; a start is ten processes on a few cores.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        worker = Worker(Courier(private=private_allowed()))
        try:
            Loop(part="hooks", turn=worker.turn, idle=IDLE, detail=worker.counts).run()
        finally:
            # Without a database there is nobody to give anything back to: leases end by themselves.
            with contextlib.suppress(*LOST):
                worker.close(now())
