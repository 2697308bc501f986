"""Take charge of a case; explain one and let it rest."""

from __future__ import annotations

import datetime
from uuid import UUID

from django.db import transaction

from teraa.settlement.cases.deciding import (
    decided_before,
    digest_of,
    find_case,
    hold_key,
    open_case,
    with_reason,
    write_down,
)
from teraa.settlement.cases.models import Case
from teraa.settlement.cases.people import Person
from teraa.settlement.cases.problems import NotForThisCase
from teraa.settlement.cases.states import (
    Action,
    CaseKind,
    CaseState,
    RefundState,
    Resolution,
)

EXPLAINABLE = (
    CaseKind.REORGED,
    CaseKind.BROKEN,
    CaseKind.NODE_CONFLICT,
    CaseKind.OUTFLOW,
    CaseKind.LOCKED,
    CaseKind.REFUND_MISMATCH,
    CaseKind.OVER,
    CaseKind.UNDER,
    CaseKind.LATE,
    CaseKind.DUPLICATE,
)
"""Coins to identify are never explained away: they are assigned, kept or left aside."""


@transaction.atomic
def take_case(
    *, case_id: UUID, venue_id: UUID, person: Person, key: UUID, at: datetime.datetime
) -> Case:
    """Write down who looks after an open case. Raises NotFound, CaseClosed, SameKeyOtherBody."""
    digest = digest_of(Action.TAKE, case=case_id)
    hold_key(venue_id=venue_id, key=key)
    if decided_before(venue_id=venue_id, key=key, digest=digest):
        return find_case(case_id=case_id, venue_id=venue_id)
    case = open_case(case_id=case_id, venue_id=venue_id)
    write_down(
        action=Action.TAKE,
        venue_id=venue_id,
        person=person,
        key=key,
        digest=digest,
        case=case,
        at=at,
    )
    case.assignee = person.name
    case.save(update_fields=["assignee"])
    return case


@transaction.atomic
def explain_case(
    *, case_id: UUID, venue_id: UUID, person: Person, reason: str, key: UUID, at: datetime.datetime
) -> Case:
    """Close a case whose facts stay as they are, with the reason; more of it opens another.

    Raises NotFound, CaseClosed, NotForThisCase, ReasonNeeded, SameKeyOtherBody.
    """
    digest = digest_of(Action.EXPLAIN, case=case_id, reason=reason)
    hold_key(venue_id=venue_id, key=key)
    if decided_before(venue_id=venue_id, key=key, digest=digest):
        return find_case(case_id=case_id, venue_id=venue_id)
    given = with_reason(reason)
    case = open_case(case_id=case_id, venue_id=venue_id, kinds=EXPLAINABLE)
    if case.refund is not None and case.refund.state == RefundState.MISMATCH:
        raise NotForThisCase(kind=case.kind)  # take it as it is, or ask the wallet again
    write_down(
        action=Action.EXPLAIN,
        venue_id=venue_id,
        person=person,
        key=key,
        digest=digest,
        reason=given,
        case=case,
        units=case.units,
        at=at,
    )
    return case.move(
        CaseState.CLOSED, closed_at=at, closed_by=person.name, resolution=Resolution.EXPLAINED
    )
