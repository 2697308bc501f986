"""What people decide about coins: once, with a reason, by two above the threshold."""

from __future__ import annotations

import pytest

from teraa.common.ids import uuid7
from teraa.common.problems import NotFound, SameKeyOtherBody
from teraa.settlement.cases.models import Case, Decision, Safeguard
from teraa.settlement.cases.operations import (
    accept_late_coins,
    accept_shortfall,
    assign_receipt,
    explain_case,
    ignore_coins,
    keep_surplus,
    settle_by_hand,
    take_case,
)
from teraa.settlement.cases.problems import (
    CaseClosed,
    CoinsAreSpent,
    NoSurplus,
    NotForThisCase,
    NothingOwed,
    NotShort,
    OtherPayee,
    ReasonNeeded,
    SecondPersonNeeded,
)
from teraa.settlement.cases.proposals import is_one_edit_away, names_nearly, proposals_for
from teraa.settlement.models import Due
from teraa.settlement.operations import add_tender
from teraa.settlement.osm.models import Allocation, OsmRequest
from teraa.settlement.osm.references import normalise
from teraa.settlement.problems import NothingLate
from tests.settlement.cases.moves import ADA, BOB, OSM, scene

pytestmark = pytest.mark.django_db


def live_units(receipt) -> int:
    rows = Allocation.objects.filter(receipt=receipt, reversed_at__isnull=True)
    return sum(rows.values_list("amount_units", flat=True))


