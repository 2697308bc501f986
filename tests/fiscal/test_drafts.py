"""A ticket that does not hold together is refused, by name, before anything is locked."""

from dataclasses import replace
from uuid import uuid4

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from teraa.common.money import line_total, share_out
from teraa.fiscal.drafts import (
    REASONS,
    ComponentDraft,
    DraftRefused,
    LineDraft,
    TenderDraft,
    TicketDraft,
    check_ticket,
)
from tests.fiscal import cast

SOLD = uuid4()
COFFEE = cast.line()
BACK = cast.line(quantity_milli=-1000, corrects_document=SOLD, corrects_position=1)
PLATE = ComponentDraft("Plat", 1000, "meal", 1000, 1100)
WINE = ComponentDraft("Vin", 1000, "alcohol", 2000, 400)
FORMULA = cast.line(
    label="Formule", unit_price_cents=1500, vat_rate_bp=None, components=(PLATE, WINE)
)
ROUNDING = cast.line(
    kind="rounding", label="Arrondi", unit_price_cents=-2, vat_rate_bp=0, vat_class="out_of_scope"
)
DISCOUNT = cast.line(kind="discount", label="Remise", unit_price_cents=-50)
OSM = cast.osm(180)


def cash(amount, received=None, change=None):
    return TenderDraft(
        kind="cash", amount_cents=amount, received_cents=received, change_cents=change
    )


def paid(line, **fields):
    return cast.ticket(line, **fields)


REFUSED = [
    ("empty", TicketDraft(lines=(), tenders=())),
    ("too_many_lines", cast.ticket(*[COFFEE] * 501)),
    ("unknown_kind", paid(cast.line(kind="gift"))),
    ("unknown_kind", paid(COFFEE, tenders=[TenderDraft(kind="shells", amount_cents=180)])),
    ("unknown_serving", paid(cast.line(serving="on_the_roof"))),
    ("label_missing", paid(cast.line(label="  "))),
    ("text_too_long", paid(cast.line(label="x" * 201))),
    ("text_too_long", paid(cast.line(label="caf\x00é"))),
    ("text_too_long", paid(COFFEE, operator_label="x" * 121)),
    ("text_too_long", paid(COFFEE, tenders=[replace(OSM, osm_txids=("f" * 65,))])),
    ("line_differs", paid(cast.line(total_cents=181))),
    ("line_differs", paid(cast.line(quantity_milli=2000, total_cents=180))),
    ("out_of_range", paid(cast.line(quantity_milli=0))),
    ("out_of_range", paid(cast.line(unit_price_cents=10**12))),
    ("out_of_range", paid(cast.line(quantity_milli=10**8, unit_price_cents=10**7))),
    ("out_of_range", paid(replace(ROUNDING, unit_price_cents=-6, total_cents=-6))),
    ("negative", paid(cast.line(unit_price_cents=-180))),
    ("negative", paid(cast.line(quantity_milli=-1000))),
    ("negative", paid(DISCOUNT)),
    ("negative", cast.ticket(COFFEE, tenders=[cash(200), cash(-20)])),
    ("negative", cast.ticket(COFFEE, tenders=[cash(180), cash(0)])),
    ("positive", paid(cast.line(corrects_document=SOLD, corrects_position=1))),
    ("discount_wrong", paid(replace(DISCOUNT, unit_price_cents=50, total_cents=50))),
    (
        "discount_wrong",
        paid(cast.line(discount_cents=200, discount_reason="a", discount_author="b")),
    ),
    (
        "discount_wrong",
        paid(cast.line(discount_cents=-10, discount_reason="a", discount_author="b")),
    ),
    ("discount_unexplained", paid(cast.line(discount_cents=10))),
    ("discount_unexplained", paid(cast.line(discount_cents=10, discount_reason="Bénévole"))),
    ("rate_wrong", paid(cast.line(vat_rate_bp=None))),
    ("rate_wrong", paid(cast.line(vat_rate_bp=10_001))),
    ("rate_wrong", paid(cast.line(vat_rate_bp=-1))),
    ("rate_wrong", paid(replace(FORMULA, vat_rate_bp=1000))),
    ("rate_wrong", paid(replace(FORMULA, components=(PLATE, replace(WINE, vat_rate_bp=-1))))),
    ("components_differ", paid(replace(FORMULA, components=(PLATE,)))),
    (
        "components_differ",
        paid(
            replace(
                FORMULA,
                components=(replace(PLATE, total_cents=1900), replace(WINE, total_cents=-400)),
            )
        ),
    ),
    ("parent_wrong", paid(cast.line(parent_position=1))),
    ("parent_wrong", cast.ticket(COFFEE, cast.line(parent_position=2))),
    ("correction_wrong", paid(cast.line(corrects_document=SOLD))),
    ("correction_wrong", cast.ticket(BACK, BACK)),
    ("tenders_differ", paid(COFFEE, tenders=[])),
    ("tenders_differ", paid(COFFEE, tenders=[cash(179)])),
    ("change_wrong", paid(COFFEE, tenders=[cash(180, received=200, change=10)])),
    ("change_wrong", paid(COFFEE, tenders=[cash(180, received=100, change=-80)])),
    ("change_wrong", paid(COFFEE, tenders=[cash(180, change=20)])),
    ("change_without_cash", paid(COFFEE, tenders=[replace(cash(180, 200, 20), kind="card")])),
    ("change_without_cash", paid(COFFEE, tenders=[replace(OSM, received_cents=200)])),
    ("osm_wrong", paid(COFFEE, tenders=[replace(OSM, osm_units=None)])),
    ("osm_wrong", paid(COFFEE, tenders=[replace(OSM, osm_rate_e10=None)])),
    ("osm_wrong", paid(COFFEE, tenders=[replace(OSM, osm_units=-5)])),
    ("osm_wrong", paid(COFFEE, tenders=[replace(cash(180), osm_units=5)])),
    ("osm_wrong", paid(COFFEE, tenders=[replace(cash(180), osm_reference="OS1")])),
    ("out_of_range", paid(COFFEE, tenders=[replace(OSM, osm_units=2**63)])),
]


