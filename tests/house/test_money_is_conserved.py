"""Whatever is sold, booked and collected in whatever order: each payee's documents say what it got."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pos.collecting import CollectionWanted, collect_at_till
from pos.operations import TenderWanted, ring_up
from pos.pricing import Wanted as LineWanted
from teraa.common.ids import uuid7
from teraa.common.problems import Problem
from teraa.fiscal.models import Document, DocumentTender, Register
from teraa.settlement import effects
from teraa.settlement.models import Due, Tender
from teraa.settlement.problems import MixedPayees
from teraa.venues.models import Serving, VatClass, VatRate
from tests import make
from tests.bookings import cast as rooms
from tests.conftest import LONG
from tests.pos import cast as bars
from tests.ticketing import cast as shows

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(1800)]

EXAMPLES = 300 if LONG else 12
AT = bars.NOW
DAY = datetime.timedelta(days=1)

ACTS = st.one_of(
    st.tuples(st.just("sell"), st.integers(1, 5), st.sampled_from(["cash", "card"])),
    st.tuples(st.just("book"), st.integers(0, 40), st.just("")),
    st.tuples(st.just("order"), st.integers(1, 4), st.just("")),
    st.tuples(st.just("collect"), st.integers(1, 7), st.sampled_from(["cash", "card"])),
    st.tuples(st.just("mix"), st.integers(1, 7), st.just("cash")),
    st.tuples(st.just("news"), st.just(0), st.just("")),
)


@dataclass
class Town:
    """One venue with three payees: the cooperative, who lets rooms, who organises."""

    bar: bars.Bar
    rooms: rooms.House
    show: shows.Show
    sold_at_once: dict[Any, int] = field(default_factory=dict)

    def sell(self, count: int, kind: str) -> None:
        total = 150 * count
        wanted = self.bar.wanted(
            lines=[LineWanted(str(self.bar.coffee.pk), count)],
            total_cents=total,
            tenders=[TenderWanted(uuid7(), kind, total)],
        )
        for _twice in range(2):
            ring_up(session=self.bar.session, wanted=wanted, at=AT)
        payee = self.bar.payee.pk
        self.sold_at_once[payee] = self.sold_at_once.get(payee, 0) + total

    def book(self, day: int, _kind: str) -> None:
        start = datetime.datetime(2026, 11, 26, 18, tzinfo=datetime.UTC) + day * DAY
        self.rooms.hold(AT, starts_at=start, email=f"{uuid7().hex}@example.org")

    def order(self, count: int, _kind: str) -> None:
        self.show.order(count, at=AT)

    def collect(self, chance: int, kind: str) -> None:
        """Some dues of one payee, sent twice as a nervous till would."""
        owed = list(self._owed())
        if not owed:
            return
        payee = owed[chance % len(owed)].payee_id
        some = [due for due in owed if due.payee_id == payee][:chance]
        wanted = CollectionWanted(key=uuid7(), due_ids=[due.pk for due in some], kind=kind)
        for _twice in range(2):
            collect_at_till(session=self.bar.session, wanted=wanted, at=AT)

    def mix(self, chance: int, kind: str) -> None:
        """Two payees in one payment: never."""
        by_payee = {due.payee_id: due for due in self._owed()}
        if len(by_payee) < 2:
            return
        ids = [due.pk for due in by_payee.values()]
        with pytest.raises(MixedPayees):
            collect_at_till(
                session=self.bar.session,
                wanted=CollectionWanted(key=uuid7(), due_ids=ids, kind=kind),
                at=AT,
            )

    def news(self, _number: int, _kind: str) -> None:
        effects.deliver_all(at=AT)

    def _owed(self) -> Any:
        return Due.objects.filter(venue=self.bar.venue, state="open").order_by("pk")


def town() -> Town:
    bar = bars.bar()
    VatRate.objects.create(
        venue=bar.venue,
        vat_class=VatClass.SHOW,
        serving=Serving.ON_SITE,
        rate_bp=550,
        valid_from=make.LONG_AGO,
    )
    return Town(bar, rooms.house(bar.venue), shows.show(at=AT, venue=bar.venue, capacity=1000))


@settings(
    max_examples=EXAMPLES,
    derandomize=not LONG,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(acts=st.lists(ACTS, min_size=3, max_size=14))
@example(
    acts=[
        *[("sell", 2, "cash"), ("book", 1, ""), ("book", 2, ""), ("order", 3, ""), ("mix", 1, "")],
        *[("collect", 1, "cash"), ("collect", 2, "card"), ("news", 0, ""), ("collect", 7, "cash")],
    ]
)
def test_each_payees_documents_say_what_it_got(keys_dir, acts):
    place = town()
    for name, number, kind in acts:
        try:
            getattr(place, name)(number, kind)
        except Problem as refusal:
            # The hour is taken, say: nothing half done. Anything else is a defect.
            if refusal.code not in {"just_taken", "too_many_holds", "sold_out"}:
                raise
    effects.deliver_all(at=AT)

    for payee in (place.bar.payee, place.rooms.payee, place.show.payee):
        settled = Due.objects.filter(payee=payee, state="settled")
        got = _sum(settled, "amount_cents") + place.sold_at_once.get(payee.pk, 0)
        documents = Document.objects.filter(register__payee=payee, kind="TICKET")
        assert _sum(documents, "total_cents") == got
        assert documents.count() >= settled.count()
        # What was paid is what tenders say, and what the signed tickets say of tenders.
        tenders = Tender.objects.filter(payee=payee, state="settled")
        assert _sum(tenders, "amount_cents") == _sum(Due.objects.filter(payee=payee), "paid_cents")
        said = DocumentTender.objects.filter(document__in=documents)
        assert _sum(said, "amount_cents") == got
    for register in Register.objects.filter(venue=place.bar.venue):
        numbers = Document.objects.filter(register=register, kind="TICKET").order_by("sequence")
        numbers = list(numbers.values_list("sequence", flat=True))
        assert numbers == list(range(1, len(numbers) + 1))


def _sum(rows: Any, field: str) -> int:
    return rows.aggregate(total=Sum(field))["total"] or 0
