"""How the verifier walks, and what its command says (what it finds: ``test_tamper.py``)."""

import datetime
import json
import threading
from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from teraa.fiscal import chain_rows
from teraa.fiscal.models import Document
from teraa.fiscal.sealing import seal_ticket
from teraa.fiscal.verify import verify
from tests import make
from tests.fiscal import cast
from tests.fiscal import forger as forging

AT = cast.AT
DAY = datetime.timedelta(days=1)


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
    monkeypatch.setattr(chain_rows, "BATCH", 4)
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


# -- a part -------------------------------------------------------------------------------------


def days(*numbers):
    return [cast.AT.date() + number * DAY for number in numbers]


@pytest.fixture
def week(live_database, keys_dir):
    """Two tickets a day for five days."""
    register = cast.register()
    for number in range(10):
        cast.seal(register, at=AT + (number // 2) * DAY + datetime.timedelta(minutes=number))
    return register


def test_a_part_begins_with_the_stored_hash_and_says_so(week):
    since, until = days(1, 2)

    report = verify(since=since, until=until)

    assert report.faults == []
    # Days 1 and 2, with the document before them and the one after.
    assert report.documents == 6 + 1, "and the journal's only event, which is before"
    assert [(part.kind, part.began, part.ended) for part in report.partial][:1] == [
        ("TICKET", 1, 7)
    ]


@pytest.mark.parametrize(("first", "last"), [(0, 4), (0, 0), (4, 4), (3, 9), (9, 9)])
def test_any_part_of_a_good_chain_holds(week, first, last):
    since, until = days(first, last)

    assert verify(since=since, until=until).faults == []
    assert verify(since=since).faults == []
    assert verify(until=until).faults == []


def test_a_part_finds_what_is_wrong_in_it_and_nothing_else(forger):
    forging.edit_line(forger)  # number 3, on the first of two days
    first, second = days(0, 1)

    assert [fault.sequence for fault in verify(until=first).faults] == [3]
    # The document before the second day is looked at for itself: it is that one.
    assert [fault.sequence for fault in verify(since=second).faults] == [3]

    forger.run(
        "UPDATE fiscal_document_line SET label = 'Bière' WHERE document_id = %s AND position = 2",
        forger.at(3).id,
    )
    forging.edit_payload_and_hash(forger)  # number 2

    assert verify(since=second).faults == [], "what is before the part is taken for granted"
    assert [fault.sequence for fault in verify(until=first).faults] == [2]


def test_a_document_dated_out_of_the_part_is_found(forger):
    """Its column says another day, so that the part would begin after it."""
    forger.run(
        "UPDATE fiscal_document SET business_date = '2026-11-19' WHERE id = %s", forger.at(4).id
    )

    (second,) = days(1)

    assert [fault.sequence for fault in verify(since=second).faults] == [4]


def test_the_command_verifies_a_part_and_answers_in_json(week):
    since, until = days(1, 2)

    code, out, err = run_command("--from", str(since), "--to", str(until), "--json")

    found = json.loads(out)
    assert (code, err, found["holds"]) == (0, "", True)
    assert found["documents"] == 7
    assert found["partial"][0]["taken_for_granted_to"] == 1

    code, out, _ = run_command("--from", str(since))
    assert "taken for granted" in out or "tenu pour acquis" in out


def test_the_command_names_the_fault_in_json(forger):
    forging.edit_line(forger)

    code, out, _ = run_command("--json")

    (fault,) = json.loads(out)["faults"]
    assert code == 1
    assert (fault["code"], fault["chain"], fault["number"]) == ("row_differs", "TICKET", 3)
    assert fault["document"] == str(forger.at(3).id)


# -- the journal knows ----------------------------------------------------------------------------


def chain_broken():
    found = Document.objects.filter(event_code=90).order_by("sequence")
    return [json.loads(event.payload)["values"] for event in found]


def on_guard(forger):
    for table in forging.TABLES:
        forger.run(f"ALTER TABLE {table} ENABLE TRIGGER ALL")


def test_a_fault_leaves_its_event_once(forger):
    forging.edit_line(forger)
    on_guard(forger)

    for _ in range(3):
        code, _, _ = run_command()
        assert code == 1

    (event,) = chain_broken()
    assert (event["fault"], event["chain"], event["number"]) == ("row_differs", "TICKET", 3)
    assert event["document"] == str(forger.at(3).id)


def test_a_broken_journal_says_so_once_and_does_not_grow(forger):
    forger.run("UPDATE fiscal_document SET event_code = 81 WHERE event_code = 260")
    on_guard(forger)

    for _ in range(3):
        assert run_command()[0] == 1

    (event,) = chain_broken()
    assert (event["chain"], event["number"]) == ("EVENT", 1)


def test_a_journal_without_head_cannot_be_written_and_the_command_says_so(forger):
    forger.run("DELETE FROM fiscal_chain_head")
    on_guard(forger)

    code, _, err = run_command()

    assert code == 1
    assert chain_broken() == []
    assert "90" in err


def test_without_the_keys_nothing_is_written(forger, settings):
    forging.edit_line(forger)
    on_guard(forger)
    settings.TERAA_KEYS = None

    assert run_command()[0] == 1
    assert chain_broken() == []
