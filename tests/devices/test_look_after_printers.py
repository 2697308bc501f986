"""Printers and their queue in the back office."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from teraa.common import journal_codes
from teraa.devices.models import Printer, PrintJob
from teraa.fiscal.models import Document, Lane
from teraa.fiscal.registers import open_register
from teraa.venues.models import Role
from tests import make
from tests.devices import cast

pytestmark = pytest.mark.django_db


def signed_in(venue, role) -> Client:
    user = make.user(is_staff=True)
    make.staff(venue, role=role, user=user)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def venue(keys_dir, at):
    venue = make.venue(language="en")
    open_register(
        venue_id=venue.pk,
        payee_id=make.payee(venue).pk,
        station_id=None,
        name="Web",
        lane=Lane.WEB,
        at=at,
    )
    return venue


@pytest.fixture
def manager(venue) -> Client:
    return signed_in(venue, Role.MANAGER)


def answers(printer: Printer, **changes):
    return {
        "venue": printer.venue_id,
        "name": printer.name,
        "station": printer.station_id,
        "driver": "network",
        "target": "192.168.1.40",
        "active": "on",
        "width_columns": "32",
        "cut": "full",
        "qr": "raster",
        "drawer_pin": "5",
        "code_page": "CP858",
        "code_page_slot": "19",
        "printer_tills-TOTAL_FORMS": "0",
        "printer_tills-INITIAL_FORMS": "0",
    } | changes


def test_the_lists_show_what_waits_and_what_became_of_it(venue, manager, at):
    printer = cast.printer(venue)
    job = cast.leased(printer, at, subject="pos.sale:42")
    cast.reported(job, "held", at, "paper")

    printers = manager.get(reverse("admin:devices_printer_changelist"))
    jobs = manager.get(reverse("admin:devices_printjob_changelist"))
    page = manager.get(reverse("admin:devices_printjob_change", args=[job.pk]))

    assert printer.name in printers.content.decode()
    assert "pos.sale:42" in jobs.content.decode()
    assert page.status_code == 200
    assert "pos.sale:42" in page.content.decode()


def test_a_manager_describes_a_printer_in_words(venue, manager):
    printer = cast.printer(venue)
    till = make.station(venue)
    url = reverse("admin:devices_printer_change", args=[printer.pk])
    assert "80 mm, 48" in manager.get(url, headers={"Accept-Language": "en"}).content.decode()

    answer = manager.post(
        url,
        answers(
            printer,
            **{
                "printer_tills-TOTAL_FORMS": "1",
                "printer_tills-0-station": str(till.pk),
                "printer_tills-0-printer": str(printer.pk),
            },
        ),
    )

    assert answer.status_code == 302, answer.context["errors"]
    printer.refresh_from_db()
    assert printer.profile == {
        "width_columns": 32,
        "code_page": "CP858",
        "code_page_slot": 19,
        "qr": "raster",
        "cut": "full",
        "drawer_pin": 5,
        "cancel_kanji": False,
    }
    assert [row.station for row in printer.printer_tills.all()] == [till]
    assert Document.objects.filter(event_code=journal_codes.SETTING_CHANGED).exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"code_page": "klingon"},
        {"code_page_slot": "256"},
        {"width_columns": "40"},
        {"target": "no address"},
    ],
)
def test_a_printer_that_makes_no_sense_is_refused(venue, manager, changes):
    printer = cast.printer(venue)
    url = reverse("admin:devices_printer_change", args=[printer.pk])

    answer = manager.post(url, answers(printer, **changes))

    assert answer.status_code == 200
    printer.refresh_from_db()
    assert printer.profile == {}


def test_only_stations_that_fit_are_offered(venue, manager):
    printer = cast.printer(venue)
    till = make.station(venue, name="Caisse du bar")
    foreign = cast.agent(make.venue(), name="Agent d’ailleurs")

    page = manager.get(reverse("admin:devices_printer_change", args=[printer.pk]))

    form = page.context["adminform"].form
    offered = set(form.fields["station"].queryset)
    assert offered == {printer.station}
    assert foreign not in offered
    (inline,) = page.context["inline_admin_formsets"]
    assert set(inline.formset.empty_form.fields["station"].queryset) == {till}


def test_another_venues_printers_and_jobs_are_not_there(venue, manager, at):
    other = cast.printer(make.venue(), name="Imprimante d’ailleurs")
    job = cast.queued(other, at)

    for url in (
        reverse("admin:devices_printer_change", args=[other.pk]),
        reverse("admin:devices_printjob_change", args=[job.pk]),
    ):
        assert manager.get(url).status_code in (302, 403, 404)
    assert (
        "ailleurs" not in manager.get(reverse("admin:devices_printer_changelist")).content.decode()
    )


def test_a_job_is_never_edited_added_or_deleted(venue, manager, at):
    job = cast.queued(cast.printer(venue), at)

    assert manager.get(reverse("admin:devices_printjob_add")).status_code == 403
    assert manager.get(reverse("admin:devices_printjob_delete", args=[job.pk])).status_code == 403
    change = reverse("admin:devices_printjob_change", args=[job.pk])
    assert manager.post(change, {"subject": "forged"}).status_code == 403
    assert PrintJob.objects.get().subject == job.subject


def _unknown(venue, at) -> PrintJob:
    job = cast.leased(cast.printer(venue), at)
    cast.reported(job, "sent", at)
    return cast.reported(job, "unknown", at, "no proof")


def _resend(client: Client, job: PrintJob, **fields):
    url = reverse("admin:devices_printjob_resend", args=[job.pk])
    return client.post(url, fields)


def test_a_manager_prints_again_what_is_in_doubt_with_a_reason(venue, manager, at):
    job = _unknown(venue, at)

    asked = manager.get(reverse("admin:devices_printjob_resend", args=[job.pk]))
    assert asked.status_code == 200
    refused = _resend(manager, job, _form_submitted="on", reason="")
    assert PrintJob.objects.get().state == "unknown"
    assert refused.status_code == 200
    answer = _resend(manager, job, _form_submitted="on", reason="The paper was jammed")

    assert answer.headers["HX-Redirect"] == reverse("admin:devices_printjob_change", args=[job.pk])
    job.refresh_from_db()
    assert (job.state, job.reprints, job.reprint_reason) == ("queued", 1, "The paper was jammed")
    assert "@" in job.reprint_by


def test_what_was_printed_is_not_printed_again(venue, manager, at):
    job = cast.leased(cast.printer(venue), at)
    cast.reported(job, "sent", at)
    cast.reported(job, "confirmed", at)

    _resend(manager, job, _form_submitted="on", reason="again")

    assert PrintJob.objects.get().state == "confirmed"


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.TREASURER, Role.CASHIER])
def test_who_only_looks_prints_nothing_again(venue, at, role):
    job = _unknown(venue, at)

    answer = _resend(signed_in(venue, role), job, _form_submitted="on", reason="again")

    assert answer.status_code in (302, 403, 404)
    assert PrintJob.objects.get().state == "unknown"


def test_another_venues_manager_prints_nothing_again(venue, at):
    job = _unknown(venue, at)

    stranger = signed_in(make.venue(), Role.MANAGER)
    answer = _resend(stranger, job, _form_submitted="on", reason="again")

    assert answer.status_code in (302, 403, 404)
    assert PrintJob.objects.get().state == "unknown"
