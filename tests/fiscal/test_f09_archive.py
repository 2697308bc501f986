"""Archives (F9): whole, signed, readable and checked by themselves on a bare machine."""

import csv
import datetime
import hashlib
import io
import json
import os
import random
import shutil
import stat
import subprocess
import sys
import threading
import zipfile
from dataclasses import replace

import pytest
from django.db import connection, transaction

from teraa.common.problems import NotFound
from teraa.fiscal.archives import verifier, writing
from teraa.fiscal.archives.operations import (
    ArchiveExists,
    FileMissing,
    KeyChangedMeanwhile,
    NothingToArchive,
    archives_folder,
    check_archive,
    file_name,
    make_archive,
    path_of,
)
from teraa.fiscal.keys import KeysUnavailable
from teraa.fiscal.models import Archive, Document
from teraa.fiscal.rotation import rotate_key
from teraa.fiscal.sealing import seal_ticket
from teraa.fiscal.verify import verify
from tests import make
from tests.conftest import LONG
from tests.fiscal import cast

AT = cast.AT
DAY = datetime.timedelta(days=1)
FLIPS = 400 if LONG else 60


@pytest.fixture
def house(live_database, keys_dir, settings, tmp_path):
    """A venue with a bar whose key changed once, a web lane, and a training register."""
    settings.TERAA_DATA = tmp_path / "data"
    bar = cast.register()
    beer = cast.line(label="=Bière", unit_price_cents=450, vat_class="alcohol", vat_rate_bp=2000)
    cast.seal(bar)
    cast.seal(bar, beer, cast.line(), tenders=[cast.osm(630)])
    rotate_key(register_id=bar.pk, at=AT, by="Ana")
    for number in range(1, 4):
        cast.seal(bar, cast.line(label="Café 🎷"), at=AT + number * DAY)
        cast.note(bar, at=AT + number * DAY, who="Ana", clé="é")
    web = cast.register(
        venue=bar.venue, payee=bar.payee, station_id=None, lane="web", name="En ligne"
    )
    cast.seal(web, beer, tenders=[cast.osm(450)])
    cast.register(
        venue=bar.venue, payee=bar.payee, station=bar.station, training=True, name="École"
    )
    return bar


def archive(house, **fields):
    wanted = {"venue_id": house.venue_id, "at": AT + 4 * DAY, "by": "Ana"} | fields
    return make_archive(**wanted)


def members(made):
    with zipfile.ZipFile(path_of(made)) as file:
        return {name: file.read(name) for name in file.namelist()}


def sentences(path, pure=False):
    """What the verifier finds wrong; "" when it finds nothing."""
    try:
        verifier.examine(str(path), lambda *_args, **_values: None, pure)
    except verifier.Wrong as wrong:
        return wrong.sentence("en")
    return ""


