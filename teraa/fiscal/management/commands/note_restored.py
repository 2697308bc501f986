"""``manage.py note_restored``: every journal says that it was brought back from a copy."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from teraa.common import journal_codes
from teraa.common.clock import now
from teraa.fiscal.models import Register
from teraa.fiscal.sealing import seal_event


class Command(BaseCommand):
    help = "Journal in every register that the database was restored (used by script/restore)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--taken", required=True, help="when the copy was taken")
        parser.add_argument("--sha256", required=True, help="of the copy")

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            for register_id in Register.objects.order_by("pk").values_list("pk", flat=True):
                seal_event(
                    register_id=register_id,
                    code=journal_codes.RESTORED,
                    values={"copy_taken_at": options["taken"], "copy_sha256": options["sha256"]},
                    at=now(),
                )
