"""Closing months and years: sums of what is closed, in order, whatever the number of documents."""

from __future__ import annotations

import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from teraa.common import journal_codes
from teraa.common.clock import business_date
from teraa.fiscal.closings.days import last_closed_period, lock_register, seal_closing
from teraa.fiscal.closings.ending import CHAINS, By, event_values
from teraa.fiscal.closings.models import Closing, span_label
from teraa.fiscal.closings.problems import (
    DayUnclosed,
    EarlierUnclosed,
    NothingInSpan,
    SpanNotOver,
)
from teraa.fiscal.figures import Figures, sum_of
from teraa.fiscal.models import Period, Register
from teraa.fiscal.sealing import UnknownRegister, seal_event
from teraa.fiscal.states import ClosingLevel

PARTS: Final = {ClosingLevel.MONTH: ClosingLevel.DAY, ClosingLevel.YEAR: ClosingLevel.MONTH}
CODES: Final = {
    ClosingLevel.MONTH: journal_codes.CLOSING,
    ClosingLevel.YEAR: journal_codes.YEARLY_CLOSING,
}
DAY: Final = datetime.timedelta(days=1)


class Span(NamedTuple):
    """A calendar month or year of business days, both ends included."""

    level: ClosingLevel
    first_day: datetime.date
    last_day: datetime.date

    @property
    def label(self) -> str:
        return span_label(self.level, self.first_day.isoformat())


def month_of(day: datetime.date) -> Span:
    first = day.replace(day=1)
    return Span(ClosingLevel.MONTH, first, (first + 31 * DAY).replace(day=1) - DAY)


def year_of(day: datetime.date) -> Span:
    return Span(ClosingLevel.YEAR, day.replace(month=1, day=1), day.replace(month=12, day=31))


def close_month(
    *,
    register_id: UUID,
    month: datetime.date,
    at: datetime.datetime,
    operator_label: str = "",
    station_label: str = "",
) -> Closing:
    """Close the month in which ``month`` lies: the sum of its days, each of them closed.

    Closed twice, it answers the first closing. Raises SpanNotOver (business days of the venue
    decide), DayUnclosed, EarlierUnclosed, NothingInSpan, UnknownRegister, PayeeUnidentified,
    KeysUnavailable.
    """
    by = By(operator_label, station_label)
    return close_span(register_id=register_id, span=month_of(month), at=at, by=by)


def close_year(
    *,
    register_id: UUID,
    year: int,
    at: datetime.datetime,
    operator_label: str = "",
    station_label: str = "",
) -> Closing:
    """Close a year: the sum of its months. Perpetual totals go on (F8). Raises as ``close_month``."""
    by = By(operator_label, station_label)
    span = year_of(datetime.date(year, 1, 1))
    return close_span(register_id=register_id, span=span, at=at, by=by)


@transaction.atomic
def close_span(*, register_id: UUID, span: Span, at: datetime.datetime, by: By) -> Closing:
    """Close a month or a year in one transaction: it adds up closings, at most 31 or 12 of them."""
    lock_register(register_id)
    closings = Closing.objects.filter(register=register_id)
    closed = closings.filter(level=span.level, first_day=span.first_day).first()
    if closed is not None:
        return closed
    register = Register.objects.select_related("venue").filter(pk=register_id).first()
    if register is None:
        raise UnknownRegister(register=register_id)
    _check_over(register, span, at)
    _check_order(register, span)
    parts = _parts(closings, span)
    if not parts:
        raise NothingInSpan(register=register.name, span=span.label)
    period = last_closed_period(register_id)
    assert period is not None  # noqa: S101  its days are closed
    number = closings.filter(level=span.level).count() + 1
    seal_event(
        register_id=register_id,
        code=CODES[span.level],
        values=event_values(span.level, number, span.first_day, span.last_day, by),
        at=at,
        operator_label=by.operator_label,
        station_label=by.station_label,
    )
    last = parts[-1]
    return seal_closing(
        register=register,
        # That of the newest Z: the chain of closings never goes back, and nothing opens here.
        period=period,
        level=span.level,
        number=number,
        first_day=span.first_day,
        last_day=span.last_day,
        chains=join_chains([part.chains for part in parts]),
        figures=sum_of(Figures.from_values(part.figures) for part in parts),
        perpetual=(last.perpetual_real_cents, last.perpetual_absolute_cents),
        more={"opened_at": None, "ended_at": None, "ended_by": "", "closings": named(parts)},
        at=at,
        by=by,
    )


def _check_over(register: Register, span: Span, at: datetime.datetime) -> None:
    venue = register.venue
    if business_date(at, venue.zone, venue.day_cutoff) <= span.last_day:
        raise SpanNotOver(span=span.label)


def _check_order(register: Register, span: Span) -> None:
    """Every day up to the end of the span has its Z; what comes before it is closed."""
    open_day = (
        Period.objects.filter(register=register, closing=None, business_date__lte=span.last_day)
        .order_by("number")
        .first()
    )
    if open_day is not None:
        raise DayUnclosed(register=register.name, day=open_day.business_date)
    month = next_span(register.pk, ClosingLevel.MONTH)
    is_year = span.level == ClosingLevel.YEAR
    if month is not None and (
        month.first_day < span.first_day or (is_year and month.first_day <= span.last_day)
    ):
        raise EarlierUnclosed(register=register.name, span=month.label)
    year = next_span(register.pk, ClosingLevel.YEAR) if is_year else None
    if year is not None and year.first_day < span.first_day:
        raise EarlierUnclosed(register=register.name, span=year.label)


def next_span(register_id: UUID, level: ClosingLevel) -> Span | None:
    """The month or year to close next: the first with closed parts and no closing of its own."""
    closings = Closing.objects.filter(register=register_id)
    parts = closings.filter(level=PARTS[level]).order_by("first_day")
    done = closings.filter(level=level).order_by("-last_day").values_list("last_day", flat=True)
    last_day = done.first()
    if last_day is not None:
        parts = parts.filter(first_day__gt=last_day)
    first = parts.values_list("first_day", flat=True).first()
    if first is None:
        return None
    return month_of(first) if level == ClosingLevel.MONTH else year_of(first)


def _parts(closings: QuerySet[Closing], span: Span) -> list[Closing]:
    parts = closings.filter(
        level=PARTS[span.level], first_day__gte=span.first_day, last_day__lte=span.last_day
    )
    return list(parts.select_related("document").order_by("number"))


def named(parts: list[Closing]) -> list[dict[str, Any]]:
    """The closings that another one adds up, as it names them."""
    return [
        {
            "number": part.number,
            "span": part.span,
            "sequence": part.sequence,
            "hash": part.document.hash,
        }
        for part in parts
    ]


def join_chains(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """The ranges of several closings that follow each other, as one."""
    joined = {}
    for kind in CHAINS:
        ranges = [chains[kind] for chains in parts]
        firsts = [one["first"] for one in ranges if one["first"] is not None]
        joined[kind] = {
            "first": firsts[0] if firsts else None,
            "last": ranges[-1]["last"],
            "count": sum(one["count"] for one in ranges),
            "last_hash": ranges[-1]["last_hash"],
        }
    return joined