def late(at, *, share: int = 100, amount_cents: int = 1200):
    """A request that expired, and then got ``share`` percent of what it asked for."""
    of = scene(at)
    due, request = of.ask(amount_cents)
    of.expires(request)
    receipt = of.pays(request, request.units * share // 100)
    return of, due, request, receipt


# -- assign ------------------------------------------------------------------------------------


def test_coins_to_identify_are_assigned_to_the_request_they_were_meant_for(at):
    of = scene(at)
    due, request = of.ask()
    receipt = of.comes(request.units, "merci")
    case = of.case(kind="unknown")

    assign_receipt(case_id=case.pk, request_id=request.pk, **of.by())

    request.refresh_from_db()
    due.refresh_from_db()
    case.refresh_from_db()
    assert (request.state, due.state) == ("settled", "settled")
    assert (case.state, case.resolution, case.closed_by) == ("closed", "assigned", "Ada")
    assert live_units(receipt) == receipt.amount_units
    old, new = receipt.allocations.order_by("pk")
    assert (old.kind, old.reversed_by) == ("unknown", "Ada")
    assert (new.kind, new.reason, new.by) == ("request", "by_hand", "Ada")


def test_the_same_key_again_assigns_once(at):
    of = scene(at)
    _due, request = of.ask()
    receipt = of.comes(request.units)
    case = of.case(kind="unknown")
    said = of.by()
    for _ in range(2):
        assign_receipt(case_id=case.pk, request_id=request.pk, **said)

    assert receipt.allocations.count() == 2
    with pytest.raises(SameKeyOtherBody):
        take_case(case_id=case.pk, **said)


def test_a_closed_request_takes_assigned_coins_as_accepted_late(at):
    of = scene(at)
    due, request = of.ask()
    of.expires(request)
    of.comes(request.units)

    assign_receipt(case_id=of.case(kind="unknown").pk, request_id=request.pk, **of.by())

    due.refresh_from_db()
    assert due.state == "settled"
    assert [act.kind for act in request.acts.all()] == ["accept_late"]


def test_a_second_payment_goes_to_the_request_it_was_meant_for(at):
    of = scene(at)
    _due, first = of.ask()
    other_due, second = of.ask()
    of.pays(first)
    again = of.pays(first)
    case = of.case(kind="duplicate")

    assign_receipt(case_id=case.pk, request_id=second.pk, receipt_id=again.pk, **of.by())

    other_due.refresh_from_db()
    first.refresh_from_db()
    assert other_due.state == "settled"
    assert (first.state, first.surplus_units) == ("settled", 0)
    assert of.kinds() == []


def test_it_refuses_to_cross_from_one_payee_to_another(at):
    of = scene(at)
    other = scene(at, of.cursor, venue=of.payee.venue)
    _due, request = other.ask()
    of.at = other.at
    of.comes(request.units)

    with pytest.raises(OtherPayee):
        assign_receipt(case_id=of.case().pk, request_id=request.pk, **of.by())


def test_it_refuses_a_request_of_another_venue(at):
    of, other = scene(at), scene(at)
    _due, request = other.ask()
    of.comes(request.units)

    with pytest.raises(NotFound):
        assign_receipt(case_id=of.case().pk, request_id=request.pk, **of.by())


def test_it_refuses_a_request_that_is_paid(at):
    of = scene(at)
    _due, request = of.ask()
    of.pays(request)
    of.comes(request.units)

    with pytest.raises(NothingOwed):
        assign_receipt(case_id=of.case().pk, request_id=request.pk, **of.by())


def test_it_refuses_a_request_whose_due_was_paid_otherwise(at):
    of = scene(at)
    due, request = of.ask()
    of.expires(request)
    add_tender(key=uuid7(), due_id=due.pk, kind="cash", amount_cents=1200, at=of.at)
    of.comes(request.units)

    with pytest.raises(NothingOwed):
        assign_receipt(case_id=of.case().pk, request_id=request.pk, **of.by())


def test_it_refuses_coins_that_are_being_given_back(at):
    of = scene(at)
    _due, request = of.ask()
    of.comes(request.units)
    case = of.case(kind="unknown")
    of.refund(case_id=case.pk, variant="custom", units=OSM)

    with pytest.raises(CoinsAreSpent):
        assign_receipt(case_id=case.pk, request_id=request.pk, **of.by())


def test_a_reference_one_slip_away_is_proposed_and_never_credited(at):
    of = scene(at)
    _due, request = of.ask()
    slip = request.reference[:5] + ("A" if request.reference[5] != "A" else "B")
    receipt = of.comes(request.units, slip + request.reference[6:])

    (proposal,) = proposals_for(receipt)

    assert (proposal.request, proposal.has_nearly_its_reference) == (request, True)
    request.refresh_from_db()
    assert request.state == "open"


@pytest.mark.parametrize(
    ("a", "b", "near"),
    [
        ("0S7K3M9QX4T", "0S7K3M9QX4T", False),
        ("0S7K3M9QX4T", "0S7K3M9QX4R", True),
        ("0S7K3M9QX4T", "0S7K3M9XQ4T", True),
        ("0S7K3M9QX4", "0S7K3M9QX4T", True),
        ("0S7K33M9QX4T", "0S7K3M9QX4T", True),
        ("0S7K3M9QX4T", "0S7K3M9QXRR", False),
        ("0S7K3M9Q", "0S7K3M9QX4T", False),
    ],
)
def test_one_edit_is_one_wrong_missing_added_or_swapped_character(a, b, near):
    assert is_one_edit_away(a, b) is near
    assert is_one_edit_away(b, a) is near


def test_a_slip_is_found_inside_a_sentence():
    assert names_nearly("merci! os7k3m-9qx4r bises", normalise("OS7K3M9QX4T"))
    assert not names_nearly("merci beaucoup pour tout", normalise("OS7K3M9QX4T"))


# -- late, short -------------------------------------------------------------------------------


def test_late_coins_are_accepted_for_what_they_were_meant_for(at):
    of, due, request, _receipt = late(at)

    case = accept_late_coins(case_id=of.case(kind="late").pk, **of.by())

    due.refresh_from_db()
    request.refresh_from_db()
    assert (due.state, request.state) == ("settled", "settled")
    assert (case.state, case.resolution) == ("closed", "late_accepted")


def test_late_coins_are_refused_when_the_due_was_paid_otherwise(at):
    of, due, _request, _receipt = late(at)
    add_tender(key=uuid7(), due_id=due.pk, kind="cash", amount_cents=1200, at=of.at)

    with pytest.raises(NothingOwed):
        accept_late_coins(case_id=of.case().pk, **of.by())


def test_too_little_is_not_accepted_as_late(at):
    of, *_rest = late(at, share=50)

    with pytest.raises(NothingLate):
        accept_late_coins(case_id=of.case().pk, **of.by())


def test_a_shortfall_is_accepted_with_a_reason(at):
    of, due, request, _receipt = late(at, share=80)
    case = of.case(kind="late")
    with pytest.raises(ReasonNeeded):
        accept_shortfall(case_id=case.pk, reason=" ", **of.by())

    case = accept_shortfall(case_id=case.pk, reason="panne du réseau", **of.by())

    due.refresh_from_db()
    request.refresh_from_db()
    assert (due.state, due.paid_cents) == ("settled", 1200)
    assert (request.state, request.surplus_units) == ("settled", 0)
    assert (case.state, case.resolution) == ("closed", "short_accepted")


def test_what_is_enough_is_no_shortfall(at):
    of, _due, request, _receipt = late(at, share=100)

    with pytest.raises(NotShort):
        accept_shortfall(case_id=of.case().pk, reason="non", **of.by())
    request.refresh_from_db()
    assert request.state == "expired"


# -- by hand, by two -----------------------------------------------------------------------------


def test_a_small_request_is_settled_by_one_person_with_a_reason(at):
    of = scene(at)
    due, request = of.ask(4999)
    with pytest.raises(ReasonNeeded):
        settle_by_hand(request_id=request.pk, reason="", **of.by())

    settle_by_hand(request_id=request.pk, reason="vu sur son téléphone", **of.by())

    due.refresh_from_db()
    request.refresh_from_db()
    assert (due.state, request.state, request.by_hand) == ("settled", "settled", True)


def test_a_large_one_needs_two_people_and_the_first_word_changes_nothing(at):
    of = scene(at)
    due, request = of.ask(5001)

    settle_by_hand(request_id=request.pk, reason="vu", **of.by(ADA))
    due.refresh_from_db()
    assert due.state == "open"
    with pytest.raises(SecondPersonNeeded):
        settle_by_hand(request_id=request.pk, reason="vu, vraiment", **of.by(ADA))
    settle_by_hand(request_id=request.pk, reason="vu aussi", **of.by(BOB))

    due.refresh_from_db()
    assert due.state == "settled"
    said = Decision.objects.filter(request=request).order_by("at")
    assert [(one.by, one.carried_out) for one in said] == [("Ada", False), ("Bob", True)]


def test_a_payee_may_want_two_people_from_another_amount_on(at):
    of = scene(at)
    Safeguard.objects.create(payee=of.payee, venue=of.payee.venue, second_person_cents=100)
    due, request = of.ask(101)

    settle_by_hand(request_id=request.pk, reason="vu", **of.by(ADA))

    due.refresh_from_db()
    assert due.state == "open"


def test_what_is_settled_is_not_settled_again(at):
    of = scene(at)
    _due, request = of.ask()
    of.pays(request)

    with pytest.raises(NothingOwed):
        settle_by_hand(request_id=request.pk, reason="encore", **of.by())


# -- keep, ignore, explain, take --------------------------------------------------------------


@pytest.mark.parametrize("action", ["keep_tip", "keep_credit"])
def test_a_surplus_is_kept_and_the_sale_stays_as_it_was(at, action):
    of = scene(at)
    due, request = of.ask()
    receipt = of.pays(request, request.units + 30 * OSM)

    case = keep_surplus(
        case_id=of.case(kind="over").pk, action=action, reason="gardez la monnaie", **of.by()
    )

    request.refresh_from_db()
    due.refresh_from_db()
    assert (case.state, case.resolution) == ("closed", "kept")
    assert (request.state, request.surplus_units, due.state) == ("settled", 0, "settled")
    live = receipt.allocations.filter(reversed_at__isnull=True).order_by("kind")
    assert [(one.kind, one.amount_units) for one in live] == [
        ("request", request.units),
        ("surplus", 30 * OSM),
    ]
    with pytest.raises(CaseClosed):
        keep_surplus(case_id=case.pk, action=action, reason="encore", **of.by())


def test_coins_nobody_knows_are_kept_whole(at):
    of = scene(at)
    receipt = of.comes(50 * OSM)

    keep_surplus(case_id=of.case().pk, action="keep_tip", reason="don anonyme", **of.by())

    (kept,) = receipt.allocations.filter(reversed_at__isnull=True)
    assert (kept.kind, kept.request_id, kept.amount_units) == ("surplus", None, 50 * OSM)
    assert of.kinds() == []


def test_what_a_refund_gives_back_is_not_kept(at):
    of = scene(at)
    receipt = of.comes(50 * OSM)
    case = of.case()
    of.refund(case_id=case.pk, variant="custom", units=20 * OSM)

    keep_surplus(case_id=case.pk, action="keep_tip", reason="le reste", **of.by())

    live = receipt.allocations.filter(reversed_at__isnull=True).order_by("kind")
    assert [(one.kind, one.amount_units) for one in live] == [
        ("surplus", 30 * OSM),
        ("unknown", 20 * OSM),
    ]


def test_there_must_be_something_to_keep(at):
    of, _due, request, _receipt = late(at)
    case = of.case(kind="late")
    Case.objects.filter(pk=case.pk).update(units=1)
    accept_late_coins(case_id=case.pk, **of.by())

    with pytest.raises((CaseClosed, NoSurplus)):
        keep_surplus(case_id=case.pk, action="keep_tip", reason="oui", **of.by())
    assert OsmRequest.objects.get(pk=request.pk).state == "settled"


def test_coins_left_aside_are_never_asked_about_again(at):
    of = scene(at)
    receipt = of.comes(2 * OSM)

    case = ignore_coins(case_id=of.case().pk, **of.by())

    assert (case.resolution, of.kinds()) == ("ignored", [])
    of.look(receipt.transaction)
    assert of.kinds() == []
    assert live_units(receipt) == 2 * OSM


def test_coins_to_identify_are_not_explained_away(at):
    of = scene(at)
    of.comes(2 * OSM)

    with pytest.raises(NotForThisCase):
        explain_case(case_id=of.case().pk, reason="bof", **of.by())


def test_somebody_takes_charge(at):
    of = scene(at)
    of.comes(2 * OSM)

    case = take_case(case_id=of.case().pk, **of.by(BOB))

    assert (case.assignee, case.state) == ("Bob", "open")


def test_a_stolen_coin_is_explained_with_a_reason_and_stays_written(at):
    of = scene(at)
    of.leaves(scene(at).payee.osm_address, 5 * OSM)

    case = explain_case(case_id=of.case(kind="outflow").pk, reason="loyer", **of.by())

    assert (case.state, case.resolution) == ("closed", "explained")
    assert Decision.objects.get(case=case).reason == "loyer"


def test_a_due_paid_in_cash_while_the_coins_came_leaves_them_to_be_given_back(at):
    of = scene(at)
    due, request = of.ask()
    of.expires(request)
    add_tender(key=uuid7(), due_id=due.pk, kind="cash", amount_cents=1200, at=of.at)
    of.pays(request)

    refund = of.refund(case_id=of.case(kind="late").pk)

    assert refund.covers_units == request.units
    assert Due.objects.get(pk=due.pk).state == "settled"
    assert of.kinds() == []
