"""Every way of touching the journal behind its back is found, and the first bad row is named.

The forger here owns the tables, takes the guards away, and sometimes even has the signing key.
"""

import datetime
import json
import threading
from dataclasses import replace
from io import StringIO
from uuid import UUID

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import call_command
from django.db import connection, transaction

from teraa.common.canonical import canonical_text, sha256_hex
from teraa.fiscal import faults, keys
from teraa.fiscal import verify as verifier
from teraa.fiscal.sealing import seal_ticket
from teraa.fiscal.verify import verify
from tests import make
from tests.fiscal import cast

AT = cast.AT
DAY = datetime.timedelta(days=1)
TABLES = ["register", "period", "chain_head", "document", "document_line", "document_tax"]
TABLES = [f"fiscal_{name}" for name in [*TABLES, "document_tender"]]


class Forger:
    """Everything the machine's administrator could do to the database; the key only if lent."""

    def __init__(self, master, register, sold):
        self.master, self.register, self.sold = master, register, sold

    def run(self, sql, *values):
        self.master.execute(sql, values)

    def at(self, number):
        return self.sold[number - 1]

    def text_of(self, number):
        return self.at(number).payload

    def write(self, number, text, signature=None, hash=None):
        """Put another text in a document, with a fitting hash and, if it can, signature."""
        self.run(
            "UPDATE fiscal_document SET payload = %s, hash = %s, signature = %s WHERE id = %s",
            text,
            hash or sha256_hex(text),
            signature or self.at(number).signature,
            self.at(number).id,
        )

    def reseal(self, number, **changes):
        """With the real key: sign other values, and repair what follows in the database."""
        values = json.loads(self.text_of(number)) | changes
        self.sign(number, canonical_text(values))

    def sign(self, number, text):
        key = keys.signing_key(self.register.pk, self.register.key_id)
        self.write(number, text, signature=key.sign(text.encode()).hex())

    def delete(self, *numbers):
        for number in numbers:
            for table in ("line", "tax", "tender"):
                self.run(
                    f"DELETE FROM fiscal_document_{table} WHERE document_id = %s",
                    self.at(number).id,
                )
            self.run("DELETE FROM fiscal_document WHERE id = %s", self.at(number).id)

    def turn_back_head(self, number):
        last = self.at(number)
        self.run(
            "UPDATE fiscal_chain_head SET sequence = %s, last_hash = %s,"
            " perpetual_real_cents = %s, perpetual_absolute_cents = %s"
            " WHERE register_id = %s AND kind = 'TICKET'",
            *[number, last.hash, last.values["perpetual_real_cents"]],
            *[last.values["perpetual_absolute_cents"], self.register.pk],
        )

    def recompute_chain(self, key):
        """Change an old price and sign everything after it again, with a key of one's own."""
        previous = ""
        key_id = keys.key_id_of(key.public_key().public_bytes_raw())
        for number in range(1, 6):
            values = json.loads(self.text_of(number))
            values |= {"previous_hash": previous, "operator": "Personne", "key_id": key_id}
            text = canonical_text(values)
            self.write(number, text, signature=key.sign(text.encode()).hex())
            previous = sha256_hex(text)
            self.run(
                "UPDATE fiscal_document SET operator_label = 'Personne', key_id = %s WHERE id = %s",
                *[key_id, self.at(number).id],
            )
            if number < 5:
                self.run(
                    "UPDATE fiscal_document SET previous_hash = %s WHERE id = %s",
                    *[previous, self.at(number + 1).id],
                )
        self.run("UPDATE fiscal_chain_head SET last_hash = %s WHERE kind = 'TICKET'", previous)


@pytest.fixture
def forger(live_database, keys_dir):
    """Five tickets over two days on a register whose guards have been taken away."""
    register = cast.register()
    latte = cast.line(label="Latte", unit_price_cents=380, quantity_milli=2000)
    beer = cast.line(label="Bière", unit_price_cents=450, vat_class="alcohol", vat_rate_bp=2000)
    sold = [
        cast.seal(register),
        cast.seal(register, latte, tenders=[cast.osm(760)]),
        cast.seal(register, cast.line(), beer),
        cast.seal(register, at=AT + DAY),
        cast.seal(register, beer, at=AT + DAY),
    ]
    superuser = live_database.cluster.master_url.rsplit("/", 1)[0] + f"/{live_database.name}"
    with psycopg.connect(superuser, autocommit=True) as master:
        for table in TABLES:
            master.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        yield Forger(master, register, sold)


