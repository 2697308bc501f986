"""Refunds: how much, to whom, by whom approved, and when the chain says they are done."""

from __future__ import annotations

import pytest
from django.db import IntegrityError

from teraa.common.ids import uuid7
from teraa.common.problems import Invalid, NotFound, SameKeyOtherBody
from teraa.settlement.cases import references
from teraa.settlement.cases.models import Case, Refund
from teraa.settlement.cases.operations import (
    accept_as_sent,
    approve_refund,
    ask_again,
    cancel_refund,
    direct_refund,
    draft_refund,
    explain_case,
)
from teraa.settlement.cases.problems import (
    BadDestination,
    NothingToRefund,
    OwnDestination,
    ReasonNeeded,
    RefundMoved,
    SecondPersonNeeded,
    TooMuchRefund,
)
from teraa.settlement.cases.queries import (
    is_refunded,
    link_of,
    refund_story_of,
    refunded_cents,
    story_of,
)
from teraa.settlement.cases.sources import warnings_about
from teraa.settlement.cases.watching import FINAL_DEPTH, close_deep_refunds
from teraa.settlement.models import Effect
from teraa.settlement.operations import add_tender, decide_rate
from teraa.settlement.osm import references as payment_references
from teraa.settlement.osm import uri
from teraa.settlement.osm.models import BlockCursor, ChainTransaction
from tests.settlement import cast
from tests.settlement.cases.moves import ADA, BOB, CUSTOMER, HOUR, OSM, address, scene

pytestmark = pytest.mark.django_db


def overpaid(at, units: int = 30 * OSM):
    of = scene(at)
    _due, request = of.ask()
    of.pays(request, request.units + units)
    return of, request, of.case(kind="over")


def paid(at, amount_cents: int = 1200):
    of = scene(at)
    due, request = of.ask(amount_cents)
    of.pays(request)
    due.refresh_from_db()
    assert due.state == "settled"
    return of, due, request


def sent(of, refund, **fields):
    """The payee's wallet does what the code asks."""
    asked = uri.parse(link_of(refund), version=cast.ADDRESS_BYTE)
    return of.leaves(asked.address, asked.units, asked.vendor_field, **fields)


def bury(of, *, under: int = FINAL_DEPTH - 1) -> int:
    """Blocks come; what no fork can take back any more is closed."""
    height = of.cursor.height + under
    BlockCursor.objects.filter(pk=of.cursor.pk).update(height=height)
    of.at += HOUR
    return close_deep_refunds(network_id=of.cursor.network_id, height=height, at=of.at)


# -- how much ------------------------------------------------------------------------------------


def test_the_surplus_goes_back_as_the_same_coins(at):
    of, request, case = overpaid(at)

    refund = of.refund(case_id=case.pk, variant="surplus", approved=False)

    assert (refund.part, refund.covers_units, refund.amount_units) == (
        "surplus",
        30 * OSM,
        30 * OSM,
    )
    assert refund.amount_cents == 60
    assert refund.request == request
    case.refresh_from_db()
    assert (case.state, case.resolution, case.closed_by) == ("closed", "refund", "Ada")


def test_the_same_euros_go_back_at_the_rate_of_today(at):
    of, _request, case = overpaid(at)
    decide_rate(
        venue_id=of.payee.venue_id,
        rate_e10=2 * cast.RATE_E10,
        valid_from=of.at,
        decided_by="assemblée",
    )

    refund = of.refund(case_id=case.pk, variant="now", approved=False)

    assert (refund.amount_cents, refund.covers_units, refund.amount_units) == (
        60,
        30 * OSM,
        15 * OSM,
    )
    assert refund.quote.rate_e10 == 2 * cast.RATE_E10


def test_an_amount_in_euros_leaves_the_rest_open(at):
    of, _request, case = overpaid(at)

    refund = of.refund(case_id=case.pk, variant="fixed", cents=20, approved=False)

    assert (refund.covers_units, refund.amount_cents) == (10 * OSM, 20)
    case.refresh_from_db()
    assert (case.state, case.units) == ("open", 20 * OSM)


def test_an_amount_in_osm_is_what_is_sent(at):
    of, _request, case = overpaid(at)

    refund = of.refund(case_id=case.pk, variant="custom", units=7 * OSM, approved=False)

    assert (refund.covers_units, refund.amount_units, refund.amount_cents) == (
        7 * OSM,
        7 * OSM,
        14,
    )


