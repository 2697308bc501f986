"""A copy of everything, everything lost, and everything back; nothing in between is believed."""

from __future__ import annotations

import io
import json
import os
import random
import subprocess
import sys
import tarfile

import psycopg
import pytest

from teraa.supervisor.cluster import stop
from teraa.supervisor.copies.sealed import CHUNK, CannotOpen, OpeningReader, SealingWriter
from teraa.supervisor.database import open_database
from teraa.supervisor.places import ROOT, Places
from tests.supervisor.cast import eventually

PHRASE = "correct horse battery staple"


# -- encryption ------------------------------------------------------------------------------------


def sealed(plain: bytes, phrase: str = PHRASE) -> bytes:
    into = io.BytesIO()
    writer = SealingWriter(into, phrase, cost=4)
    for start in range(0, len(plain), 300_001):
        writer.write(plain[start : start + 300_001])
    writer.close()
    return into.getvalue()


def opened(content: bytes, phrase: str = PHRASE, piece: int = -1) -> bytes:
    reader = OpeningReader(io.BytesIO(content), phrase)
    if piece < 0:
        return reader.read()
    parts = []
    while part := reader.read(piece):
        parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize("length", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7])
def test_what_is_sealed_opens(length):
    plain = random.Random(length).randbytes(length)

    assert opened(sealed(plain)) == plain
    assert opened(sealed(plain), piece=77_777) == plain


def test_the_same_is_never_sealed_the_same():
    assert sealed(b"x") != sealed(b"x")


def test_another_phrase_opens_nothing():
    with pytest.raises(CannotOpen):
        opened(sealed(b"x"), "another")


def pieces(content: bytes) -> tuple[bytes, list[bytes]]:
    head, rest, chunks = content[:32], content[32:], []
    while rest:
        length = 4 + int.from_bytes(rest[:4], "big")
        chunks.append(rest[:length])
        rest = rest[length:]
    return head, chunks


def test_chunks_are_neither_moved_nor_dropped_nor_repeated():
    head, chunks = pieces(sealed(random.Random(1).randbytes(3 * CHUNK + 5)))
    assert len(chunks) == 4
    other_head, others = pieces(sealed(random.Random(2).randbytes(3 * CHUNK + 5)))
    for wrong in (
        [chunks[1], chunks[0], *chunks[2:]],
        chunks[1:],
        chunks[:-1],
        chunks[:2] + chunks[3:],
        [chunks[0], *chunks],
        [*chunks, chunks[-1]],
        [others[0], *chunks[1:]],
        [],
    ):
        with pytest.raises(CannotOpen):
            opened(head + b"".join(wrong))
    with pytest.raises(CannotOpen):
        opened(other_head + b"".join(chunks))


def test_any_flipped_bit_and_any_cut_is_noticed():
    content = sealed(random.Random(3).randbytes(2000))
    dice = random.Random(4)
    for place in dice.sample(range(len(content)), 12):
        broken = bytearray(content)
        broken[place] ^= 1 << dice.randrange(8)
        with pytest.raises(CannotOpen):
            opened(bytes(broken))
        with pytest.raises(CannotOpen):
            opened(content[:place])
    with pytest.raises(CannotOpen):
        opened(content + b"x")
    with pytest.raises(CannotOpen):
        opened(content[:8] + b"\x1f" + content[9:])  # 2³¹ × 1 KiB


# -- a house --------------------------------------------------------------------------------------

LIVE = """
import datetime, sys
sys.path.insert(0, {root!r})
import django; django.setup()
from tests.fiscal import cast
register = cast.register()
for number in range(7):
    cast.seal(register, at=cast.AT + datetime.timedelta(hours=number * 5))
from teraa.fiscal.rotation import rotate_key
rotate_key(register_id=register.pk, at=cast.AT + datetime.timedelta(days=2), by="Ana")
cast.seal(register, at=cast.AT + datetime.timedelta(days=2))
from teraa.fiscal.archives.operations import make_archive
made = make_archive(venue_id=register.venue_id, at=cast.AT + datetime.timedelta(days=3), by="Ana")
print("ARCHIVE", made.pk)
"""


def run(*command: str, places: Places, check: bool = True, **more: str):
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "DATABASE_OWNER_URL", "TERAA_KEYS", "TERAA_ROLE"}
    }
    environment |= {"TERAA_DATA": str(places.data), "LC_ALL": "C.UTF-8", **more}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


def addresses(database) -> dict[str, str]:
    return {
        "DATABASE_URL": database.app_url,
        "DATABASE_OWNER_URL": database.owner_url,
        "TERAA_KEYS": str(database.places.keys),
    }


@pytest.fixture(scope="module")
def lived_in(used_data):
    """A house in which something was sold, with its database running; nobody here changes it."""
    data = used_data.parent / "lived-in"
    subprocess.run(["cp", "-a", "--reflink=auto", used_data, data], check=True)
    places = Places(data)
    places.make()
    (data / "secret").write_text("not very secret\n")
    database = open_database(places)
    server = database.cluster.start(port=database.port, output=subprocess.DEVNULL)
    try:
        eventually(lambda: _answers(database.owner_url), saying="PostgreSQL does not answer")
        more = addresses(database)
        run("manage.py", "migrate", "--verbosity=0", places=places, TERAA_ROLE="owner", **more)
        code = LIVE.format(root=str(ROOT))
        done = run("-c", code, places=places, DJANGO_SETTINGS_MODULE="teraa.settings", **more)
        yield places, database, done.stdout.split("ARCHIVE ")[1].strip()
    finally:
        stop(server)


