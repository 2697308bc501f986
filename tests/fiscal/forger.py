"""What somebody who owns the machine could do to the journal, one act a function."""

from __future__ import annotations

import datetime
import json
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.apps import apps

from teraa.common.canonical import canonical_text, sha256_hex
from teraa.common.ids import uuid7
from teraa.fiscal import keys
from teraa.fiscal.statements import WRITE_EVENT, WRITE_TICKET

DAY = datetime.timedelta(days=1)
TABLES = [model._meta.db_table for model in apps.get_app_config("fiscal").get_models()]


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

    def append(self, kind, key, **changes):
        """Put a document of one's own behind the last one of a chain, as a seal would."""
        last = self.master.execute(
            "SELECT payload, hash FROM fiscal_document WHERE register_id = %s AND kind = %s"
            " ORDER BY sequence DESC LIMIT 1",
            [self.register.pk, kind],
        ).fetchone()
        values = json.loads(last[0])
        values |= {
            "document": str(uuid7()),
            "sequence": values["sequence"] + 1,
            "first_in_chain": False,
            "previous_hash": last[1],
            "key_id": keys.key_id_of(key.public_key().public_bytes_raw()),
        }
        text = canonical_text(values | changes)
        self.master.execute(
            WRITE_TICKET if kind == "TICKET" else WRITE_EVENT,
            {
                "payload": text,
                "hash": sha256_hex(text),
                "signature": key.sign(text.encode()).hex(),
            },
        )
        return values | changes

    def introduce(self, key, signed_by, naming=None, number=2):
        """Write down a key of one's own as the register's next, as a rotation would."""
        public = key.public_key().public_bytes_raw()
        key_id = keys.key_id_of(public)
        old_id = keys.key_id_of(signed_by.public_key().public_bytes_raw())
        self.append(
            "EVENT",
            signed_by,
            code=970,
            key_id=old_id,
            values={
                "key_id": old_id,
                "next_key_id": key_id,
                "next_public_key": public.hex(),
                "last_numbers": {"TICKET": 5, "CLOSING": 0, "ARCHIVE": 0, "DUPLICATE": 0},
                "reason": "",
            },
        )
        self.append(
            "EVENT",
            key,
            code=971,
            values={
                "key_id": key_id,
                "public_key": public.hex(),
                "previous_key_id": old_id,
                "previous_public_key": naming or self.register.public_key,
                "retired_by": "",
            },
        )
        self.run(
            "INSERT INTO fiscal_register_key"
            " (venue_id, register_id, number, key_id, public_key, begun_at)"
            " VALUES (%s, %s, %s, %s, %s, now())",
            *[self.register.venue_id, self.register.pk, number, key_id, public.hex()],
        )
        self.run("UPDATE fiscal_chain_head SET key_id = %s", key_id)

    def real_key(self):
        return keys.signing_key(self.register.pk, self.register.key_id)

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
    for table in ("register", "register_key"):
        f.run(
            f"UPDATE fiscal_{table} SET public_key = %s, key_id = %s",
            *[raw.hex(), keys.key_id_of(raw)],
        )
    f.run("UPDATE fiscal_chain_head SET key_id = %s", keys.key_id_of(raw))


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


def name_another_key_with_the_key(f):
    f.reseal(3, key_id="0" * 16)
    f.run("UPDATE fiscal_document SET key_id = repeat('0', 16) WHERE id = %s", f.at(3).id)


def list_a_key_of_ones_own(f):
    f.run(
        "INSERT INTO fiscal_register_key"
        " (venue_id, register_id, number, key_id, public_key, begun_at)"
        " VALUES (%s, %s, 2, repeat('a', 16), repeat('a', 64), now())",
        *[f.register.venue_id, f.register.pk],
    )


def introduce_a_key_of_ones_own(f):
    """A thief of the database who has not the key: only his own signs for his own."""
    own = Ed25519PrivateKey.generate()
    f.introduce(own, signed_by=own)


def introduce_a_key_that_names_no_other(f):
    """With the key that is to be followed, but the one that follows does not answer."""
    f.introduce(Ed25519PrivateKey.generate(), signed_by=f.real_key(), naming="0" * 64)


def slip_the_real_key_behind_ones_own(f):
    """Everything forged with a key of one's own that then introduces the real one."""
    own = Ed25519PrivateKey.generate()
    recompute_and_swap(f, own)


def recompute_and_swap(f, own):
    f.recompute_chain(own)
    public = own.public_key().public_bytes_raw()
    real = (f.register.public_key, f.register.key_id)
    for table in ("register", "register_key"):
        f.run(
            f"UPDATE fiscal_{table} SET public_key = %s, key_id = %s",
            *[public.hex(), keys.key_id_of(public)],
        )
    last = f.append(
        "EVENT",
        own,
        code=970,
        values={
            "key_id": keys.key_id_of(public),
            "next_key_id": real[1],
            "next_public_key": real[0],
            "last_numbers": {"TICKET": 5},
            "reason": "",
        },
    )
    assert last["code"] == 970
    f.run(
        "INSERT INTO fiscal_register_key"
        " (venue_id, register_id, number, key_id, public_key, begun_at)"
        " VALUES (%s, %s, 2, %s, %s, now())",
        *[f.register.venue_id, f.register.pk, real[1], real[0]],
    )
    f.run("UPDATE fiscal_chain_head SET key_id = %s", real[1])


def go_on_without_the_key(f):
    f.append("TICKET", Ed25519PrivateKey.generate(), key_id=f.register.key_id)


def insert_between(f):
    """A copy of number 3 as number 4; what followed moves one up."""
    for number in (5, 4):
        f.run("UPDATE fiscal_document SET sequence = sequence + 1 WHERE id = %s", f.at(number).id)
    _copy(f, 3, sequence=4)


def fork(f):
    """Two documents follow the same one: the constraint that forbids it has been dropped."""
    f.run("DROP INDEX fiscal_document_sequence_once")
    _copy(f, 4, sequence=4)


def _copy(f, number, *, sequence):
    names = [
        *["venue_id", "register_id", "period_id", "kind", "first_in_chain", "issued_at"],
        *["utc_offset_minutes", "business_date", "station_label", "operator_label", "event_code"],
        *["total_cents", "perpetual_real_cents", "perpetual_absolute_cents", "subject"],
        *["corrects_id", "payload", "previous_hash", "hash", "signature", "key_id"],
    ]
    columns = ", ".join(names)
    f.run(
        f"INSERT INTO fiscal_document (id, sequence, {columns})"
        f" SELECT %s, %s, {columns} FROM fiscal_document WHERE id = %s",
        *[uuid7(), sequence, f.at(number).id],
    )


def delete_everything(f):
    for table in ("document_line", "document_tax", "document_tender", "document"):
        f.run(f"DELETE FROM fiscal_{table}")


def give_to_another_venue(f):
    """The keys between rows are gone with the triggers: only the signed text still knows."""
    f.run(
        "UPDATE fiscal_document SET venue_id = %s WHERE id = %s",
        *["01a20000-0000-7000-8000-000000000001", f.at(2).id],
    )


def point_at_another_correction(f):
    f.run("UPDATE fiscal_document SET corrects_id = %s WHERE id = %s", f.at(1).id, f.at(4).id)


def give_a_line_to_another_venue(f):
    f.run(
        "UPDATE fiscal_document_line SET venue_id = %s WHERE document_id = %s",
        *["01a20000-0000-7000-8000-000000000001", f.at(2).id],
    )
