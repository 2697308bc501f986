"""What is given back of a line: whole, in parts, discounted, a formula; always to the cent."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teraa.common.money import line_total, share_out
from teraa.fiscal.drafts import ComponentDraft, LineDraft, TenderDraft, TicketDraft, check_ticket
from teraa.fiscal.payloads import _line
from teraa.fiscal.reversing import NotThatMuch, OpenLine, open_lines, stands_alone, take_back
from tests.fiscal import cast

SOLD = UUID("01a20000-0000-7000-8000-000000000001")


def sealed(draft, position=1):
    return OpenLine(SOLD, "Bar-000001", position, _line(position, draft))


def total(drafts):
    return sum(draft.total_cents for draft in drafts)


def discounted(cents, **fields):
    return cast.line(discount_cents=cents, discount_reason="Fête", discount_author="Ana", **fields)


def test_a_whole_line_comes_back_at_what_was_paid():
    line = discounted(130, quantity_milli=3000)

    (back,) = take_back(sealed(line))

    assert (back.quantity_milli, back.unit_price_cents) == (-3000, 180)
    assert (back.discount_cents, back.total_cents) == (-130, -410)
    assert (back.vat_rate_bp, back.serving) == (1000, "on_site")
    assert (back.corrects_document, back.corrects_position) == (SOLD, 1)


def test_of_a_part_the_rest_is_sold_again_beside_it():
    back, kept = take_back(sealed(cast.line(quantity_milli=3000)), 1000)

    assert (back.quantity_milli, back.total_cents) == (-3000, -540)
    assert (kept.quantity_milli, kept.total_cents) == (2000, 360)
    assert kept.corrects_document is None, "it can be given back in its turn"
    assert total((back, kept)) == -180


def test_a_part_of_a_discounted_line_returns_what_was_paid_for_it():
    # 3 × 1.80 less 1.00: 4.40 were paid; a third of it is not a whole number of cents.
    parts = [
        -total(take_back(sealed(discounted(100, quantity_milli=3000)), 1000 * n)) for n in (1, 2)
    ]

    assert parts == [147, 293]


def formula(total_cents=1000, quantity_milli=1000):
    shares = share_out(total_cents, [700, 300])
    return LineDraft(
        label="Formule",
        quantity_milli=quantity_milli,
        unit_price_cents=total_cents * 1000 // quantity_milli,
        total_cents=total_cents,
        components=[
            ComponentDraft("Plat", quantity_milli, "meal", 1000, shares[0]),
            ComponentDraft("Vin", quantity_milli, "alcohol", 2000, shares[1]),
        ],
    )


def test_the_parts_of_a_formula_come_back_at_their_own_rates():
    back, kept = take_back(sealed(formula(3000, 3000)), 1000)

    assert [part.total_cents for part in back.components] == [-2100, -900]
    assert [part.total_cents for part in kept.components] == [1400, 600]
    totals = check_ticket(
        TicketDraft(lines=(back, kept), tenders=[TenderDraft(kind="cash", amount_cents=-1000)])
    )
    assert [(share.rate_bp, share.total_cents) for share in totals.taxes] == [
        (1000, -700),
        (2000, -300),
    ]


@pytest.mark.parametrize("quantity", [0, -1000, 3001, 10**9])
def test_it_refuses_more_than_was_sold_nothing_or_the_other_way(quantity):
    with pytest.raises(NotThatMuch):
        take_back(sealed(cast.line(quantity_milli=3000)), quantity)


class Ticket:
    def __init__(self, id, lines):
        self.id, self.number = id, f"Bar-{id.int % 1000:06d}"
        self.values = {"lines": [_line(n, line) for n, line in enumerate(lines, start=1)]}


@given(
    price=st.integers(0, 5000),
    quantity=st.integers(1, 9000),
    percent=st.integers(0, 100),
    cuts=st.lists(st.integers(1, 9000), max_size=6),
)
def test_parts_given_back_one_after_the_other_are_together_what_was_paid(
    price, quantity, percent, cuts
):
    gross = line_total(price, quantity)
    discount = gross * percent // 100
    first = LineDraft(
        label="Thé",
        quantity_milli=quantity,
        unit_price_cents=price,
        total_cents=gross - discount,
        vat_rate_bp=550,
        discount_cents=discount,
        discount_reason="Fête" if discount else "",
        discount_author="Ana" if discount else "",
    )
    tickets = [Ticket(UUID(int=1), [first])]
    returned = 0
    for number, cut in enumerate([*cuts, None], start=2):
        left = open_lines(tickets)
        if not left:
            break
        (line,) = left
        assert stands_alone(line, left)
        drafts = take_back(line, None if cut is None else min(cut, line.quantity_milli))
        back = -total(drafts)
        assert 0 <= back <= first.total_cents
        returned += back
        check_ticket(
            TicketDraft(
                lines=drafts,
                tenders=[TenderDraft(kind="cash", amount_cents=-back)] if back else [],
            )
        )
        tickets.append(Ticket(UUID(int=number), drafts))

    assert open_lines(tickets) == []
    assert returned == first.total_cents
