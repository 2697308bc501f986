"""``manage.py rebuild_receipts``: receipts and requests again, from the signed bytes we keep."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from teraa.common.clock import now
from teraa.settlement.osm.ingest.rebuilding import rebuild_receipts
from teraa.settlement.osm.models import Network


class Command(BaseCommand):
    help = "Compare all receipts with the stored transactions; make what is missing."

    def handle(self, *args: Any, **options: Any) -> None:
        wrong: dict[str, str] = {}
        for network in Network.objects.order_by("pk"):
            found = rebuild_receipts(network=network, at=now())
            self.stdout.write(
                f"{network}: {found.transactions} transactions, {found.receipts} receipts, "
                f"{found.made} made, {found.moved} requests moved"
            )
            wrong |= found.wrong
        for txid, why in wrong.items():
            self.stderr.write(f"{txid}: {why}")
        if wrong:
            raise CommandError(f"{len(wrong)} transactions contradict what was stored of them")
