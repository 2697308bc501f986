"""The receipts statement of a session (CGI ann. IV art. 50 sexies H), from its numbered operations."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from django.db.models import Count, Max, Min, Q, Sum
from django.db.models.functions import Abs

from teraa.common.clock import business_date
from teraa.common.money import vat_of_inclusive
from teraa.venues.models import PayeeIdentity
from teraa.venues.queries import identity_on
from ticketing.models import Event, Operation
from ticketing.states import OperationKind

_SOLD = Q(kind__in=(OperationKind.SALE, OperationKind.FREE))
_CANCELLED = Q(kind=OperationKind.CANCELLATION)


@dataclass(frozen=True)
class CategoryRow:
    """One category at one price. Numbers are those of its tickets."""

    category: str
    unit_cents: int
    vat_rate_bp: int
    issued: int
    cancelled: int
    receipts_cents: int
    first_number: int
    last_number: int

    @property
    def count(self) -> int:
        return self.issued - self.cancelled


@dataclass(frozen=True)
class VatRow:
    """Receipts at one VAT rate."""

    rate_bp: int
    total_cents: int

    @property
    def vat_cents(self) -> int:
        return vat_of_inclusive(self.total_cents, self.rate_bp)

    @property
    def net_cents(self) -> int:
        return self.total_cents - self.vat_cents


@dataclass(frozen=True)
class Statement:
    """What the organiser owes an account of: paid entries, free ones apart, VAT, operations."""

    event: Event
    identity: PayeeIdentity
    printed_at: datetime.datetime
    paid: list[CategoryRow]
    free: list[CategoryRow]
    vat: list[VatRow] = field(default_factory=list)
    operations: int = 0
    first_operation: int | None = None
    last_operation: int | None = None

    @property
    def paid_count(self) -> int:
        return sum(row.count for row in self.paid)

    @property
    def free_count(self) -> int:
        return sum(row.count for row in self.free)

    @property
    def receipts_cents(self) -> int:
        return sum(row.receipts_cents for row in self.paid)


def statement_of(event: Event, *, at: datetime.datetime) -> Statement:
    """The statement of one session as it stands at ``at`` (three queries). Raises NoIdentity.

    Recomputed from the operations each time: cancelled tickets stay in first and last number and
    leave count and receipts.
    """
    counted = Operation.objects.filter(event=event).filter(_SOLD | _CANCELLED)
    grouped = (
        counted.annotate(unit_cents=Abs("price_cents"))
        .values("category", "unit_cents", "vat_rate_bp")
        .annotate(
            issued=Count("pk", filter=_SOLD),
            cancelled=Count("pk", filter=_CANCELLED),
            receipts_cents=Sum("price_cents"),
            first_number=Min("ticket_number"),
            last_number=Max("ticket_number"),
        )
        .order_by("category", "unit_cents", "vat_rate_bp")
    )
    rows = [CategoryRow(**row) for row in grouped]
    totals: dict[int, int] = {}
    for row in rows:
        if row.unit_cents:
            totals[row.vat_rate_bp] = totals.get(row.vat_rate_bp, 0) + row.receipts_cents
    ends = Operation.objects.filter(event=event).aggregate(
        operations=Count("pk"), first_operation=Min("number"), last_operation=Max("number")
    )
    venue = event.venue
    return Statement(
        event=event,
        identity=identity_on(
            event.payee_id, business_date(event.starts_at, venue.zone, venue.day_cutoff)
        ),
        printed_at=at,
        paid=[row for row in rows if row.unit_cents],
        free=[row for row in rows if not row.unit_cents],
        vat=[VatRow(rate, total) for rate, total in sorted(totals.items())],
        **ends,
    )
