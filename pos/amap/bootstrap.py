"""What the till's first request learns of baskets: is there a distribution about?"""

from __future__ import annotations

from typing import Any

from pos.amap.queries import distributions_about
from teraa.common.clock import now
from teraa.venues.authentication import StationSession
from teraa.venues.till_bootstrap import register as register_provider


def basket_facts(session: StationSession) -> dict[str, Any]:
    """Distributions a till may hand out at just now (one query)."""
    return {"distributions": distributions_about(venue=session.venue, at=now())}


def register() -> None:
    """Called once, when applications are ready."""
    register_provider(basket_facts)
