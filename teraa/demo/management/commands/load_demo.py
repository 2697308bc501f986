"""Put the demonstration venues in place; run again, it adds nothing."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from teraa.common.clock import now
from teraa.demo.die import GRANGE
from teraa.demo.loading import load_venue
from teraa.demo.palaiseau import GENESIS


class Command(BaseCommand):
    help = "Put the two demonstration venues in place. Run again, it adds nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        for demo in (GENESIS, GRANGE):
            filled = load_venue(demo, at=now())
            if options["verbosity"]:
                said = ", ".join(filled) or "nothing to add"
                self.stdout.write(f"{demo.name}: {said}")
