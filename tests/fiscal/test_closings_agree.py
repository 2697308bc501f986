"""Random days: sales, refunds, splits, closings, clocks that change; everything adds up, always.

Days are drawn around the nights on which clocks change and around 29 February, beside a model that
adds up in plain integers what it was told to sell.
"""

from __future__ import annotations

import datetime
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from teraa.fiscal.closings.days import close_day
from teraa.fiscal.closings.models import Closing
from teraa.fiscal.closings.overdue import close_overdue
from teraa.fiscal.drafts import TenderDraft
from teraa.fiscal.figures import Figures, sum_of
from teraa.fiscal.models import Document
from teraa.fiscal.sealing import SealedDocument
from teraa.fiscal.verify import verify
from tests.conftest import LONG
from tests.fiscal import cast
from tests.fiscal.closing_cast import BEER, give_back

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys_dir")]

UTC = datetime.UTC
STARTS = [
    datetime.datetime(2026, 10, 24, 20, tzinfo=UTC),  # 02:30 happens twice that night
    datetime.datetime(2026, 3, 28, 20, tzinfo=UTC),  # … and never
    datetime.datetime(2028, 2, 28, 20, tzinfo=UTC),
    datetime.datetime(2026, 12, 30, 20, tzinfo=UTC),  # over a month and a year
]
ZONES = ["Europe/Paris", "America/Guadeloupe", "Pacific/Auckland"]

acts = st.one_of(
    st.tuples(st.just("sell"), st.integers(1, 9), st.integers(0, 3)),
    st.tuples(st.just("refund"), st.integers(0, 99)),
    st.tuples(st.just("split"), st.integers(1, 9), st.integers(0, 100)),
    st.tuples(st.just("offer")),
    st.tuples(st.just("note")),
    st.tuples(st.just("close")),
    st.tuples(st.just("loop")),
    st.tuples(st.just("wait"), st.integers(1, 40 * 60)),
    st.tuples(st.just("back"), st.integers(1, 3 * 60)),
)


@dataclass
class Model:
    """What was sold, as somebody with a pencil would keep it."""

    total: int = 0
    absolute: int = 0
    tickets: int = 0
    refunds: int = 0
    by_tender: Counter[str] = field(default_factory=Counter)
    by_rate: Counter[int] = field(default_factory=Counter)
    sold: list[SealedDocument] = field(default_factory=list)

    def add(self, sealed: SealedDocument) -> None:
        values = sealed.values
        self.total += values["total_cents"]
        self.absolute += abs(values["total_cents"])
        self.tickets += 1
        self.refunds += values["corrects"] is not None
        for tender in values["tenders"]:
            self.by_tender[tender["kind"]] += tender["amount_cents"]
        for tax in values["taxes"]:
            self.by_rate[tax["rate_bp"]] += tax["total_cents"]


def perform(register: Any, act: tuple[Any, ...], at: datetime.datetime, model: Model) -> None:
    match act:
        case ("sell", coffees, beers):
            lines = [cast.line(quantity_milli=coffees * 1000), *[BEER] * beers]
            model.sold.append(cast.seal(register, *lines, at=at))
            model.add(model.sold[-1])
        case ("refund", choice) if model.sold:
            sold = model.sold.pop(choice % len(model.sold))
            model.add(give_back(register, sold, at))
        case ("split", coffees, percent):
            total = coffees * 180
            cash = total * percent // 100
            tenders = [TenderDraft(kind="cash", amount_cents=cash)] if cash else []
            if total - cash:
                tenders.append(cast.osm(total - cash, (total - cash) * 50_000_000))
            line = cast.line(quantity_milli=coffees * 1000)
            model.add(cast.seal(register, line, tenders=tenders, at=at))
        case ("offer",):
            line = cast.line(discount_cents=180, discount_reason="Bénévole", discount_author="Ana")
            model.add(cast.seal(register, line, at=at))
        case ("note",):
            cast.note(register, 320, at)
        case ("close",):
            close_day(register_id=register.pk, at=at, operator_label="Ana")
        case ("loop",):
            close_overdue(at)


@settings(
    max_examples=200 if LONG else 20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    start=st.sampled_from(STARTS),
    zone=st.sampled_from(ZONES),
    lane=st.sampled_from(["till", "web"]),
    script=st.lists(acts, min_size=4, max_size=40),
)
def test_totals_chains_and_perpetual_totals_agree(start, zone, lane, script):
    from tests import make

    with transaction.atomic():
        fields = {"station_id": None, "lane": "web"} if lane == "web" else {}
        register = cast.register(venue=make.venue(zone=zone), at=start, **fields)
        at, model = start, Model()
        for act in script:
            if act[0] == "wait":
                at += datetime.timedelta(minutes=act[1])
            elif act[0] == "back":
                at -= datetime.timedelta(minutes=act[1])
            else:
                perform(register, act, at, model)
        close_day(register_id=register.pk, at=at)
        close_overdue(at + datetime.timedelta(days=400))

        check(register, model)
        transaction.set_rollback(True)


def check(register: Any, model: Model) -> None:
    assert [str(fault) for fault in verify(register_id=register.pk).faults] == []
    closings = Closing.objects.filter(register=register)
    days = list(closings.filter(level="day").order_by("number"))
    whole = sum_of(Figures.from_values(day.figures) for day in days)
    assert whole.total_cents == model.total
    assert whole.sales.count + whole.refunds.count == model.tickets
    assert whole.refunds.count == model.refunds
    assert {one.kind: one.amount_cents for one in whole.tenders} == dict(model.by_tender)
    assert {one.rate_bp: one.total_cents for one in whole.taxes} == dict(model.by_rate)
    assert days[-1].perpetual_real_cents == model.total
    assert days[-1].perpetual_absolute_cents == model.absolute
    for level in ("month", "year"):
        spans = closings.filter(level=level).order_by("number")
        assert sum(one.total_cents for one in spans) == model.total, level
    ticket_ranges = [day.chains["TICKET"] for day in days if day.chains["TICKET"]["first"]]
    numbers = [n for one in ticket_ranges for n in range(one["first"], one["last"] + 1)]
    tickets = Document.objects.filter(register=register, kind="TICKET").order_by("sequence")
    assert numbers == list(tickets.values_list("sequence", flat=True)), "each in exactly one Z"