@pytest.mark.parametrize(("reason", "ticket"), REFUSED)
def test_it_refuses(reason, ticket):
    with pytest.raises(DraftRefused) as refusal:
        check_ticket(ticket)

    assert refusal.value.context["reason"] == reason


def test_every_reason_is_tried_and_has_its_sentence():
    assert {reason for reason, _ in REFUSED} == set(REASONS)
    with translation.override("en"):
        said = DraftRefused("tenders_differ", "tenders").as_dict()
    assert said["code"] == "ticket_refused"
    assert said["title"] == (
        "This cannot be put on a ticket: the payments do not add up to the total."
    )
    assert said["context"]["reason"] == "tenders_differ"


ACCEPTED = {
    "coffee": (COFFEE,),
    "refund": (BACK,),
    "formula": (FORMULA,),
    "weighed": (cast.line(quantity_milli=337, unit_price_cents=1290),),
    "offered": (cast.line(discount_cents=180, discount_reason="Offert", discount_author="Maud"),),
    "discount of all": (COFFEE, DISCOUNT),
    "rounding": (COFFEE, ROUNDING),
    "deposit given back": (
        cast.line(
            kind="deposit",
            label="Gobelet",
            quantity_milli=-1000,
            unit_price_cents=100,
            vat_rate_bp=0,
        ),
    ),
    "exchange": (BACK, cast.line(unit_price_cents=250)),
    "refund of a discounted line": (
        replace(
            BACK,
            discount_cents=-30,
            discount_reason="Bénévole",
            discount_author="Maud",
            total_cents=-150,
        ),
    ),
    "refund of a discount": (
        BACK,
        replace(
            DISCOUNT,
            quantity_milli=-1000,
            total_cents=50,
            corrects_document=SOLD,
            corrects_position=2,
        ),
    ),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_it_accepts(name):
    lines = ACCEPTED[name]

    totals = check_ticket(cast.ticket(*lines))

    assert totals.total_cents == sum(line.total_cents for line in lines)
    assert totals.total_cents == sum(tax.total_cents for tax in totals.taxes)


def test_vat_is_taken_per_rate_and_rounded_once():
    """Ten times 0.55 € at 10 %: 0.05 a line would make 0.50, the total says 0.50; at 5.5 % 0.29."""
    tens = check_ticket(cast.ticket(*[cast.line(unit_price_cents=55)] * 10))
    mixed = check_ticket(
        cast.ticket(*[cast.line(unit_price_cents=55, vat_rate_bp=550)] * 10, cast.line(), FORMULA)
    )

    assert [(t.rate_bp, t.base_cents, t.vat_cents) for t in tens.taxes] == [(1000, 500, 50)]
    assert [(t.rate_bp, t.base_cents, t.vat_cents) for t in mixed.taxes] == [
        (550, 521, 29),
        (1000, 1164, 116),
        (2000, 333, 67),
    ]


def test_a_free_ticket_may_say_it_was_paid_with_nothing():
    free = cast.line(unit_price_cents=0)

    assert check_ticket(cast.ticket(free, tenders=[cash(0)])).total_cents == 0


# -- random tickets ------------------------------------------------------------------------------

rates = st.sampled_from([0, 210, 550, 1000, 2000])
labels = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=40
).filter(lambda text: text.strip())


