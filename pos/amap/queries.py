"""What the till and the public page show of baskets: one call feeds one screen."""

from __future__ import annotations

import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet

from pos.amap.cagette.numbers import quantity_for_people
from pos.amap.models import AmapGroup, Basket, Catalog, Distribution, OrderLine
from pos.amap.states import BasketState, DistributionState
from teraa.common.clock import business_date, iso_utc
from teraa.common.problems import NotFound
from teraa.settlement.models import Due
from teraa.venues.models import Venue

BEHIND = datetime.timedelta(days=8)
AHEAD = datetime.timedelta(days=15)


def _days(venue: Venue) -> QuerySet[Distribution]:
    return (
        Distribution.objects.filter(venue=venue, state=DistributionState.READY)
        .select_related("group")
        .order_by("starts_at", "pk")
    )


def _short(one: Distribution, venue: Venue, at: datetime.datetime) -> dict[str, Any]:
    zone = ZoneInfo(venue.zone)
    day = one.starts_at.astimezone(zone).date()
    # By the calendar; and after midnight still that of the evening before.
    today = {at.astimezone(zone).date(), business_date(at, venue.zone, venue.day_cutoff)}
    return {
        "id": str(one.pk),
        "group": one.group.name,
        "starts_at": iso_utc(one.starts_at),
        "ends_at": iso_utc(one.ends_at),
        "place": one.place,
        "is_today": day in today,
    }


def distributions_about(*, venue: Venue, at: datetime.datetime) -> list[dict[str, Any]]:
    """Distributions of today, for the till's menu (one query)."""
    around = datetime.timedelta(days=2)
    near = _days(venue).filter(starts_at__gt=at - around, starts_at__lt=at + around)
    shorts = [_short(one, venue, at) for one in near]
    return [one for one in shorts if one["is_today"]]


def distributions_near(*, venue: Venue, at: datetime.datetime) -> list[dict[str, Any]]:
    """Those one may hand out at, from the last week to the next two (one query)."""
    near = (
        _days(venue)
        .filter(ends_at__gt=at - BEHIND, starts_at__lt=at + AHEAD)
        .annotate(
            baskets_all=Count("baskets"),
            baskets_out=Count("baskets", filter=Q(baskets__state=BasketState.HANDED_OUT)),
        )
    )
    return [
        _short(one, venue, at) | {"baskets": one.baskets_all, "handed_out": one.baskets_out}
        for one in near
    ]


def _whole(baskets: QuerySet[Basket]) -> QuerySet[Basket]:
    return baskets.select_related(
        "household", "due", "document", "handed_station"
    ).prefetch_related("lines__product__catalog")


def baskets_of(*, venue_id: UUID, distribution_id: UUID) -> list[dict[str, Any]]:
    """Every basket of a distribution by its number, with its lines (six queries). NotFound."""
    if not Distribution.objects.filter(pk=distribution_id, venue_id=venue_id).exists():
        raise NotFound
    found = Basket.objects.filter(distribution_id=distribution_id, venue_id=venue_id)
    return [basket_view(one) for one in _whole(found).order_by("number", "pk")]


def basket_for(*, venue_id: UUID, basket_id: UUID) -> dict[str, Any]:
    """One basket of this venue. Raises NotFound."""
    found = _whole(Basket.objects.filter(pk=basket_id, venue_id=venue_id)).first()
    if found is None:
        raise NotFound
    return basket_view(found)


def basket_view(basket: Basket) -> dict[str, Any]:
    """What a till shows of a basket: cents, thousandths, and what is owed for it."""
    lines = list(basket.lines.all())
    return {
        "id": str(basket.pk),
        "number": basket.number,
        "state": basket.state,
        "version": basket.version,
        "household": basket.household.name,
        "phones": basket.household.phones,
        "total_cents": sum(line.total_cents for line in lines),
        "due": _due(basket.due),
        "ticket": str(basket.document.sequence) if basket.document else None,
        "handed": _handed(basket),
        "lines": [_line(line) for line in lines if line.quantity_milli],
    }


def _due(due: Due | None) -> dict[str, Any] | None:
    if due is None:
        return None
    return {
        "id": str(due.pk),
        "code": due.spoken_code,
        "state": due.state,
        "amount_cents": due.amount_cents,
        "paid_cents": due.paid_cents,
        "pending_cents": due.pending_cents,
        "remaining_cents": due.remaining_cents,
    }


def _handed(basket: Basket) -> dict[str, Any] | None:
    if basket.handed_at is None:
        return None
    return {
        "key": str(basket.hand_key),
        "at": iso_utc(basket.handed_at),
        "by": basket.handed_by,
        "till": basket.handed_station.name if basket.handed_station else "",
    }


def _line(line: OrderLine) -> dict[str, Any]:
    return {
        "id": str(line.pk),
        "label": line.label,
        "catalog": line.product.catalog.name,
        "quantity": quantity_for_people(line.quantity_milli),
        "quantity_milli": line.quantity_milli,
        "unit_price_cents": line.unit_price_cents,
        "fee_cents": line.fee_cents,
        "total_cents": line.total_cents,
        "paid_elsewhere": line.paid_elsewhere,
        "handed": line.handed,
    }


def public_facts(*, venue: Venue, at: datetime.datetime) -> list[dict[str, Any]]:
    """For each group: its next distribution and what is in season. No person in it."""
    today = business_date(at, venue.zone, venue.day_cutoff)
    facts = []
    for group in AmapGroup.objects.filter(venue=venue, active=True).order_by("name"):
        upcoming = list(
            Distribution.objects.filter(group=group, ends_at__gte=at).order_by("starts_at")[:4]
        )
        facts.append(
            {
                "group": group,
                "next": upcoming[0] if upcoming else None,
                "later": upcoming[1:],
                "catalogs": _in_season(group, today),
            }
        )
    return facts


def _in_season(group: AmapGroup, today: datetime.date) -> list[Catalog]:
    return list(
        Catalog.objects.filter(
            Q(starts_on__isnull=True) | Q(starts_on__lte=today),
            Q(ends_on__isnull=True) | Q(ends_on__gte=today),
            group=group,
            active=True,
        )
        .select_related("producer")
        .prefetch_related("products")
        .order_by("name")
    )
