"""Every way of touching the journal behind its back is found, and the first bad row is named.

The forger here owns the tables, takes the guards away, and sometimes even has the signing key.
"""

import datetime
import threading
from dataclasses import replace
from io import StringIO

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection, transaction

from teraa.fiscal import faults
from teraa.fiscal import verify as verifier
from teraa.fiscal.sealing import seal_ticket
from teraa.fiscal.verify import verify
from tests import make
from tests.fiscal import cast, test_verify_closings
from tests.fiscal import forger as forging

AT = cast.AT
DAY = datetime.timedelta(days=1)


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
        for table in forging.TABLES:
            master.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        yield forging.Forger(master, register, sold)


# tampering → what is found first: (code, number of the document, words of the sentence)
FOUND = [
    (forging.edit_payload, "hash_differs", 2, ""),
    (forging.edit_payload_and_hash, "signature_wrong", 2, ""),
    (forging.edit_signature, "signature_wrong", 3, ""),
    (forging.edit_total, "row_differs", 3, "total_cents"),
    (forging.edit_operator, "row_differs", 3, "Autre"),
    (forging.edit_time, "row_differs", 3, "issued_at"),
    (forging.edit_line, "row_differs", 3, "fiscal_document_line"),
    (forging.edit_wishes, "row_differs", 1, "modifiers"),
    (forging.edit_tax, "row_differs", 3, "fiscal_document_tax"),
    (forging.edit_coins, "row_differs", 2, "9000000001"),
    (forging.delete_line, "rows_missing", 3, "fiscal_document_line"),
    (forging.add_tender, "rows_missing", 1, "fiscal_document_tender"),
    (forging.move_line, "rows_missing", 3, "fiscal_document_line"),
    (forging.delete_middle, "gap", 4, "3"),
    (forging.delete_first, "gap", 2, "1"),
    (forging.delete_tail, "tail_deleted", None, "4"),
    (forging.delete_tail_and_turn_back_head, "tail_deleted", None, "5"),
    (forging.swap_two, "link_broken", 2, ""),
    (forging.recompute_without_the_key, "signature_wrong", 1, ""),
    (forging.recompute_and_swap_the_public_key, "key_differs", None, ""),
    (forging.swap_the_public_key_alone, "key_unreadable", None, ""),
    (forging.move_to_another_period, "row_differs", 3, "period_id"),
    (forging.redate_a_period, "period_wrong", 4, ""),
    (forging.edit_head_total, "head_differs", None, "perpetual_real_cents"),
    (forging.delete_head, "head_missing", None, ""),
    (forging.space_out_with_the_key, "not_canonical", 3, ""),
    (forging.write_nonsense_with_the_key, "not_canonical", 3, ""),
    (forging.drop_a_value_with_the_key, "form_unknown", 3, "operator"),
    (forging.unlink_with_the_key, "link_broken", 3, ""),
    (forging.flag_first_with_the_key, "first_wrong", 3, ""),
    (forging.undercount_with_the_key, "perpetual_wrong", 5, ""),
    (forging.go_back_a_day_with_the_key, "period_back", 5, ""),
    (forging.replace_the_tail_with_the_key, "tail_replaced", None, "5"),
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
    of_chains = {code for _, code, _, _ in FOUND}
    of_closings = {code for _, code, _ in test_verify_closings.FOUND}
    assert of_chains | of_closings == set(faults.FAULTS)


def test_without_keys_a_deleted_tail_still_differs_from_the_head(forger, settings):
    forging.delete_tail(forger)
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
    forging.edit_total(forger)
    forging.edit_line(forger)
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
    forging.edit_total(forger)

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
    forging.edit_line(forger)

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
    forging.delete_tail_and_turn_back_head(forger)
    for table in forging.TABLES:
        forger.run(f"ALTER TABLE {table} ENABLE TRIGGER ALL")
    for number in range(2):
        with transaction.atomic():
            seal_ticket(
                register_id=forger.register.pk,
                ticket=replace(cast.ticket(), operator_label="Autre"),
                at=AT + DAY + datetime.timedelta(minutes=number),
            )

    assert [fault.code for fault in verify().faults] == ["tail_replaced"]
