"""Say what coins were for: another request, a tip, a credit, or nothing worth the time."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from teraa.common.problems import Invalid, NotFound
from teraa.settlement.cases.deciding import (
    conclude,
    decided_before,
    digest_of,
    find_case,
    hold_key,
    open_case,
    with_reason,
    write_down,
)
from teraa.settlement.cases.judging import (
    covered_by_refunds,
    has_no_room,
    judge,
    judge_receipts,
    surplus_left,
)
from teraa.settlement.cases.models import Case
from teraa.settlement.cases.operations.requests import SHUT, act, check_still_owed
from teraa.settlement.cases.people import Person
from teraa.settlement.cases.problems import (
    CoinsAreSpent,
    NoSurplus,
    NotForThisCase,
    NothingOwed,
    OtherPayee,
)
from teraa.settlement.cases.sources import receipt_left
from teraa.settlement.cases.states import (
    Action,
    CaseKind,
    CaseState,
    Part,
    Resolution,
)
from teraa.settlement.models import Tender
from teraa.settlement.operations.progress import bring_up_to_date
from teraa.settlement.operations.recompute import lock_dues
from teraa.settlement.osm.models import Allocation, OsmRequest, Receipt
from teraa.settlement.osm.states import (
    ActKind,
    AllocationKind,
    AllocationReason,
    Direction,
    RequestState,
)

UNIDENTIFIED = (CaseKind.UNKNOWN, CaseKind.WRONG_REFERENCE)
SURPLUS_KINDS = (CaseKind.OVER, CaseKind.DUPLICATE, CaseKind.LATE, CaseKind.UNDER)
KEEP = (Action.KEEP_TIP, Action.KEEP_CREDIT)


@transaction.atomic
def assign_receipt(
    *,
    case_id: UUID,
    venue_id: UUID,
    request_id: UUID,
    person: Person,
    key: UUID,
    at: datetime.datetime,
    receipt_id: int | None = None,
    reason: str = "",
) -> Case:
    """Count a whole receipt for the request it was meant for; its former allocation is taken back.

    Of a case about a request (paid twice, say) ``receipt_id`` says which of its coins. A request
    that had closed takes them as accepted late. Raises NotFound, CaseClosed, NotForThisCase,
    OtherPayee, NothingOwed, CoinsAreSpent, Invalid, SameKeyOtherBody.
    """
    digest = digest_of(Action.ASSIGN, case=case_id, request=request_id, receipt=receipt_id)
    hold_key(venue_id=venue_id, key=key)
    seen = find_case(case_id=case_id, venue_id=venue_id)
    if decided_before(venue_id=venue_id, key=key, digest=digest):
        return seen
    locked = _lock_requests([request_id, *([seen.request_id] if seen.request_id else [])], venue_id)
    target = locked.get(request_id)
    if target is None:
        raise NotFound
    receipt = _receipt_of(seen, receipt_id)
    case = open_case(case_id=case_id, venue_id=venue_id, kinds=(*UNIDENTIFIED, *SURPLUS_KINDS))
    if receipt.watched.payee_id != target.payee_id:
        raise OtherPayee
    live = _live_allocations(receipt)
    if target.pk == case.request_id:
        raise Invalid(fields={"request": "the same"})
    if target.state == RequestState.SETTLED and not target.reorged:
        raise NothingOwed(state=target.state)
    _check_free(receipt, live, locked.get(case.request_id) if case.request_id else None)
    if target.state in SHUT:
        check_still_owed(target)
    write_down(
        action=Action.ASSIGN,
        venue_id=venue_id,
        person=person,
        key=key,
        digest=digest,
        reason=reason,
        case=case,
        units=receipt.amount_units,
        at=at,
    )
    _take_back(live, person=person, at=at)
    _give(receipt, AllocationKind.REQUEST, receipt.amount_units, person, at, request=target)
    if target.state in SHUT:
        act(target, ActKind.ACCEPT_LATE, person=person, reason=reason, at=at)
    bring_up_to_date(request_ids=locked.keys(), at=at)
    judge(request_ids=locked.keys(), at=at)
    judge_receipts(receipt_ids=[receipt.pk], at=at)
    conclude(case, resolution=Resolution.ASSIGNED, person=person, at=at)
    return case


@transaction.atomic
def keep_surplus(
    *,
    case_id: UUID,
    venue_id: UUID,
    action: str,
    person: Person,
    reason: str,
    key: UUID,
    at: datetime.datetime,
) -> Case:
    """Keep what nobody was credited for, as a tip or as the customer's credit (``action``).

    What a refund gives back is not kept. Raises NotFound, CaseClosed, NotForThisCase, NoSurplus,
    ReasonNeeded, Invalid, SameKeyOtherBody.
    """
    if action not in KEEP:
        raise Invalid(fields={"action": action})
    chosen = Action(action)
    digest = digest_of(chosen, case=case_id, reason=reason)
    hold_key(venue_id=venue_id, key=key)
    seen = find_case(case_id=case_id, venue_id=venue_id)
    if decided_before(venue_id=venue_id, key=key, digest=digest):
        return seen
    given = with_reason(reason)
    locked = _lock_requests([seen.request_id] if seen.request_id else [], venue_id)
    case = open_case(case_id=case_id, venue_id=venue_id, kinds=(*UNIDENTIFIED, *SURPLUS_KINDS))
    if case.request_id is not None:
        kept = _keep_of_request(locked[case.request_id], person, at)
    else:
        kept = _keep_of_receipt(_receipt_of(case, None), person, at)
    write_down(
        action=chosen,
        venue_id=venue_id,
        person=person,
        key=key,
        digest=digest,
        reason=given,
        case=case,
        units=kept,
        at=at,
    )
    bring_up_to_date(request_ids=locked.keys(), at=at)
    judge(request_ids=locked.keys(), at=at)
    if case.receipt_id is not None:
        judge_receipts(receipt_ids=[case.receipt_id], at=at)
    conclude(case, resolution=Resolution.KEPT, person=person, at=at)
    return case


@transaction.atomic
def ignore_coins(
    *,
    case_id: UUID,
    venue_id: UUID,
    person: Person,
    key: UUID,
    at: datetime.datetime,
    reason: str = "",
) -> Case:
    """Leave coins aside: they stay recorded, and nobody is asked about them again.

    Raises NotFound, CaseClosed, NotForThisCase, CoinsAreSpent, SameKeyOtherBody.
    """
    digest = digest_of(Action.IGNORE, case=case_id, reason=reason)
    hold_key(venue_id=venue_id, key=key)
    seen = find_case(case_id=case_id, venue_id=venue_id)
    if decided_before(venue_id=venue_id, key=key, digest=digest):
        return seen
    case = open_case(case_id=case_id, venue_id=venue_id, kinds=(*UNIDENTIFIED, *SURPLUS_KINDS))
    write_down(
        action=Action.IGNORE,
        venue_id=venue_id,
        person=person,
        key=key,
        digest=digest,
        reason=reason,
        case=case,
        units=case.units,
        at=at,
    )
    if case.request_id is not None:
        return case.move(
            CaseState.CLOSED, closed_at=at, closed_by=person.name, resolution=Resolution.IGNORED
        )
    receipt = _receipt_of(case, None)
    live = _live_allocations(receipt)
    _check_free(receipt, live, None)
    _take_back(live, person=person, at=at)
    _give(receipt, AllocationKind.IGNORED, receipt.amount_units, person, at)
    judge_receipts(receipt_ids=[receipt.pk], at=at)
    conclude(case, resolution=Resolution.IGNORED, person=person, at=at)
    return case


def _lock_requests(ids: Sequence[UUID], venue_id: UUID) -> dict[UUID, OsmRequest]:
    if not ids:
        return {}
    lock_dues(Tender.objects.filter(request_id__in=ids).values_list("due_id", flat=True))
    rows = OsmRequest.objects.select_for_update(no_key=True).filter(pk__in=ids, venue_id=venue_id)
    return {one.pk: one for one in rows.order_by("pk")}


def _receipt_of(case: Case, receipt_id: int | None) -> Receipt:
    rows = Receipt.objects.select_related("watched", "transaction").filter(
        venue_id=case.venue_id, direction=Direction.IN
    )
    if case.receipt_id is not None:
        came = rows.filter(pk=case.receipt_id).first()
        if came is None:
            raise NotForThisCase(kind=case.kind)  # it left
        return came
    if receipt_id is None or case.request_id is None:
        raise Invalid(fields={"receipt": "required"})
    found = rows.filter(
        pk=receipt_id,
        allocations__request_id=case.request_id,
        allocations__kind=AllocationKind.REQUEST,
        allocations__reversed_at__isnull=True,
    ).first()
    if found is None:
        raise NotFound
    return found


def _live_allocations(receipt: Receipt) -> list[Allocation]:
    rows = Allocation.objects.select_for_update(no_key=True, of=("self",))
    return list(rows.filter(receipt=receipt, reversed_at__isnull=True).order_by("pk"))


def _check_free(receipt: Receipt, live: list[Allocation], former: OsmRequest | None) -> None:
    """Refuse to move coins that paid something, were kept, or are being given back."""
    kinds = {one.kind for one in live}
    if former is None:
        is_free = kinds == {AllocationKind.UNKNOWN} and receipt_left(receipt) == sum(
            one.amount_units for one in live
        )
    else:
        rest = former.seen_units - receipt.amount_units
        shut = former.state in SHUT
        needed = 0 if shut else max(1, former.units - former.tolerance_units)
        given_back = covered_by_refunds([former])[former.pk]
        is_free = kinds == {AllocationKind.REQUEST} and rest >= max(needed, given_back)
    if not is_free or receipt.transaction.gone_at is not None:
        raise CoinsAreSpent


def _take_back(live: list[Allocation], *, person: Person, at: datetime.datetime) -> None:
    for one in live:
        rows = Allocation.objects.filter(pk=one.pk, reversed_at__isnull=True)
        if rows.update(reversed_at=at, reversed_by=person.name) != 1:
            raise CoinsAreSpent


def _give(
    receipt: Receipt,
    kind: AllocationKind,
    units: int,
    person: Person,
    at: datetime.datetime,
    *,
    request: OsmRequest | None = None,
) -> None:
    Allocation.objects.create(
        venue_id=receipt.venue_id,
        receipt=receipt,
        kind=kind,
        request=request,
        amount_units=units,
        reason=AllocationReason.BY_HAND,
        by=person.name,
        created_at=at,
    )


def _keep_of_request(request: OsmRequest, person: Person, at: datetime.datetime) -> int:
    """Turn the surplus of a request into kept coins, newest receipts first; how much it was."""
    if has_no_room(request):
        raise NotForThisCase  # taking its coins away would look as if the chain had
    left = surplus_left(request, covered_by_refunds([request], part=Part.SURPLUS)[request.pk])
    if left <= 0 or request.state not in (*SHUT, RequestState.SETTLED):
        raise NoSurplus
    rows = (
        Allocation.objects.select_for_update(no_key=True, of=("self",))
        .select_related("receipt__transaction")
        .filter(
            request=request,
            kind=AllocationKind.REQUEST,
            reversed_at__isnull=True,
            receipt__transaction__gone_at__isnull=True,
        )
        .order_by("-pk")
    )
    wanted = left
    for one in rows:
        if not wanted:
            break
        taken = min(wanted, one.amount_units)
        wanted -= taken
        kept_before = list(
            Allocation.objects.filter(
                receipt=one.receipt,
                kind=AllocationKind.SURPLUS,
                request=request,
                reversed_at__isnull=True,
            )
        )
        _take_back([one, *kept_before], person=person, at=at)
        kept = taken + sum(before.amount_units for before in kept_before)
        _give(one.receipt, AllocationKind.SURPLUS, kept, person, at, request=request)
        if rest := one.amount_units - taken:
            _give(one.receipt, AllocationKind.REQUEST, rest, person, at, request=request)
    return left - wanted


def _keep_of_receipt(receipt: Receipt, person: Person, at: datetime.datetime) -> int:
    live = [one for one in _live_allocations(receipt) if one.kind == AllocationKind.UNKNOWN]
    left = receipt_left(receipt)
    if left <= 0:
        raise NoSurplus
    _take_back(live, person=person, at=at)
    _give(receipt, AllocationKind.SURPLUS, left, person, at)
    if rest := sum(one.amount_units for one in live) - left:
        _give(receipt, AllocationKind.UNKNOWN, rest, person, at)
    return left
