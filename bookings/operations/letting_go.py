"""Let go what is cancelled, and what was not paid in time."""

from __future__ import annotations

import datetime
from uuid import UUID

from django.db import transaction

from bookings import hooks
from bookings.confirming import send_cancelled
from bookings.models import Booking
from bookings.operations.giving_back import give_back
from bookings.operations.paying import keep_waiting, locked
from bookings.problems import GivesBackLess, NotCancellable, WordNeeded, WrongShare
from bookings.sealing import subject_of
from bookings.states import BookingState
from teraa.common import journal
from teraa.common.journal_codes import SALE_CANCELLED
from teraa.settlement import operations as settlement
from teraa.settlement.cases.people import Person
from teraa.settlement.problems import MoneyReceived, PaymentSeen
from teraa.spaces.operations import release_claims

SWEPT_AT_ONCE = 200
REASON_LENGTH = 120


@transaction.atomic
def cancel_booking(
    *, booking_id: UUID, at: datetime.datetime, least_cents: int | None = None
) -> Booking:
    """Let a booking go before it begins; of what was paid comes back what its ladder says.

    ``least_cents`` is what the guest was shown: a rung that ended meanwhile is asked about again.
    Cancelling twice changes nothing. Raises NotCancellable (begun), GivesBackLess, MoneyReceived or
    PaymentSeen (a payment is on its way), OsmUnavailable (coins go back, and no rate is known).
    """
    booking = locked(pk=booking_id)
    if booking.state == BookingState.CANCELLED:
        return booking
    if not booking.may_be_cancelled(at):
        raise NotCancellable
    guest = Person("guest", booking.guest_name)
    if not booking.document_id:
        _let_go(booking, BookingState.CANCELLED, by=guest.name, at=at)
        return booking
    cents = booking.comes_back(at)
    if least_cents is not None and cents < least_cents:
        raise GivesBackLess(cents=cents)
    _cancel_paid(booking, cents=cents, person=guest, reason="", at=at)
    return booking


@transaction.atomic
def cancel_for_guest(
    *,
    venue_id: UUID,
    booking_id: UUID,
    cents: int,
    person: Person,
    reason: str,
    at: datetime.datetime,
) -> Booking:
    """Staff cancel: before, during or after the stay, for a reason, giving back what they decide.

    Cancelling twice changes nothing. Raises NotFound, NotCancellable, WordNeeded, WrongShare,
    MoneyReceived, PaymentSeen, OsmUnavailable.
    """
    booking = locked(pk=booking_id, venue_id=venue_id)
    if booking.state == BookingState.CANCELLED:
        return booking
    if booking.state not in (BookingState.HOLD, BookingState.CONFIRMED):
        raise NotCancellable
    why = " ".join(reason.split())[:REASON_LENGTH]
    if not why:
        raise WordNeeded
    if not booking.document_id:
        _let_go(booking, BookingState.CANCELLED, by=person.name, at=at)
        Booking.objects.filter(pk=booking.pk).update(cancelled_by=person.name, cancel_reason=why)
        booking.cancelled_by, booking.cancel_reason = person.name, why
        send_cancelled(booking, at=at)
        return booking
    if not 0 <= cents <= booking.total_cents:
        raise WrongShare(most_cents=booking.total_cents)
    _cancel_paid(booking, cents=cents, person=person, reason=why, at=at)
    journal.record_where_kept(
        code=SALE_CANCELLED,
        venue_id=booking.venue_id,
        at=at,
        values={
            "what": subject_of(booking),
            "label": booking.label,
            "refund_cents": cents,
            "reason": why,
        },
        operator=person.name,
    )
    return booking


def _cancel_paid(
    booking: Booking, *, cents: int, person: Person, reason: str, at: datetime.datetime
) -> None:
    booking.cancel_reason = reason  # what is sealed now says why, too
    give_back(booking, cents=cents, person=person, reason=reason, at=at)
    release_claims(holder=booking.holder, at=at)
    booking.move(
        BookingState.CANCELLED,
        closed_at=at,
        refund_cents=cents,
        cancelled_by=person.name,
        cancel_reason=reason,
        version=booking.version + 1,
    )
    hooks.tell(booking, hooks.CANCELLED, at=at)
    send_cancelled(booking, at=at)


def _let_go(booking: Booking, to: str, *, by: str, at: datetime.datetime) -> None:
    if booking.due_id is not None:
        settlement.cancel_due(due_id=booking.due_id, by=by, at=at)
    release_claims(holder=booking.holder, at=at)
    booking.move(to, closed_at=at, expires_at=None, version=booking.version + 1)
    is_over = to == BookingState.EXPIRED
    hooks.tell(booking, hooks.EXPIRED if is_over else hooks.CANCELLED, at=at)


def expire_holds(*, at: datetime.datetime) -> int:
    """Let go what was not paid in time; returns how many. What money is coming for goes on waiting.

    One transaction each, so that one that fails holds nobody up; those another sweeper has in
    hand are passed over.
    """
    overdue = Booking.objects.filter(state=BookingState.HOLD, expires_at__lte=at)
    found = list(overdue.order_by("expires_at").values_list("pk", flat=True)[:SWEPT_AT_ONCE])
    return sum(_expire(pk, at) for pk in found)


@transaction.atomic
def _expire(pk: UUID, at: datetime.datetime) -> bool:
    booking = (
        Booking.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(pk=pk, state=BookingState.HOLD, expires_at__lte=at)
        .first()
    )
    if booking is None:
        return False
    try:
        _let_go(booking, BookingState.EXPIRED, by="TERAA", at=at)
    except (MoneyReceived, PaymentSeen):
        keep_waiting(booking, at)
        return False
    return True
