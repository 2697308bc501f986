"""Payments without a reference: which open requests asked for exactly their amount."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from teraa.settlement.osm.models import Network, OsmRequest, Receipt
from teraa.settlement.osm.states import RequestState


def asked_amounts(network: Network, receipts: Sequence[Receipt]) -> dict[tuple[str, int], UUID]:
    """Open requests with an amount of their own, by address and units; one query, none for none.

    The database keeps such amounts apart while their requests are open.
    """
    if not receipts:
        return {}
    rows = OsmRequest.objects.filter(
        network=network,
        salted=True,
        state=RequestState.OPEN,
        address__in={receipt.watched.address for receipt in receipts},
        units__in={receipt.amount_units for receipt in receipts},
    )
    return {
        (address, units): pk for address, units, pk in rows.values_list("address", "units", "pk")
    }
