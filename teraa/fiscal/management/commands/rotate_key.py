"""``manage.py rotate_key``: give a register another key."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from teraa.common.clock import now
from teraa.common.problems import Problem
from teraa.fiscal.rotation import rotate_key


class Command(BaseCommand):
    help = str(gettext_lazy("Give a register another key; the old one is destroyed."))

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--register", type=UUID, required=True, help=_("its id"))
        parser.add_argument("--reason", required=True, help=_("for the journal: who and why"))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            key = rotate_key(
                register_id=options["register"],
                at=now(),
                by="rotate_key",
                reason=options["reason"],
            )
        except Problem as problem:
            said = problem.as_dict()
            raise CommandError(f"{said['title']} {said['advice']}") from problem
        self.stdout.write(f"{key.key_id} {key.hexadecimal}")
        self.stdout.write(
            self.style.SUCCESS(_("The register signs with this key now. Take a backup."))
        )
