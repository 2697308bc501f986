"""``manage.py compliance_file attestation --venue fabrique --out attestation.pdf``"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from teraa.common.clock import now
from teraa.common.problems import Problem
from teraa.compliance.papers import PAPERS, Signer
from teraa.venues.models import Venue


class Command(BaseCommand):
    help = "Write the editor’s attestation or the file on the ticketing software, as PDF."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paper", choices=sorted(PAPERS))
        parser.add_argument("--venue", required=True, help="the venue’s short name")
        parser.add_argument("--out", required=True, type=Path)
        for name in ("editor", "address", "siren", "person", "place"):
            parser.add_argument(f"--{name}", default="", help="of whoever signs")

    def handle(self, *args: Any, **options: Any) -> None:
        venue = Venue.objects.filter(slug=options["venue"]).first()
        if venue is None:
            raise CommandError(f"There is no venue “{options['venue']}”.")
        given = ("editor", "address", "siren", "person", "place")
        signer = Signer(**{name: options[name] for name in given})
        try:
            content = PAPERS[options["paper"]](venue, signer, at=now())
        except Problem as problem:
            said = problem.as_dict()
            raise CommandError(f"{said['title']} {said['advice']}") from problem
        options["out"].write_bytes(content)
        self.stdout.write(str(options["out"]))
