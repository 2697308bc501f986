"""Files taken out: each is kept track of, with who, when and how many people."""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import asdict, replace
from zoneinfo import ZoneInfo

from django.db import transaction

from pos.amap import reports
from pos.amap.cagette.cash_desk import write_cash_desk
from pos.amap.cagette.members import FIELDS, write_members
from pos.amap.cagette.names import file_name
from pos.amap.cagette.orders import write_catalog, write_day
from pos.amap.cagette.tables import Written
from pos.amap.models import AmapGroup, Catalog, Distribution, Export, Household
from pos.amap.states import ExportKind

KEPT_NOTES = 50


def local_start(distribution: Distribution) -> datetime.datetime:
    """When it begins, as the venue's clock shows it."""
    return distribution.starts_at.astimezone(ZoneInfo(distribution.group.venue.zone))


def export_day(
    *, distribution: Distribution, excel: bool, by: str, at: datetime.datetime
) -> Written:
    """E1, “commandes du jour”: every line of every catalogue."""
    orders = reports.order_values(distribution)
    written = write_day(orders, day=local_start(distribution).date(), excel=excel)
    people = len({one.household_number for one in orders})
    return _kept(distribution.group, ExportKind.DAY, written, people, excel, by, at)


def export_catalog(
    *,
    distribution: Distribution,
    catalog: Catalog,
    excel: bool,
    by: str,
    at: datetime.datetime,
) -> Written:
    """E2, one catalogue per member."""
    orders = reports.order_values(distribution, catalog=catalog)
    written = write_catalog(
        orders,
        group=distribution.group.name,
        catalog=catalog.name,
        day=local_start(distribution).date(),
        excel=excel,
    )
    people = len({one.household_number for one in orders})
    return _kept(distribution.group, ExportKind.CATALOG, written, people, excel, by, at)


def export_cash_desk(
    *, distribution: Distribution, excel: bool, doubled: bool, by: str, at: datetime.datetime
) -> Written:
    """E6, the cash desk. ``doubled``: with the two endings that Cagette gives its file."""
    desk = reports.cash_desk(distribution)
    written = write_cash_desk(desk, local=local_start(distribution), excel=excel, doubled=doubled)
    people = len(desk.unpaid) + len(desk.partly_paid)
    return _kept(distribution.group, ExportKind.CASH_DESK, written, people, excel, by, at)


def export_members(*, group: AmapGroup, excel: bool, by: str, at: datetime.datetime) -> Written:
    """The 12 columns that Cagette and CAMAP import."""
    members = list(Household.objects.filter(group=group, active=True))
    rows = [{name: getattr(one, name) for name in FIELDS} for one in members]
    written = write_members(rows, name=file_name(f"Membres - {group.name}.csv"), excel=excel)
    return _kept(group, ExportKind.MEMBERS, written, len(members), excel, by, at)


def export_sheet(
    *, distribution: Distribution, data: bytes, people: int, by: str, at: datetime.datetime
) -> Written:
    """Keep track of the sheet to sign, rendered by the view (PDF)."""
    day = local_start(distribution).date()
    name = file_name(f"Émargement - {distribution.group.name} - {day.isoformat()}.pdf")
    return _kept(distribution.group, ExportKind.SHEET, Written(name, data), people, False, by, at)


@transaction.atomic
def _kept(
    group: AmapGroup,
    kind: str,
    written: Written,
    people: int,
    excel: bool,
    by: str,
    at: datetime.datetime,
) -> Written:
    Export.objects.create(
        venue_id=group.venue_id,
        group=group,
        kind=kind,
        name=written.name[:160],
        people=people,
        excel=excel,
        altered=[asdict(note) for note in written.notes[:KEPT_NOTES]],
        sha256=hashlib.sha256(written.data).hexdigest(),
        made_by=by[:150],
        made_at=at,
    )
    return replace(written, name=written.name[:160])
