"""The core has a hash: of its sources, wherever they are; one that changed is in the journal once."""

import json
import shutil
from io import StringIO

import pytest
from django.core.management import call_command

from teraa.fiscal import sources, versions
from teraa.fiscal.models import Document
from teraa.fiscal.sources import CoreVersion, core_files, core_version, sources_sha256
from teraa.fiscal.verify import verify
from teraa.fiscal.version import FISCAL_VERSION
from teraa.office.navigation import environment
from tests.fiscal import cast

AT = cast.AT


@pytest.fixture
def copy(tmp_path):
    """The core's files somewhere else."""
    for path in core_files():
        target = tmp_path / path.relative_to(sources.ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return tmp_path


def test_it_is_the_same_wherever_it_was_checked_out(copy):
    (copy / "teraa/fiscal/__pycache__").mkdir()
    (copy / "teraa/fiscal/__pycache__/sealing.cpython-311.pyc").write_bytes(b"\0")
    for path in core_files(copy):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    assert sources_sha256(copy) == sources_sha256()


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "teraa/fiscal/sealing.py").open("a").write("#"),
        lambda root: (root / "teraa/fiscal/zero.py").write_text(""),
        lambda root: (root / "teraa/fiscal/states.py").unlink(),
        lambda root: (root / "teraa/fiscal/states.py").rename(root / "teraa/fiscal/s.py"),
        lambda root: (root / "teraa/common/canonical.py").open("a").write("#"),
        lambda root: (root / "teraa/fiscal/migrations/0099_soften.py").write_text(""),
        lambda root: (root / "teraa/fiscal/archives/README.fr.txt").write_text(""),
    ],
)
def test_any_change_is_another_hash(copy, change):
    before = sources_sha256(copy)

    change(copy)

    assert sources_sha256(copy) != before


def changes(register):
    found = Document.objects.filter(register=register, event_code=902).order_by("sequence")
    return [json.loads(event.payload)["values"] for event in found]


OTHER = CoreVersion("1.1.0", "a" * 64, attested=True)
MODIFIED = CoreVersion("1.1.0", "b" * 64, attested=False)


def test_a_core_that_changed_is_journaled_once(live_database, keys_dir):
    register = cast.register()
    assert versions.note_core(core=core_version(), at=AT) == 0, "its first event said it"

    assert [versions.note_core(core=OTHER, at=AT) for _ in range(2)] == [1, 0]
    assert [versions.note_core(core=MODIFIED, at=AT) for _ in range(2)] == [1, 0]
    assert versions.note_core(core=OTHER, at=AT) == 1, "and back again is a change too"

    first, second, third = changes(register)
    assert first["previous_fiscal_version"] == FISCAL_VERSION
    assert first["previous_fiscal_sources_sha256"] == core_version().sha256
    assert (first["fiscal_sources_sha256"], first["modified_core"]) == ("a" * 64, False)
    assert (second["modified_core"], third["modified_core"]) == (True, False)
    assert verify().faults == []


def test_every_register_is_told(live_database, keys_dir):
    bar = cast.register()
    cast.register(
        venue=bar.venue, payee=bar.payee, station=bar.station, training=True, name="École"
    )

    assert versions.note_core(core=OTHER, at=AT) == 2


def test_a_process_looks_once(live_database, keys_dir, settings):
    versions._noted.clear()
    register = cast.register()
    with_keys = settings.TERAA_KEYS
    settings.TERAA_KEYS = None
    assert versions.note_core_once(at=AT) == 0
    assert versions._noted == set(), "who cannot seal does not remember"

    settings.TERAA_KEYS = with_keys
    versions.note_core_once(at=AT)

    assert versions._noted == {core_version()}
    assert changes(register) == []
    versions._noted.clear()


def run(*arguments):
    out = StringIO()
    try:
        call_command("fiscal_version", *arguments, stdout=out, no_color=True)
    except SystemExit as leaving:
        return leaving.code, out.getvalue()
    return 0, out.getvalue()


def test_the_command_says_which_core_and_whether_it_is_the_attested_one(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "ATTESTED", tmp_path / "attested.json")
    monkeypatch.setattr(
        "teraa.fiscal.management.commands.fiscal_version.ATTESTED", tmp_path / "attested.json"
    )
    core_version.cache_clear()
    try:
        code, said = run("--check")
        assert (code, f"{FISCAL_VERSION} {sources_sha256()}" in said) == (1, True)

        assert run("--attest")[0] == 0
        core_version.cache_clear()
        assert run("--check")[0] == 0
        stated = json.loads((tmp_path / "attested.json").read_text())
        assert stated == {"fiscal_version": FISCAL_VERSION, "sha256": sources_sha256()}

        (tmp_path / "attested.json").write_text('{"fiscal_version": "0.9.0", "sha256": "00"}')
        core_version.cache_clear()
        assert run("--check")[0] == 1, "another version's sources were attested"
    finally:
        core_version.cache_clear()


def test_the_back_office_shows_a_modified_core(rf, monkeypatch, settings):
    settings.TERAA_DEMO = False
    for core, shown in ((OTHER, None), (MODIFIED, "danger")):
        monkeypatch.setattr("teraa.office.navigation.core_version", lambda core=core: core)
        word = environment(rf.get("/office/"))
        assert (word and word[1]) == shown
