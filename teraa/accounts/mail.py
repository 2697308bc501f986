"""Mail is stored before it is sent, in the transaction of whatever it tells about.

    send_mail(…) → OutgoingMail + outbox row → relay → job → the mail server of TERAA_MAIL_URL

Without a mail server it is kept, to be read in the back office; nothing is thrown away.
"""

from __future__ import annotations

import datetime
import smtplib
import ssl
from collections.abc import Sequence
from urllib.parse import parse_qs, unquote, urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Count, F
from django.utils.translation import gettext_lazy as _

from teraa.accounts.models import MailState, OutgoingMail
from teraa.common.clock import now
from teraa.common.problems import Problem
from teraa.live import outbox

TOPIC = "mail"
TIMEOUT_S = 20
KEEP_SENT = datetime.timedelta(days=90)
# Answers of a mail server that no waiting changes (RFC 5321 §4.2.1: 5yz is permanent).
PERMANENT = range(500, 600)


class MailRefused(Exception):
    """The mail server will not take this mail, today or tomorrow."""


class CarrierAway(Exception):
    """The mail server did not answer or asked to come back later."""


class NoCarrier(Problem):
    code = "no_mail_server"
    status = 409
    title = _("No mail server is set up here.")
    advice = _("Set TERAA_MAIL_URL and start again; the mail is kept until then.")


class StoredEmailBackend(BaseEmailBackend):
    """Django's ``EMAIL_BACKEND``: stores; the rest of the house never waits for a mail server."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Store each message and announce it. Returns how many."""
        stored = [store(message, at=now()) for message in email_messages if message.recipients()]
        return len(stored)


@transaction.atomic
def store(message: EmailMessage, *, at: datetime.datetime) -> OutgoingMail:
    """Keep ``message``, whole, and let the relay start its journey after commit."""
    mail = OutgoingMail(
        to=message.recipients(),
        sender=message.from_email,
        subject=str(message.subject),
        text=str(message.body),
        html=_html(message),
        created_at=at,
    )
    # The same mail sent twice, after a crash, is recognised by its receivers.
    message.extra_headers.setdefault("Message-ID", f"<{mail.pk}@{_domain(mail.sender)}>")
    # Django's messages know about line ends; the library's stubs do not.
    mail.raw = message.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]
    mail.save(force_insert=True)
    _announce(mail, at=at)
    return mail


def _announce(mail: OutgoingMail, *, at: datetime.datetime) -> None:
    rows = outbox.rows_for(
        topics=[f"{TOPIC}.{mail.pk}"], key=str(mail.pk), version=outbox.fresh_version(), at=at
    )
    if settings.TERAA_DEMO:
        rows += outbox.rows_for(
            topics=["demo"], key=f"{TOPIC}.{mail.pk}", version=outbox.fresh_version(), at=at
        )
    outbox.put_many(rows)


def _html(message: EmailMessage) -> str:
    if not isinstance(message, EmailMultiAlternatives):
        return ""
    found = (str(content) for content, kind in message.alternatives if kind == "text/html")
    return next(found, "")


def _domain(sender: str) -> str:
    return sender.rpartition("@")[2].strip("> ") or "localhost"


def send(mail: OutgoingMail, *, at: datetime.datetime) -> None:
    """Hand a waiting mail to the carrier, or keep it when there is none.

    Raises CarrierAway (try again later). What is refused for good becomes ``failed``.
    """
    if mail.state != MailState.WAITING:
        return  # a repeated job: it went, or somebody decides about it
    if not settings.TERAA_MAIL_URL:
        mail.move(MailState.KEPT)
        return
    try:
        carry(mail, url=settings.TERAA_MAIL_URL)
    except MailRefused as error:
        mail.move(MailState.FAILED, attempts=F("attempts") + 1, last_error=str(error))
    except CarrierAway as error:
        tried = OutgoingMail.objects.filter(pk=mail.pk)
        tried.update(attempts=F("attempts") + 1, last_error=str(error))
        raise
    else:
        mail.move(MailState.SENT, sent_at=at, attempts=F("attempts") + 1, last_error="")


def give_up(mail: OutgoingMail) -> None:
    """After the last try: visible as failed, to be sent again by hand."""
    if mail.state == MailState.WAITING:
        mail.move(MailState.FAILED)


@transaction.atomic
def send_again(*, mail: OutgoingMail, at: datetime.datetime) -> None:
    """Start a kept or failed mail on its journey again. Raises NoCarrier, WrongMove."""
    if not settings.TERAA_MAIL_URL:
        raise NoCarrier()
    mail.move(MailState.WAITING)
    _announce(mail, at=at)


def carry(mail: OutgoingMail, *, url: str) -> None:
    """Speak SMTP with the server of ``url`` (``smtp://user:password@host:587/?tls=1``, ``smtps://``).

    Raises MailRefused, CarrierAway.
    """
    try:
        with _connected(url) as carrier:
            carrier.sendmail(_address(mail.sender), mail.to, bytes(mail.raw))
    except smtplib.SMTPRecipientsRefused as error:
        refusals = error.recipients.values()
        if all(code in PERMANENT for code, _text in refusals):
            raise MailRefused(str(error)) from error
        raise CarrierAway(str(error)) from error
    except smtplib.SMTPResponseException as error:
        # A refused login is our setting to mend, not the mail's fault: it waits.
        is_login = isinstance(error, smtplib.SMTPAuthenticationError | smtplib.SMTPConnectError)
        if error.smtp_code in PERMANENT and not is_login:
            raise MailRefused(str(error)) from error
        raise CarrierAway(str(error)) from error
    except (smtplib.SMTPException, OSError) as error:
        raise CarrierAway(f"{type(error).__name__}: {error}") from error


def _connected(url: str) -> smtplib.SMTP:
    parts = urlsplit(url)
    host = parts.hostname or "localhost"
    carrier: smtplib.SMTP
    if parts.scheme == "smtps":
        trusted = ssl.create_default_context()
        carrier = smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT_S, context=trusted)
    else:
        carrier = smtplib.SMTP(host, parts.port or 25, timeout=TIMEOUT_S)
    try:
        if parse_qs(parts.query).get("tls", ["0"])[0] == "1":
            carrier.starttls(context=ssl.create_default_context())
        if parts.username:
            carrier.login(unquote(parts.username), unquote(parts.password or ""))
    except BaseException:
        carrier.close()
        raise
    return carrier


def _address(sender: str) -> str:
    return sender.rpartition("<")[2].rstrip("> ") if "<" in sender else sender


def prune_mails(at: datetime.datetime) -> int:
    """Forget sent mails after 90 days; the others stay until somebody decides."""
    gone, _details = OutgoingMail.objects.filter(
        state=MailState.SENT, sent_at__lt=at - KEEP_SENT
    ).delete()
    return gone


def unsent() -> dict[str, int]:
    """How many mails are in each state but ``sent``."""
    rows = OutgoingMail.objects.exclude(state=MailState.SENT).values_list("state")
    return dict(rows.annotate(Count("pk")))
