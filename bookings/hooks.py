"""News of bookings for the outside: what webhooks say of a stay, public facts only.

No guest's name, address or secret is in it: which space, when, for how much, and where it stands.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from bookings.models import Booking
from teraa.common.clock import iso_utc
from teraa.webhooks import kinds
from teraa.webhooks.announcing import announce

CONFIRMED, MOVED, CANCELLED, EXPIRED, ATTENDED = (
    "booking.confirmed",
    "booking.moved",
    "booking.cancelled",
    "booking.expired",
    "booking.attended",
)
KINDS: dict[str, Any] = {
    CONFIRMED: _("A stay is confirmed: paid, or free"),
    MOVED: _("A stay has another time"),
    CANCELLED: _("A stay was given up; its place is free"),
    EXPIRED: _("A stay was not paid in time; its place is free"),
    ATTENDED: _("Its guests came, left, or did not come"),
}


def register_kinds() -> None:
    """Name this room's kinds of events (in AppConfig.ready)."""
    for kind, description in KINDS.items():
        kinds.register(kind=kind, description=description)


def tell(booking: Booking, kind: str, *, at: datetime.datetime) -> None:
    """Announce what happened to a booking, in the transaction in which it does (one statement)."""
    announce(
        venue_id=booking.venue_id,
        kind=kind,
        subject=f"booking:{booking.pk}",
        version=booking.version,
        data={"booking": facts_of(booking)},
        at=at,
    )


def facts_of(booking: Booking) -> dict[str, Any]:
    """The data of every ``booking.…`` event, as ``teraa/webhooks/contracts`` promises it."""
    return {
        "id": str(booking.pk),
        "code": booking.code,
        "offer": str(booking.offer_id),
        "payee": str(booking.payee_id),
        "due": str(booking.due_id) if booking.due_id else None,
        "state": str(booking.state),
        "attendance": str(booking.attendance),
        "version": booking.version,
        "starts_at": iso_utc(booking.starts_at),
        "ends_at": iso_utc(booking.ends_at),
        "people": booking.people,
        "count": booking.count,
        "total_cents": booking.total_cents,
        "refund_cents": booking.refund_cents,
    }