def edit_payload(f):
    f.write(2, f.text_of(2).replace('"total_cents":760', '"total_cents":759'), hash=f.at(2).hash)


def edit_payload_and_hash(f):
    f.write(2, f.text_of(2).replace('"total_cents":760', '"total_cents":759'))


def edit_signature(f):
    f.run("UPDATE fiscal_document SET signature = repeat('0', 128) WHERE id = %s", f.at(3).id)


def edit_total(f):
    f.run("UPDATE fiscal_document SET total_cents = 1 WHERE id = %s", f.at(3).id)


def edit_operator(f):
    f.run("UPDATE fiscal_document SET operator_label = 'Autre' WHERE id = %s", f.at(3).id)


def edit_time(f):
    f.run(
        "UPDATE fiscal_document SET issued_at = issued_at + interval '1 microsecond' WHERE id = %s",
        f.at(3).id,
    )


def edit_line(f):
    f.run(
        "UPDATE fiscal_document_line SET label = 'Eau' WHERE document_id = %s AND position = 2",
        f.at(3).id,
    )


def edit_wishes(f):
    f.run("UPDATE fiscal_document_line SET modifiers = '[1]' WHERE document_id = %s", f.at(1).id)


def edit_tax(f):
    f.run(
        "UPDATE fiscal_document_tax SET vat_cents = vat_cents - 1, base_cents = base_cents + 1"
        " WHERE document_id = %s AND rate_bp = 2000",
        f.at(3).id,
    )


def edit_coins(f):
    f.run(
        "UPDATE fiscal_document_tender SET osm_units = osm_units + 1 WHERE document_id = %s",
        f.at(2).id,
    )


def delete_line(f):
    f.run("DELETE FROM fiscal_document_line WHERE document_id = %s AND position = 2", f.at(3).id)


def add_tender(f):
    columns = (
        "kind, label, amount_cents, received_cents, change_cents, osm_units, osm_rate_e10,"
        " osm_txids, osm_reference, authorisation, venue_id, document_id"
    )
    f.run(
        f"INSERT INTO fiscal_document_tender (position, {columns})"
        f" SELECT 2, {columns} FROM fiscal_document_tender WHERE document_id = %s",
        f.at(1).id,
    )


def move_line(f):
    f.run(
        "UPDATE fiscal_document_line SET document_id = %s, position = 7"
        " WHERE document_id = %s AND position = 2",
        *[f.at(4).id, f.at(3).id],
    )


def delete_middle(f):
    f.delete(3)


def delete_first(f):
    f.delete(1)


def delete_tail(f):
    f.delete(5)


def delete_tail_and_turn_back_head(f):
    f.delete(4, 5)
    f.turn_back_head(3)


def swap_two(f):
    f.run("UPDATE fiscal_document SET sequence = 99 WHERE id = %s", f.at(2).id)
    f.run("UPDATE fiscal_document SET sequence = 2 WHERE id = %s", f.at(3).id)
    f.run("UPDATE fiscal_document SET sequence = 3 WHERE id = %s", f.at(2).id)


def recompute_without_the_key(f):
    f.recompute_chain(Ed25519PrivateKey.generate())


def recompute_and_swap_the_public_key(f):
    key = Ed25519PrivateKey.generate()
    f.recompute_chain(key)
    raw = key.public_key().public_bytes_raw()
    f.run("UPDATE fiscal_register SET public_key = %s, key_id = %s", raw.hex(), keys.key_id_of(raw))


def swap_the_public_key_alone(f):
    f.run("UPDATE fiscal_register SET public_key = repeat('a', 64)")


def move_to_another_period(f):
    f.run(
        "UPDATE fiscal_document SET period_id ="
        " (SELECT id FROM fiscal_period WHERE register_id = %s AND number = 2) WHERE id = %s",
        *[f.register.pk, f.at(3).id],
    )


def redate_a_period(f):
    f.run("UPDATE fiscal_period SET business_date = '2026-11-01' WHERE number = 2")


def edit_head_total(f):
    f.run(
        "UPDATE fiscal_chain_head SET perpetual_real_cents = 0 WHERE kind = 'TICKET'",
    )