@st.composite
def sold_lines(draw):
    price = draw(st.integers(0, 50_000))
    quantity = draw(st.one_of(st.sampled_from([1000, 2000, 5000]), st.integers(1, 20_000)))
    gross = line_total(price, quantity)
    discount = draw(st.one_of(st.just(0), st.integers(0, gross)))
    fields = {
        "label": draw(labels),
        "quantity_milli": quantity,
        "unit_price_cents": price,
        "discount_cents": discount,
        "discount_reason": "Bénévole" if discount else "",
        "discount_author": "Maud" if discount else "",
        "total_cents": gross - discount,
    }
    if draw(st.booleans()):
        return LineDraft(vat_rate_bp=draw(rates), vat_class="meal", **fields)
    weights = draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
    parts = share_out(gross - discount, weights)
    return LineDraft(
        components=[
            ComponentDraft(draw(labels), 1000, "meal", draw(rates), part) for part in parts
        ],
        **fields,
    )


@st.composite
def tickets(draw):
    lines = draw(st.lists(sold_lines(), min_size=1, max_size=8))
    total = sum(line.total_cents for line in lines)
    tenders = []
    rest = total
    while rest:
        amount = rest if len(tenders) == 2 else draw(st.integers(1, rest))
        kind = draw(st.sampled_from(["cash", "card", "osm", "voucher"]))
        if kind == "cash":
            received = amount + draw(st.integers(0, 5000))
            tenders.append(cash(amount, received, received - amount))
        elif kind == "osm":
            tenders.append(cast.osm(amount, draw(st.integers(1, 2**63 - 1))))
        else:
            tenders.append(TenderDraft(kind=kind, amount_cents=amount))
        rest -= amount
    return TicketDraft(lines=lines, tenders=tenders, subject="pos.sale:1", operator_label="Ana")


@settings(max_examples=150, deadline=None)
@given(tickets())
def test_totals_taxes_and_payments_agree(ticket):
    totals = check_ticket(ticket)

    assert totals.total_cents == sum(t.amount_cents for t in ticket.tenders)
    assert totals.total_cents == sum(t.total_cents for t in totals.taxes)
    for tax in totals.taxes:
        assert tax.base_cents + tax.vat_cents == tax.total_cents
        # Within half a cent of the exact VAT contained in the total, whatever the lines.
        exact = 2 * tax.total_cents * tax.rate_bp
        assert abs(2 * tax.vat_cents * (10_000 + tax.rate_bp) - exact) <= 10_000 + tax.rate_bp


@settings(max_examples=100, deadline=None)
@given(tickets(), st.integers(1, 100))
def test_a_cent_more_or_less_is_refused(ticket, cents):
    tenders = list(ticket.tenders)
    if not tenders:
        return
    tenders[0] = replace(tenders[0], amount_cents=tenders[0].amount_cents + cents)

    with pytest.raises(DraftRefused):
        check_ticket(replace(ticket, tenders=tenders))
