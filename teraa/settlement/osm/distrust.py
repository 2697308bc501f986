"""Who was believed before a block and did not pay is not believed again."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from teraa.settlement.osm.models import DistrustedSender, Lease, OsmRequest


def distrust(broken: Sequence[OsmRequest], *, at: datetime.datetime) -> None:
    """Note the senders of requests that broke just now; a person may take them off the list again."""
    if not broken:
        return
    DistrustedSender.objects.bulk_create(
        [
            DistrustedSender(
                venue_id=lease.venue_id,
                address=lease.sender,
                request_id=lease.request_id,
                added_at=at,
            )
            for lease in Lease.objects.filter(request__in=broken)
        ],
        ignore_conflicts=True,
    )
