"""A till that practises: everything works, nothing counts (F13).

What is rung up meanwhile is sealed in the till's training register, whose papers say so; it opens no
due, asks for no coins and is in no total. Real sales, what other trades are owed and baskets wait
until the till is real again.
"""

from __future__ import annotations

import datetime

from django.db import transaction

from pos.problems import NotATill
from teraa.common import journal, journal_codes
from teraa.fiscal.registers import ensure_register
from teraa.venues.authentication import StationSession
from teraa.venues.models import Station, StationKind


@transaction.atomic
def switch_training(*, session: StationSession, on: bool, at: datetime.datetime) -> Station:
    """Put a till in training, or back to work; event 931 says who and when.

    Where it stands already nothing happens. Opens the training register when there is none.
    Raises NotATill, PayeeUnidentified.
    """
    station = session.station
    if station.kind != StationKind.TILL or station.payee_id is None or session.staff is None:
        raise NotATill
    changed = Station.objects.filter(pk=station.pk, training=not on).update(training=on)
    station.training = on
    if not changed:
        return station
    if on:
        ensure_register(
            venue_id=station.venue_id,
            payee_id=station.payee_id,
            station_id=station.pk,
            training=True,
            at=at,
        )
    journal.record(
        code=journal_codes.TRAINING_CHANGED,
        venue_id=station.venue_id,
        station_id=station.pk,
        operator=session.staff.name,
        at=at,
        values={"station": station.name, "training": on},
    )
    return station
