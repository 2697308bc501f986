"""What the till's first request learns of bookings: is anything let here?"""

from __future__ import annotations

from typing import Any

from bookings.models import Offer
from teraa.venues.authentication import StationSession
from teraa.venues.till_bootstrap import register as register_provider


def booking_facts(session: StationSession) -> dict[str, Any]:
    """Whether guests arrive here (one query)."""
    return {"lets": Offer.objects.filter(venue=session.venue, active=True).exists()}


def register() -> None:
    """Called once, when applications are ready."""
    register_provider(booking_facts)
