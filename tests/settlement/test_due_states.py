"""Which moves dues, tenders and requests allow; the tables are printed (pytest -s)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teraa.common.states import WrongMove, moves_table
from teraa.settlement.balance import TenderFact, balance
from teraa.settlement.models import Due
from teraa.settlement.osm.states import REQUEST_MOVES, RequestState
from teraa.settlement.states import (
    DUE_MOVES,
    LIVE_TENDERS,
    TENDER_MOVES,
    DueState,
    TenderState,
)
from tests.settlement import cast

TABLES = {
    "due": (DUE_MOVES, DueState),
    "tender": (TENDER_MOVES, TenderState),
    "request": (REQUEST_MOVES, RequestState),
}


@pytest.mark.parametrize("name", TABLES)
def test_the_table_of_moves_is_whole(name, capsys):
    moves, states = TABLES[name]
    assert set(moves) == set(states)
    assert moves["settled"] == frozenset(), "settled is final"
    rows = moves_table(moves)
    with capsys.disabled():
        allowed = [f"{a}→{b}" for a, b, is_allowed in rows if is_allowed]
        print(f"\n{name}: {', '.join(sorted(allowed))}")
    assert len(rows) == len(states) * (len(states) - 1)


@pytest.mark.django_db
@pytest.mark.parametrize(("start", "to", "allowed"), moves_table(DUE_MOVES))
def test_a_due_moves_only_as_the_table_says(at, start, to, allowed):
    due = cast.due(cast.payee(), at, amount_cents=100)
    when = {"settled_at": at, "paid_cents": 100} if start == "settled" else {}
    Due.objects.filter(pk=due.pk).update(state=start, **when)
    changes = {"settled_at": at, "paid_cents": 100} if to == "settled" else {}
    due.refresh_from_db()

    if allowed:
        assert due.move(to, **changes).state == to
    else:
        with pytest.raises(WrongMove):
            due.move(to, **changes)
        assert Due.objects.get(pk=due.pk).state == start


tenders = st.lists(
    st.builds(
        TenderFact,
        state=st.sampled_from([state.value for state in TenderState]),
        amount_cents=st.integers(1, 500),
        lapsed=st.booleans(),
    ),
    max_size=6,
)


@given(tenders=tenders, state=st.sampled_from([state.value for state in DueState]))
def test_a_balance_counts_every_live_cent_once(tenders, state):
    held = sum(one.amount_cents for one in tenders if one.state in LIVE_TENDERS)
    paid = sum(one.amount_cents for one in tenders if one.state == "settled")

    found = balance(state=state, amount_cents=max(held, 1), tenders=tenders)

    assert found.paid_cents == paid
    assert found.paid_cents + found.pending_cents == held
    if state in ("settled", "cancelled"):
        assert found.state == state
    else:
        assert (found.state == "settled") == (paid == max(held, 1))


@pytest.mark.parametrize(
    ("tenders", "expected"),
    [
        ([], "open"),
        ([TenderFact("pending", 100)], "open"),
        ([TenderFact("settled", 40)], "open"),
        ([TenderFact("settled", 40), TenderFact("accepted", 60)], "accepted"),
        ([TenderFact("settled", 40), TenderFact("settled", 60)], "settled"),
        ([TenderFact("cancelled", 100, lapsed=True)], "expired"),
        ([TenderFact("cancelled", 100, lapsed=False)], "open"),
        ([TenderFact("cancelled", 100, lapsed=True), TenderFact("pending", 100)], "open"),
        ([TenderFact("settled", 40), TenderFact("cancelled", 60, lapsed=True)], "open"),
        ([TenderFact("unknown", 100)], "open"),
    ],
)
def test_a_due_is_what_its_tenders_say(tenders, expected):
    assert balance(state="open", amount_cents=100, tenders=tenders).state == expected
