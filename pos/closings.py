"""Closing the day at a till: its registers, all of them or none, and the paper of what was closed."""

from __future__ import annotations

import datetime
from typing import Any
from uuid import UUID

from pos.printing import NoPrinter
from teraa.devices.operations import queue_print
from teraa.devices.queries import printer_for
from teraa.fiscal.closings.days import close_days
from teraa.fiscal.closings.ending import By
from teraa.fiscal.closings.queries import closing_view, signed_closing
from teraa.fiscal.models import Register
from teraa.fiscal.papers import z_page
from teraa.fiscal.registers import NoRegister
from teraa.venues.authentication import StationSession


def close_till(
    *, session: StationSession, key: UUID, at: datetime.datetime
) -> dict[str, list[dict[str, Any]]]:
    """Close the day of every register of this till, whoever they sell for, training included.

    The same key again answers the same closings, whatever has been sold since. Raises NoRegister,
    NothingToClose, PeriodInconsistent, KeysUnavailable.
    """
    registers = Register.objects.filter(station=session.station).order_by("pk")
    register_ids = list(registers.values_list("pk", flat=True))
    if not register_ids:
        raise NoRegister(station=session.station.pk)
    by = By(
        operator_label=session.staff.name if session.staff else "",
        station_label=session.station.name,
    )
    closings = close_days(register_ids=register_ids, at=at, by=by, request_key=key)
    return {"closings": [closing_view(closing) for closing in closings]}


def print_closing(
    *, session: StationSession, closing_id: UUID, print_key: UUID, at: datetime.datetime
) -> dict[str, Any]:
    """Queue the paper of a closing of this venue. The same key again prints nothing new.

    Raises NotFound, NoPrinter.
    """
    signed = signed_closing(venue_id=session.venue.pk, closing_id=closing_id)
    printer = printer_for(station_id=session.station.pk)
    if printer is None:
        raise NoPrinter
    page = z_page(
        signed.payload,
        signature=signed.signature,
        language=session.venue.language,
        width=printer.width_columns,
    )
    queue_print(
        venue_id=session.venue.pk,
        printer_id=printer.pk,
        key=print_key,
        page=page,
        subject=f"pos.z:{closing_id}",
        at=at,
    )
    return {"queued": True}
