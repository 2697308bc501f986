"""A till that gives money back and prints copies, and dies where it is told; see ``tests.mortality``.

    python -m tests.pos.mortal_refunds

Orders: ``{"station", "staff", "sale", "key", "cents", "print_key", "die_after"}``.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import django

from tests.mortality import dying_after, serve


def live(order: dict[str, Any]) -> None:
    from pos.operations import print_receipt
    from pos.refunding import RefundWanted, TenderBack, refund_sale
    from teraa.common.clock import now
    from teraa.venues.authentication import StationSession
    from teraa.venues.models import StaffMember, Station

    station = Station.objects.select_related("venue").get(pk=order["station"])
    staff = StaffMember.objects.get(pk=order["staff"])
    session = StationSession(station, station.venue, staff, None)
    wanted = RefundWanted(
        UUID(order["key"]), order["cents"], [TenderBack("cash", order["cents"])], "Orage"
    )
    sale = UUID(order["sale"])
    with dying_after(order["die_after"]):
        refund_sale(session=session, sale_key=sale, wanted=wanted, at=now())
        print_receipt(session=session, key=sale, print_key=UUID(order["print_key"]), at=now())


if __name__ == "__main__":
    django.setup()
    serve(live)
