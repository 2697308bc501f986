"""Mail is stored first, sent by a job, kept when nobody carries it, and never lost silently."""

import datetime
import email.policy
import os
import re
import signal
import socketserver
import threading

import pytest
from django.core.mail import EmailMultiAlternatives, send_mail
from django.db import transaction
from django.test import Client

from teraa.accounts import jobs, mail
from teraa.accounts.models import MailState, OutgoingMail
from teraa.live import relay
from teraa.live.models import Outbox
from tests import make
from tests.live.processes import running, running_command, until


class Carrier(socketserver.ThreadingTCPServer):
    """A mail server as plain as RFC 5321 allows, with a mood."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Conversation)
        self.taken = []
        self.answers = {"RCPT": "250 ok", "DATA": "250 taken"}

    @property
    def url(self):
        return f"smtp://127.0.0.1:{self.server_address[1]}"


class Conversation(socketserver.StreamRequestHandler):
    def handle(self):
        self.say("220 here")
        receivers = []
        while line := self.rfile.readline().decode().strip():
            verb = line.split()[0].upper()
            if verb == "RCPT":
                receivers.append(re.search("<(.*?)>", line).group(1))
                self.say(self.server.answers["RCPT"])
            elif verb == "DATA":
                self.say("354 go on")
                body = b""
                while not body.endswith(b"\r\n.\r\n"):
                    body += self.rfile.readline()
                answer = self.server.answers["DATA"]
                if answer.startswith("250"):
                    self.server.taken.append((receivers, body[:-3]))
                self.say(answer)
            else:
                self.say("221 bye" if verb == "QUIT" else "250 ok")
                if verb == "QUIT":
                    return

    def say(self, text):
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def carrier(settings):
    with Carrier() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        settings.TERAA_MAIL_URL = server.url
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def letter(settings):
    """A mail with everything: accents, a copy, a blind copy, HTML and an attachment."""
    settings.EMAIL_BACKEND = "teraa.accounts.mail.StoredEmailBackend"
    return EmailMultiAlternatives(
        subject="Ton café à 2,50 €",
        body="Merci, l’œuvre est prête.",
        from_email="TERAA Genèse <bar@example.org>",
        to=["alma@example.org"],
        cc=["copy@example.org"],
        bcc=["blind@example.org"],
        alternatives=[("<p>Merci</p>", "text/html")],
        attachments=[("ticket.txt", "n° 42", "text/plain")],
    )


def put(letter):
    assert letter.send() == 1
    return OutgoingMail.objects.get()


@pytest.mark.django_db
def test_it_is_stored_whole_and_announced_before_anything_is_sent(letter):
    stored = put(letter)
    assert (stored.state, stored.sent_at, stored.attempts) == ("waiting", None, 0)
    assert stored.to == ["alma@example.org", "copy@example.org", "blind@example.org"]
    assert (stored.subject, stored.html) == ("Ton café à 2,50 €", "<p>Merci</p>")
    parsed = email.message_from_bytes(bytes(stored.raw), policy=email.policy.default)
    assert [part.get_filename() for part in parsed.iter_attachments()] == ["ticket.txt"]
    assert "blind" not in bytes(stored.raw).decode()
    assert Outbox.objects.get().topic == f"mail.{stored.pk}"


@pytest.mark.django_db
def test_it_is_not_written_when_what_it_tells_of_did_not_happen(letter):
    @transaction.atomic
    def change_my_mind():
        letter.send()
        raise ValueError("changed my mind")

    with pytest.raises(ValueError, match="changed my mind"):
        change_my_mind()
    assert not OutgoingMail.objects.exists()
    assert not Outbox.objects.exists()


@pytest.mark.django_db
def test_it_reaches_everybody_it_is_for(letter, carrier, at):
    stored = put(letter)
    mail.send(stored, at=at)
    stored.refresh_from_db()
    assert (stored.state, stored.sent_at, stored.attempts) == ("sent", at, 1)
    [(receivers, body)] = carrier.taken
    assert receivers == stored.to
    parsed = email.message_from_bytes(body, policy=email.policy.default)
    assert parsed["Subject"] == "Ton café à 2,50 €"
    assert parsed.get_body(["plain"]).get_content().strip() == "Merci, l’œuvre est prête."
    assert str(stored.pk) in parsed["Message-ID"]


@pytest.mark.django_db
def test_it_is_not_sent_twice_by_a_repeated_job(letter, carrier, at):
    stored = put(letter)
    for _again in range(2):
        jobs.send_mail.func(_context(0), mail_id=str(stored.pk))
    assert len(carrier.taken) == 1


@pytest.mark.django_db
def test_it_is_kept_to_be_read_when_there_is_no_mail_server(letter, settings, carrier, at):
    settings.TERAA_MAIL_URL = ""
    stored = put(letter)
    mail.send(stored, at=at)
    stored.refresh_from_db()
    assert stored.state == MailState.KEPT
    with pytest.raises(mail.NoCarrier):
        mail.send_again(mail=stored, at=at)

    settings.TERAA_MAIL_URL = carrier.url
    mail.send_again(mail=stored, at=at)
    assert Outbox.objects.filter(topic=f"mail.{stored.pk}").count() == 2
    mail.send(stored, at=at)
    assert len(carrier.taken) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("verb", ["RCPT", "DATA"])
def test_it_fails_for_good_what_the_server_refuses_for_good(letter, carrier, at, verb):
    carrier.answers[verb] = "550 no such mailbox"
    stored = put(letter)
    mail.send(stored, at=at)
    stored.refresh_from_db()
    assert (stored.state, stored.attempts) == ("failed", 1)
    assert "no such mailbox" in stored.last_error


@pytest.mark.django_db
@pytest.mark.parametrize("verb", ["RCPT", "DATA"])
def test_it_waits_for_a_server_that_wants_it_later(letter, carrier, at, verb):
    carrier.answers[verb] = "451 greylisted"
    stored = put(letter)
    with pytest.raises(mail.CarrierAway):
        mail.send(stored, at=at)
    stored.refresh_from_db()
    assert (stored.state, stored.attempts) == ("waiting", 1)
    assert "greylisted" in stored.last_error
    carrier.answers[verb] = "250 ok"
    mail.send(stored, at=at)
    stored.refresh_from_db()
    assert (stored.state, stored.attempts, stored.last_error) == ("sent", 2, "")


@pytest.mark.django_db
def test_it_becomes_a_persons_decision_after_the_last_try(letter, settings):
    settings.TERAA_MAIL_URL = "smtp://127.0.0.1:1"
    stored = put(letter)
    with pytest.raises(mail.CarrierAway):
        jobs.send_mail.func(_context(jobs.RETRIES - 1), mail_id=str(stored.pk))
    stored.refresh_from_db()
    assert stored.state == MailState.WAITING
    with pytest.raises(mail.CarrierAway):
        jobs.send_mail.func(_context(jobs.RETRIES), mail_id=str(stored.pk))
    stored.refresh_from_db()
    assert stored.state == MailState.FAILED
    assert "Refused" in stored.last_error


def _context(attempts):
    from procrastinate import JobContext
    from procrastinate.contrib.django import app
    from procrastinate.jobs import Job

    job = Job(
        id=1, queue="default", lock=None, queueing_lock=None, task_name="x", attempts=attempts
    )
    return JobContext(start_timestamp=0, app=app, job=job, abort_reason=lambda: None)


@pytest.mark.django_db
def test_it_defers_its_job_in_the_relays_transaction(letter):
    from procrastinate.contrib.django.models import ProcrastinateJob

    stored = put(letter)
    relay.publish_batch(stored.created_at)
    job = ProcrastinateJob.objects.get()
    assert (job.task_name, job.args, job.lock) == (
        "teraa.accounts.jobs.send_mail",
        {"mail_id": str(stored.pk)},
        f"mail.{stored.pk}",
    )


@pytest.mark.django_db
def test_it_forgets_sent_mails_only(letter, carrier, at):
    stored = put(letter)
    mail.send(stored, at=at)
    letter.extra_headers.clear()
    letter.send()
    later = at + datetime.timedelta(days=91)
    assert mail.prune_mails(at + datetime.timedelta(days=89)) == 0
    assert mail.prune_mails(later) == 1
    assert OutgoingMail.objects.get().state == MailState.WAITING
    assert mail.unsent() == {"waiting": 1}


def test_it_travels_from_a_view_to_the_carrier_through_relay_and_jobs(
    live_database, carrier, settings
):
    """Somebody asks for a sign-in code; the worker is killed in between; they get in."""
    settings.EMAIL_BACKEND = "teraa.accounts.mail.StoredEmailBackend"
    settings.SECURE_SSL_REDIRECT = False
    user = make.user(email="alma@example.org", is_staff=True)
    browser = Client()
    answer = browser.post("/account/login/code/", {"email": user.email}, follow=True)
    assert answer.status_code == 200
    with running_command(live_database, "relay"):
        until(lambda: Outbox.objects.exclude(published_at=None).exists())
    with running(live_database, "manage.py", "jobs", TERAA_MAIL_URL=carrier.url) as worker:
        until(lambda: carrier.taken)
        os.kill(worker.pid, signal.SIGKILL)
    [(receivers, body)] = carrier.taken
    assert receivers == ["alma@example.org"]
    text = email.message_from_bytes(body, policy=email.policy.default).get_content()
    code = re.search(r"^\s*([A-Z0-9]{3,}-?[A-Z0-9]{3,})\s*$", text, re.M).group(1)
    answer = browser.post("/account/login/code/confirm/", {"code": code})
    assert answer.status_code == 302
    assert browser.get("/office/").status_code == 200


def test_it_sends_what_waited_while_nobody_worked(live_database, carrier, settings):
    settings.EMAIL_BACKEND = "teraa.accounts.mail.StoredEmailBackend"
    send_mail("Hello", "there", None, ["alma@example.org"])
    relay.publish_batch(OutgoingMail.objects.get().created_at)
    with running(live_database, "manage.py", "jobs", TERAA_MAIL_URL=carrier.url):
        until(lambda: OutgoingMail.objects.filter(state=MailState.SENT).exists())
