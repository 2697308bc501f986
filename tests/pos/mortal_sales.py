"""A till's request that dies where it is told, see ``tests.mortality``.

    python -m tests.pos.mortal_sales

Orders: ``{"die_after", "key", "tender", "station", "staff", "product"}``: a cash sale of two coffees.
"""

from __future__ import annotations

import datetime
from typing import Any
from uuid import UUID

import django

from tests.mortality import dying_after, serve

AT = datetime.datetime(2026, 11, 19, 15, 30, tzinfo=datetime.UTC)


def live(order: dict[str, Any]) -> None:
    from pos.operations import SaleWanted, TenderWanted, ring_up
    from pos.pricing import Wanted
    from teraa.venues.authentication import StationSession
    from teraa.venues.models import StaffMember, Station

    station = Station.objects.select_related("venue", "payee").get(pk=order["station"])
    staff = StaffMember.objects.get(pk=order["staff"])
    with dying_after(order["die_after"]):
        ring_up(
            session=StationSession(station, station.venue, staff, None),
            wanted=SaleWanted(
                key=UUID(order["key"]),
                catalogue_version=1,
                serving="on_site",
                receipt="none",
                lines=[Wanted(order["product"], 2)],
                total_cents=300,
                tenders=[TenderWanted(UUID(order["tender"]), "cash", 300)],
            ),
            at=AT,
        )


if __name__ == "__main__":
    django.setup()
    serve(live)
