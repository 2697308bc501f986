"""News of the money: take the payment and keep the place, or keep waiting for it."""

from __future__ import annotations

import datetime
from uuid import UUID

from django.db.models import F

from bookings import hooks
from bookings.confirming import send_confirmation, send_paid_without_place
from bookings.models import Booking
from bookings.operations.giving_back import seal_what_was_given
from bookings.operations.holding import GRACE, claim
from bookings.sealing import draft_ticket
from bookings.states import BookingState
from teraa.common.ids import uuid7
from teraa.common.problems import NotFound
from teraa.fiscal.registers import ensure_register
from teraa.fiscal.sealing import seal_ticket
from teraa.settlement import operations as settlement
from teraa.settlement.cases.queries import is_refunded
from teraa.settlement.models import Due, DueState
from teraa.settlement.queries import tender_views
from teraa.spaces.operations import JustTaken, confirm_claims, extend_claims

# How long a place is kept for a payment that was seen and is not there yet.
KEPT_FOR_PAYMENT = datetime.timedelta(minutes=30)


def locked(**which: object) -> Booking:
    """One booking, its row locked until the commit. Raises NotFound."""
    booking = (
        Booking.objects.select_for_update(of=("self",))
        .select_related("venue", "offer__resource", "payee")
        .filter(**which)
        .first()
    )
    if booking is None:
        raise NotFound
    return booking


def look_at_due(*, due_id: UUID, at: datetime.datetime) -> None:
    """What settlement's news mean to the booking of that due. Repeating it changes nothing.

    Runs in the effect's transaction.
    """
    booking = locked(due_id=due_id)
    due = Due.objects.get(pk=due_id)
    if booking.state == BookingState.CANCELLED:
        if booking.document_id is not None:
            seal_what_was_given(booking, at=at)
    elif booking.state == BookingState.PAID_WITHOUT_PLACE:
        if is_refunded(due_id=due_id):
            booking.move(BookingState.REFUNDED, version=booking.version + 1)
    elif due.state == DueState.SETTLED:
        _take_payment(booking, at)
    elif booking.state == BookingState.HOLD and _is_coming(due):
        keep_waiting(booking, at)


def _take_payment(booking: Booking, at: datetime.datetime) -> None:
    """Seal the ticket of a paid booking and keep its place, if it still has one or can have it."""
    if booking.state not in (BookingState.HOLD, BookingState.EXPIRED):
        return
    has_place = confirm_claims(holder=booking.holder, at=at) or _claim_again(booking, at)
    document_id = uuid7()
    tenders = settlement.settled_tenders(due_id=_due_of(booking))
    stations = {tender.station_id for tender in tenders}
    register_id = ensure_register(
        venue_id=booking.venue_id,
        payee_id=booking.payee_id,
        station_id=stations.pop() if len(stations) == 1 else None,
        at=at,
    )
    # The money is there whether or not there is a place: it stands in the books either way, and
    # giving it back will be a document of its own.
    seal_ticket(
        register_id=register_id,
        ticket=draft_ticket(booking, tenders),
        at=at,
        document_id=document_id,
    )
    booking.move(
        BookingState.CONFIRMED if has_place else BookingState.PAID_WITHOUT_PLACE,
        document_id=document_id,
        confirmed_at=at if has_place else None,
        closed_at=None if has_place else at,
        expires_at=None,
        version=booking.version + 1,
    )
    if has_place:
        send_confirmation(booking, at=at)
        hooks.tell(booking, hooks.CONFIRMED, at=at)
    else:
        send_paid_without_place(booking, at=at)


def _claim_again(booking: Booking, at: datetime.datetime) -> bool:
    """Take the place once more for a payment that came after it was freed."""
    try:
        claim(booking, booking.offer, at=at, expires_at=None)
    except JustTaken:
        return False
    return True


def _due_of(booking: Booking) -> UUID:
    assert booking.due_id is not None  # noqa: S101  what waits for money has its due
    return booking.due_id


def _is_coming(due: Due) -> bool:
    """Whether coins are on their way, or a part was paid."""
    if due.paid_cents:
        return True
    return any(tender.osm and tender.osm.seen_units for tender in tender_views(due.pk))


def keep_waiting(booking: Booking, at: datetime.datetime) -> None:
    until = at + KEPT_FOR_PAYMENT
    if booking.expires_at is not None and booking.expires_at >= until - GRACE:
        return
    Booking.objects.filter(pk=booking.pk, state=BookingState.HOLD).update(
        expires_at=until, version=F("version") + 1
    )
    extend_claims(holder=booking.holder, expires_at=until + GRACE, at=at)
