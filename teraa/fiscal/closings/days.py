"""Step two of closing a day: what stands still is added up without a lock, then signed (its Z)."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from teraa.common.clock import iso_utc
from teraa.fiscal.closings.ending import CHAINS, By, end_past_periods, end_periods
from teraa.fiscal.closings.models import Closing, PeriodEnd, span_label
from teraa.fiscal.closings.problems import NothingToClose, PeriodInconsistent
from teraa.fiscal.figures import ChainRange, Figures, read_period
from teraa.fiscal.models import Document, Period, Register
from teraa.fiscal.sealing import PeriodOf, UnknownRegister, seal_statement
from teraa.fiscal.states import ChainKind, ClosingLevel


def close_day(
    *,
    register_id: UUID,
    at: datetime.datetime,
    operator_label: str = "",
    station_label: str = "",
) -> Closing:
    """Close the running period of a register, and every earlier one that has no Z yet.

    Answers the Z of the register's last period: the same again while no later one has begun.
    Never inside a transaction of the caller's, which would hold the register while it counts.
    Raises UnknownRegister, PeriodInconsistent, PayeeUnidentified, KeysUnavailable.
    """
    by = By(operator_label, station_label)
    return close_days(register_ids=[register_id], at=at, by=by)[-1]


def close_days(
    *,
    register_ids: Sequence[UUID],
    at: datetime.datetime,
    by: By,
    request_key: UUID | None = None,
) -> list[Closing]:
    """The same for several registers that end together, as those of one till do.

    With a ``request_key`` the same request again answers the closings of the first one, whatever
    has been sold since. Without anything to close: the last Z of each register. Raises
    NothingToClose when there is none either, and as ``close_day`` does.
    """
    end_periods(register_ids=register_ids, at=at, by=by, request_key=request_key)
    for register_id in register_ids:
        complete(register_id=register_id, at=at)
    days = Closing.objects.filter(register__in=register_ids, level=ClosingLevel.DAY)
    days = days.select_related("register").order_by("register", "number")
    if request_key is not None:
        asked = list(days.filter(period__end__request_key=request_key))
        if asked:
            return asked
    last = [days.filter(register=register_id).last() for register_id in register_ids]
    if not any(last):
        raise NothingToClose
    return [closing for closing in last if closing is not None]


def close_past_days(*, register_id: UUID, at: datetime.datetime, by: By) -> list[Closing]:
    """Close what ended because a later period began; the running one goes on."""
    end_past_periods(register_id=register_id, at=at, by=by)
    return complete(register_id=register_id, at=at)


def complete(*, register_id: UUID, at: datetime.datetime) -> list[Closing]:
    """Sign the Z of every period that has ended and has none, in their order."""
    closings = []
    ends = PeriodEnd.objects.filter(register=register_id, period__closing=None)
    for end in ends.select_related("period", "register").order_by("number"):
        closings.append(_close(end, at))
    return closings


def _close(end: PeriodEnd, at: datetime.datetime) -> Closing:
    read = read_period(end.period_id)
    before = Closing.objects.filter(
        register=end.register_id, level=ClosingLevel.DAY, number=end.number - 1
    ).first()
    chains = _chains(end, before, read.ranges)
    perpetual = _perpetual(end, before)
    period = PeriodOf(end.period_id, end.number, end.period.business_date)
    with transaction.atomic():
        lock_register(end.register_id)
        closed = Closing.objects.filter(period=end.period_id).first()
        if closed is not None:
            return closed  # another was quicker
        return seal_closing(
            register=end.register,
            period=period,
            level=ClosingLevel.DAY,
            number=end.number,
            first_day=period.business_date,
            last_day=period.business_date,
            chains=chains,
            figures=read.figures,
            perpetual=perpetual,
            more={
                "opened_at": iso_utc(end.period.opened_at),
                "ended_at": iso_utc(end.ended_at),
                "ended_by": end.operator_label,
                "closings": [],
            },
            at=at,
            # Who ended the day has closed it, also when the loop had to finish the sum.
            by=By(end.operator_label, end.station_label, end.by_itself),
        )


def _chains(
    end: PeriodEnd, before: Closing | None, ranges: Mapping[str, ChainRange]
) -> dict[str, dict[str, Any]]:
    """From the end of the period before to the end of this one. Raises PeriodInconsistent."""
    chains = {}
    for kind in CHAINS:
        last, hash = end.chains[kind]["sequence"], end.chains[kind]["hash"]
        first = (before.chains[kind]["last"] if before else 0) + 1
        found = ranges.get(kind)
        expected = ChainRange(first, last, last - first + 1) if last >= first else None
        if found != expected:
            raise PeriodInconsistent(register=end.register.name, number=end.number, chain=kind)
        chains[kind] = {
            "first": first if expected else None,
            "last": last,
            "count": expected.count if expected else 0,
            "last_hash": hash,
        }
    return chains


def _perpetual(end: PeriodEnd, before: Closing | None) -> tuple[int, int]:
    """Real and absolute, after the last ticket of the period; carried over when it had none."""
    last = end.chains[ChainKind.TICKET]["sequence"]
    carried = (before.perpetual_real_cents, before.perpetual_absolute_cents) if before else (0, 0)
    if before is not None and before.chains[ChainKind.TICKET]["last"] == last:
        return carried
    found = (
        Document.objects.filter(register=end.register_id, kind=ChainKind.TICKET, sequence=last)
        .values_list("perpetual_real_cents", "perpetual_absolute_cents")
        .first()
    )
    return (found[0] or 0, found[1] or 0) if found else carried


def lock_register(register_id: UUID) -> None:
    """Hold the register as every seal does, so that what is decided next stays true."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM fiscal_chain_head WHERE register_id = %s AND kind = 'TICKET' FOR UPDATE",
            [register_id],
        )
        if cursor.fetchone() is None:
            raise UnknownRegister(register=register_id)