def test_no_coin_is_given_back_twice(at):
    of, _request, case = overpaid(at)
    of.refund(case_id=case.pk, variant="custom", units=20 * OSM)

    with pytest.raises(TooMuchRefund):
        of.refund(case_id=case.pk, variant="custom", units=11 * OSM)
    with pytest.raises(TooMuchRefund):
        of.refund(case_id=case.pk, variant="fixed", cents=21)
    with pytest.raises(Invalid):
        of.refund(case_id=case.pk, variant="custom", units=0)
    with pytest.raises(Invalid):
        of.refund(case_id=case.pk, variant="everything")


def test_the_database_itself_refuses_to_give_back_more_than_came(at):
    of, _request, case = overpaid(at)
    refund = of.refund(case_id=case.pk, variant="surplus", approved=False)

    with pytest.raises(IntegrityError, match="exceed"), cast.checked():
        Refund.objects.create(
            **{
                one.name: getattr(refund, one.name)
                for one in Refund._meta.concrete_fields
                if one.name not in ("id", "key", "reference_norm", "covers_units")
            },
            key=uuid7(),
            reference_norm="R00000000",
            covers_units=10**12,
        )


def test_the_database_itself_refuses_an_approval_nobody_gave(at):
    of, _request, case = overpaid(at)
    refund = of.refund(case_id=case.pk, variant="surplus", approved=False)

    with pytest.raises(IntegrityError, match="people"), cast.checked():
        Refund.objects.filter(pk=refund.pk).update(state="awaiting_wallet", approved_at=at)


def test_what_paid_a_due_goes_back_and_the_due_is_told_once_it_is_deep(at):
    of, due, _request = paid(at)

    refund = of.refund(due_id=due.pk, variant="then")
    sent(of, refund)
    assert bury(of) == 1

    refund.refresh_from_db()
    assert (refund.state, refund.part) == ("closed", "credited")
    assert list(Effect.objects.filter(due=due, kind="refunded").values_list("due", flat=True)) == [
        due.pk
    ]
    assert (is_refunded(due_id=due.pk), refunded_cents(due_id=due.pk)) == (True, 1200)


def test_a_due_paid_in_cash_has_no_coins_to_give_back(at):
    of = scene(at)
    due = cast.due(of.payee, of.at, 600)
    add_tender(key=uuid7(), due_id=due.pk, kind="cash", amount_cents=600, at=of.at)

    with pytest.raises(NothingToRefund):
        of.refund(due_id=due.pk)


def test_only_the_surplus_means_nothing_for_a_due(at):
    of, due, _request = paid(at)

    with pytest.raises(Invalid):
        of.refund(due_id=due.pk, variant="surplus")


def test_a_due_of_another_venue_is_not_there(at):
    of, _due, _request = paid(at)
    _other, due, _request = paid(at)

    with pytest.raises(NotFound):
        of.refund(due_id=due.pk)


def test_the_same_key_is_the_same_refund(at):
    of, _request, case = overpaid(at)
    said = of.by() | {"case_id": case.pk, "variant": "surplus"}

    first, second = draft_refund(**said), draft_refund(**said)

    assert first == second
    with pytest.raises(SameKeyOtherBody):
        draft_refund(**said | {"variant": "then"})


# -- to whom -------------------------------------------------------------------------------------


def test_it_goes_to_whoever_paid(at):
    of, _request, case = overpaid(at)

    refund = of.refund(case_id=case.pk)

    assert (refund.destination, refund.destination_source) == (address(CUSTOMER), "sender")


def test_a_sender_who_paid_several_payees_is_warned_about(at):
    of, _request, case = overpaid(at)
    other = scene(at, of.cursor)
    network = of.cursor.network
    assert warnings_about(address(CUSTOMER), network=network) == []

    other.at = of.at + HOUR
    other.comes(5 * OSM)

    assert "several_payees" in warnings_about(address(CUSTOMER), network=network)
    story = story_of(Case.objects.get(pk=case.pk), at=of.at)
    assert [str(one) for one in story.warnings] == ["several_payees"]


def test_a_sender_who_pays_again_within_minutes_is_warned_about(at):
    of = scene(at)
    of.comes(5 * OSM)
    of.comes(6 * OSM)

    assert warnings_about(address(CUSTOMER), network=of.cursor.network) == ["many_at_once"]


