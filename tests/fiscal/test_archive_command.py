"""``manage.py archive_fiscal`` and ``rotate_key``: from a terminal, with sentences for people."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from teraa.fiscal.archives import verifier
from teraa.fiscal.models import Archive, RegisterKey
from teraa.fiscal.verify import verify
from tests import make
from tests.fiscal import cast


@pytest.fixture
def register(live_database, keys_dir, settings, tmp_path):
    settings.TERAA_DATA = tmp_path / "data"
    register = cast.register()
    cast.seal(register)
    return register


def run(*arguments):
    out = StringIO()
    call_command(*arguments, stdout=out, no_color=True)
    return out.getvalue()


def test_it_archives_every_venue_and_says_where(register):
    make.venue()  # without a register: nothing to archive, and no error
    cast.seal(cast.register(venue=make.venue(), name="Ailleurs"))

    paths = [line for line in run("archive_fiscal").splitlines() if line.endswith(".zip")]

    assert len(paths) == Archive.objects.count() == 2
    for path in paths:
        verifier.examine(path, lambda *_args, **_values: None)


def test_it_archives_what_is_asked(register):
    run(
        "archive_fiscal",
        "--register",
        str(register.pk),
        "--from",
        "2026-11-01",
        "--to",
        "2026-11-19",
    )

    archive = Archive.objects.get()
    assert (archive.register_id, str(archive.since), str(archive.until)) == (
        register.pk,
        "2026-11-01",
        "2026-11-19",
    )
    assert archive.documents == 2


@pytest.mark.parametrize(
    "arguments", [["--venue", "nowhere"], ["--register", "01a20000-0000-7000-8000-000000000009"]]
)
def test_it_says_when_there_is_nothing(register, arguments):
    with pytest.raises(CommandError):
        run("archive_fiscal", *arguments)


def test_it_says_when_the_keys_are_not_here(register, settings):
    settings.TERAA_KEYS = None

    with pytest.raises(CommandError):
        run("archive_fiscal")


def test_a_key_is_changed_from_a_terminal(register):
    said = run("rotate_key", "--register", str(register.pk), "--reason", "départ d’Ana")

    newest = RegisterKey.objects.filter(register=register).latest("number")
    assert newest.number == 2
    assert newest.public_key in said
    assert verify().faults == []
    with pytest.raises(CommandError):
        run("rotate_key", "--register", "01a20000-0000-7000-8000-000000000009", "--reason", "x")
