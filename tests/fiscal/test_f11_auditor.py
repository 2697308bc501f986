"""F11: whoever audits reads, asks for a check or an archive, and changes nothing."""

import pytest
from django.urls import reverse

from teraa.fiscal.archives.operations import path_of
from teraa.fiscal.models import Document, Task
from teraa.venues.models import Role
from tests import make
from tests.fiscal import forger as forging
from tests.fiscal.task_cast import ask, clock, do, register_of_two_days


@pytest.fixture
def register(live_database, keys_dir, settings, tmp_path):
    settings.TERAA_DATA = tmp_path / "data"
    return register_of_two_days()


def test_f11_a_verification_keeps_its_report(register):
    task = do(ask(register))

    assert (task.state, task.outcome["holds"], task.outcome["documents"]) == ("done", True, 3)
    assert (task.done, task.total) == (3, 3)
    assert task.ended_at == clock()


def test_f11_a_verification_names_what_is_wrong_and_the_journal_knows(forger, settings, tmp_path):
    settings.TERAA_DATA = tmp_path / "data"
    forging.edit_line(forger)
    for table in forging.TABLES:
        forger.run(f"ALTER TABLE {table} ENABLE TRIGGER ALL")

    task = do(ask(forger.register))

    (fault,) = task.outcome["faults"]
    assert (task.state, task.outcome["holds"]) == ("done", False)
    assert (fault["code"], fault["number"]) == ("row_differs", 3)
    assert Document.objects.filter(event_code=90).count() == 1


def office(client, venue, role):
    user = make.user(is_staff=True)
    make.staff(venue, user=user, role=role)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize("role", [Role.MANAGER, Role.TREASURER, Role.AUDITOR])
def test_f11_whoever_reads_the_books_asks_and_downloads(register, client, role):
    browser = office(client, register.venue, role)

    answer = browser.post(
        reverse("admin:fiscal_task_add"),
        {
            "kind": "archive",
            "venue": str(register.venue_id),
            "register": str(register.pk),
            "since": "2026-11-19",
            "until": "2026-11-20",
        },
    )

    task = Task.objects.get()
    assert (answer.status_code, answer["Location"]) == (
        302,
        reverse("admin:fiscal_task_change", args=[task.pk]),
    )
    page = browser.get(answer["Location"])
    assert page["Refresh"] == "3", "it follows what runs"
    do(task)
    page = browser.get(answer["Location"])
    assert "Refresh" not in page
    link = reverse("admin:fiscal_archive_download", args=[task.archive_id])
    assert link in page.content.decode()
    file = browser.get(link)
    content = b"".join(file.streaming_content)
    assert content == path_of(task.archive).read_bytes()
    assert "attachment" in file["Content-Disposition"]


@pytest.mark.parametrize("role", [Role.CASHIER, Role.GATE, Role.COORDINATOR])
def test_f11_others_do_not(register, client, role):
    task = do(ask(register, kind="archive"))
    browser = office(client, register.venue, role)

    assert browser.get(reverse("admin:fiscal_task_add")).status_code in {302, 403}
    link = reverse("admin:fiscal_archive_download", args=[task.archive_id])
    assert browser.get(link).status_code in {302, 403}


def test_f11_nobody_of_another_venue_downloads(register, client):
    task = do(ask(register, kind="archive"))
    browser = office(client, make.venue(), Role.AUDITOR)

    link = reverse("admin:fiscal_archive_download", args=[task.archive_id])

    assert browser.get(link).status_code in {302, 403, 404}
    posted = browser.post(
        reverse("admin:fiscal_task_add"),
        {"kind": "archive", "venue": str(register.venue_id)},
    )
    assert posted.status_code in {200, 302, 403}
    assert Task.objects.count() == 1


def test_f11_a_report_is_read_in_the_readers_language(forger, client, settings, tmp_path):
    settings.TERAA_DATA = tmp_path / "data"
    forging.edit_line(forger)
    for table in forging.TABLES:
        forger.run(f"ALTER TABLE {table} ENABLE TRIGGER ALL")
    task = do(ask(forger.register))
    browser = office(client, forger.register.venue, Role.AUDITOR)

    page = browser.get(
        reverse("admin:fiscal_task_change", args=[task.pk]), headers={"accept-language": "en"}
    ).content.decode()

    assert "the signed text says" in page
    assert "n° 3" in page
    assert 'name="_save"' not in page
