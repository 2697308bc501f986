"""Refuse a text without its French, a French text without its use, or one that is written wrong."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from teraa.common.texts import catalogue_path, check_catalogue, write_catalogue


class Command(BaseCommand):
    help = "Check that every text is translated, or bring the file of translations in line."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--write",
            action="store_true",
            help="add missing texts (empty, to be translated) and take out those nothing shows",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        root = settings.BASE_DIR
        path = catalogue_path(root)
        if options["write"]:
            added, removed = write_catalogue(root)
            self.stdout.write(f"{path.relative_to(root)}: {added} added, {removed} taken out")
        complaints = check_catalogue(root)
        if complaints:
            raise CommandError(
                "\n".join(
                    [
                        *complaints,
                        "",
                        f"{len(complaints)} to put right in {path.relative_to(root)}; "
                        "`manage.py check_texts --write` adds the missing texts for you.",
                    ]
                )
            )
        if options["verbosity"]:
            self.stdout.write("Every text has its French.")
