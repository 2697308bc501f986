"""Bring a file, look at what it would do, take it over once."""

from __future__ import annotations

import datetime
import hashlib
from uuid import UUID

from django.db import transaction
from django.utils.translation import get_language

from pos.amap.cagette import tables
from pos.amap.cagette.members import UnknownShape, read_members
from pos.amap.cagette.orders import NotOrders, read_orders
from pos.amap.cagette.products import DialectUnclear, NotProducts, OtherDialect, read_products
from pos.amap.models import AmapGroup, Catalog, Distribution, ImportFile
from pos.amap.plans import CHANGED, NEW, Plan
from pos.amap.plans.members import plan_members
from pos.amap.plans.orders import plan_orders
from pos.amap.plans.products import plan_products
from pos.amap.problems import FileRefused, ImportHasErrors, ImportOver, OrdersClosed
from pos.amap.sentences import FILE_REFUSALS
from pos.amap.states import DistributionState, ImportKind, ImportState
from teraa.common import journal, journal_codes
from teraa.common.problems import NotFound
from teraa.venues.models import VatRate


def _refused(reason: str) -> FileRefused:
    return FileRefused(reason=reason, why=str(FILE_REFUSALS[reason]))


@transaction.atomic
def bring_file(
    *,
    group: AmapGroup,
    kind: str,
    name: str,
    content: bytes,
    by: str,
    at: datetime.datetime,
    dialect: str = "",
    catalog: Catalog | None = None,
    distribution: Distribution | None = None,
    vat_rate_bp: int = 550,
) -> ImportFile:
    """Keep a file to be looked at. Raises FileRefused when it cannot be read at all."""
    if kind == ImportKind.PRODUCTS and catalog is None:
        raise _refused("no_catalog")
    if kind == ImportKind.ORDERS and (
        distribution is None or distribution.state != DistributionState.ORDERING
    ):
        raise _refused("no_distribution")
    brought = ImportFile(
        venue_id=group.venue_id,
        group=group,
        kind=kind,
        name=name[:150],
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
        dialect=dialect,
        catalog=catalog if kind == ImportKind.PRODUCTS else None,
        distribution=distribution if kind == ImportKind.ORDERS else None,
        vat_rate_bp=vat_rate_bp,
        made_by=by[:150],
        made_at=at,
    )
    plan_import(brought)
    brought.save(force_insert=True)
    return brought


def plan_import(brought: ImportFile) -> Plan:
    """What the file would do as things stand now. Raises FileRefused."""
    content = bytes(brought.content)
    try:
        if brought.kind == ImportKind.MEMBERS:
            return plan_members(brought.group, read_members(content))
        if brought.kind == ImportKind.PRODUCTS:
            assert brought.catalog is not None  # noqa: S101  bring_file made sure
            return plan_products(
                brought.catalog,
                read_products(content, dialect=brought.dialect or None),
                rates=_rates(brought),
                vat_rate_bp=brought.vat_rate_bp,
                language=get_language() or "fr",
            )
        assert brought.distribution is not None  # noqa: S101
        return plan_orders(
            brought.distribution, read_orders(content), vat_rate_bp=brought.vat_rate_bp
        )
    except tables.NotATable as error:
        raise _refused(error.reason) from error
    except UnknownShape as error:
        raise _refused("unknown_shape") from error
    except NotProducts as error:
        raise _refused("not_products") from error
    except NotOrders as error:
        raise _refused("not_orders") from error
    except DialectUnclear as error:
        raise _refused("dialect_unclear") from error
    except OtherDialect as error:
        raise _refused("other_dialect") from error


def _rates(brought: ImportFile) -> set[int]:
    """The rates this venue knows: a wrong column seldom holds one of them."""
    known = VatRate.objects.filter(venue_id=brought.venue_id).values_list("rate_bp", flat=True)
    return {0, *known}


@transaction.atomic
def apply_import(*, import_id: UUID, venue_id: UUID, by: str, at: datetime.datetime) -> ImportFile:
    """Take the file over, whole or not at all, and forget its content.

    What it does is worked out again under the group's lock: two people who confirm two files at
    once take turns. Raises NotFound, ImportOver, ImportHasErrors, FileRefused, OrdersClosed.
    """
    brought = _locked(import_id, venue_id)
    if brought.distribution_id:
        held = Distribution.objects.select_for_update().get(pk=brought.distribution_id)
        if held.state != DistributionState.ORDERING:
            raise OrdersClosed
    plan = plan_import(brought)
    if not plan.may_apply:
        raise ImportHasErrors
    for row in plan.rows:
        if row.deed is not None:
            row.deed()
    new, changed = plan.count(NEW), plan.count(CHANGED)
    journal.record_where_kept(
        code=journal_codes.IMPORTED,
        venue_id=venue_id,
        at=at,
        values={
            "what": str(brought.kind),
            "file": brought.name,
            "sha256": brought.sha256,
            "new": new,
            "changed": changed,
        },
        operator=by,
    )
    return brought.move(
        ImportState.APPLIED,
        content=b"",
        made_by=by[:150],
        applied_at=at,
        new_rows=new,
        changed_rows=changed,
    )


@transaction.atomic
def drop_import(*, import_id: UUID, venue_id: UUID) -> ImportFile:
    """Put the file aside and forget its content. Raises NotFound, ImportOver."""
    return _locked(import_id, venue_id).move(ImportState.DROPPED, content=b"")


def _locked(import_id: UUID, venue_id: UUID) -> ImportFile:
    found = ImportFile.objects.filter(pk=import_id, venue_id=venue_id).first()
    if found is None:
        raise NotFound
    AmapGroup.objects.select_for_update().get(pk=found.group_id)
    brought = (
        ImportFile.objects.select_for_update(of=("self",))
        .select_related("group", "catalog", "distribution__group")
        .get(pk=import_id)
    )
    if brought.state != ImportState.PREVIEW:
        raise ImportOver
    return brought
