"""What screens read of closings: one closing, and what is still to close."""

from __future__ import annotations

import datetime
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from teraa.common.clock import business_date, iso_utc
from teraa.common.problems import NotFound
from teraa.fiscal.closings.models import Closing
from teraa.fiscal.closings.overdue import TILL_GRACE
from teraa.fiscal.closings.spans import next_span
from teraa.fiscal.figures import Figures
from teraa.fiscal.models import ChainHead, Period, Register
from teraa.fiscal.payloads import number_label
from teraa.fiscal.readings import figures_shown
from teraa.fiscal.states import ChainKind, ClosingLevel, Lane
from teraa.venues.models import Venue


@dataclass(frozen=True, slots=True)
class SignedClosing:
    """A closing as it was signed, for its paper."""

    payload: Mapping[str, Any]
    signature: str


def signed_closing(*, venue_id: UUID, closing_id: UUID) -> SignedClosing:
    """The signed text of one closing of this venue. Raises NotFound."""
    found = (
        Closing.objects.filter(pk=closing_id, venue_id=venue_id).select_related("document").first()
    )
    if found is None:
        raise NotFound
    return SignedClosing(json.loads(found.document.payload), found.document.signature)


def closing_view(closing: Closing) -> dict[str, Any]:
    """A closing as the till shows it: the figures of an X reading, and what it is called."""
    tickets = closing.chains[ChainKind.TICKET]
    return {
        "id": str(closing.pk),
        "level": closing.level,
        "number": closing.number,
        "span": closing.span,
        "document": number_label(closing.register.name, closing.sequence),
        "register": closing.register.name,
        "training": closing.register.training,
        "closed_at": iso_utc(closing.closed_at),
        **figures_shown(Figures.from_values(closing.figures)),
        "first_sequence": tickets["first"],
        "last_sequence": tickets["last"] if tickets["first"] is not None else None,
        "perpetual_real_cents": closing.perpetual_real_cents,
        "perpetual_absolute_cents": closing.perpetual_absolute_cents,
    }


@dataclass(frozen=True, slots=True)
class OpenDay:
    """A period without a Z. ``is_over``: its business day is past, nobody has closed it."""

    period: Period
    is_running: bool
    is_over: bool


@dataclass(frozen=True, slots=True)
class ToClose:
    """What one register still has to close. Months and years: the next one, when it is over."""

    register: Register
    days: list[OpenDay]
    month: str | None
    year: str | None
    closes_by_itself_at: datetime.time

    @property
    def past_days(self) -> list[OpenDay]:
        return [day for day in self.days if day.is_over]


def count_past_days(*, venue_ids: Collection[UUID] | None, at: datetime.datetime) -> int:
    """How many days are over and have no Z, in these venues (None: in all)."""
    venues = Venue.objects.all() if venue_ids is None else Venue.objects.filter(pk__in=venue_ids)
    return sum(
        Period.objects.filter(
            venue=venue,
            closing=None,
            business_date__lt=business_date(at, venue.zone, venue.day_cutoff),
        ).count()
        for venue in venues
    )


def to_close(*, venue_ids: Collection[UUID] | None, at: datetime.datetime) -> list[ToClose]:
    """Register by register, everything that is open and what is over; None: of all venues."""
    registers = Register.objects.select_related("venue", "payee", "station").order_by(
        "venue", "name"
    )
    if venue_ids is not None:
        registers = registers.filter(venue__in=venue_ids)
    running: set[UUID | None] = set(
        ChainHead.objects.filter(register__in=registers, kind=ChainKind.TICKET).values_list(
            "period", flat=True
        )
    )
    open_days: dict[UUID, list[Period]] = {}
    for period in Period.objects.filter(register__in=registers, closing=None).order_by("number"):
        open_days.setdefault(period.register_id, []).append(period)
    return [
        _to_close(register, open_days.get(register.pk, []), running, at) for register in registers
    ]


def _to_close(
    register: Register, periods: list[Period], running: set[UUID | None], at: datetime.datetime
) -> ToClose:
    venue = register.venue
    today = business_date(at, venue.zone, venue.day_cutoff)
    spans = {level: next_span(register.pk, level) for level in _SUMMED}
    over = {
        level: span.label if span is not None and span.last_day < today else None
        for level, span in spans.items()
    }
    return ToClose(
        register,
        [OpenDay(one, one.pk in running, one.business_date < today) for one in periods],
        over[ClosingLevel.MONTH],
        over[ClosingLevel.YEAR],
        _by_itself_at(register),
    )


_SUMMED = (ClosingLevel.MONTH, ClosingLevel.YEAR)


def _by_itself_at(register: Register) -> datetime.time:
    """The local time at which a past day closes when nobody closes it."""
    grace = TILL_GRACE if register.lane == Lane.TILL else datetime.timedelta()
    cutoff = datetime.datetime.combine(datetime.date(2000, 1, 1), register.venue.day_cutoff)
    return (cutoff + grace).time()
