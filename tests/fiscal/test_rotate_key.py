"""A key names the one that follows it, and is destroyed; nobody else can slip one in."""

import datetime
import json
import threading
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection, transaction

from teraa.common import journal
from teraa.fiscal import keys
from teraa.fiscal.keys import KeysUnavailable
from teraa.fiscal.models import Document, RegisterKey
from teraa.fiscal.rotation import rotate_key
from teraa.fiscal.sealing import UnknownRegister, seal_ticket
from teraa.fiscal.verify import verify
from tests.fiscal import cast
from tests.fiscal import forger as forging

AT = cast.AT
NOBODY = UUID("01a20000-0000-7000-8000-000000000009")
LATER = AT + datetime.timedelta(hours=1)


@pytest.fixture
def register(live_database, keys_dir):
    return cast.register()


def rotate(register, at=LATER):
    return rotate_key(register_id=register.pk, at=at, by="Ana", reason="départ")


def last_events(register, number=2):
    found = Document.objects.filter(register=register, kind="EVENT").order_by("-sequence")
    return list(found)[:number][::-1]


def test_two_events_link_the_keys(register):
    cast.seal(register)
    new = rotate(register)

    retired, begun = last_events(register)
    said, answer = (json.loads(event.payload) for event in (retired, begun))
    assert (retired.event_code, begun.event_code) == (970, 971)
    assert begun.sequence == retired.sequence + 1
    assert (retired.key_id, begun.key_id) == (register.key_id, new.key_id)
    assert said["values"]["next_public_key"] == new.hexadecimal
    assert said["values"]["last_numbers"] == {
        "TICKET": 1,
        "CLOSING": 0,
        "ARCHIVE": 0,
        "DUPLICATE": 0,
    }
    assert answer["values"]["previous_public_key"] == register.public_key
    assert (said["operator"], said["values"]["reason"]) == ("Ana", "départ")
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(register.public_key)).verify(
            bytes.fromhex(begun.signature), begun.payload.encode()
        )
    listed = RegisterKey.objects.filter(register=register).order_by("number")
    assert [(one.number, one.key_id) for one in listed] == [
        (1, register.key_id),
        (2, new.key_id),
    ]


def test_what_follows_is_signed_by_the_new_key(register):
    before = cast.seal(register)
    first = rotate(register)
    between = cast.seal(register, at=LATER)
    second = rotate(register, LATER)
    after = cast.seal(register, at=LATER)
    kept = journal.record(
        code=80,
        venue_id=register.venue_id,
        station_id=register.station_id,
        at=LATER,
        values={},
    )

    assert [one.values["key_id"] for one in (before, between, after)] == [
        register.key_id,
        first.key_id,
        second.key_id,
    ]
    assert kept.public_key == second.hexadecimal
    assert verify().faults == []


def test_the_old_private_key_is_destroyed(register, keys_dir):
    cast.seal(register)
    new = rotate(register)

    assert [path.name for path in keys_dir.glob("*.key")] == [f"{register.pk}.{new.key_id}.key"]
    with pytest.raises(KeysUnavailable):
        keys.signing_key(register.pk, register.key_id)


def test_what_a_killed_rotation_left_is_destroyed_by_the_next(register, keys_dir):
    old = (keys_dir / f"{register.pk}.key").read_text()
    rotate(register)
    (keys_dir / f"{register.pk}.key").write_text(old)  # as if killed right after the commit

    assert verify().faults == [], "a key too many on the disk is no fault of the chain"
    newest = rotate(register)

    assert [path.name for path in keys_dir.glob("*.key")] == [f"{register.pk}.{newest.key_id}.key"]


def test_a_rollback_changes_nothing(register, keys_dir):
    @transaction.atomic
    def fail():
        rotate(register)
        raise cast.Interrupted

    with pytest.raises(cast.Interrupted):
        fail()

    assert cast.seal(register).values["key_id"] == register.key_id
    assert verify().faults == []


def test_who_waited_signs_with_the_new_key(register):
    """A thread that had the old key in its memory, and asked to seal while the key changed."""
    cast.seal(register)
    sealed = []

    def sell():
        sealed.append(cast.seal(register, at=LATER))
        connection.close()

    waiting = threading.Thread(target=sell)
    with transaction.atomic():
        new = rotate(register)
        waiting.start()
        waiting.join(0.5)
        assert waiting.is_alive(), "it waits for the register"
    waiting.join(10)

    assert sealed[0].values["key_id"] == new.key_id
    assert verify().faults == []


def test_two_at_once_follow_one_another(register):
    def change():
        rotate(register)
        connection.close()

    threads = [threading.Thread(target=change) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert RegisterKey.objects.filter(register=register).count() == 4
    assert cast.seal(register, at=LATER).sequence == 1
    assert verify().faults == []


def test_it_refuses_without_the_old_key(register, keys_dir):
    (keys_dir / f"{register.pk}.key").unlink()
    keys._keys.clear()

    with pytest.raises(KeysUnavailable):
        rotate(register)

    assert RegisterKey.objects.filter(register=register).count() == 1


def test_it_refuses_an_unknown_register(live_database, keys_dir):
    with pytest.raises(UnknownRegister):
        rotate_key(register_id=NOBODY, at=AT, by="Ana")


def test_the_old_key_no_longer_counts(forger):
    """Somebody kept a copy of the old key, and signs with it after it was followed."""
    old = forger.real_key()
    for table in forging.TABLES:
        forger.run(f"ALTER TABLE {table} ENABLE TRIGGER ALL")
    rotate(forger.register, AT + forging.DAY)
    with transaction.atomic():
        seal_ticket(register_id=forger.register.pk, ticket=cast.ticket(), at=AT + 2 * forging.DAY)
    assert verify().faults == []
    for table in forging.TABLES:
        forger.run(f"ALTER TABLE {table} DISABLE TRIGGER ALL")

    forger.append("TICKET", old)

    fault = verify().faults[0]
    assert (fault.code, fault.kind, fault.sequence) == ("signature_wrong", "TICKET", 7)


def test_the_old_key_cannot_rewrite_what_it_signed_before_without_its_successor(forger):
    """The old key signs another past; the tickets after the change still name the true one."""
    old = forger.real_key()
    rotate(forger.register, AT + forging.DAY)
    values = json.loads(forger.text_of(5)) | {"operator": "Personne"}
    text = forging.canonical_text(values)
    forger.write(5, text, signature=old.sign(text.encode()).hex())
    forger.run(
        "UPDATE fiscal_document SET operator_label = 'Personne' WHERE id = %s", forger.at(5).id
    )

    assert verify().faults[0].code in {"tail_replaced", "head_differs"}
