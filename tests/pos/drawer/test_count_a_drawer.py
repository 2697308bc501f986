"""A drawer from count to count: what should be in it is what moved, to the cent."""

from __future__ import annotations

import datetime
import json
import threading

import pytest
from django.db import DatabaseError, connection, transaction

from pos.drawer.models import Drawer, Movement, Shift
from pos.drawer.operations import (
    begin_shift,
    close_shift,
    give_up_count,
    keep_count,
    move_cash,
    open_without_sale,
)
from pos.drawer.problems import (
    CountWrong,
    DrawerClosed,
    DrawerOpen,
    MoreLeftThanCounted,
    ReasonMissing,
)
from pos.operations import TenderWanted, ring_up
from pos.problems import NotATill
from teraa.common import journal_codes
from teraa.common.ids import uuid7
from teraa.common.problems import Invalid, Problem, SameKeyOtherBody
from teraa.devices.models import PrintJob
from teraa.fiscal.models import Document
from teraa.settlement.operations import current_quote
from tests.devices.cast import printer
from tests.pos import cast
from tests.settlement.cast import live_cursor

FLOAT = {2000: 2, 500: 4, 100: 20}  # 80.00 €


@pytest.fixture
def bar(db, keys_dir):
    return cast.bar()


def begin(bar, at, **fields):
    return begin_shift(session=bar.session, **{"key": uuid7(), "count": FLOAT, "at": at, **fields})


def close(bar, at, **fields):
    given = {"key": uuid7(), "count": FLOAT, "left_cents": 80_00, "at": at, **fields}
    return close_shift(session=bar.session, **given)


def sell(bar, at, **fields):
    return ring_up(session=bar.session, wanted=bar.wanted(**fields), at=at)


def put(bar, at, kind="in", **fields):
    given = {"key": uuid7(), "kind": kind, "amount_cents": 10_00, "reason": "la banque", **fields}
    return move_cash(session=bar.session, at=at, **given)


def events(code):
    rows = Document.objects.filter(kind="EVENT", event_code=code).order_by("sequence")
    return [json.loads(one.payload)["values"] for one in rows]


def test_what_should_be_there_is_the_float_and_all_that_moved(bar, at):
    begin(bar, at)
    sell(bar, at)  # 3.00 € in cash
    sell(bar, at, tenders=bar.tenders(card=300))
    put(bar, at)
    put(bar, at, "out", amount_cents=4_50, reason="du pain")

    shift = close(bar, at, count={**FLOAT, 200: 4, 50: 1}, left_cents=50_00, note="il manque 50")

    assert (shift.expected_cents, shift.counted_cents) == (88_50, 88_50)
    assert (shift.variance_cents, shift.left_cents, shift.state) == (0, 50_00, "closed")


def test_a_part_in_cash_counts_when_it_is_in_the_drawer(bar, at):
    """The rest comes in coins hours later: the cash was there at the count all the same."""
    begin(bar, at)
    live_cursor(at)
    quote = current_quote(venue_id=bar.venue.pk, at=at)
    coins = TenderWanted(uuid7(), "osm", 200, quote=quote.pk)
    sale = sell(bar, at, tenders=[*bar.tenders(cash=100), coins]).sale
    assert sale.state == "waiting"

    shift = close(bar, at, count={**FLOAT, 100: 21})

    assert shift.variance_cents == 0
    assert Movement.objects.get().amount_cents == 100


def test_a_difference_is_written_down_and_never_refused(bar, at):
    begin(bar, at)
    sell(bar, at)

    shift = close(bar, at)

    assert shift.variance_cents == -3_00
    closing = events(journal_codes.DRAWER_COUNT)[-1]
    assert (closing["phase"], closing["variance_cents"]) == ("closing", -300)
    assert closing["count"] == {"2000": 2, "500": 4, "100": 20}


def test_the_next_shift_expects_what_was_left_and_what_moved_between(bar, at):
    begin(bar, at)
    close(bar, at, left_cents=30_00)
    sell(bar, at)

    second = begin(bar, at, count={1000: 3, 200: 1, 100: 1})

    assert (second.number, second.opening_expected_cents, second.float_cents) == (2, 33_00, 33_00)
    # Taken in once: the third does not expect it again.
    close(bar, at, count={1000: 3, 200: 1, 100: 1}, left_cents=33_00)
    assert begin(bar, at).opening_expected_cents == 33_00