def seal_closing(
    *,
    register: Register,
    period: PeriodOf,
    level: ClosingLevel,
    number: int,
    first_day: datetime.date,
    last_day: datetime.date,
    chains: Mapping[str, Mapping[str, Any]],
    figures: Figures,
    perpetual: tuple[int, int],
    more: Mapping[str, Any],
    at: datetime.datetime,
    by: By,
) -> Closing:
    """Sign one closing in the CLOSING chain and write the row that says the same."""
    real, absolute = perpetual
    values = {
        "level": str(level),
        "number": number,
        "span": span_label(level, first_day.isoformat()),
        "first_day": first_day.isoformat(),
        "last_day": last_day.isoformat(),
        "by_itself": by.by_itself,
        "chains": chains,
        "figures": figures.as_values(),
        "perpetual_real_cents": real,
        "perpetual_absolute_cents": absolute,
        **more,
    }
    sealed = seal_statement(
        register_id=register.pk,
        kind=ChainKind.CLOSING,
        values=values,
        at=at,
        operator_label=by.operator_label,
        station_label=by.station_label,
        subject=f"fiscal.{level}:{values['span']}",
        period=period,
    )
    return Closing.objects.create(**columns_of(sealed.values))


def columns_of(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of ``Closing`` that a payload implies, by their names in the database."""
    values = payload["values"]
    is_day = values["level"] == ClosingLevel.DAY
    return {
        "document_id": UUID(payload["document"]),
        "venue_id": UUID(payload["venue_id"]),
        "register_id": UUID(payload["register"]["id"]),
        "level": values["level"],
        "number": values["number"],
        "period_id": UUID(payload["period"]["id"]) if is_day else None,
        "first_day": datetime.date.fromisoformat(values["first_day"]),
        "last_day": datetime.date.fromisoformat(values["last_day"]),
        "sequence": payload["sequence"],
        "closed_at": datetime.datetime.fromisoformat(payload["issued_at"]),
        "by_itself": values["by_itself"],
        "total_cents": values["figures"]["total_cents"],
        "chains": values["chains"],
        "figures": values["figures"],
        "perpetual_real_cents": values["perpetual_real_cents"],
        "perpetual_absolute_cents": values["perpetual_absolute_cents"],
    }


def last_closed_period(register_id: UUID) -> PeriodOf | None:
    """The period of the register's newest Z."""
    row = (
        Period.objects.filter(register=register_id, closing__isnull=False)
        .order_by("-number")
        .values_list("id", "number", "business_date")
        .first()
    )
    return PeriodOf(*row) if row else None
