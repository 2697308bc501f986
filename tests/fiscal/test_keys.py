"""Keys are files that only sealing processes read; marks only rise."""

import stat
import threading
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction

from teraa.fiscal import keys
from teraa.fiscal.keys import KeysUnavailable, Mark
from teraa.fiscal.sealing import seal_ticket
from teraa.fiscal.verify import verify
from tests.fiscal import cast


def test_only_its_owner_reads_a_key(keys_dir):
    register = uuid4()

    public = keys.create_key(register)

    path = keys_dir / f"{register}.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(keys_dir.stat().st_mode) == 0o700
    assert [p.name for p in keys_dir.iterdir()] == [path.name], "no draft is left"
    seed = bytes.fromhex(path.read_text().strip())
    again = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    assert (public.hexadecimal, public.key_id) == (again.hex(), keys.key_id_of(again))


def test_a_key_is_never_overwritten(keys_dir):
    register = uuid4()
    keys.create_key(register)
    before = (keys_dir / f"{register}.key").read_bytes()

    with pytest.raises(KeysUnavailable):
        keys.create_key(register)

    assert (keys_dir / f"{register}.key").read_bytes() == before
    assert len(list(keys_dir.iterdir())) == 1


def test_it_says_when_this_process_has_no_keys(settings):
    settings.TERAA_KEYS = None

    for act in (
        lambda: keys.create_key(uuid4()),
        lambda: keys.signing_key(uuid4(), "0" * 16),
        lambda: keys.read_marks(uuid4()),
    ):
        with pytest.raises(KeysUnavailable):
            act()


def test_it_refuses_a_missing_broken_or_foreign_key(keys_dir):
    register, other = uuid4(), uuid4()
    mine = keys.create_key(register)
    keys.create_key(other)

    with pytest.raises(KeysUnavailable):
        keys.signing_key(uuid4(), mine.key_id)
    (keys_dir / f"{other}.key").write_text("not a key")
    with pytest.raises(KeysUnavailable):
        keys.signing_key(other, "0" * 16)
    with pytest.raises(KeysUnavailable) as refusal:
        keys.signing_key(register, "0" * 16)
    assert refusal.value.context["found"] == mine.key_id


def test_a_key_is_read_once(keys_dir):
    register = uuid4()
    public = keys.create_key(register)
    first = keys.signing_key(register, public.key_id)
    (keys_dir / f"{register}.key").unlink()

    assert keys.signing_key(register, public.key_id) is first


def test_a_mark_only_rises(keys_dir):
    register = uuid4()
    keys.create_key(register)
    assert keys.read_marks(register) == {}

    for kind, sequence in [
        ("TICKET", 2),
        ("TICKET", 1),
        ("EVENT", 7),
        ("TICKET", 11),
        ("EVENT", 7),
    ]:
        keys.raise_mark(register_id=register, kind=kind, sequence=sequence, hash=f"{sequence:064x}")

    assert keys.read_marks(register) == {
        "TICKET": Mark(11, f"{11:064x}"),
        "EVENT": Mark(7, f"{7:064x}"),
    }
    assert stat.S_IMODE((keys_dir / f"{register}.mark").stat().st_mode) == 0o600


def test_many_at_once_keep_the_highest_mark(keys_dir):
    register = uuid4()
    keys.create_key(register)

    def climb(start):
        for sequence in range(start, 200, 4):
            keys.raise_mark(
                register_id=register, kind="TICKET", sequence=sequence, hash=f"{sequence:064x}"
            )

    threads = [threading.Thread(target=climb, args=[start]) for start in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert keys.read_marks(register) == {"TICKET": Mark(199, f"{199:064x}")}


def test_a_mark_rises_with_the_commit_and_not_before(live_database, keys_dir):
    register = cast.register()

    with transaction.atomic():
        sealed = seal_ticket(register_id=register.pk, ticket=cast.ticket(), at=cast.AT)
        assert "TICKET" not in keys.read_marks(register.pk)

    assert keys.read_marks(register.pk)["TICKET"] == Mark(1, sealed.hash)
    with pytest.raises(cast.Interrupted):
        cast.seal_and_fail(register)
    assert keys.read_marks(register.pk)["TICKET"].sequence == 1


def test_a_sale_stands_although_its_mark_cannot_be_written(live_database, keys_dir, caplog):
    register = cast.register()
    mark = keys_dir / f"{register.pk}.mark"
    mark.unlink()
    mark.mkdir()

    sealed = cast.seal(register)

    assert sealed.sequence == 1
    assert "raise_mark" in caplog.text
    mark.rmdir()
    assert verify(register_id=register.pk).faults == []
