"""Checks and archives asked for in the back office: done by the jobs, left and found again."""

import datetime
import json
import zipfile

import pytest

from teraa.common.problems import NotFound
from teraa.fiscal import jobs, tasks
from teraa.fiscal.archives import operations as archives
from teraa.fiscal.archives.operations import archives_folder, path_of
from teraa.fiscal.models import Archive, Document, Task
from tests import make
from tests.fiscal import cast
from tests.fiscal.task_cast import AT, DAY, ask, clock, do, register_of_two_days


@pytest.fixture
def register(live_database, keys_dir, settings, tmp_path):
    settings.TERAA_DATA = tmp_path / "data"
    return register_of_two_days()


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
