"""What the till's first request learns from this room."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import get_language

from pos import queries
from pos.words import WORDS
from teraa.settlement.queries import osm_status
from teraa.venues.authentication import StationSession
from teraa.venues.till_bootstrap import register as register_provider


def till_facts(session: StationSession) -> dict[str, Any]:
    """OSM's state, the printer, and every word the till shows, in the active language."""
    status = osm_status(venue_id=session.venue.pk)
    return {
        "osm": {
            "available": status.available,
            "reason": str(status.reason),
            "symbol": status.symbol,
            "block_time_s": status.block_time_s,
            "confirmations": session.venue.osm_confirmations_till,
            "network": status.network,
            "fee_units": str(status.fee_units),
            "state": status.state,
        },
        "training": session.station.training,
        "receipt_default": "none",
        "note_from_cents": session.venue.note_from_cents,
        "printer": queries.printer_view(station_id=session.station.pk),
        "language": get_language() or "fr",
        "words": {key: str(text) for key, text in WORDS.items()},
        "demo": settings.TERAA_DEMO,
    }


def register() -> None:
    """Called once, when applications are ready."""
    register_provider(till_facts)
