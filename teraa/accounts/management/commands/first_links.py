"""Print a one-time link into the back office as JSON, while nobody looks after this house yet."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand
from django.urls import reverse

from teraa.accounts.operations import make_keeper_link
from teraa.common.clock import now


class Command(BaseCommand):
    help = "Print a one-time link for whoever looks after this house first (JSON, {} afterwards)."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        secret = make_keeper_link(at=now())
        links = {} if secret is None else {"office": reverse("accounts:enter", args=[secret])}
        self.stdout.write(json.dumps(links))
