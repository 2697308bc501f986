"""Every way of touching the journal behind its back is found, and the first bad row is named (F5).

The forger here owns the tables, takes the guards away, and sometimes even has the signing key.
"""

import pytest

from teraa.fiscal import faults
from teraa.fiscal.verify import verify
from tests.fiscal import forger as forging
from tests.fiscal import test_verify_closings

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
    (forging.go_on_without_the_key, "signature_wrong", 6, ""),
    (forging.insert_between, "link_broken", 4, ""),
    (forging.delete_everything, "tail_deleted", None, "5"),
    (forging.give_to_another_venue, "row_differs", 2, "venue_id"),
    (forging.give_a_line_to_another_venue, "row_differs", 2, "fiscal_document_line"),
    (forging.point_at_another_correction, "row_differs", 4, "corrects_id"),
    (forging.name_another_key_with_the_key, "key_misnamed", 3, "0000"),
    (forging.list_a_key_of_ones_own, "keys_differ", None, "2"),
    (forging.introduce_a_key_of_ones_own, "key_not_introduced", None, ""),
    (forging.introduce_a_key_that_names_no_other, "key_not_introduced", None, ""),
    (forging.slip_the_real_key_behind_ones_own, "key_not_introduced", None, ""),
]


@pytest.mark.parametrize(("tamper", "code", "number", "words"), FOUND)
def test_f05_it_finds_and_names(forger, tamper, code, number, words):
    assert verify().faults == []

    tamper(forger)

    fault = verify().faults[0]
    document = fault.document_id
    assert (fault.code, fault.register) == (code, "Bar")
    if number is not None:
        assert (fault.kind, fault.sequence) == ("TICKET", number)
        assert forger.master.execute(
            "SELECT sequence FROM fiscal_document WHERE id = %s", [document]
        ).fetchone() == (number,)
    assert words in str(fault)


def test_f05_a_fork_is_found(forger):
    forging.fork(forger)

    fault = verify().faults[0]

    # Which of the two the database gives first is its own affair.
    assert (fault.kind, fault.sequence) == ("TICKET", 4)
    assert fault.code in {"gap", "row_differs"}


def test_every_fault_is_tried():
    of_chains = {code for _, code, _, _ in FOUND}
    of_closings = {code for _, code, _ in test_verify_closings.FOUND}
    assert of_chains | of_closings == set(faults.FAULTS)
