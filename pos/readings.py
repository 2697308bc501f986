"""The X reading at a till: what the running period has taken, without closing anything."""

from __future__ import annotations

import datetime
from typing import Any
from uuid import UUID

from pos.printing import NoPrinter
from pos.problems import NotATill
from teraa.devices.operations import queue_print
from teraa.devices.queries import printer_for
from teraa.fiscal.papers import x_page
from teraa.fiscal.readings import XReading, x_reading
from teraa.fiscal.registers import register_for
from teraa.venues.authentication import StationSession


def _reading(session: StationSession) -> XReading:
    if session.station.payee_id is None:
        raise NotATill
    register_id = register_for(
        station_id=session.station.pk,
        payee_id=session.station.payee_id,
        training=session.station.training,
    )
    return x_reading(register_id=register_id)


def x_view(*, session: StationSession) -> dict[str, Any]:
    """Totals per tender and VAT rate of the till's running period. Raises NotATill."""
    return _reading(session).as_dict()


def print_x_reading(
    *, session: StationSession, print_key: UUID, at: datetime.datetime
) -> dict[str, Any]:
    """Queue the X reading on paper. The same key again prints nothing new. Raises NoPrinter."""
    reading = _reading(session)
    printer = printer_for(station_id=session.station.pk)
    if printer is None:
        raise NoPrinter
    queue_print(
        venue_id=session.venue.pk,
        printer_id=printer.pk,
        key=print_key,
        page=x_page(reading, language=session.venue.language, width=printer.width_columns, at=at),
        subject=f"pos.x:{print_key}",
        at=at,
    )
    return reading.as_dict()