def test_a_typed_address_is_looked_at(at):
    of, _request, case = overpaid(at)
    good = address("somebody else")
    for bad in ("", good[:-1], good[:-1] + ("a" if good[-1] != "a" else "b"), "A" + good[1:]):
        with pytest.raises((BadDestination, Invalid)):
            draft_refund(**of.by(), case_id=case.pk, variant="then", address=bad or " ")
    with pytest.raises(OwnDestination):
        draft_refund(**of.by(), case_id=case.pk, variant="then", address=of.payee.osm_address)

    refund = of.refund(case_id=case.pk, address=good, approved=False)
    assert (refund.destination, refund.destination_source) == (good, "typed")


def test_an_address_may_be_typed_until_somebody_approves(at):
    of, _request, case = overpaid(at)
    refund = of.refund(case_id=case.pk, approved=False)

    direct_refund(refund_id=refund.pk, address=address("somebody else"), **of.by())
    approve_refund(refund_id=refund.pk, **of.by())

    with pytest.raises(RefundMoved):
        direct_refund(refund_id=refund.pk, address=address("a thief"), **of.by())
    with pytest.raises(IntegrityError, match="keeps its address"), cast.checked():
        Refund.objects.filter(pk=refund.pk).update(destination=address("a thief"))


# -- who says yes --------------------------------------------------------------------------------


def test_one_manager_approves_a_small_refund(at):
    of, _request, case = overpaid(at)
    refund = of.refund(case_id=case.pk, approved=False)

    approve_refund(refund_id=refund.pk, **of.by())

    refund.refresh_from_db()
    assert refund.state == "awaiting_wallet"
    link = uri.parse(link_of(refund), version=cast.ADDRESS_BYTE)
    assert (link.address, link.units, link.vendor_field) == (
        refund.destination,
        refund.amount_units,
        refund.reference,
    )


def test_two_people_approve_a_large_one(at):
    of, due, _request = paid(at, 5001)
    refund = of.refund(due_id=due.pk, approved=False)
    assert refund.approvals_needed == 2

    approve_refund(refund_id=refund.pk, **of.by(ADA))
    refund.refresh_from_db()
    assert (refund.state, link_of(refund)) == ("draft", "")
    with pytest.raises(SecondPersonNeeded):
        approve_refund(refund_id=refund.pk, **of.by(ADA))
    approve_refund(refund_id=refund.pk, **of.by(BOB))

    refund.refresh_from_db()
    assert refund.state == "awaiting_wallet"
    assert refund_story_of(refund).approvals == 2


def test_a_refund_given_up_opens_its_case_again(at):
    of, _request, case = overpaid(at)
    refund = of.refund(case_id=case.pk)
    assert of.kinds() == []
    with pytest.raises(ReasonNeeded):
        cancel_refund(refund_id=refund.pk, reason="", **of.by())

    cancel_refund(refund_id=refund.pk, reason="le client ne veut plus", **of.by())

    assert of.case(kind="over").units == 30 * OSM
    with pytest.raises(RefundMoved):
        approve_refund(refund_id=refund.pk, **of.by())


def test_what_the_chain_has_seen_cannot_be_given_up(at):
    of, _request, case = overpaid(at)
    refund = of.refund(case_id=case.pk)
    sent(of, refund, in_block=False)

    with pytest.raises(RefundMoved):
        cancel_refund(refund_id=refund.pk, reason="trop tard", **of.by())


# -- what the wallet sends -----------------------------------------------------------------------


def test_a_refund_follows_the_chain_and_nobody_presses_done(at):
    of, _request, case = overpaid(at)
    refund = of.refund(case_id=case.pk)

    out = sent(of, refund, in_block=False)
    refund.refresh_from_db()
    assert (refund.state, refund.out_receipt) == ("seen", out)

    of.returns(out.transaction)
    refund.refresh_from_db()
    assert refund.state == "paid"
    assert bury(of, under=FINAL_DEPTH - 2) == 0

    of.cursor.height += FINAL_DEPTH - 2
    assert bury(of, under=1) == 1
    refund.refresh_from_db()
    assert refund.state == "closed"
    assert of.kinds() == []


