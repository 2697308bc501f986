"""Checks and archives asked for in the back office: done by the jobs, left and found again."""

import datetime
import json
import zipfile

import pytest
from django.urls import reverse

from teraa.common.problems import NotFound
from teraa.fiscal import jobs, tasks
from teraa.fiscal.archives import operations as archives
from teraa.fiscal.archives.operations import archives_folder, path_of
from teraa.fiscal.models import Archive, Document, Task
from teraa.venues.models import Role
from tests import make
from tests.fiscal import cast
from tests.fiscal import forger as forging

AT = cast.AT
DAY = datetime.timedelta(days=1)


@pytest.fixture
def register(live_database, keys_dir, settings, tmp_path):
    settings.TERAA_DATA = tmp_path / "data"
    register = cast.register()
    cast.seal(register)
    cast.seal(register, at=AT + DAY)
    return register


def clock():
    return AT + 2 * DAY


def ask(register, **fields):
    wanted = {"kind": "verification", "venue_id": register.venue_id, "at": AT, "by": "Ana"}
    return tasks.ask_task(**wanted | fields)


def do(task):
    tasks.do_task(task_id=task.pk, clock=clock)
    task.refresh_from_db()
    return task


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


def test_an_archive_is_made_and_checked(register):
    task = do(ask(register, kind="archive", register_id=register.pk, until=AT.date()))

    assert (task.state, task.outcome["holds"]) == ("done", True)
    with zipfile.ZipFile(path_of(task.archive)) as file:
        described = json.loads(file.read("archive.json"))
    assert described["until"] == "2026-11-19"
    assert described["made_by"] == "Ana"


def test_a_failed_archive_says_why_and_is_journaled(register, monkeypatch):
    def fail(*_args, **_fields):
        raise archives.NothingToArchive

    monkeypatch.setattr(tasks, "make_archive", fail)

    task = do(ask(register, kind="archive"))

    assert (task.state, task.outcome["problem"]["code"]) == ("failed", "nothing_to_archive")
    (event,) = Document.objects.filter(event_code=20)
    assert json.loads(event.payload)["values"] == {"made": False, "problem": "nothing_to_archive"}


def test_without_keys_it_fails_and_says_so(register, settings):
    settings.TERAA_KEYS = None

    task = do(ask(register, kind="archive"))

    assert (task.state, task.outcome["problem"]["code"]) == ("failed", "keys_unavailable")
    assert not archives_folder().exists()


def test_something_unexpected_ends_it_too(register, monkeypatch):
    def fail(*_args, **_fields):
        raise ZeroDivisionError

    monkeypatch.setattr(tasks, "verify", fail)
    task = ask(register)

    with pytest.raises(ZeroDivisionError):
        tasks.do_task(task_id=task.pk, clock=clock)

    task.refresh_from_db()
    assert (task.state, task.outcome["problem"]["title"]) == ("failed", "ZeroDivisionError")


def test_one_that_was_killed_is_done_again_and_one_that_ended_is_not(register):
    task = ask(register)
    task.move("running", started_at=AT, done=1, total=3)

    assert do(task).state == "done"

    ended = task.ended_at
    assert tasks.do_task(task_id=task.pk, clock=lambda: AT + 9 * DAY) is None
    task.refresh_from_db()
    assert task.ended_at == ended


def test_it_refuses_another_venues_register(register):
    other = cast.register(venue=make.venue(), name="Ailleurs")

    with pytest.raises(NotFound):
        ask(register, register_id=other.pk)

    assert not Task.objects.exists()


def test_the_job_does_what_is_asked(register):
    task = ask(register)

    jobs.do_task_job(task_id=str(task.pk))

    task.refresh_from_db()
    assert task.state == "done"


# -- every year ------------------------------------------------------------------------------------


def at(*day):
    return datetime.datetime(*day, 12, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("now", "asked"),
    [
        ((2026, 12, 31), 0),
        ((2027, 1, 1), 0),
        ((2027, 1, 2), 1),
        ((2027, 8, 1), 1),
        ((2028, 1, 9), 0),
    ],
)
def test_f09_last_year_is_archived_by_itself(register, now, asked):
    found = tasks.ask_yearly_archives(at=at(*now))

    assert [(task.since, task.until) for task in found] == [
        (datetime.date(2026, 1, 1), datetime.date(2026, 12, 31))
    ] * asked


def test_f09_once_a_year(register):
    (task,) = tasks.ask_yearly_archives(at=at(2027, 1, 2))

    assert tasks.ask_yearly_archives(at=at(2027, 1, 2)) == [], "it is coming"
    do(task)
    assert tasks.ask_yearly_archives(at=at(2027, 1, 3)) == [], "it is there"

    archive = Archive.objects.get()
    assert (archive.reason, str(archive.until)) == ("yearly", "2026-12-31")
    assert Document.objects.filter(event_code=30).count() == 1


def test_f09_a_failed_one_is_asked_again(register, settings):
    (task,) = tasks.ask_yearly_archives(at=at(2027, 1, 2))
    keys, settings.TERAA_KEYS = settings.TERAA_KEYS, None
    assert do(task).state == "failed"
    settings.TERAA_KEYS = keys

    (again,) = tasks.ask_yearly_archives(at=at(2027, 1, 3))

    assert do(again).state == "done"


# -- the back office ------------------------------------------------------------------------------


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


def test_f10_nothing_can_be_purged(register):
    """No purge exists (decision 0020): no command, no operation, and the database refuses."""
    from django.core.management import get_commands
    from django.db import connection
    from django.db.utils import ProgrammingError

    do(ask(register, kind="archive"))

    assert not [name for name in get_commands() if "purge" in name]
    for table in ("document", "document_line", "document_tax", "document_tender", "archive"):
        with pytest.raises(ProgrammingError), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM fiscal_{table}")
