"""What is written to a guest. Stored with the booking's own transaction, sent by a job."""

from __future__ import annotations

import datetime

from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override

from bookings.calendar_file import calendar_file
from bookings.models import Booking
from teraa.accounts import mail
from teraa.common.money import format_cents

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


def send_paid_without_place(booking: Booking, *, at: datetime.datetime) -> None:
    """Say that the payment came when the place was gone, and that it will be given back."""
    with override(booking.language):
        message = _message(
            booking,
            subject=_("Paid too late: %(what)s") % {"what": booking.label},
            template="bookings/mail/paid_without_place.txt",
        )
    mail.store(message, at=at)


def _message(booking: Booking, *, subject: str, template: str) -> EmailMessage:
    values = {
        "booking": booking,
        "venue": booking.venue,
        "total": format_cents(booking.total_cents, booking.language),
    }
    return EmailMessage(
        # A line break in a subject would begin another header.
        subject=" ".join(subject.split()),
        body=render_to_string(template, values),
        to=[booking.guest_email],
        reply_to=[booking.venue.email] if booking.venue.email else None,
    )
