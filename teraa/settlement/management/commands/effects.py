"""``manage.py effects``: hands news of dues to the trades that opened them, until stopped."""

from __future__ import annotations

import datetime
from typing import Any

from django.core.management.base import BaseCommand

from teraa.live.loop import Loop
from teraa.live.wake import EFFECTS
from teraa.settlement import effects

IDLE = 0.25
"""A sale never wakes anybody (law 8): four quiet looks a second are what that costs."""


class Command(BaseCommand):
    help = "Deliver effects to the trades, until stopped."
    # Checked when the tables were brought up to date; a start is ten processes on a few cores.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        Loop(
            part="effects",
            turn=turn,
            channels=[EFFECTS],
            idle=IDLE,
            probe=effects.PROBE,
            detail=effects.counts,
        ).run()


def turn(at: datetime.datetime) -> bool:
    """Deliver one effect; True when there was one."""
    return effects.deliver_one(at=at)
