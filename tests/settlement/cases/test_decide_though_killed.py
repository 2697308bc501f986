"""Killed between any two statements of a decision: it was taken whole, or not at all."""

from __future__ import annotations

import random
import signal
from dataclasses import dataclass
from typing import Any

import pytest

from teraa.settlement.cases.models import Case, Decision, Refund
from teraa.settlement.models import Due, Effect, Tender
from teraa.settlement.osm.models import Allocation, OsmRequest, RequestAct
from tests.conftest import LONG
from tests.mortality import mortals
from tests.settlement.cases.moves import ADA, OSM, Scene, scene
from tests.settlement.cases.test_coins_are_conserved import Life, check
from tests.settlement.cases.test_decide import late

KILLS = 25 if LONG else 3
"""Of each act."""
MOST_STATEMENTS = 55
FEWEST_STATEMENTS = 6
"""About as many as the longest and the shortest act need when they are left alone."""


@dataclass
class Act:
    """Something to decide in a scene of its own."""

    of: Scene
    name: str
    fields: dict[str, Any]

    def __post_init__(self) -> None:
        fields = self.of.by() | self.fields
        self.order = {
            "act": self.name,
            "person": [ADA.key, ADA.name],
            "at": fields.pop("at").isoformat(),
            "fields": {
                name: value if isinstance(value, int) else str(value)
                for name, value in fields.items()
                if name != "person"
            },
        }


def overpaid(at) -> tuple[Scene, Case]:
    of = scene(at)
    _due, request = of.ask()
    of.pays(request, request.units + 30 * OSM)
    return of, of.case(kind="over")


def accept_late(at) -> Act:
    of, _due, _request, _receipt = late(at)
    fields = {"case_id": of.case(kind="late").pk, "reason": "ok"}
    return Act(of, "accept_late_coins", fields)


def accept_short(at) -> Act:
    of, _due, _request, _receipt = late(at, share=60)
    return Act(of, "accept_shortfall", {"case_id": of.case().pk, "reason": "soit"})


def keep_a_tip(at) -> Act:
    of, case = overpaid(at)
    return Act(of, "keep_surplus", {"case_id": case.pk, "action": "keep_tip", "reason": "merci"})


def draft(at) -> Act:
    of, case = overpaid(at)
    return Act(of, "draft_refund", {"case_id": case.pk, "variant": "surplus"})


def approve(at) -> Act:
    of, case = overpaid(at)
    refund = of.refund(case_id=case.pk, variant="surplus", approved=False)
    return Act(of, "approve_refund", {"refund_id": refund.pk})


def cancel(at) -> Act:
    of, case = overpaid(at)
    refund = of.refund(case_id=case.pk, variant="surplus")
    return Act(of, "cancel_refund", {"refund_id": refund.pk, "reason": "non"})


def invite(at) -> Act:
    of, case = overpaid(at)
    refund = of.refund(case_id=case.pk, variant="surplus", approved=False)
    return Act(of, "make_claim", {"refund_id": refund.pk})


def assign(at) -> Act:
    of = scene(at)
    _due, request = of.ask()
    of.comes(request.units, "merci")
    fields = {"case_id": of.case(kind="unknown").pk, "request_id": request.pk}
    return Act(of, "assign_receipt", fields)


def settle(at) -> Act:
    of, _due, request, _receipt = late(at, share=60)
    return Act(of, "settle_by_hand", {"request_id": request.pk, "reason": "vu"})


ACTS = (accept_late, accept_short, keep_a_tip, draft, approve, cancel, invite, assign, settle)


def books(of: Scene) -> dict[str, list[Any]]:
    """Every row of the venue that a decision may move."""
    venue = of.payee.venue_id
    return {
        model.__name__: list(rows.order_by("pk").values())
        for model, rows in {
            **{one: one.objects.filter(venue_id=venue) for one in (Case, Decision, Refund)},
            **{one: one.objects.filter(venue_id=venue) for one in (Due, Allocation, OsmRequest)},
            Tender: Tender.objects.filter(due__venue_id=venue),
            Effect: Effect.objects.filter(due__venue_id=venue),
            RequestAct: RequestAct.objects.filter(request__venue_id=venue),
        }.items()
    }


@pytest.mark.timeout(900)
@pytest.mark.parametrize("prepare", ACTS, ids=lambda one: one.__name__)
def test_a_decision_is_taken_whole_or_not_at_all(live_database, keys_dir, at, prepare):
    dice = random.Random(prepare.__name__)
    killed = 0
    there = {**live_database.environment(), "TERAA_KEYS": str(keys_dir)}
    with mortals("tests.settlement.cases.mortal_decisions", there) as live:
        for number in range(KILLS):
            act = prepare(at)
            before = books(act.of)
            soon = MOST_STATEMENTS if number else FEWEST_STATEMENTS
            died = live(die_after=dice.randrange(soon), **act.order)
            assert died in (0, signal.SIGKILL)
            killed += died == signal.SIGKILL
            after = books(act.of)
            # The same again, as whoever got no answer sends it.
            assert live(die_after=10**6, **act.order) == 0
            done = books(act.of)
            assert done != before, "nothing was decided"
            assert after in (before, done), "half of it stayed"
            check(Life(act.of, list(OsmRequest.objects.filter(payee=act.of.payee))))
    assert killed
