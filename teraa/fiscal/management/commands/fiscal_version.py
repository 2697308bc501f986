"""``manage.py fiscal_version``: which fiscal core runs, and is it the attested one?"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from teraa.fiscal.sources import ATTESTED, core_files, core_version
from teraa.fiscal.version import FISCAL_VERSION


class Command(BaseCommand):
    help = str(gettext_lazy("Say which fiscal core runs, and whether it is the attested one."))
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help=_("exit code 1 when the core was modified")
        )
        parser.add_argument(
            "--attest", action="store_true", help=_("write down these sources as the attested ones")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        core = core_version()
        if options["attest"]:
            stated = {"fiscal_version": FISCAL_VERSION, "sha256": core.sha256}
            ATTESTED.write_text(f"{json.dumps(stated, indent=2)}\n", encoding="utf-8")
            core = core._replace(attested=True)
        self.stdout.write(f"{core.version} {core.sha256}")
        if core.attested:
            self.stdout.write(
                self.style.SUCCESS(
                    _("These are the attested sources ({count} files).").format(
                        count=len(core_files())
                    )
                )
            )
            return
        self.stdout.write(
            self.style.WARNING(
                _("Modified core: these are not the sources this fiscal version was attested with.")
            )
        )
        if options["check"]:
            raise SystemExit(1)