def test_a_transfer_that_vanishes_is_awaited_again(at):
    of, _request, case = overpaid(at)
    refund = of.refund(case_id=case.pk)
    out = sent(of, refund)
    of.goes_out_of_its_block(out.transaction)
    refund.refresh_from_db()
    assert refund.state == "seen"

    of.vanishes(out.transaction)
    refund.refresh_from_db()
    assert (refund.state, refund.out_receipt) == ("awaiting_wallet", None)

    of.returns(out.transaction)
    refund.refresh_from_db()
    assert (refund.state, refund.out_receipt) == ("paid", out)
    assert of.kinds() == []


@pytest.mark.parametrize("wrong", ["amount", "address"])
def test_another_amount_or_address_is_a_case(at, wrong):
    of, _request, case = overpaid(at)
    refund = of.refund(case_id=case.pk)
    to = refund.destination if wrong == "amount" else address("a slip")
    units = refund.amount_units - (OSM if wrong == "amount" else 0)

    out = of.leaves(to, units, refund.reference)

    refund.refresh_from_db()
    assert (refund.state, refund.out_receipt) == ("mismatch", out)
    assert of.kinds() == ["refund_mismatch"]
    with pytest.raises(Exception, match="not_for_this_case"):
        explain_case(case_id=of.case().pk, reason="tant pis", **of.by())

    accept_as_sent(refund_id=refund.pk, reason="un OSM de moins, d’accord", **of.by())
    refund.refresh_from_db()
    assert (refund.state, of.kinds()) == ("closed", [])


def test_the_wallet_is_asked_again_and_the_wrong_transfer_is_an_outflow(at):
    of, _request, case = overpaid(at)
    refund = of.refund(case_id=case.pk)
    of.leaves(address("a slip"), refund.amount_units, refund.reference)

    ask_again(refund_id=refund.pk, reason="mauvaise adresse", **of.by())
    assert of.kinds() == ["outflow"]
    sent(of, refund)

    refund.refresh_from_db()
    assert refund.state == "paid"


def test_a_refund_sent_twice_is_an_outflow(at):
    of, _request, case = overpaid(at)
    refund = of.refund(case_id=case.pk)
    sent(of, refund)

    of.leaves(refund.destination, refund.amount_units, refund.reference)

    refund.refresh_from_db()
    assert (refund.state, of.kinds()) == ("paid", ["outflow"])


def test_one_memo_that_names_two_refunds_pays_the_one_it_pays(at):
    of, _request, case = overpaid(at)
    first = of.refund(case_id=case.pk, variant="custom", units=5 * OSM)
    second = of.refund(case_id=case.pk, variant="custom", units=6 * OSM)

    of.leaves(second.destination, 6 * OSM, f"{first.reference} {second.reference}")

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("awaiting_wallet", "paid")


def test_another_payees_wallet_does_not_pay_this_refund(at):
    of, _request, case = overpaid(at)
    refund = of.refund(case_id=case.pk)
    other = scene(at, of.cursor)
    other.at = of.at

    other.leaves(refund.destination, refund.amount_units, refund.reference)

    refund.refresh_from_db()
    assert (refund.state, other.kinds()) == ("awaiting_wallet", ["outflow"])


def test_a_refund_rewritten_deeper_than_anybody_waits_is_a_case(at):
    of, _request, case = overpaid(at)
    refund = of.refund(case_id=case.pk)
    out = sent(of, refund)
    bury(of)

    of.vanishes(ChainTransaction.objects.get(pk=out.transaction_id))

    assert of.kinds() == ["refund_mismatch"]


# -- references ----------------------------------------------------------------------------------


def test_a_reference_of_a_refund_is_found_however_it_was_written():
    # Behind another R a second one could begin, by chance, with the words that follow.
    drawn = iter(references.new_reference, "")
    reference = next(one for one in drawn if "R" not in one[1:])
    spoken = f"{reference[:5].lower()}-{reference[5:]}"

    assert references.is_reference(spoken)
    assert references.find(f"remboursement {spoken} merci") == [
        payment_references.normalise(reference)
    ]


def test_the_two_kinds_of_reference_never_meet():
    for _ in range(500):
        refund, payment = references.new_reference(), payment_references.new_reference()
        assert payment_references.find(refund) == []
        assert references.find(payment) == []


def test_a_slip_of_the_finger_is_no_reference():
    reference = references.new_reference()
    wrong = "2" if reference[4] != "2" else "3"

    assert references.find(reference[:4] + wrong + reference[5:]) == []