def test_the_first_shift_of_a_drawer_expects_nothing(bar, at):
    sell(bar, at)

    assert begin(bar, at).opening_expected_cents is None


def test_one_shift_at_a_time(bar, at):
    begin(bar, at)

    with pytest.raises(DrawerOpen):
        begin(bar, at)


def test_nothing_is_counted_or_moved_when_no_shift_runs(bar, at):
    for act in (
        lambda: close(bar, at),
        lambda: put(bar, at),
        lambda: keep_count(session=bar.session, count=FLOAT),
        lambda: give_up_count(session=bar.session),
    ):
        with pytest.raises(DrawerClosed):
            act()


def test_each_act_sent_twice_is_one(bar, at):
    opening, moving, closing = uuid7(), uuid7(), uuid7()

    assert begin(bar, at, key=opening) == begin(bar, at, key=opening)
    put(bar, at, key=moving)
    put(bar, at, key=moving)
    first = close(bar, at, key=closing, count={**FLOAT, 1000: 1})
    assert close(bar, at, key=closing, count={**FLOAT, 1000: 1}) == first

    assert first.variance_cents == 0
    assert [one["phase"] for one in events(journal_codes.DRAWER_COUNT)] == ["opening", "closing"]
    assert len(events(journal_codes.CASH_MOVED)) == 1


def test_a_drawer_opened_by_hand_and_asked_for_twice_opens_once(bar, at):
    printer(bar.venue, tills=[bar.station], has_drawer=True)
    key = uuid7()
    for _ in range(2):
        open_without_sale(session=bar.session, key=key, reason="monnaie", at=at)

    assert len(events(journal_codes.DRAWER_OPENED)) == 1
    assert PrintJob.objects.count() == 1
    with pytest.raises(SameKeyOtherBody):
        open_without_sale(session=bar.session, key=key, reason="autre chose", at=at)


def test_looking_inside_moves_no_cash(bar, at):
    begin(bar, at)
    open_without_sale(session=bar.session, key=uuid7(), reason="monnaie", at=at)

    assert close(bar, at).variance_cents == 0


def test_cash_moved_asked_for_again_after_the_count_is_still_moved_once(bar, at):
    """The answer was lost, the shift closed meanwhile: the till hears that it is done."""
    begin(bar, at)
    key = uuid7()
    put(bar, at, key=key)
    close(bar, at, count={**FLOAT, 1000: 1})

    put(bar, at, key=key)

    assert Movement.objects.filter(key=key).count() == 1
    with pytest.raises(DrawerClosed):
        put(bar, at)


def test_a_refused_movement_leaves_nothing(bar, at):
    with pytest.raises(DrawerClosed):
        put(bar, at)

    assert not Movement.objects.exists()
    assert not events(journal_codes.CASH_MOVED)


def test_the_same_key_with_another_body_is_refused(bar, at):
    opening, moving, closing = uuid7(), uuid7(), uuid7()
    begin(bar, at, key=opening)
    put(bar, at, key=moving)
    with pytest.raises(SameKeyOtherBody):
        begin(bar, at, key=opening, count={100: 1})
    with pytest.raises(SameKeyOtherBody):
        put(bar, at, key=moving, amount_cents=99)
    close(bar, at, key=closing)
    with pytest.raises(SameKeyOtherBody):
        close(bar, at, key=closing, left_cents=1)


def test_a_sale_sent_twice_puts_its_cash_in_once(bar, at):
    begin(bar, at)
    wanted = bar.wanted()
    for _ in range(2):
        ring_up(session=bar.session, wanted=wanted, at=at)

    assert list(Movement.objects.values_list("amount_cents", "kind")) == [(300, "sale")]


def test_a_count_is_kept_while_one_counts_and_can_be_given_up(bar, at):
    begin(bar, at)
    keep_count(session=bar.session, count={2000: 2})
    keep_count(session=bar.session, count={2000: 2, 500: 1})

    shift = Shift.objects.get()
    assert (shift.state, shift.count) == ("counting", {"2000": 2, "500": 1})
    assert give_up_count(session=bar.session).state == "open"
    assert Shift.objects.get().count == {}
    assert close(bar, at).variance_cents == 0, "counting is not asked for"


