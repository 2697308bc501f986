"""What is written to a guest. Stored with the booking's own transaction, sent by a job."""

from __future__ import annotations

import datetime
from typing import Any

from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from bookings.calendar_file import calendar_file
from bookings.models import Booking
from teraa.accounts import mail
from teraa.common.money import format_cents
from teraa.settlement.models import Payout, PayoutState

FILE_NAME = "reservation.ics"


def send_confirmation(booking: Booking, *, at: datetime.datetime) -> None:
    """Tell the guest that the place is theirs, with the date for their calendar."""
    with override(booking.language):
        message = _message(
            booking,
            subject=_("Confirmed: %(what)s") % {"what": booking.label},
            template="bookings/mail/confirmed.txt",
        )
    message.attach(FILE_NAME, calendar_file(booking, at=at), "text/calendar; method=PUBLISH")
    mail.store(message, at=at)


def send_moved(booking: Booking, *, at: datetime.datetime) -> None:
    """Tell the guest the time it has now; the calendar takes it for the same event."""
    with override(booking.language):
        message = _message(
            booking,
            subject=_("Moved: %(what)s") % {"what": booking.label},
            template="bookings/mail/moved.txt",
        )
    message.attach(FILE_NAME, calendar_file(booking, at=at), "text/calendar; method=PUBLISH")
    mail.store(message, at=at)


def send_reminder(booking: Booking, *, at: datetime.datetime) -> None:
    """Say when and where it is, a while before."""
    with override(booking.language):
        message = _message(
            booking,
            subject=_("Soon: %(what)s") % {"what": booking.label},
            template="bookings/mail/reminder.txt",
            until=booking.offer.move_notice_minutes is not None and booking.may_be_moved(at),
        )
    mail.store(message, at=at)


def send_cancelled(booking: Booking, *, at: datetime.datetime) -> None:
    """Tell the guest that it is let go and what comes back; their calendar takes it out."""
    with override(booking.language):
        message = _message(
            booking,
            subject=_("Cancelled: %(what)s") % {"what": booking.label},
            template="bookings/mail/cancelled.txt",
            owed=_owed(booking),
        )
    message.attach(FILE_NAME, calendar_file(booking, at=at), "text/calendar; method=PUBLISH")
    mail.store(message, at=at)


def send_given_back(booking: Booking, *, cents: int, at: datetime.datetime) -> None:
    """Tell the guest that money was given back at the till: whoever did not get it can say so."""
    with override(booking.language):
        message = _message(
            booking,
            subject=_("Given back: %(what)s") % {"what": booking.label},
            template="bookings/mail/given_back.txt",
            amount=format_cents(cents, booking.language),
        )
    mail.store(message, at=at)


def _owed(booking: Booking) -> Payout | None:
    """What waits at the till for a guest who did not pay in coins."""
    if booking.due_id is None:
        return None
    return Payout.objects.filter(due_id=booking.due_id, state=PayoutState.OWED).first()


def send_offered(booking: Booking, *, at: datetime.datetime) -> None:
    """Tell somebody who waited that it is theirs if they pay for it in time."""
    with override(booking.language), timezone.override(booking.venue.zone):
        message = _message(
            booking,
            subject=_("Free for you: %(what)s") % {"what": booking.label},
            template="bookings/mail/offered.txt",
        )
    mail.store(message, at=at)


def send_paid_without_place(booking: Booking, *, at: datetime.datetime) -> None:
    """Say that the payment came when the place was gone, and that it will be given back."""
    with override(booking.language):
        message = _message(
            booking,
            subject=_("Paid too late: %(what)s") % {"what": booking.label},
            template="bookings/mail/paid_without_place.txt",
        )
    mail.store(message, at=at)


def _message(booking: Booking, *, subject: str, template: str, **more: Any) -> EmailMessage:
    values = {
        **more,
        "booking": booking,
        "venue": booking.venue,
        "total": format_cents(booking.total_cents, booking.language),
        "back": format_cents(booking.refund_cents or 0, booking.language),
    }
    return EmailMessage(
        # A line break in a subject would begin another header.
        subject=" ".join(subject.split()),
        body=render_to_string(template, values),
        to=[booking.guest_email],
        reply_to=[booking.venue.email] if booking.venue.email else None,
    )
