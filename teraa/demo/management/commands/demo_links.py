"""Print fresh one-time links into the demonstration, as one line of JSON."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from teraa.common.clock import now
from teraa.demo.links import demo_links
from teraa.demo.palaiseau import GENESIS
from teraa.venues.models import Venue


class Command(BaseCommand):
    help = "Print fresh one-time links into the demonstration (JSON)."
    # Checked when the tables were brought up to date; a start is ten processes on a few cores.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.TERAA_DEMO:
            raise CommandError("This house is no demonstration (TERAA_DEMO is not 1).")
        try:
            links = demo_links(GENESIS, at=now())
        except Venue.DoesNotExist as error:
            raise CommandError("Run manage.py load_demo first.") from error
        self.stdout.write(json.dumps(links, ensure_ascii=False))
