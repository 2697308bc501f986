"""Judge a refund that was sent otherwise than asked: take it as it is, or ask the wallet again."""

from __future__ import annotations

import datetime
from uuid import UUID

from django.db import transaction

from teraa.settlement.cases.deciding import decided_before, digest_of, with_reason, write_down
from teraa.settlement.cases.judging import judge_receipts
from teraa.settlement.cases.models import Case, Refund
from teraa.settlement.cases.operations.refunds import locked_refund
from teraa.settlement.cases.people import Person
from teraa.settlement.cases.problems import RefundMoved
from teraa.settlement.cases.states import Action, CaseKind, CaseState, RefundState, Resolution
from teraa.settlement.operations.dues import tell_refunded


@transaction.atomic
def accept_as_sent(
    *,
    refund_id: UUID,
    venue_id: UUID,
    person: Person,
    reason: str,
    key: UUID,
    at: datetime.datetime,
) -> Refund:
    """Take a transfer that differs from what was asked as the refund all the same.

    Raises NotFound, RefundMoved, ReasonNeeded, SameKeyOtherBody.
    """
    digest = digest_of(Action.ACCEPT_AS_SENT, refund=refund_id, reason=reason)
    refund = locked_refund(refund_id, venue_id=venue_id)
    if decided_before(venue_id=venue_id, key=key, digest=digest):
        return refund
    given = with_reason(reason)
    _mismatch_decided(refund, Action.ACCEPT_AS_SENT, person, given, key, digest, at)
    refund.move(RefundState.CLOSED, closed_at=at, paid_at=at, version=refund.version + 1)
    if refund.due_id is not None:
        tell_refunded([refund.due_id], at=at)
    return refund


@transaction.atomic
def ask_again(
    *,
    refund_id: UUID,
    venue_id: UUID,
    person: Person,
    reason: str,
    key: UUID,
    at: datetime.datetime,
) -> Refund:
    """Ask the wallet once more: what was sent otherwise becomes an outflow to explain.

    Raises NotFound, RefundMoved, ReasonNeeded, SameKeyOtherBody.
    """
    digest = digest_of(Action.ASK_AGAIN, refund=refund_id, reason=reason)
    refund = locked_refund(refund_id, venue_id=venue_id)
    if decided_before(venue_id=venue_id, key=key, digest=digest):
        return refund
    given = with_reason(reason)
    sent = refund.out_receipt_id
    _mismatch_decided(refund, Action.ASK_AGAIN, person, given, key, digest, at)
    refund.move(RefundState.AWAITING_WALLET, out_receipt=None, version=refund.version + 1)
    if sent is not None:
        judge_receipts(receipt_ids=[sent], at=at)
    return refund


def _mismatch_decided(
    refund: Refund,
    action: Action,
    person: Person,
    reason: str,
    key: UUID,
    digest: str,
    at: datetime.datetime,
) -> None:
    if refund.state != RefundState.MISMATCH:
        raise RefundMoved(state=refund.state)
    write_down(
        action=action,
        venue_id=refund.venue_id,
        person=person,
        key=key,
        digest=digest,
        reason=reason,
        refund=refund,
        at=at,
    )
    Case.objects.filter(refund=refund, kind=CaseKind.REFUND_MISMATCH, state=CaseState.OPEN).update(
        state=CaseState.CLOSED,
        closed_at=at,
        closed_by=person.name,
        resolution=Resolution.EXPLAINED,
    )
