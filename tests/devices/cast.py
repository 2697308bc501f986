"""The devices' cast: an agent, a printer beside it, a till, and pages to print."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from teraa.common.paper import Cut, Drawer, Page, Text
from teraa.devices.models import Printer, PrinterTill, PrintJob
from teraa.devices.operations import lease_jobs, queue_print, report_job
from teraa.venues.models import Station, StationKind, Venue
from tests import make

RUN = uuid.UUID(int=1)


def agent(venue: Venue, **fields: Any) -> Station:
    return make.station(venue, kind=StationKind.AGENT, **fields)


def printer(venue: Venue, *, tills: list[Station] | None = None, **fields: Any) -> Printer:
    if "station" not in fields:
        fields["station"] = agent(venue)
    name = f"Imprimante {uuid.uuid4().hex[:6]}"
    made = Printer.objects.create(
        **{"venue": venue, "name": name, "target": "127.0.0.1:9100"} | fields
    )
    for till in tills or []:
        PrinterTill.objects.create(printer=made, station=till)
    return made


def page(text: str = "Café crème 1,80 €") -> Page:
    return Page(48, (Drawer(), Text(text), Cut()))


def queued(printer: Printer, at: datetime.datetime, **fields: Any) -> PrintJob:
    job, is_new = queue_print(
        **{
            "venue_id": printer.venue_id,
            "printer_id": printer.pk,
            "key": uuid.uuid4(),
            "page": page(),
            "subject": "pos.sale:1",
            "at": at,
        }
        | fields
    )
    assert is_new
    return job


def leased(printer: Printer, at: datetime.datetime, **fields: Any) -> PrintJob:
    queued(printer, at, **fields)
    (job,) = lease_jobs(station=printer.station, run=RUN, maximum=1, at=at)
    return job


def reported(job: PrintJob, state: str, at: datetime.datetime, detail: str = "") -> PrintJob:
    return report_job(
        station=job.printer.station,
        key=job.key,
        attempt=job.attempt,
        state=state,
        detail=detail,
        at=at,
    )
