"""Closings under the verifier: whatever is done to what they close, or to them, is found and named."""

import pytest

from teraa.fiscal.closings.ending import By, end_periods
from teraa.fiscal.verify import verify
from tests.fiscal import cast
from tests.fiscal import closing_forger as forgery
from tests.fiscal.closing_cast import AT, HOUR


@pytest.fixture
def forger(live_database, keys_dir):
    with forgery.forging(live_database) as forger:
        yield forger


# tampering → what is found: (code, words of the sentence)
FOUND = [
    (forgery.delete_the_tail_of_the_journal, "closing_tail", "EVENT"),
    (forgery.delete_closed_tickets, "closing_tail", "TICKET"),
    (forgery.slip_a_ticket_into_a_closed_period, "closing_left_out", "11"),
    (forgery.rename_the_last_ticket, "closing_hash", "5"),
    (forgery.skip_a_ticket, "closing_range", "7"),
    (forgery.count_a_ticket_twice, "closing_range", "6"),
    (forgery.say_another_total, "closing_totals", "780"),
    (forgery.say_fewer_openings, "closing_totals", "drawer_openings"),
    (forgery.say_another_perpetual_total, "closing_perpetual", ""),
    (forgery.say_another_perpetual_total_of_the_month, "closing_perpetual", ""),
    (forgery.say_another_total_of_the_month, "closing_totals", "voids"),
    (forgery.leave_a_day_out_of_the_month, "closing_parts", "2"),
    (forgery.say_other_ranges_of_the_month, "closing_parts_range", "2026-11"),
    (forgery.stretch_the_month, "closing_span", "2026-12-01"),
    (forgery.close_february_before_november, "closing_early", "2026-11-19"),
    (forgery.skip_a_number, "closing_number", "7"),
    (forgery.say_another_day, "closing_period", ""),
    (forgery.edit_the_row, "row_differs", "fiscal_closing"),
    (forgery.edit_the_rows_figures, "row_differs", "figures"),
    (forgery.delete_the_row, "rows_missing", "fiscal_closing"),
    (forgery.add_a_row, "closing_unsigned", ""),
    (forgery.delete_the_end, "closing_of_unended", "2"),
    (forgery.edit_the_end, "end_differs", "TICKET"),
    (forgery.point_the_end_at_another_event, "end_unsaid", "1"),
    (forgery.let_an_ended_period_run, "period_runs_on", "2"),
]


@pytest.mark.parametrize(("tamper", "code", "words"), FOUND)
def test_it_finds_and_names(forger, settings, tamper, code, words):
    assert verify().faults == []

    tamper(forger)

    # The marks beside the keys would tell of some of it: the closings alone must.
    settings.TERAA_KEYS = None
    faults = verify().faults
    assert [fault.code for fault in faults][:1] == [code], [str(fault) for fault in faults]
    assert (faults[0].register, faults[0].kind) == ("Bar", "CLOSING")
    assert words in str(faults[0])


def test_a_chain_that_does_not_hold_is_reported_once(forger, settings):
    settings.TERAA_KEYS = None
    forger.run("UPDATE fiscal_document SET total_cents = 1 WHERE kind = 'TICKET' AND sequence = 2")

    assert [(fault.kind, fault.code) for fault in verify().faults] == [("TICKET", "row_differs")]


def test_a_day_that_ended_and_has_no_z_yet_is_no_fault(live_database, keys_dir):
    register = cast.register()
    cast.seal(register)
    end_periods(register_ids=[register.pk], at=AT, by=By("Ana"))
    cast.seal(register, at=AT + HOUR)

    assert verify().faults == []
