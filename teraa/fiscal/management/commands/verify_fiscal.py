"""``manage.py verify_fiscal``: are the chains what was sealed?"""

from __future__ import annotations

import datetime
import json
import time
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from teraa.common.clock import now
from teraa.fiscal.alarms import journal_faults
from teraa.fiscal.faults import Fault, Report
from teraa.fiscal.verify import verify


class Command(BaseCommand):
    help = str(gettext_lazy("Verify the fiscal chains; exit code 1 when a document does not hold."))

    def add_arguments(self, parser: ArgumentParser) -> None:
        day = datetime.date.fromisoformat
        parser.add_argument("--register", type=UUID, help=_("only this register (its id)"))
        parser.add_argument(
            "--from", dest="since", type=day, metavar="YYYY-MM-DD", help=_("first business day")
        )
        parser.add_argument(
            "--to", dest="until", type=day, metavar="YYYY-MM-DD", help=_("last business day")
        )
        parser.add_argument(
            "--json", action="store_true", help=_("the report as JSON, for programs")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        as_json = options["json"]
        started = time.perf_counter()
        report = verify(
            register_id=options["register"],
            since=options["since"],
            until=options["until"],
            on_chain=None if as_json else self._say_chain,
        )
        seconds = max(time.perf_counter() - started, 0.001)
        # Without the keys nothing can be sealed, and the marks were not compared either.
        silent = journal_faults(report, at=now()) if report.marks_checked else report.faults
        if as_json:
            self.stdout.write(json.dumps(_as_dict(report, seconds, silent), ensure_ascii=False))
        else:
            self._say(report, seconds)
        unknown = options["register"] is not None and not report.registers
        if unknown:
            self.stderr.write(self.style.ERROR(_("There is no such register.")))
        for fault in report.faults:
            self.stderr.write(self.style.ERROR(str(fault)))
        if silent:
            self.stderr.write(
                self.style.ERROR(
                    _("{count} of these could not be written into the journal (event 90).").format(
                        count=len(silent)
                    )
                )
            )
        if report.faults or unknown:
            raise SystemExit(1)
        if not as_json:
            self.stdout.write(self.style.SUCCESS(_("Every chain holds.")))

    def _say(self, report: Report, seconds: float) -> None:
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
        for part in report.partial:
            if part.began:
                sentence = _(
                    "{register} {chain}: only a part was verified. What comes before number"
                    " {number} was taken for granted, with the hash and the totals stored there."
                )
            else:
                sentence = _("{register} {chain}: only a part was verified, from the beginning.")
            self.stdout.write(
                sentence.format(register=part.register, chain=part.kind, number=part.began + 1)
            )
        if not report.marks_checked:
            self.stdout.write(
                self.style.WARNING(
                    _("TERAA_KEYS is not set: the high-water marks and keys were not compared.")
                )
            )

    def _say_chain(self, register: str, kind: str, documents: int) -> None:
        if documents:
            self.stdout.write(f"{register} {kind}: {documents}")


def _as_dict(report: Report, seconds: float, silent: list[Fault]) -> dict[str, Any]:
    return {
        "holds": not report.faults,
        "registers": report.registers,
        "chains": report.chains,
        "documents": report.documents,
        "seconds": round(seconds, 3),
        "marks_checked": report.marks_checked,
        "partial": [
            {
                "register": part.register,
                "chain": part.kind,
                "taken_for_granted_to": part.began,
                "ended_before": part.ended,
            }
            for part in report.partial
        ],
        "faults": [fault.as_dict() for fault in report.faults],
        "faults_not_journaled": len(silent),
    }