def _answers(address: str) -> bool:
    try:
        psycopg.connect(address, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def copies(*arguments: str, places: Places, check: bool = True, **more: str):
    return run("-m", "teraa.supervisor.copies", *arguments, places=places, check=check, **more)


def test_everything_is_lost_and_comes_back(lived_in, fresh_data, tmp_path):
    places, _database, archive = lived_in
    phrase = tmp_path / "phrase"
    phrase.write_text(f"{PHRASE}\n")
    target = tmp_path / "copies" / "night.teraa"
    before = {path.name: path.read_bytes() for path in places.keys.iterdir()}

    copies("backup", "--passphrase-file", str(phrase), str(target), places=places)

    assert target.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in target.parent.iterdir()] == ["night.teraa"], (
        "nothing is left over"
    )
    for content in before.values():
        assert content.strip()[:32] not in target.read_bytes()

    new = Places(fresh_data)
    said = copies("restore", "--passphrase-file", str(phrase), str(target), places=new)

    assert "script/server" in said.stdout
    after = {path.name: path.read_bytes() for path in new.keys.iterdir() if path.suffix == ".key"}
    assert after == {name: text for name, text in before.items() if name.endswith(".key")}
    assert (new.data / "archives" / f"{archive}.zip").is_file()
    assert not (new.data / ".copy").exists()
    again = open_database(new)
    server = again.cluster.start(port=again.port, output=subprocess.DEVNULL)
    try:
        eventually(lambda: _answers(again.owner_url), saying="PostgreSQL does not answer")
        found = run("manage.py", "verify_fiscal", "--json", places=new, **addresses(again))
        report = json.loads(found.stdout)
        assert (report["holds"], report["marks_checked"]) == (True, True)
        with psycopg.connect(again.app_url) as connection:
            row = connection.execute(
                "SELECT count(*) FILTER (WHERE kind = 'TICKET'),"
                " count(*) FILTER (WHERE event_code = 950) FROM fiscal_document"
            ).fetchone()
            assert row == (8, 1)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("UPDATE fiscal_document SET total_cents = 1")
        with (
            psycopg.connect(again.owner_url) as owner,
            pytest.raises(psycopg.errors.InsufficientPrivilege, match="is refused"),
        ):
            owner.execute("DELETE FROM fiscal_document")
    finally:
        stop(server)


def test_a_place_that_is_not_empty_is_left_alone(lived_in, tmp_path):
    places, _database, _archive = lived_in
    copies("backup", str(tmp_path), places=places)
    (target,) = tmp_path.glob("*.tar")

    refused = copies("restore", str(target), places=places, check=False)

    assert refused.returncode == 1
    assert "not empty" in refused.stderr
    assert places.database.exists()


def test_a_copy_is_never_written_over(lived_in, tmp_path):
    places, _database, _archive = lived_in
    (tmp_path / "night.tar").write_text("yesterday")

    refused = copies("backup", str(tmp_path / "night.tar"), places=places, check=False)

    assert refused.returncode == 1
    assert (tmp_path / "night.tar").read_text() == "yesterday"
    assert [path.name for path in tmp_path.iterdir()] == ["night.tar"]


def test_a_damaged_copy_is_refused_before_anything_is_made(lived_in, fresh_data, tmp_path):
    places, _database, _archive = lived_in
    target = tmp_path / "night.tar"
    copies("backup", str(target), places=places)
    content = target.read_bytes()
    dice = random.Random(5)
    place = content.index(b"PGDMP") + 2000
    for number, broken in enumerate(
        (
            content[: len(content) // 2],
            content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :],
            dice.randbytes(5000),
        )
    ):
        (tmp_path / "broken.tar").write_bytes(broken)
        data = fresh_data.parent / f"try-{number}"

        refused = copies("restore", str(tmp_path / "broken.tar"), places=Places(data), check=False)

        assert refused.returncode == 1
        assert not (data / "database.json").exists()


def test_an_encrypted_copy_wants_its_passphrase(lived_in, fresh_data, tmp_path):
    places, _database, _archive = lived_in
    target = tmp_path / "night.teraa"
    copies("backup", str(target), places=places, TERAA_BACKUP_PASSPHRASE=PHRASE)

    refused = copies("restore", str(target), places=Places(fresh_data), check=False)

    assert refused.returncode == 1
    assert "passphrase" in refused.stderr


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "keys/../evil", "secret/x", "evil"])
def test_a_hostile_copy_writes_nowhere_else(fresh_data, tmp_path, name):
    with tarfile.open(tmp_path / "hostile.tar", "w") as tar:
        info = tarfile.TarInfo(name)
        info.size = 4
        tar.addfile(info, io.BytesIO(b"evil"))

    refused = copies(
        "restore", str(tmp_path / "hostile.tar"), places=Places(fresh_data), check=False
    )

    assert refused.returncode == 1
    assert not list(tmp_path.rglob("evil"))
    assert not list(fresh_data.rglob("evil"))
