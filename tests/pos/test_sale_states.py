"""The table of moves of a sale."""

import pytest

from pos.states import SALE_MOVES
from teraa.common.states import moves_table


@pytest.mark.parametrize(("source", "target", "allowed"), moves_table(SALE_MOVES))
def test_only_a_waiting_sale_moves(source, target, allowed):
    assert allowed == (source == "waiting" and target in ("paid", "cancelled"))
