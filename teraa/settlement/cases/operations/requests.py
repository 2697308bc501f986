"""Take what came late or too little for what it was meant; settle a request by hand."""

from __future__ import annotations

import datetime
from uuid import UUID

from django.db import transaction

from teraa.common.money import cents_for_units
from teraa.common.problems import NotFound
from teraa.settlement.cases.deciding import (
    conclude,
    decided_before,
    digest_of,
    find_case,
    hold_key,
    open_case,
    second_person_cents,
    with_reason,
    write_down,
)
from teraa.settlement.cases.judging import covered_by_refunds, judge
from teraa.settlement.cases.models import Case, Decision
from teraa.settlement.cases.people import Person
from teraa.settlement.cases.problems import (
    CoinsAreSpent,
    NotForThisCase,
    NothingOwed,
    NotShort,
    SecondPersonNeeded,
)
from teraa.settlement.cases.states import (
    OF_REQUESTS,
    Action,
    CaseKind,
    CaseState,
    Resolution,
)
from teraa.settlement.models import Tender
from teraa.settlement.operations.progress import bring_up_to_date
from teraa.settlement.operations.recompute import lock_dues
from teraa.settlement.osm.models import OsmRequest, RequestAct
from teraa.settlement.osm.states import ActKind, RequestState
from teraa.settlement.problems import NothingLate
from teraa.settlement.states import DueState, TenderState

SHUT = (RequestState.EXPIRED, RequestState.CANCELLED)


@transaction.atomic
def accept_late_coins(
    *,
    case_id: UUID,
    venue_id: UUID,
    person: Person,
    key: UUID,
    at: datetime.datetime,
    reason: str = "",
) -> Case:
    """Take coins that came after their request had closed for what they were meant for.

    All of the amount must be there (else: accept_shortfall) and still be owed. Raises NotFound,
    CaseClosed, NotForThisCase, NothingLate, NothingOwed, CoinsAreSpent, SameKeyOtherBody.
    """
    digest = digest_of(Action.ACCEPT_LATE, case=case_id, reason=reason)
    hold_key(venue_id=venue_id, key=key)
    seen = find_case(case_id=case_id, venue_id=venue_id)
    if decided_before(venue_id=venue_id, key=key, digest=digest):
        return seen
    request = locked_request(seen.request_id, venue_id=venue_id)
    case = open_case(case_id=case_id, venue_id=venue_id, kinds=(CaseKind.LATE, CaseKind.UNDER))
    if request.state not in SHUT or request.seen_units < max(
        1, request.units - request.tolerance_units
    ):
        raise NothingLate
    check_still_owed(request)
    check_not_given_back(request)
    write_down(
        action=Action.ACCEPT_LATE,
        venue_id=venue_id,
        person=person,
        key=key,
        digest=digest,
        reason=reason,
        case=case,
        units=request.seen_units,
        at=at,
    )
    act(request, ActKind.ACCEPT_LATE, person=person, reason=reason, at=at)
    bring_up_to_date(request_ids=[request.pk], at=at)
    judge(request_ids=[request.pk], at=at)
    conclude(case, resolution=Resolution.LATE_ACCEPTED, person=person, at=at)
    return case


def accept_shortfall(
    *,
    case_id: UUID,
    venue_id: UUID,
    person: Person,
    reason: str,
    key: UUID,
    at: datetime.datetime,
) -> Case:
    """Take the too little that came as if it were enough; the rest is given up.

    Two people above the payee's threshold of what is missing. Raises NotFound, CaseClosed,
    NotForThisCase, NotShort, NothingOwed, CoinsAreSpent, ReasonNeeded, SecondPersonNeeded,
    SameKeyOtherBody.
    """
    seen = find_case(case_id=case_id, venue_id=venue_id)
    if seen.kind not in (CaseKind.UNDER, CaseKind.LATE):
        raise NotForThisCase(kind=seen.kind)
    _act_by_two(
        action=Action.ACCEPT_SHORT,
        request_id=seen.request_id,
        venue_id=venue_id,
        person=person,
        reason=reason,
        key=key,
        at=at,
    )
    seen.refresh_from_db()
    return seen


