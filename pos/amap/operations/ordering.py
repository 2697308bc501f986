"""Orders of a distribution: frozen when made, closed once."""

from __future__ import annotations

import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext

from pos.amap.cagette.names import folded
from pos.amap.models import Basket, Distribution, OrderLine
from pos.amap.operations.settling import SUBJECT, owed_lines
from pos.amap.problems import NothingOrdered, OrdersClosed
from pos.amap.states import DistributionState
from teraa.common.money import line_total
from teraa.common.problems import NotFound
from teraa.settlement.operations import open_due
from teraa.spaces.operations import Need, claim_spaces, release_claims

HOLDER = "amap.distribution"


def freeze_line(line: OrderLine) -> OrderLine:
    """Copy onto ``line`` what its product says today; a later change of price leaves it alone."""
    product = line.product
    line.venue_id = line.basket.venue_id
    line.label = product.full_name[:160]
    line.ref = product.ref
    line.unit_price_cents = product.price_cents
    line.vat_rate_bp = product.vat_rate_bp
    line.total_cents = line_total(line.unit_price_cents, line.quantity_milli) + line.fee_cents
    return line


@transaction.atomic
def hold_space(*, distribution: Distribution, at: datetime.datetime) -> None:
    """Take the distribution's space for its hours, and give back what it had before.

    Raises JustTaken when somebody else has it then; the caller's transaction then stores nothing.
    """
    holder = f"{HOLDER}:{distribution.pk}"
    release_claims(holder=holder, at=at)
    if distribution.resource_id is not None:
        claim_spaces(
            venue_id=distribution.venue_id,
            holder=holder,
            needs=[Need(distribution.resource_id)],
            starts_at=distribution.starts_at,
            ends_at=distribution.ends_at,
            label=distribution.group.name,
            at=at,
        )


@transaction.atomic
def close_orders(*, distribution_id: UUID, venue_id: UUID, at: datetime.datetime) -> Distribution:
    """Close the orders: baskets are numbered by name, and what each household owes is opened.

    A basket without anything owed here (paid elsewhere, or cancelled) gets no due. Raises
    NotFound, OrdersClosed, NothingOrdered.
    """
    distribution = (
        Distribution.objects.select_for_update(of=("self",))
        .select_related("group__venue")
        .filter(pk=distribution_id, venue_id=venue_id)
        .first()
    )
    if distribution is None:
        raise NotFound
    if distribution.state != DistributionState.ORDERING:
        raise OrdersClosed
    baskets = list(distribution.baskets.select_related("household").prefetch_related("lines"))
    if not baskets:
        raise NothingOrdered
    group = distribution.group
    with (
        translation.override(group.venue.language),
        timezone.override(group.venue.zone),
    ):
        day = date_format(timezone.localtime(distribution.starts_at), "j F")
        label = gettext("Basket {number} · {day}")
    baskets.sort(key=lambda one: (folded(one.household.name), one.household.number))
    for number, basket in enumerate(baskets, start=1):
        owed = sum(line.total_cents for line in owed_lines(list(basket.lines.all())))
        if owed:
            due = open_due(
                venue_id=basket.venue_id,
                payee_id=group.payee_id,
                subject=SUBJECT,
                amount_cents=owed,
                label=label.format(number=number, day=day)[:120],
                person=basket.household.name[:120],
                at=at,
            )
            basket.due = due
        Basket.objects.filter(pk=basket.pk).update(number=number, due=basket.due)
    return distribution.move(DistributionState.READY)
