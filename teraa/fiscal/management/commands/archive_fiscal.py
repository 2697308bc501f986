"""``manage.py archive_fiscal``: write an archive now, and have its own verifier look at it."""

from __future__ import annotations

import datetime
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from teraa.common.clock import now
from teraa.common.problems import Problem
from teraa.fiscal.archives.operations import check_archive, make_archive, path_of
from teraa.fiscal.models import Register
from teraa.venues.models import Venue


class Command(BaseCommand):
    help = str(gettext_lazy("Write a fiscal archive and verify it; prints where it is."))

    def add_arguments(self, parser: ArgumentParser) -> None:
        day = datetime.date.fromisoformat
        parser.add_argument("--venue", help=_("only this venue (its slug); otherwise every venue"))
        parser.add_argument("--register", type=UUID, help=_("only this register (its id)"))
        parser.add_argument(
            "--from", dest="since", type=day, metavar="YYYY-MM-DD", help=_("first business day")
        )
        parser.add_argument(
            "--to", dest="until", type=day, metavar="YYYY-MM-DD", help=_("last business day")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        venues = Venue.objects.order_by("slug")
        if options["register"] is not None:
            venues = venues.filter(
                pk__in=Register.objects.filter(pk=options["register"]).values("venue")
            )
        else:
            venues = venues.filter(pk__in=Register.objects.values("venue"))
        if options["venue"] is not None:
            venues = venues.filter(slug=options["venue"])
        found = list(venues)
        if not found:
            raise CommandError(_("There is no such venue or register, or it has no register."))
        for venue in found:
            self._archive(venue, options)

    def _archive(self, venue: Venue, options: dict[str, Any]) -> None:
        try:
            archive = make_archive(
                venue_id=venue.pk,
                register_id=options["register"],
                since=options["since"],
                until=options["until"],
                at=now(),
                by="archive_fiscal",
            )
        except Problem as problem:
            said = problem.as_dict()
            raise CommandError(f"{said['title']} {said['advice']}") from problem
        wrong = check_archive(archive)
        if wrong:
            raise CommandError(wrong)
        self.stdout.write(str(path_of(archive)))
        self.stdout.write(
            self.style.SUCCESS(
                _("{venue}: {documents} documents archived and verified.").format(
                    venue=venue.name, documents=archive.documents
                )
            )
        )