def delete_head(f):
    f.run("DELETE FROM fiscal_chain_head WHERE kind = 'TICKET'")


def space_out_with_the_key(f):
    f.sign(3, json.dumps(json.loads(f.text_of(3)), ensure_ascii=False, sort_keys=True))


def write_nonsense_with_the_key(f):
    f.sign(3, "not json")


def drop_a_value_with_the_key(f):
    values = json.loads(f.text_of(3))
    del values["operator"]
    f.sign(3, canonical_text(values))


def unlink_with_the_key(f):
    f.reseal(3, previous_hash="a" * 64)


def flag_first_with_the_key(f):
    f.reseal(3, first_in_chain=True)


def undercount_with_the_key(f):
    f.reseal(5, perpetual_real_cents=1)
    f.run("UPDATE fiscal_document SET perpetual_real_cents = 1 WHERE id = %s", f.at(5).id)


def go_back_a_day_with_the_key(f):
    period = f.at(1).values["period"]
    f.reseal(5, period=period)
    f.run(
        "UPDATE fiscal_document SET period_id = %s, business_date = %s WHERE id = %s",
        *[UUID(period["id"]), period["business_date"], f.at(5).id],
    )


def replace_the_tail_with_the_key(f):
    f.reseal(5, operator="Autre")
    f.run("UPDATE fiscal_document SET operator_label = 'Autre' WHERE id = %s", f.at(5).id)
    f.run(
        "UPDATE fiscal_chain_head SET last_hash ="
        " (SELECT hash FROM fiscal_document WHERE id = %s) WHERE kind = 'TICKET'",
        f.at(5).id,
    )


# tampering → what is found first: (code, number of the document, words of the sentence)
FOUND = [
    (edit_payload, "hash_differs", 2, ""),
    (edit_payload_and_hash, "signature_wrong", 2, ""),
    (edit_signature, "signature_wrong", 3, ""),
    (edit_total, "row_differs", 3, "total_cents"),
    (edit_operator, "row_differs", 3, "Autre"),
    (edit_time, "row_differs", 3, "issued_at"),
    (edit_line, "row_differs", 3, "fiscal_document_line"),
    (edit_wishes, "row_differs", 1, "modifiers"),
    (edit_tax, "row_differs", 3, "fiscal_document_tax"),
    (edit_coins, "row_differs", 2, "9000000001"),
    (delete_line, "rows_missing", 3, "fiscal_document_line"),
    (add_tender, "rows_missing", 1, "fiscal_document_tender"),
    (move_line, "rows_missing", 3, "fiscal_document_line"),
    (delete_middle, "gap", 4, "3"),
    (delete_first, "gap", 2, "1"),
    (delete_tail, "tail_deleted", None, "4"),
    (delete_tail_and_turn_back_head, "tail_deleted", None, "5"),
    (swap_two, "link_broken", 2, ""),
    (recompute_without_the_key, "signature_wrong", 1, ""),
    (recompute_and_swap_the_public_key, "key_differs", None, ""),
    (swap_the_public_key_alone, "key_unreadable", None, ""),
    (move_to_another_period, "row_differs", 3, "period_id"),
    (redate_a_period, "period_wrong", 4, ""),
    (edit_head_total, "head_differs", None, "perpetual_real_cents"),
    (delete_head, "head_missing", None, ""),
    (space_out_with_the_key, "not_canonical", 3, ""),
    (write_nonsense_with_the_key, "not_canonical", 3, ""),
    (drop_a_value_with_the_key, "form_unknown", 3, "operator"),
    (unlink_with_the_key, "link_broken", 3, ""),
    (flag_first_with_the_key, "first_wrong", 3, ""),
    (undercount_with_the_key, "perpetual_wrong", 5, ""),
    (go_back_a_day_with_the_key, "period_back", 5, ""),
    (replace_the_tail_with_the_key, "tail_replaced", None, "5"),
]


@pytest.mark.parametrize(("tamper", "code", "number", "words"), FOUND)
def test_it_finds_and_names(forger, tamper, code, number, words):
    assert verify().faults == []

    tamper(forger)

    fault = verify().faults[0]
    document = fault.document_id
    assert (fault.code, fault.register) == (code, "Bar")
    if number is not None:
        assert (fault.kind, fault.sequence) == ("TICKET", number)
        assert document in {one.id for one in forger.sold}
    assert words in str(fault)


