"""Move a stay to another time of the same price: the new time is taken before the old one is free."""

from __future__ import annotations

import datetime
from uuid import UUID

from django.db import transaction

from bookings import hooks, limits, queries, searching, wanting
from bookings.confirming import send_moved
from bookings.models import Booking, Offer
from bookings.operations.holding import GRACE, needs_of
from bookings.operations.paying import locked
from bookings.problems import NotMovable, OtherPrice
from bookings.states import BookingState
from bookings.wanting import Wanted
from teraa.common.problems import NotFound
from teraa.settlement import operations as settlement
from teraa.spaces.fitting import Shape
from teraa.spaces.operations import JustTaken, claiming, move_claims
from teraa.spaces.queries import shapes_of
from teraa.venues.models import Venue


def move_booking(
    *, venue: Venue, booking_id: UUID, starts_at: datetime.datetime, at: datetime.datetime
) -> Booking:
    """Give a held or confirmed booking another time, as long and at the same price.

    Moving it to where it is changes nothing, so a repeated request does no harm. What was paid stays
    paid: its ticket was sealed with the time it had then. Raises NotFound, NotMovable (let go, begun,
    or too late to be moved), NotBookable, OtherPrice, JustTaken (with the nearest free times).
    """
    booking = Booking.objects.select_related("due").filter(venue=venue, pk=booking_id).first()
    if booking is None:
        raise NotFound
    if booking.starts_at == starts_at:
        return booking
    refuse_unless_movable(booking, at=at)
    try:
        offer = queries.open_offer(venue=venue, offer_id=booking.offer_id)
    except NotFound as error:
        raise NotMovable from error  # no longer let
    booking.offer = offer
    wanted = _as_wanted(booking, starts_at)
    stay = limits.stay_of(venue, offer, wanted)
    limited = limits.limits_on(venue_id=venue.pk, offer_id=offer.pk)
    broken = [
        *wanting.reasons_against(offer, wanted, zone=venue.zone, at=at),
        *limits.reasons_against(stay, limited, at=at),
    ]
    searching.refuse_with_nearest(broken, venue=venue, offer=offer, wanted=wanted, at=at)
    if not wanting.is_same_price(booking, starts_at):
        raise OtherPrice
    shapes = shapes_of(venue_id=venue.pk, resource_ids={offer.resource_id})

    def attempt() -> Booking:
        with transaction.atomic():
            return _move(booking.pk, offer, wanted, shapes, at)

    try:
        return claiming(attempt)
    except JustTaken as taken:
        nearest = searching.nearest_starts(venue=venue, offer=offer, wanted=wanted, at=at)
        raise JustTaken(nearest=nearest) from taken


def refuse_unless_movable(booking: Booking, *, at: datetime.datetime) -> None:
    """Raises NotMovable."""
    if not booking.may_be_moved(at):
        raise NotMovable


def _move(
    pk: UUID, offer: Offer, wanted: Wanted, shapes: dict[UUID, Shape], at: datetime.datetime
) -> Booking:
    booking = locked(pk=pk)
    booking.venue, booking.offer = offer.venue, offer
    if booking.starts_at == wanted.starts_at:
        return booking
    refuse_unless_movable(booking, at=at)
    ends_at = wanted.starts_at + wanted.lasts
    label = wanting.label_of(
        offer,
        starts_at=wanted.starts_at,
        ends_at=ends_at,
        count=booking.count,
        zone=offer.venue.zone,
        language=offer.venue.language,
    )
    is_held = booking.state == BookingState.HOLD
    if is_held and booking.expires_at is not None:
        booking.expires_at = min(booking.expires_at, wanted.starts_at)
    if is_held:
        # Its ticket is still to be written: it will say the time it is for.
        booking.lines = [
            {**line, "label": line["label"].replace(booking.label, label)} for line in booking.lines
        ]
        if booking.due_id is not None:
            settlement.relabel_due(due_id=booking.due_id, label=label)
    else:
        # Else a guest on the last rung would move far away first, and cancel then for everything.
        booking.most_percent = min(booking.most_percent, booking.percent_back(at))
    booking.label, booking.starts_at, booking.ends_at = label, wanted.starts_at, ends_at
    booking.reminded_at = None
    booking.version += 1
    booking.save(
        update_fields=[
            *["label", "lines", "starts_at", "ends_at", "expires_at", "version"],
            *["most_percent", "reminded_at"],
        ]
    )
    hooks.tell(booking, hooks.MOVED, at=at)
    if not is_held:
        send_moved(booking, at=at)
    # Last: everybody who wants this space waits from here to the commit.
    move_claims(
        venue_id=booking.venue_id,
        holder=booking.holder,
        needs=needs_of(booking, offer),
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        at=at,
        expires_at=booking.expires_at + GRACE if is_held and booking.expires_at else None,
        label=f"{booking.guest_name} · {offer.name}"[: wanting.LABEL_LENGTH],
        shapes=shapes,
    )
    return booking


def _as_wanted(booking: Booking, starts_at: datetime.datetime) -> Wanted:
    lasts = booking.ends_at - booking.starts_at
    return Wanted(
        key=booking.key,
        offer=booking.offer_id,
        starts_at=starts_at,
        minutes=int(lasts.total_seconds()) // 60,
        people=booking.people,
        name=booking.guest_name,
        email=booking.guest_email,
        total_cents=booking.total_cents,
        pays=booking.pays,
        language=booking.language,
    )
