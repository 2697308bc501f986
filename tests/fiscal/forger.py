"""What somebody who owns the machine could do to the journal, one act a function."""

from __future__ import annotations

import datetime
import json
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from teraa.common.canonical import canonical_text, sha256_hex
from teraa.fiscal import keys

DAY = datetime.timedelta(days=1)
TABLES = ["register", "period", "chain_head", "document", "document_line", "document_tax"]
TABLES = [f"fiscal_{name}" for name in [*TABLES, "document_tender", "period_end", "closing"]]


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