def test_every_fault_is_tried():
    assert {code for _, code, _, _ in FOUND} == set(faults.FAULTS)


def test_without_keys_a_deleted_tail_still_differs_from_the_head(forger, settings):
    delete_tail(forger)
    settings.TERAA_KEYS = None

    report = verify()

    assert not report.marks_checked
    assert [fault.code for fault in report.faults] == ["head_differs"]


def test_a_document_moved_to_another_register_is_missed_and_found(forger):
    other = cast.register(venue=forger.register.venue, name="Terrasse")
    forger.run(
        "UPDATE fiscal_document SET register_id = %s WHERE id = %s", other.pk, forger.at(1).id
    )

    found = {fault.register: fault for fault in verify().faults}

    assert found["Bar"].code == "gap"
    assert found["Terrasse"].code == "signature_wrong", "another key signs there"


def test_each_chain_names_its_own_first_fault(forger):
    edit_total(forger)
    edit_line(forger)
    forger.run("UPDATE fiscal_document SET event_code = 81 WHERE event_code = 260")

    found = [(fault.kind, fault.sequence, fault.code) for fault in verify().faults]

    assert found == [("TICKET", 3, "row_differs"), ("EVENT", 1, "row_differs")]


def test_long_chains_are_read_in_batches(live_database, keys_dir, monkeypatch):
    monkeypatch.setattr(verifier, "BATCH", 4)
    register = cast.register()
    for number in range(11):
        cast.seal(register, at=AT + datetime.timedelta(hours=number * 7))

    report = verify()

    assert (report.faults, report.documents, report.registers, report.chains) == ([], 12, 1, 5)


def test_a_sale_during_the_verification_is_no_fault(live_database, keys_dir):
    """The walk sees one instant: between two chains of a register, sales go on."""
    register = cast.register()
    cast.seal(register)
    told = []

    def sell():
        cast.seal(register)
        cast.note(register)
        connection.close()

    def sell_meanwhile(name, kind, documents):
        told.append((kind, documents))
        if kind == "TICKET":
            till = threading.Thread(target=sell)
            till.start()
            till.join()

    report = verify(on_chain=sell_meanwhile)

    assert report.faults == []
    assert told[:2] == [("TICKET", 1), ("EVENT", 1)]
    assert verify().documents == 4


def test_only_the_register_asked_for(forger):
    other = cast.register(venue=make.venue(), name="Terrasse")
    edit_total(forger)

    assert verify(register_id=other.pk).faults == []
    assert len(verify(register_id=forger.register.pk).faults) == 1


def run_command(*arguments):
    out, err = StringIO(), StringIO()
    try:
        call_command("verify_fiscal", *arguments, stdout=out, stderr=err, no_color=True)
    except SystemExit as leaving:
        return leaving.code, out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def test_the_command_says_how_much_it_has_read(forger):
    code, out, err = run_command()

    assert (code, err) == (0, "")
    assert "Bar TICKET: 5" in out
    assert "Bar EVENT: 1" in out


def test_the_command_fails_and_names_the_row(forger):
    edit_line(forger)

    code, _, err = run_command("--register", str(forger.register.pk))

    assert code == 1
    assert "Bar TICKET n° 3" in err
    assert str(forger.at(3).id) in err
    assert "Eau" in err
    assert "[row_differs]" in err


def test_the_command_fails_for_a_register_that_is_not_there(live_database, keys_dir):
    code, _, err = run_command("--register", "01a20000-0000-7000-8000-000000000009")

    assert code == 1
    assert err


def test_a_restored_database_that_goes_on_is_found(forger):
    """Two documents lost, two others sealed with the real key under the same numbers."""
    delete_tail_and_turn_back_head(forger)
    for table in TABLES:
        forger.run(f"ALTER TABLE {table} ENABLE TRIGGER ALL")
    for number in range(2):
        with transaction.atomic():
            seal_ticket(
                register_id=forger.register.pk,
                ticket=replace(cast.ticket(), operator_label="Autre"),
                at=AT + DAY + datetime.timedelta(minutes=number),
            )

    assert [fault.code for fault in verify().faults] == ["tail_replaced"]
