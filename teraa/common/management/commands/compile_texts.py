"""Compile the translations. Part of every start; needs neither gettext's tools nor a database."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from teraa.common.texts import compile_catalogue


class Command(BaseCommand):
    help = "Compile locale/*/LC_MESSAGES/django.po for use."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        for path in sorted(settings.BASE_DIR.glob("locale/*/LC_MESSAGES/*.po")):
            changed = compile_catalogue(path)
            if options["verbosity"]:
                said = "compiled" if changed else "already compiled"
                self.stdout.write(f"{path.relative_to(settings.BASE_DIR)}: {said}")
