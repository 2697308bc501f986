"""Two decisions at the same moment: one holds, and whoever sent the same twice hears the same."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import connection

from teraa.common.ids import uuid7
from teraa.common.problems import Problem
from teraa.settlement.cases.models import Case, Decision, Refund
from teraa.settlement.cases.operations import (
    accept_late_coins,
    approve_refund,
    assign_receipt,
    cancel_refund,
    draft_refund,
    give_address,
    keep_surplus,
    make_claim,
)
from teraa.settlement.models import Effect
from teraa.settlement.osm.models import Allocation
from tests.settlement.cases.moves import ADA, BOB, OSM, address, scene
from tests.settlement.cases.test_decide import late

pytestmark = pytest.mark.usefixtures("live_database")


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each of them returned, or the code of the problem it met; all begin together."""
    outcomes: list[Any] = [None] * len(acts)
    ready = threading.Barrier(len(acts))

    def do(number: int) -> None:
        try:
            ready.wait(10)
            outcomes[number] = acts[number]()
        except Problem as problem:
            outcomes[number] = problem.code
        except Exception as error:
            outcomes[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=do, args=[number]) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return outcomes


def refused(outcomes: Sequence[Any]) -> list[str]:
    unexpected = [one for one in outcomes if isinstance(one, Exception)]
    assert not unexpected, unexpected
    return sorted(one for one in outcomes if isinstance(one, str))


def overpaid(at, units=30 * OSM):
    of = scene(at)
    _due, request = of.ask()
    of.pays(request, request.units + units)
    return of, request, of.case(kind="over")


def test_the_same_draft_twice_is_one_refund(at):
    of, _request, case = overpaid(at)
    key = uuid7()

    def draft():
        return draft_refund(case_id=case.pk, variant="surplus", **of.by(key=key))

    made = at_once(*[draft] * 4)
    assert refused(made) == []
    assert {one.pk for one in made} == {Refund.objects.get().pk}


def test_two_drafts_of_one_surplus_give_it_back_once(at):
    of, request, case = overpaid(at)

    def draft():
        return draft_refund(case_id=case.pk, variant="surplus", **of.by())

    made = at_once(*[draft] * 4)
    assert len(refused(made)) == 3
    assert Refund.objects.get().covers_units == request.__class__.objects.get().surplus_units


def test_to_keep_and_to_give_back_at_once_is_one_of_them(at):
    of, _request, case = overpaid(at)
    outcomes = at_once(
        lambda: keep_surplus(case_id=case.pk, action="keep_tip", reason="merci", **of.by(ADA)),
        lambda: draft_refund(case_id=case.pk, variant="surplus", **of.by(BOB)),
    )
    assert len(refused(outcomes)) == 1
    kept = Allocation.objects.filter(kind="surplus", reversed_at__isnull=True).count()
    assert kept + Refund.objects.count() == 1
    assert Case.objects.get(pk=case.pk).state == "closed"


def test_two_people_who_approve_at_once_are_two(at):
    of, _request, case = overpaid(at, units=4000 * OSM)
    refund = of.refund(case_id=case.pk, variant="surplus", approved=False)
    assert refund.approvals_needed == 2
    outcomes = at_once(
        lambda: approve_refund(refund_id=refund.pk, **of.by(ADA)),
        lambda: approve_refund(refund_id=refund.pk, **of.by(BOB)),
    )
    assert refused(outcomes) == []
    refund.refresh_from_db()
    assert refund.state == "awaiting_wallet"
    assert Decision.objects.filter(refund=refund, carried_out=True).count() == 1


def test_one_person_who_approves_twice_at_once_is_one(at):
    of, _request, case = overpaid(at, units=4000 * OSM)
    refund = of.refund(case_id=case.pk, variant="surplus", approved=False)

    def approve():
        return approve_refund(refund_id=refund.pk, **of.by(ADA))

    assert len(refused(at_once(approve, approve))) == 1
    refund.refresh_from_db()
    assert refund.state == "draft"


def test_a_refund_is_approved_or_cancelled_never_both(at):
    of, _request, case = overpaid(at)
    refund = of.refund(case_id=case.pk, variant="surplus", approved=False)
    outcomes = at_once(
        lambda: approve_refund(refund_id=refund.pk, **of.by(ADA)),
        lambda: cancel_refund(refund_id=refund.pk, reason="non", **of.by(BOB)),
    )
    said = refused(outcomes)
    refund.refresh_from_db()
    # Cancelled is the end either way: after an approval it may still be cancelled.
    assert refund.state == "cancelled"
    assert len(said) <= 1
    assert of.kinds() == ["over"]


def test_a_claim_link_takes_one_address(at):
    of = scene(at)
    _due, request = of.ask()
    of.pays(request, request.units + 30 * OSM)
    refund = of.refund(case_id=of.case().pk, to_sender=False)
    claim = make_claim(refund_id=refund.pk, **of.by())
    places = [address(f"somebody who claims {number}") for number in range(4)]

    outcomes = at_once(
        *[
            lambda place=place: give_address(claim_id=claim.pk, address=place, at=of.at)
            for place in places
        ]
    )
    assert len(refused(outcomes)) == 3
    [winner] = [one for one in outcomes if not isinstance(one, str)]
    refund.refresh_from_db()
    assert refund.destination == winner.destination
    assert refund.destination in places


def test_a_receipt_is_assigned_to_one_request(at):
    of = scene(at)
    requests = [of.ask()[1] for _ in range(2)]
    receipt = of.comes(requests[0].units, "merci")
    case = of.case(kind="unknown")

    outcomes = at_once(
        *[
            lambda request=request: assign_receipt(
                case_id=case.pk, request_id=request.pk, **of.by()
            )
            for request in requests
        ]
    )
    assert len(refused(outcomes)) == 1
    live = Allocation.objects.get(receipt=receipt, kind="request", reversed_at__isnull=True)
    assert live.request_id in {one.pk for one in requests}


def test_the_same_decision_sent_twice_at_once_is_told_the_same(at):
    of, due, request, _receipt = late(at)
    case = of.case(kind="late")
    key = uuid7()

    def accept():
        return accept_late_coins(case_id=case.pk, reason="ok", **of.by(key=key))

    outcomes = at_once(*[accept] * 4)
    assert refused(outcomes) == []
    request.refresh_from_db()
    assert request.state == "settled"
    assert Decision.objects.filter(case=case).count() == 1
    assert Effect.objects.filter(due=due, kind="settled").count() == 1


def test_two_people_who_accept_the_same_coins_at_once_settle_it_once(at):
    of, due, _request, _receipt = late(at)
    case = of.case(kind="late")
    outcomes = at_once(
        *[
            lambda person=person: accept_late_coins(case_id=case.pk, reason="ok", **of.by(person))
            for person in (ADA, BOB)
        ]
    )
    assert refused(outcomes) == ["case_closed"]
    assert Effect.objects.filter(due=due, kind="settled").count() == 1