@pytest.mark.parametrize("count", [{3: 1}, {100: -1}, {100: 10_001}, {0: 1}])
def test_a_count_of_nonsense_is_refused(bar, at, count):
    with pytest.raises(CountWrong):
        begin(bar, at, count=count)


def test_no_more_is_left_than_was_counted(bar, at):
    begin(bar, at)
    for left in (80_01, -1):
        with pytest.raises(MoreLeftThanCounted):
            close(bar, at, left_cents=left)


@pytest.mark.parametrize("fields", [{"amount_cents": 0}, {"amount_cents": -5}, {"kind": "sale"}])
def test_cash_moved_by_hand_has_an_amount_and_a_direction(bar, at, fields):
    begin(bar, at)
    with pytest.raises(Invalid):
        put(bar, at, **fields)


def test_cash_is_moved_for_a_reason_and_opens_the_drawer(bar, at):
    begin(bar, at)
    with pytest.raises(ReasonMissing):
        put(bar, at, reason="  ")
    with pytest.raises(ReasonMissing):
        open_without_sale(session=bar.session, key=uuid7(), reason="", at=at)

    open_without_sale(session=bar.session, key=uuid7(), reason="monnaie", at=at)

    assert events(journal_codes.DRAWER_OPENED)[0]["reason"] == "monnaie"


def test_only_a_till_has_a_drawer(bar, at):
    bar.session.station.kind = "gate"

    with pytest.raises(NotATill):
        begin(bar, at)


def test_two_tills_have_two_drawers(bar, at):
    begin(bar, at)
    other = cast.bar()
    begin(other, at, count={100: 1})
    sell(other, at)

    assert close(bar, at).variance_cents == 0
    assert close(other, at, count={100: 4}, left_cents=0).variance_cents == 0


def test_the_database_keeps_what_was_counted(bar, at):
    begin(bar, at)
    put(bar, at)
    shift = close(bar, at)
    for statement in (
        "UPDATE drawer_shift SET counted_cents = 1",
        "UPDATE drawer_shift SET state = 'open'",
        "DELETE FROM drawer_shift",
        "UPDATE drawer_movement SET amount_cents = 1",
        "DELETE FROM drawer_movement",
    ):
        with (
            pytest.raises(DatabaseError),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    shift.refresh_from_db()
    assert shift.state == "closed"


def test_no_coin_falls_between_two_shifts(live_database, keys_dir, at):
    """Sales from one thread while another closes and begins: every cent is in one shift."""
    bar = cast.bar()
    begin(bar, at)
    sold, problems = [], []

    def serve():
        try:
            for number in range(30):
                sell(bar, at + datetime.timedelta(seconds=number))
                sold.append(300)
        except Exception as error:
            problems.append(error)
        finally:
            connection.close()

    till = threading.Thread(target=serve)
    till.start()
    kept = {**FLOAT}
    while till.is_alive():
        try:
            close(bar, at, count=kept)
            begin(bar, at, count=kept)
        except Problem as problem:
            problems.append(problem)
    till.join(30)
    last = close(bar, at, count=kept)

    assert problems == []
    assert len(sold) == 30
    moved = sum(Movement.objects.values_list("amount_cents", flat=True))
    assert moved == 30 * 300
    # What was between two shifts is what an opening expected beyond what was left.
    shifts = list(Shift.objects.order_by("number"))
    inside = sum(one.expected_cents - one.float_cents for one in shifts)
    between = sum((one.opening_expected_cents or 80_00) - 80_00 for one in shifts)
    assert inside + between == moved
    assert last.number == len(shifts) > 1
    assert Drawer.objects.get().shift_id is None


def test_moving_cash_and_counting_at_once_never_wait_in_a_circle(live_database, keys_dir, at):
    bar = cast.bar()
    begin(bar, at)
    errors, moved = [], []

    def move():
        for _ in range(25):
            try:
                put(bar, at)
                moved.append(10_00)
            except DrawerClosed:
                pass
            except Exception as error:
                errors.append(error)
        connection.close()

    hands = [threading.Thread(target=move) for _ in range(2)]
    for hand in hands:
        hand.start()
    while any(hand.is_alive() for hand in hands):
        close(bar, at)
        begin(bar, at)
    for hand in hands:
        hand.join(30)

    assert errors == []
    assert moved
    assert sum(Movement.objects.values_list("amount_cents", flat=True)) == sum(moved)
