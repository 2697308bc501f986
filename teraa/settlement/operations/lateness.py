"""Coins that came late, taken by the payee's own rule. The decision is stored like a person's."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from uuid import UUID

from django.db.models import prefetch_related_objects

from teraa.settlement.operations.rates import rate_in_force
from teraa.settlement.osm.models import OsmRequest, RequestAct
from teraa.settlement.osm.states import ActKind, RequestState
from teraa.settlement.policies import policy_of


def take_late_by_rule(requests: Sequence[OsmRequest], *, at: datetime.datetime) -> list[UUID]:
    """Record the decision for closed requests that late coins pay in full; return their ids.

    Only an expired request: who withdrew one meant to. The rate of today is evidence in the
    decision's reason, so that deriving again never looks at a rate.
    """
    late = [
        one
        for one in requests
        if one.state == RequestState.EXPIRED
        and one.late
        and one.seen_units >= one.units - one.tolerance_units
    ]
    if not late:
        return []
    prefetch_related_objects(late, "quote", "payee__payment_policy")
    decided = set(
        RequestAct.objects.filter(request__in=late, kind=ActKind.ACCEPT_LATE).values_list(
            "request_id", flat=True
        )
    )
    rates = {one.venue_id: rate_in_force(venue_id=one.venue_id, at=at) for one in late}
    acts = []
    for one in late:
        in_force = rates[one.venue_id]
        now_e10 = in_force.rate_e10 if in_force else None
        asked_e10 = one.quote.rate_e10
        if one.pk not in decided and policy_of(one.payee).takes_late(
            asked_rate_e10=asked_e10, rate_e10=now_e10
        ):
            acts.append(
                RequestAct(
                    venue_id=one.venue_id,
                    request=one,
                    kind=ActKind.ACCEPT_LATE,
                    by="",
                    reason=f"rule: {asked_e10}e-10 € then, {now_e10}e-10 € now",
                    at=at,
                )
            )
    RequestAct.objects.bulk_create(acts)
    return [act.request_id for act in acts]