def settle_by_hand(
    *,
    request_id: UUID,
    venue_id: UUID,
    person: Person,
    reason: str,
    key: UUID,
    at: datetime.datetime,
) -> OsmRequest:
    """Count a request as paid though the coins are not there: they stay owed in the books.

    Two people above the payee's threshold: the first word is kept and changes nothing. Raises
    NotFound, NothingOwed, CoinsAreSpent, ReasonNeeded, SecondPersonNeeded, SameKeyOtherBody.
    """
    return _act_by_two(
        action=Action.SETTLE,
        request_id=request_id,
        venue_id=venue_id,
        person=person,
        reason=reason,
        key=key,
        at=at,
    )


def waiting_word(*, request_id: UUID, action: str) -> Decision | None:
    """The first word of two that was said about a request and not carried out (one query)."""
    return Decision.objects.filter(request_id=request_id, action=action, carried_out=False).first()


def locked_request(request_id: UUID | None, *, venue_id: UUID) -> OsmRequest:
    """The request of that venue with its dues, then itself, locked. Raises NotFound."""
    if request_id is None:
        raise NotFound
    rows = OsmRequest.objects.filter(pk=request_id, venue_id=venue_id)
    if not rows.exists():
        raise NotFound
    lock_dues(Tender.objects.filter(request_id=request_id).values_list("due_id", flat=True))
    return rows.select_for_update(no_key=True, of=("self",)).select_related("quote").get()


def check_still_owed(request: OsmRequest) -> None:
    """Refuse when a due behind a closed request has no room for it. Raises NothingOwed."""
    for tender in Tender.objects.filter(request=request).select_related("due"):
        due = tender.due
        if due.state in (DueState.SETTLED, DueState.CANCELLED):
            raise NothingOwed(state=due.state)
        waits_for_room = tender.state == TenderState.CANCELLED
        has_room = due.state in (DueState.OPEN, DueState.EXPIRED)
        if waits_for_room and not (has_room and tender.amount_cents <= due.remaining_cents):
            raise NothingOwed(state=due.state)


def check_not_given_back(request: OsmRequest) -> None:
    """Refuse while a live refund gives any of its coins back. Raises CoinsAreSpent."""
    if covered_by_refunds([request])[request.pk]:
        raise CoinsAreSpent


def act(
    request: OsmRequest, kind: ActKind, *, person: Person, reason: str, at: datetime.datetime
) -> None:
    """Store the decision that ``derive`` takes into account."""
    RequestAct.objects.create(
        venue_id=request.venue_id,
        request=request,
        kind=kind,
        by=person.name,
        reason=reason,
        at=at,
    )


@transaction.atomic
def _act_by_two(
    *,
    action: Action,
    request_id: UUID | None,
    venue_id: UUID,
    person: Person,
    reason: str,
    key: UUID,
    at: datetime.datetime,
) -> OsmRequest:
    digest = digest_of(action, request=request_id, reason=reason)
    request = locked_request(request_id, venue_id=venue_id)
    if decided_before(venue_id=venue_id, key=key, digest=digest):
        return request
    given = with_reason(reason)
    if request.state == RequestState.SETTLED:
        raise NothingOwed(state=request.state)
    if action == Action.ACCEPT_SHORT and not 0 < request.seen_units < request.units:
        raise NotShort
    if action == Action.ACCEPT_SHORT and request.state not in SHUT:
        raise NotShort
    check_still_owed(request)
    check_not_given_back(request)
    missing = request.units - min(request.units, request.seen_units)
    needs_two = cents_for_units(missing, request.quote.rate_e10) > second_person_cents(
        request.payee_id
    )
    first = waiting_word(request_id=request.pk, action=action)
    if first is not None and first.person == person.key:
        raise SecondPersonNeeded
    carried_out = not needs_two or first is not None
    write_down(
        action=action,
        venue_id=venue_id,
        person=person,
        key=key,
        digest=digest,
        reason=given,
        request=request,
        units=missing,
        carried_out=carried_out,
        at=at,
    )
    if not carried_out:
        return request
    is_short = action == Action.ACCEPT_SHORT
    act(
        request,
        ActKind.ACCEPT_SHORT if is_short else ActKind.SETTLE,
        person=person,
        reason=given,
        at=at,
    )
    standing = list(
        Case.objects.filter(request=request, state=CaseState.OPEN, kind__in=OF_REQUESTS)
    )
    bring_up_to_date(request_ids=[request.pk], at=at)
    judge(request_ids=[request.pk], at=at)
    resolution = Resolution.SHORT_ACCEPTED if is_short else Resolution.SETTLED
    for case in standing:
        conclude(case, resolution=resolution, person=person, at=at)
    request.refresh_from_db()
    return request