def bare(folder, *arguments):
    """The verifier as an inspector runs it: this interpreter, no packages, nothing of ours."""
    return subprocess.run(
        [sys.executable, "-I", "-S", "verifier.py", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": "", "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_f09_it_is_verified_in_an_empty_environment(house, tmp_path):
    made = archive(house)
    empty = tmp_path / "empty"
    empty.mkdir()
    shutil.copy(path_of(made), empty / "a.zip")
    (empty / "verifier.py").write_bytes(members(made)["verifier.py"])

    french, english = bare(empty, "a.zip"), bare(empty, "--lang", "en", "a.zip")

    assert (french.returncode, french.stderr) == (0, "")
    assert "Tout est bon : 3 caisses" in french.stdout
    assert "ce programme seul" in french.stdout, "no library was there"
    assert "All is well: 3 registers" in english.stdout
    for key in house.keys.all():
        assert key.public_key in french.stdout


def test_f09_it_is_verified_in_the_unpacked_folder(house, tmp_path):
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(path_of(archive(house))) as file:
        file.extractall(folder)

    assert bare(folder).returncode == 0

    (folder / "note.txt").write_text("mine")
    refused = bare(folder)
    assert refused.returncode == 1
    assert "note.txt" in refused.stderr


def test_f09_it_holds_what_was_signed_and_more(house):
    made = archive(house)
    found = members(made)

    described = json.loads(found["archive.json"])
    assert described["venue"]["id"] == str(house.venue_id)
    assert described["fiscal_version"]
    assert len(described["fiscal_sources_sha256"]) == 64
    bar = next(one for one in described["registers"] if one["id"] == str(house.pk))
    lines = found[bar["chains"]["TICKET"]["file"]].decode().splitlines()
    stored = Document.objects.filter(register=house, kind="TICKET").order_by("sequence")
    assert [json.loads(line) for line in lines] == [
        {"payload": one.payload, "hash": one.hash, "signature": one.signature} for one in stored
    ]
    keys = json.loads(found["keys.json"])["registers"]
    assert [len(one["keys"]) for one in keys if one["id"] == str(house.pk)] == [2]
    assert "VÉRIFIER" in found["README.fr.txt"].decode()
    table = csv.DictReader(
        io.StringIO(found["csv/lignes.csv"].decode("utf-8-sig"), newline=""), delimiter=";"
    )
    rows = list(table)
    assert rows[1]["Libellé"] == "'=Bière", "no spreadsheet calculates a label"
    assert (rows[1]["Total TTC"], rows[1]["Taux de TVA"]) == ("4,50", "20,00")
    assert made.documents == sum(
        chain["documents"] for one in described["registers"] for chain in one["chains"].values()
    )
    assert made.sha256 == hashlib.sha256(path_of(made).read_bytes()).hexdigest()
    assert stat.S_IMODE(path_of(made).stat().st_mode) == 0o600
    assert file_name(made).endswith(".zip")


def test_f09_each_register_signs_the_manifest_in_its_archive_chain(house):
    made = archive(house)

    sealed = Document.objects.filter(kind="ARCHIVE")
    assert sealed.count() == 3
    for document in sealed:
        values = json.loads(document.payload)["values"]
        assert values["archive"] == str(made.pk)
        assert values["manifest_sha256"] == made.manifest_sha256
    assert hashlib.sha256(members(made)["manifest.json"]).hexdigest() == made.manifest_sha256
    assert Document.objects.filter(event_code=20).count() == 3
    assert verify().faults == []
    assert check_archive(made) == ""
    # The next one holds the seals of this one.
    assert check_archive(archive(house, at=AT + 5 * DAY)) == ""


@pytest.mark.parametrize(
    ("since", "until", "tickets"), [(0, 0, 3), (1, 2, 2), (3, 3, 1), (2, 40, 2), (30, 40, 0)]
)
def test_a_part_is_archived_and_holds(house, since, until, tickets):
    made = archive(
        house, since=AT.date() + since * DAY, until=AT.date() + until * DAY, at=AT + 9 * DAY
    )

    assert check_archive(made) == ""
    assert sentences(path_of(made), pure=True) == ""
    described = json.loads(members(made)["archive.json"])["registers"]
    assert sum(one["chains"]["TICKET"]["documents"] for one in described) == tickets


def test_one_register_alone(house):
    made = archive(house, register_id=house.pk)

    assert [one["id"] for one in json.loads(members(made)["archive.json"])["registers"]] == [
        str(house.pk)
    ]
    assert check_archive(made) == ""
    assert Document.objects.filter(kind="ARCHIVE").count() == 1


# -- tampering --------------------------------------------------------------------------------


def test_f09_any_flipped_bit_is_found(house, tmp_path):
    """Every member's every third of length, the zip's own structure, and a seeded sample."""
    path = path_of(archive(house))
    content = path.read_bytes()
    dice = random.Random(9)
    with zipfile.ZipFile(path) as file:
        places = [info.header_offset + 40 for info in file.infolist()]
    places += [dice.randrange(len(content)) for _ in range(FLIPS)]
    places += [0, len(content) - 1, len(content) - 70, len(content) - 100]
    flipped = tmp_path / "flipped.zip"
    for place in places:
        broken = bytearray(content)
        broken[place] ^= 1 << dice.randrange(8)
        flipped.write_bytes(broken)
        assert sentences(flipped), place


def test_f09_any_flipped_bit_of_an_unpacked_file_is_found(house, tmp_path):
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(path_of(archive(house))) as file:
        file.extractall(folder)
    dice = random.Random(10)
    for path in sorted(path for path in folder.rglob("*") if path.stat().st_size):
        if path.is_dir():
            continue
        content = path.read_bytes()
        for place in {0, len(content) - 1, *(dice.randrange(len(content)) for _ in range(5))}:
            broken = bytearray(content)
            broken[place] ^= 1 << dice.randrange(8)
            path.write_bytes(broken)
            assert sentences(folder), (path.name, place)
        path.write_bytes(content)
    assert sentences(folder) == ""


@pytest.mark.parametrize("share", [0, 0.3, 0.9, 0.999])
def test_a_truncated_file_is_found(house, tmp_path, share):
    content = path_of(archive(house)).read_bytes()
    (tmp_path / "short.zip").write_bytes(content[: int(len(content) * share)])

    assert sentences(tmp_path / "short.zip")


def rebuilt(made, path, changes):
    """The archive again with other contents, manifest and mark made to fit; seals as they were."""
    found = members(made) | changes
    seals, _ = found.pop("seals.jsonl"), found.pop("manifest.json")
    with writing.ArchiveFile(path) as file:
        for name, content in found.items():
            if content is not None:
                file.add(name, [content])
        file.add_manifest(made.pk)
        file.finish([seals])
    return path


def test_a_manifest_made_to_fit_is_not_the_signed_one(house, tmp_path):
    made = archive(house)
    path = rebuilt(made, tmp_path / "r.zip", {"csv/tva.csv": b"nothing"})

    assert "manifest_not_signed" in sentences(path)


def chain_file(made, register, kind="TICKET"):
    described = json.loads(members(made)["archive.json"])["registers"]
    (found,) = [one for one in described if one["id"] == str(register.pk)]
    return found["chains"][kind]["file"]


def edited(lines):
    lines[1] = lines[1].replace("Ana", "Ani", 1)


def edited_with_hash(lines):
    entry = json.loads(lines[1])
    entry["payload"] = entry["payload"].replace("Ana", "Ani", 1)
    entry["hash"] = hashlib.sha256(entry["payload"].encode()).hexdigest()
    lines[1] = json.dumps(entry)


def deleted(lines):
    del lines[1]


def cut(lines):
    del lines[-1]


def doubled(lines):
    lines.insert(1, lines[1])


def swapped(lines):
    lines[1], lines[2] = lines[2], lines[1]


def spaced(lines):
    entry = json.loads(lines[1])
    entry["payload"] = entry["payload"].replace(",", ", ", 1)
    entry["hash"] = hashlib.sha256(entry["payload"].encode()).hexdigest()
    lines[1] = json.dumps(entry)


def made_of_nonsense(lines):
    lines[1] = "{}"


@pytest.mark.parametrize(
    ("tamper", "code", "number"),
    [
        (edited, "hash_differs", 2),
        (edited_with_hash, "signature_wrong", 2),
        (deleted, "gap", 3),
        (cut, "end_differs", None),
        (doubled, "gap", 2),
        (swapped, "gap", 3),
        (spaced, "not_canonical", 2),
        (made_of_nonsense, "form", 2),
    ],
)
def test_a_tampered_chain_is_named(house, tmp_path, tamper, code, number):
    made = archive(house)
    name = chain_file(made, house)
    lines = members(made)[name].decode().splitlines()
    tamper(lines)
    path = rebuilt(made, tmp_path / "t.zip", {name: ("\n".join(lines) + "\n").encode()})

    said = sentences(path)

    assert f"[{code}]" in said
    assert "Bar TICKET" in said
    if number is not None:
        assert f"number {number} :" in said


def test_another_key_is_not_believed(house, tmp_path):
    made = archive(house)
    keys = json.loads(members(made)["keys.json"])
    for register in keys["registers"]:
        register["introductions"] = []
        register["keys"] = register["keys"][:1]
    path = rebuilt(made, tmp_path / "k.zip", {"keys.json": json.dumps(keys).encode()})

    assert "[key_misnamed]" in sentences(path) or "[signature_wrong]" in sentences(path)


def test_a_missing_file_is_named(house, tmp_path):
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(path_of(archive(house))) as file:
        file.extractall(folder)
    (folder / "csv" / "tva.csv").unlink()

    assert "csv/tva.csv" in sentences(folder)


# -- making one -----------------------------------------------------------------------------------


def test_it_is_streamed(house, monkeypatch):
    """Batches of two: the same archive, however it is cut."""
    monkeypatch.setattr(writing, "BATCH", 2)
    told = []

    made = archive(house, on_documents=told.append)

    assert check_archive(made) == ""
    assert sum(told) == made.documents
    assert max(told) <= 2


def test_sales_go_on_while_it_is_written(house):
    """The reading is of one instant; what is sold meanwhile is in the next archive."""
    sold = []

    def sell(_documents):
        if not sold:
            till = threading.Thread(
                target=lambda: (cast.seal(house, at=AT + 4 * DAY), connection.close())
            )
            till.start()
            till.join(10)
            sold.append(till.is_alive())

    made = archive(house, on_documents=sell)

    assert sold == [False]
    assert check_archive(made) == ""
    assert verify().faults == []


def test_a_key_changed_meanwhile_is_said(house):
    def change(_documents):
        def rotate():
            rotate_key(register_id=house.pk, at=AT + 4 * DAY, by="Ana")
            connection.close()

        if not archives_folder().glob("*.zip"):
            return
        thread = threading.Thread(target=rotate)
        thread.start()
        thread.join(10)

    with pytest.raises(KeyChangedMeanwhile):
        archive(house, on_documents=change)

    assert not list(archives_folder().glob("*"))
    assert not Archive.objects.exists()
    assert not list(archives_folder().glob(".*"))
    assert check_archive(archive(house)) == ""


def test_it_refuses_what_is_not_there(house, settings):
    other = cast.register(venue=make.venue(), name="Ailleurs")

    with pytest.raises(NotFound):
        archive(house, register_id=other.pk)
    with pytest.raises(NotFound):
        archive(house, venue_id=house.pk)
    with pytest.raises(NothingToArchive):
        archive(house, venue_id=make.venue().pk)
    settings.TERAA_KEYS = None
    with pytest.raises(KeysUnavailable):
        archive(house)
    assert not archives_folder().exists()


def test_a_year_is_archived_once(house):
    year = {"since": datetime.date(2026, 1, 1), "until": datetime.date(2026, 12, 31)}
    archive(house, reason="yearly", **year)

    with pytest.raises(ArchiveExists):
        archive(house, reason="yearly", **year)

    assert len(list(archives_folder().iterdir())) == 1, "no file is left of the second"
    assert Document.objects.filter(event_code=30).count() == 3
    assert check_archive(archive(house, **year)) == "", "asked for, as often as one likes"


def test_a_file_that_went_away_is_said(house):
    made = archive(house)
    path_of(made).unlink()

    with pytest.raises(FileMissing):
        check_archive(made)


def test_an_archive_of_a_forged_chain_does_not_hold(house, live_database):
    """What is wrong in the database is wrong in the archive: nothing is signed anew."""
    import psycopg

    superuser = live_database.cluster.master_url.rsplit("/", 1)[0] + f"/{live_database.name}"
    with psycopg.connect(superuser, autocommit=True) as master:
        master.execute("ALTER TABLE fiscal_document DISABLE TRIGGER ALL")
        master.execute(
            "UPDATE fiscal_document SET payload = replace(payload, 'Ana', 'Ani')"
            " WHERE kind = 'TICKET' AND sequence = 2 AND register_id = %s",
            [house.pk],
        )

    wrong = check_archive(archive(house))

    assert "[hash_differs]" in wrong
    assert "Bar TICKET n° 2" in wrong


def test_a_refund_is_in_it(house):
    sold = cast.seal(house, at=AT + 4 * DAY)
    back = replace(
        cast.line(quantity_milli=-1000, total_cents=-180),
        corrects_document=sold.id,
        corrects_position=1,
    )
    with transaction.atomic():
        seal_ticket(
            register_id=house.pk,
            ticket=replace(cast.ticket(back), corrects=sold.id),
            at=AT + 4 * DAY,
        )

    assert check_archive(archive(house)) == ""
