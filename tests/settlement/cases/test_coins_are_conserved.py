"""Whatever is paid, decided and sent in whatever order: every coin stands somewhere, once."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from teraa.common.problems import Problem
from teraa.settlement.cases.judging import judge, judge_receipts
from teraa.settlement.cases.models import Case, Refund
from teraa.settlement.cases.operations import (
    accept_as_sent,
    accept_late_coins,
    accept_shortfall,
    ask_again,
    assign_receipt,
    cancel_refund,
    explain_case,
    ignore_coins,
    keep_surplus,
    settle_by_hand,
)
from teraa.settlement.cases.queries import link_of
from teraa.settlement.cases.reconciling import reconcile
from teraa.settlement.cases.states import RefundState
from teraa.settlement.osm import uri
from teraa.settlement.osm.models import (
    Allocation,
    ChainTransaction,
    OsmRequest,
    Receipt,
    WatchedAddress,
)
from tests.conftest import LONG
from tests.settlement.cases.moves import ADA, BOB, HOUR, OSM, Scene, address, scene

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(1800)]

EXAMPLES = 300 if LONG else 10
STEPS = 14
AT = datetime.datetime(2026, 11, 19, 15, 30, tzinfo=datetime.UTC)
VARIANTS = ("then", "now", "fixed", "surplus", "custom")

ACTS = st.tuples(
    st.sampled_from(
        [
            *("ask", "pay", "pay", "pay", "expire", "unknown", "refund", "refund", "send"),
            *("send_wrong", "cancel", "decide", "decide", "decide", "vanish", "return", "steal"),
        ]
    ),
    st.integers(0, 10**6),
    st.integers(1, 260),
)


@dataclass
class Life:
    """One payee, several requests, and whatever chance makes of them."""

    of: Scene
    requests: list[OsmRequest] = field(default_factory=list)
    refused: int = 0
    done: int = 0

    def do(self, name: str, chance: int, percent: int) -> None:
        """One act; a refusal by name changes nothing and is fine."""
        try:
            with transaction.atomic():
                getattr(self, name)(chance, percent)
                connection.check_constraints()
            self.done += 1
        except Problem:
            self.refused += 1

    def pick(self, rows: Any, chance: int) -> Any:
        found = list(rows)
        return found[chance % len(found)] if found else None

    def ask(self, chance: int, percent: int) -> None:
        if len(self.requests) < 3:
            _due, request = self.of.ask(100 * percent)
            self.requests.append(request)

    def pay(self, chance: int, percent: int) -> None:
        if request := self.pick(self.requests, chance):
            units = max(1, request.units * percent // 100)
            self.of.pays(request, units, sender=f"customer {chance % 3}")

    def expire(self, chance: int, percent: int) -> None:
        if request := self.pick(self.requests, chance):
            self.of.expires(request)

    def unknown(self, chance: int, percent: int) -> None:
        self.of.comes(percent * OSM, sender=f"customer {chance % 3}")

    def steal(self, chance: int, percent: int) -> None:
        self.of.leaves(address("a thief"), percent * OSM)

    def refund(self, chance: int, percent: int) -> None:
        fields = {
            "variant": VARIANTS[chance % 5],
            "units": percent * OSM // 10,
            "cents": percent,
        }
        case = self.pick(self.cases(), chance)
        if case is not None and chance % 2:
            self.of.refund(case_id=case.pk, **fields)
        elif request := self.pick(self.requests, chance):
            due_id = request.tenders.get().due_id
            self.of.refund(due_id=due_id, **fields)

    def send(self, chance: int, percent: int) -> None:
        refund = self.pick(Refund.objects.filter(state="awaiting_wallet").order_by("pk"), chance)
        if refund is not None:
            asked = uri.parse(link_of(refund))
            self.of.leaves(asked.address, asked.units, asked.vendor_field)

    def send_wrong(self, chance: int, percent: int) -> None:
        refund = self.pick(Refund.objects.filter(state="awaiting_wallet").order_by("pk"), chance)
        if refund is not None:
            self.of.leaves(refund.destination, percent * OSM, refund.reference)

    def cancel(self, chance: int, percent: int) -> None:
        refund = self.pick(Refund.objects.order_by("pk"), chance)
        if refund is not None:
            cancel_refund(refund_id=refund.pk, reason="non", **self.of.by())

    def vanish(self, chance: int, percent: int) -> None:
        if stored := self.pick(ChainTransaction.objects.order_by("pk"), chance):
            self.of.vanishes(stored)

    def _return(self, chance: int, percent: int) -> None:
        gone = ChainTransaction.objects.filter(gone_at__isnull=False).order_by("pk")
        if stored := self.pick(gone, chance):
            self.of.returns(stored)

    def decide(self, chance: int, percent: int) -> None:
        case = self.pick(self.cases(), chance)
        if case is None:
            return
        person = ADA if percent % 2 else BOB
        said = {"case_id": case.pk, **self.of.by(person)}
        request = self.pick(self.requests, chance // 7)
        match chance % 9:
            case 0:
                accept_late_coins(**said)
            case 1:
                accept_shortfall(reason="soit", **said)
            case 2:
                keep_surplus(action="keep_tip", reason="merci", **said)
            case 3:
                ignore_coins(**said)
            case 4:
                explain_case(reason="vu", **said)
            case 5 | 6 if request is not None:
                receipt = self.pick(Receipt.objects.filter(direction="in").order_by("pk"), chance)
                if receipt is not None:
                    assign_receipt(request_id=request.pk, receipt_id=receipt.pk, **said)
            case 7 if case.request_id is not None:
                settle_by_hand(request_id=case.request_id, reason="vu", **self.of.by(person))
            case 8 if case.refund_id is not None:
                decide = accept_as_sent if percent % 2 else ask_again
                decide(refund_id=case.refund_id, reason="oui", **self.of.by(person))

    def cases(self) -> Any:
        return Case.objects.filter(state="open").order_by("pk")


setattr(Life, "return", Life._return)


def check(life: Life) -> None:
    """Nothing is given twice, nothing is lost, and judging again finds nothing new."""
    payee = life.of.payee
    for receipt in Receipt.objects.filter(watched__payee=payee, direction="in"):
        given = _sum(receipt.allocations.filter(reversed_at__isnull=True), "amount_units")
        assert given == receipt.amount_units
        back = _sum(_live(receipt.refunds), "covers_units")
        assert back <= receipt.amount_units
    for request in OsmRequest.objects.filter(payee=payee):
        came = _sum(
            Allocation.objects.filter(request=request, kind="request", reversed_at__isnull=True),
            "amount_units",
        )
        assert _sum(_live(request.refunds), "covers_units") <= came
        due = request.tenders.get().due
        assert due.paid_cents <= due.amount_cents
    opened = list(Case.objects.order_by("pk").values("pk", "state", "units"))
    judge(request_ids=[one.pk for one in life.requests], at=life.of.at)
    judge_receipts(receipt_ids=Receipt.objects.values_list("pk", flat=True), at=life.of.at)
    assert list(Case.objects.order_by("pk").values("pk", "state", "units")) == opened
    watched = WatchedAddress.objects.get(payee=payee)
    report = reconcile(watched=watched, start=AT - HOUR, end=life.of.at + HOUR)
    assert report.differences == []
    assert report.books.units_in == report.chain.units_in
    assert report.books.units_out == report.chain.units_out + report.chain.fees


def _live(refunds: Any) -> Any:
    return refunds.exclude(state=RefundState.CANCELLED)


def _sum(rows: Any, column: str) -> int:
    return rows.aggregate(units=Sum(column))["units"] or 0


seen: dict[str, int] = {"done": 0, "refunds": 0, "cases": 0}


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    # Each step asks a real database: making an example smaller takes longer than reading it.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=st.lists(ACTS, min_size=STEPS, max_size=2 * STEPS))
def test_every_coin_stands_somewhere_once(acts):
    with transaction.atomic():
        life = Life(scene(AT))
        life.ask(0, 12)
        for number, act in enumerate(acts):
            life.do(*act)
            if number % 5 == 4:
                check(life)
        check(life)
        seen["done"] += life.done
        seen["refunds"] += Refund.objects.count()
        seen["cases"] += Case.objects.count()
        transaction.set_rollback(True)


def test_chance_really_did_something():
    """Otherwise the test above would be content with refusals."""
    assert seen["done"] > STEPS
    assert seen["cases"] > 0
    assert seen["refunds"] > 0
