"""``manage.py verify_fiscal``: are the chains what was sealed?"""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from teraa.fiscal.verify import verify


class Command(BaseCommand):
    help = str(gettext_lazy("Verify the fiscal chains; exit code 1 when a document does not hold."))

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--register", type=UUID, help=_("only this register (its id)"))

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.perf_counter()
        report = verify(register_id=options["register"], on_chain=self._say_chain)
        seconds = max(time.perf_counter() - started, 0.001)
        self.stdout.write(
            _(
                "{registers} registers, {chains} chains, {documents} documents, {rate} a second"
            ).format(
                registers=report.registers,
                chains=report.chains,
                documents=report.documents,
                rate=round(report.documents / seconds),
            )
        )
        if not report.marks_checked:
            self.stdout.write(
                self.style.WARNING(
                    _("TERAA_KEYS is not set: the high-water marks and keys were not compared.")
                )
            )
        if options["register"] is not None and not report.registers:
            self.stderr.write(self.style.ERROR(_("There is no such register.")))
            raise SystemExit(1)
        for fault in report.faults:
            self.stderr.write(self.style.ERROR(str(fault)))
        if report.faults:
            raise SystemExit(1)
        self.stdout.write(self.style.SUCCESS(_("Every chain holds.")))

    def _say_chain(self, register: str, kind: str, documents: int) -> None:
        if documents:
            self.stdout.write(f"{register} {kind}: {documents}")
