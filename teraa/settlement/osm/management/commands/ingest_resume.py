"""``manage.py ingest_resume``: what a deep rewrite would undo, and, with its height, the word to go.

manage.py ingest_resume                        shows it
manage.py ingest_resume --height N --by NAME   lets the ingest go back to N
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from teraa.common.clock import now
from teraa.common.problems import Problem
from teraa.settlement.osm.availability import current_cursor
from teraa.settlement.osm.resuming import allow_rewrite, waiting_rewrite


class Command(BaseCommand):
    help = "Show how deep the chain was rewritten; with --height, let the ingest go back there."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--height", type=int, help="the last block in common, as shown")
        parser.add_argument("--by", default="operator", help="who allows it")

    def handle(self, *args: Any, **options: Any) -> None:
        cursor = current_cursor()
        if cursor is None:
            raise CommandError("no network is followed yet")
        try:
            if options["height"] is None:
                found = waiting_rewrite(cursor)
                self.stdout.write(
                    f"We hold {found.height}, the node {found.tip_height}. The chains part after "
                    f"{found.fork_height}: {found.blocks} blocks and {found.transactions} of our "
                    f"transactions would be undone. To allow it: --height {found.fork_height}"
                )
                return
            allow_rewrite(
                network=cursor.network, height=options["height"], by=options["by"], at=now()
            )
        except Problem as problem:
            said = problem.as_dict()
            raise CommandError(f"{said['title']} {said['advice']}") from problem
        self.stdout.write(f"The ingest goes back to {options['height']} at its next look.")
