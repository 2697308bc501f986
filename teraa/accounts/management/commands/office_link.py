"""``manage.py office_link ada@example.org [--keeper]``: let somebody in whose mail does not arrive."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.urls import reverse

from teraa.accounts.operations import LINK_MINUTES, make_sign_in_link, office_user
from teraa.common.clock import now


class Command(BaseCommand):
    help = "Print a link into the back office for an address; it works once, within a day."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument(
            "--keeper", action="store_true", help="who looks after the house and opens venues"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        user = office_user(email=options["email"])
        if options["keeper"] and not user.is_superuser:
            user.is_superuser = True
            user.save(update_fields=["is_superuser"])
        secret = make_sign_in_link(user=user, at=now(), minutes=LINK_MINUTES)
        self.stdout.write(reverse("accounts:enter", args=[secret]))
